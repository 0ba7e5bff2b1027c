/** How a command is run. */

import { Writable } from "node:stream";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import {
  callable,
  duration,
  flag,
  oneOf,
  part,
  readOptions,
  record,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { show } from "../core/show.ts";
import { findBytes, type Size } from "../core/size.ts";
import { systemClock } from "../core/system.ts";
import type { Wrap } from "./contain.ts";
import type { Variables } from "./unattended.ts";

/**
 * Where an output stream goes. `capture`: nowhere but into the copy that is kept. `pass`: to this
 * process's own stream too, and where that is a terminal to the terminal itself, for colours and
 * progress bars; then no copy is kept. `inherit`: the descriptor is handed down, and no copy is kept.
 * A stream is written to, as fast as it takes it, and not ended; a copy is kept.
 */
export type OutputTarget = "capture" | "pass" | "inherit" | "ignore" | Writable;

/** What a command reads: text, bytes, or a stream of either. */
export type CommandInput = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** Which of the two output streams. */
export type StreamName = "stdout" | "stderr";

/** What is known once a command has been started. */
export interface StartedCommand {
  /** Of the command, or of what is around it: a supervisor, a namespace, a wrapper of your own. */
  readonly pid: number;
  /** How well its tree is held: `"plain"`, `"supervised"`, `"namespace"`, or what a wrapper of your own said. */
  readonly level: string;
}

/** How a command is run. */
export interface RunCommandOptions {
  /** Default: this process's working directory. */
  readonly cwd?: string | undefined;
  /** The whole environment, besides `HOLDFAST_COMMAND`, which every command gets. Default: this process's. */
  readonly env?: Variables | undefined;
  /**
   * Whether messages are not translated and nothing asks a person: git, ssh, apt and psql are told by
   * variables of theirs, unless they have a value. Default false.
   */
  readonly unattended?: boolean | undefined;
  /** What it reads on stdin. Default: nothing. */
  readonly input?: CommandInput | undefined;
  /** Whether stdin is empty, or this process's own. Not beside `input`. Default `"ignore"`. */
  readonly stdin?: "ignore" | "inherit" | undefined;
  /** Default `"capture"`. */
  readonly stdout?: OutputTarget | undefined;
  /** Default `"capture"`. */
  readonly stderr?: OutputTarget | undefined;
  /** How much of the end of each stream is kept. Default `"64KiB"`, at most `"1GiB"`. */
  readonly keep?: Size | undefined;
  /** Called for each line, without its newline; one of more than 64 KiB comes in pieces. It must not throw. */
  readonly onLine?: ((line: string, stream: StreamName) => void) | undefined;
  /** Called once it has been started. It must not throw. */
  readonly onStart?: ((started: StartedCommand) => void) | undefined;
  /** How long it may take. Default `"1h"`; `Infinity` for no limit. */
  readonly timeout?: Duration | undefined;
  /** How long it may write nothing, on either stream. Default `Infinity`. */
  readonly idleTimeout?: Duration | undefined;
  /**
   * How long its tree may take to end, once it was asked to by SIGTERM, before it is killed. 0 kills at
   * once. Default `"5s"`.
   */
  readonly grace?: Duration | undefined;
  /** Ends the command and its tree. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What becomes of those it started and left running when it ended by itself: a service is to stay,
   * something forgotten is not. When we end it, everyone ends. Default `"leave"`.
   */
  readonly leftovers?: "leave" | "end" | undefined;
  /** The user that it is run as, by name, without further groups and with their HOME. Only for root. */
  readonly user?: string | undefined;
  /** Whether it is put into a pid namespace where the machine allows that. Default false. */
  readonly contain?: boolean | undefined;
  /**
   * Whether a supervisor holds its tree where the machine allows that: Linux, and perl. Nothing gets away
   * from it. Of no use beside `wrap`, and within a pid namespace. Default false.
   */
  readonly supervise?: boolean | undefined;
  /** Puts something else around it: a sandbox. Not beside `contain`. */
  readonly wrap?: Wrap | undefined;
  /** A directory where it is written down while it runs, for `reapLeftovers`. Default: nowhere. */
  readonly records?: string | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

const MOST_KEPT = 2 ** 30;

const readKeep: Reader<number> = (value, path) => {
  if (value === undefined) return 65_536;
  const bytes = findBytes(value);
  if (bytes === undefined || !Number.isInteger(bytes) || bytes > MOST_KEPT) {
    throw new OptionsError(
      path,
      `expected a size such as "64KiB", at most "1GiB", received ${show(value)}`,
    );
  }
  return bytes;
};

const TARGETS = ["capture", "pass", "inherit", "ignore"] as const;

const readTarget: Reader<OutputTarget> = (value, path) =>
  value instanceof Writable ? value : oneOf(TARGETS, { default: "capture" as const })(value, path);

const readInput: Reader<CommandInput | undefined> = (value, path) => {
  if (value === undefined || typeof value === "string" || value instanceof Uint8Array) return value;
  if (typeof value === "object" && value !== null && Symbol.asyncIterator in value) {
    return value as AsyncIterable<string | Uint8Array>;
  }
  throw new OptionsError(path, `expected text, bytes or a stream, received ${show(value)}`);
};

const readSignal: Reader<AbortSignal | undefined> = (value, path) => {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw new OptionsError(path, `expected an AbortSignal, received ${show(value)}`);
};

const readVariable: Reader<string | undefined> = (value, path) => {
  if (value === undefined) return undefined;
  if (typeof value === "string" && !value.includes("\0")) return value;
  // Its value is not shown: it may be a secret.
  throw new OptionsError(path, "expected text without a zero byte");
};

/** One reader for each option. */
export const RUN_READERS = {
  cwd: text({ default: undefined }),
  env: record(readVariable, { default: undefined }),
  unattended: flag({ default: false }),
  input: readInput,
  stdin: oneOf(["ignore", "inherit"], { default: "ignore" as const }),
  stdout: readTarget,
  stderr: readTarget,
  keep: readKeep,
  onLine: callable<(line: string, stream: StreamName) => void, undefined>({ default: undefined }),
  onStart: callable<(started: StartedCommand) => void, undefined>({ default: undefined }),
  timeout: duration({ min: 1, default: 3_600_000, orInfinity: true }),
  idleTimeout: duration({ min: 1, default: Infinity, orInfinity: true }),
  grace: duration({ default: 5_000 }),
  signal: readSignal,
  leftovers: oneOf(["leave", "end"], { default: "leave" as const }),
  user: text({ default: undefined }),
  contain: flag({ default: false }),
  supervise: flag({ default: false }),
  wrap: callable<Wrap, undefined>({ default: undefined }),
  records: text({ default: undefined }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
} satisfies Record<keyof RunCommandOptions, Reader<unknown>>;

/** Options that have been read. */
export type SettledRun = Settled<typeof RUN_READERS>;

/** Reads the options of `owner`. @throws {OptionsError} When one is unknown, does not fit, or excludes another. */
export function readRunOptions(owner: string, options: RunCommandOptions): SettledRun {
  const settled = readOptions(owner, options, RUN_READERS);
  if (settled.input !== undefined && settled.stdin === "inherit") {
    throw new OptionsError(`${owner}.stdin`, `is "inherit", and there is an input`);
  }
  if (settled.contain && settled.wrap !== undefined) {
    throw new OptionsError(`${owner}.wrap`, "does not go together with contain");
  }
  const isDeaf = [settled.stdout, settled.stderr].every(
    (target) => target === "inherit" || target === "ignore",
  );
  if (isDeaf && settled.idleTimeout !== Infinity) {
    throw new OptionsError(`${owner}.idleTimeout`, "needs a stream that is not handed down");
  }
  return settled;
}

/** Reads program and arguments. @throws {OptionsError} When they cannot be handed to a program. */
export function readArgv(owner: string, argv: readonly unknown[]): readonly string[] {
  if (!Array.isArray(argv) || argv.length === 0 || argv[0] === "") {
    throw new OptionsError(`${owner}.argv`, "expected a program and its arguments");
  }
  for (const [index, argument] of argv.entries()) {
    if (typeof argument === "string" && !argument.includes("\0")) continue;
    const received = typeof argument === "string" ? "text with one" : show(argument);
    throw new OptionsError(
      `${owner}.argv[${index}]`,
      `expected text without a zero byte, received ${received}`,
    );
  }
  return Object.freeze([...(argv as string[])]);
}
