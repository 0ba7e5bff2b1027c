/**
 * Temporary files and directories of a task. Their place is made from the step's key, so that a
 * resume finds them again with what is in them.
 */

import { lstat, mkdir, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FileRefusedError, OptionsError } from "../../core/errors.ts";
import { readOptions, text, type Reader } from "../../core/options.ts";
import { show } from "../../core/show.ts";
import { heldBy } from "./held.ts";
import { Holding } from "./holding.ts";
import { unlessMissing } from "./replace-file.ts";
import type { Scope } from "../scope.ts";

/** Where something temporary is made. */
export interface TempOptions {
  /** The directory in which it is made; it must be there. Default: the system's, `os.tmpdir()`. */
  readonly in?: string | undefined;
}

/** Where a temporary file is made, and how its name ends. */
export interface TempFileOptions extends TempOptions {
  /** How its name ends, as `.sql`. Default: nothing. */
  readonly suffix?: string | undefined;
}

/** A temporary file or directory of a task, for its user alone (0600, 0700). */
export interface Temp extends AsyncDisposable {
  /** Absolute. @throws {AutomationError} When it was removed. */
  readonly path: string;
  /**
   * Removes it with all that is in it; once more does nothing. Does nothing either when the run was
   * interrupted and will be taken up again, which then finds it.
   */
  remove(): Promise<void>;
}

const READERS = {
  in: text({ default: undefined }),
} satisfies Record<keyof TempOptions, Reader<unknown>>;

const FILE_READERS = {
  ...READERS,
  suffix: readSuffix,
} satisfies Record<keyof TempFileOptions, Reader<unknown>>;

/** `task.tempDirectory`. */
export async function tempDirectory(
  scope: Scope,
  name: string,
  options: TempOptions,
): Promise<Temp> {
  const settled = readOptions(`tempDirectory "${name}"`, options, READERS);
  return openTemp(scope, {
    what: "Temporary directory",
    name,
    place: (key) => join(settled.in ?? tmpdir(), `holdfast-${key}`),
    make: (path) => mkdir(path, { mode: 0o700 }),
    isOfKind: (stats) => stats.isDirectory(),
  });
}

/** `task.tempFile`. */
export async function tempFile(
  scope: Scope,
  name: string,
  options: TempFileOptions,
): Promise<Temp> {
  const settled = readOptions(`tempFile "${name}"`, options, FILE_READERS);
  return openTemp(scope, {
    what: "Temporary file",
    name,
    place: (key) => join(settled.in ?? tmpdir(), `holdfast-${key}${settled.suffix}`),
    make: async (path) => (await open(path, "wx", 0o600)).close(),
    isOfKind: (stats) => stats.isFile(),
  });
}

type Stats = Awaited<ReturnType<typeof lstat>>;

interface TempPlan {
  readonly what: string;
  readonly name: string;
  readonly place: (key: string) => string;
  readonly make: (path: string) => Promise<unknown>;
  readonly isOfKind: (stats: Stats) => boolean;
}

async function openTemp(scope: Scope, plan: TempPlan): Promise<Temp> {
  const { what, name, place, make } = plan;
  const holding = await Holding.open(scope, {
    what,
    name,
    held: (key) => ({ remove: [resolve(place(key))] }),
    async take(record, isFound) {
      const path = pathOf(heldBy(record));
      const found = isFound && (await isThere(path, plan));
      // What is there before it was ever made is somebody else's, and makes `make` fail.
      if (!found) await make(path);
    },
  });
  return {
    get path() {
      return pathOf(heldBy(holding.record));
    },
    remove: () => holding.letGo(),
    [Symbol.asyncDispose]: () => holding.letGo(),
  };
}

/** A link or another user's file at that place is not followed. */
async function isThere(path: string, { isOfKind, what }: TempPlan): Promise<boolean> {
  const stats = await lstat(path).catch(unlessMissing);
  if (stats === undefined) return false;
  if (isOfKind(stats) && stats.uid === (process.getuid?.() ?? stats.uid)) return true;
  throw new FileRefusedError(path, `is not the ${what.toLowerCase()} that was made there`);
}

function pathOf(held: ReturnType<typeof heldBy>): string {
  const [path] = "remove" in held ? held.remove : [];
  if (path === undefined) throw new Error("it is recorded without its place");
  return path;
}

function readSuffix(value: unknown, path: string): string {
  if (value === undefined) return "";
  if (typeof value === "string" && /^[\w.-]{1,40}$/.test(value)) return value;
  throw new OptionsError(
    path,
    `expected up to 40 letters, digits, dots and dashes, received ${show(value)}`,
  );
}
