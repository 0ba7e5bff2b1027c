/** What a file says about its own rehearsal: the export `rehearsal` beside its automation. */

import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import {
  callable,
  duration,
  list,
  readOptions,
  record,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { readPermissions, type Permissions } from "../core/permissions.ts";
import { show } from "../core/show.ts";

/** The scratch world of one rehearsed run. */
export interface RehearsalPlace {
  /** The current directory of the run: a new one for every rehearsed run, empty at first. */
  readonly directory: string;
  /** The run's environment. What `setup` puts in, the run finds there. */
  readonly env: Record<string, string>;
}

/** How `holdfast rehearse` sets the scene for an automation, and what it looks at. */
export interface Rehearsal {
  /** What the automation works on; the same for every run. Relative paths fit: the run stands in its own directory. Default `{}`. */
  readonly input?: unknown;
  /** Prepares the world before each run, in a process that lives until the run has been judged: a server that it starts is there for as long. Default: an empty directory. */
  readonly setup?: ((place: RehearsalPlace) => unknown) | undefined;
  /** Takes away what `setup` made outside of the directory. The directory itself goes by itself. */
  readonly teardown?: ((place: RehearsalPlace) => unknown) | undefined;
  /** Files and directories to look at beside the run's directory, its TMPDIR and its HOME. Paths outside of the directory are shared by all runs, so these are rehearsed one at a time. Default: none. */
  readonly watch?: readonly string[] | undefined;
  /** What is no part of the result, as globs over the paths that the report shows: `store/**`. Default: none. */
  readonly ignore?: readonly string[] | undefined;
  /** What no file shows, by name: a row count, an object listing. Any value that JSON can hold. */
  readonly probes?: Readonly<Record<string, (place: RehearsalPlace) => unknown>> | undefined;
  /** Variables of the run. Of the shell's own only PATH, the language and the time zone are handed on, so that no rehearsal meets production. Default: none. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Programs whose failure is rehearsed in the steps that run them: found by name in PATH. Default: none. */
  readonly commands?: readonly string[] | undefined;
  /** What the scene adds to the automation's permissions, where it has any: its servers, `{ net: ["127.0.0.1:*"] }`. Default: nothing. */
  readonly permissions?: Permissions | undefined;
  /** How long one rehearsed run may take in all, its resume and setup included. Default `"60s"`. */
  readonly timeout?: Duration | undefined;
}

type Ask = (place: RehearsalPlace) => unknown;

const word = required(text({ default: undefined }), "text that is not empty");

const READERS = {
  input: (value: unknown) => (value === undefined ? {} : value),
  setup: callable<Ask, undefined>({ default: undefined }),
  teardown: callable<Ask, undefined>({ default: undefined }),
  watch: list(word, { default: [] }),
  ignore: list(word, { default: [] }),
  probes: record(required(callable<Ask, undefined>({ default: undefined }), "a function"), {
    default: {},
  }),
  env: record(word, { default: {} }),
  commands: list(readCommand, { default: [] }),
  permissions: readPermissions,
  timeout: duration({ min: 1, default: 60_000 }),
} satisfies Record<keyof Rehearsal, Reader<unknown>>;

/** A rehearsal with everything filled in. */
export type SettledRehearsal = Settled<typeof READERS>;

/** Reads what a file exports as `rehearsal`; nothing is as good as `{}`. @throws {OptionsError} */
export function readRehearsal(value: unknown): Settled<typeof READERS> {
  return readOptions("rehearsal", value ?? {}, READERS);
}

/** A program found in PATH: a name, and no path to it. */
function readCommand(value: unknown, path: string): string {
  const name = word(value, path);
  if (/^[\w.+-]+$/.test(name)) return name;
  throw new OptionsError(path, `expected a program's name such as "tar", received ${show(value)}`);
}
