/** What can be told of a journal's files before SQLite opens them, which would change them. */

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { JournalError } from "../core/errors.ts";
import { Damage } from "./sqlite-error.ts";
import { findLogDamage, type LogDamage, type ReadAt } from "./sqlite-log.ts";

/**
 * Refuses what cannot be a journal of this user's. Never opens the file itself: closing it would drop
 * the locks that this process holds on it. Source: sqlite.org/howtocorrupt.html.
 *
 * @throws {JournalError} When it is no file, empty, or cannot be written.
 */
export function requireUsable(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) {
    const to = linkTarget(file);
    const why = to === undefined ? "is gone" : `is a symbolic link to ${to}, which is not there`;
    throw new JournalError(
      `Journal ${file} ${why}: mount or put back what it was; nothing was made in its place`,
    );
  }
  if (!stats.isFile()) {
    const what = stats.isDirectory() ? "a directory" : "not a file";
    throw new JournalError(`Journal ${file} is ${what}: name another file, or move it away`);
  }
  if (stats.size === 0) {
    throw new JournalError(
      `Journal ${file} is empty, and a journal never is: it was cut off or replaced. Put a backup in its place; with none, move it away and begin a new one`,
    );
  }
  requireAccess(file, constants.R_OK | constants.W_OK, "cannot be read and written by this user");
  // SQLite keeps its log beside the file itself, not beside a link to it.
  requireAccess(
    dirname(realpathSync(file)),
    constants.W_OK | constants.X_OK,
    "lies in a directory that this user cannot write to",
  );
}

function requireAccess(path: string, mode: number, problem: string): void {
  try {
    accessSync(path, mode);
  } catch (error) {
    const isReadOnly = (error as NodeJS.ErrnoException).code === "EROFS";
    const todo = isReadOnly
      ? "its file system is mounted read-only: mount it for writing (mount -o remount,rw)"
      : "give it to this user (chown), or the user the right (chmod u+rw)";
    throw new JournalError(`Journal ${path} ${problem}; ${todo}`, { cause: error });
  }
}

function linkTarget(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}

/** How long a reader waits for a process that begins or ends its use of the file. */
const READ_TIMEOUT_MS = 5_000;

/**
 * Opens a journal that is only read, and leaves it as it is. Whoever may write makes a log when there
 * is none, and removes it at the end; whoever may not leaves it there. So a log that somebody left is
 * opened for reading alone, for its end would be that it is written back.
 */
export function openToRead(file: string): DatabaseSync {
  const readOnly = existsSync(`${realpathSync(file)}-wal`);
  return new DatabaseSync(file, { readOnly, timeout: READ_TIMEOUT_MS });
}

/** How often a damaged log is looked at again: beside a writer, what is read may be half old. */
const LOOKS = 5;

/** @throws {Damage} When the log of `file` has commits that SQLite would drop. */
export function requireWholeLog(file: string): void {
  const damage = logDamageOf(file);
  if (damage === undefined) return;
  const where = damage.frame === 0 ? "its header" : `frame ${damage.frame}`;
  throw new Damage(
    `${file}-wal is broken at ${where}, and at least ${damage.commits} commits that were acknowledged are in it or after it`,
  );
}

/** What is damaged in the log beside `file`, whoever writes to it meanwhile. */
export function logDamageOf(file: string): LogDamage | undefined {
  const log = `${realpathSync(file)}-wal`;
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) === 0) return undefined;
  let damage: LogDamage | undefined;
  // A writer that begins the log anew, or goes on in it, makes each look different from the last.
  for (let look = 0, before = ""; look < LOOKS; look++) {
    const seen = lookInto(log);
    damage = seen.damage;
    if (damage === undefined || seen.text === before) return damage;
    before = seen.text;
  }
  return undefined;
}

function lookInto(log: string): { readonly damage: LogDamage | undefined; readonly text: string } {
  const descriptor = openSync(log, "r");
  try {
    const read: ReadAt = (position, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
    };
    const before = read(0, 32).toString("hex");
    const damage = findLogDamage(read);
    const text = [before, read(0, 32).toString("hex"), JSON.stringify(damage)].join();
    return { damage, text };
  } finally {
    closeSync(descriptor);
  }
}
