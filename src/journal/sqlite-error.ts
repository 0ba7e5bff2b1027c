/** What SQLite and the file system say, as an error that tells the user what to do. */

import { isHoldfastError, JournalError } from "../core/errors.ts";

/** SQLite's primary result codes that are looked at here. Source: sqlite.org/rescode.html. */
export const SQLITE = {
  error: 1,
  perm: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  tooBig: 18,
  constraint: 19,
  mismatch: 20,
  notADatabase: 26,
} as const;

const LOCKED =
  "is locked by another process for longer than the busy timeout: see what has it open (fuser, lsof), end that, and start again";
const FORBIDDEN =
  "cannot be opened or written by this user: check that its directory exists, and the permissions of both";
const DAMAGED =
  'is damaged: keep a copy of it and of the files beside it, then follow "When it is damaged" in docs/journal.md';
const FULL =
  "cannot grow, for its disk is full: free some space there and start again; what was written before is safe";

const PROBLEMS: ReadonlyMap<number, string> = new Map([
  [SQLITE.perm, FORBIDDEN],
  [SQLITE.readOnly, FORBIDDEN],
  [SQLITE.cannotOpen, FORBIDDEN],
  [SQLITE.busy, LOCKED],
  [SQLITE.locked, LOCKED],
  [SQLITE.protocol, `${LOCKED}; it must not lie on a network file system`],
  [
    SQLITE.ioError,
    "cannot be read or written, for its disk reports an error: check the disk, its free space and the system's log",
  ],
  // Our SQL does not change: when it is an error, the tables are not what they were.
  [SQLITE.error, DAMAGED],
  [SQLITE.corrupt, DAMAGED],
  [SQLITE.full, FULL],
  [SQLITE.notADatabase, "is not a SQLite database: move it away, or name another file"],
]);

/** SQLite's primary result code, or `undefined` when the error is not SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  // The higher bits say more precisely what happened; the lowest eight are the primary code.
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" ? errcode & 0xff : undefined;
}

/** Whether SQLite refused one statement, and the transaction around it goes on. */
export function isRefusal(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE.constraint || code === SQLITE.tooBig || code === SQLITE.mismatch;
}

/**
 * The error for the user. Our own errors, and what neither SQLite nor the file system threw, come
 * back as they are.
 */
export function toJournalError(error: unknown, file: string): unknown {
  if (isHoldfastError(error) || !(error instanceof Error)) return error;
  const code = sqliteCode(error);
  if (code !== undefined) {
    const problem = isRefusal(error) ? "refuses a record" : (PROBLEMS.get(code) ?? "failed");
    return new JournalError(`Journal ${file} ${problem} (${error.message})`, { cause: error });
  }
  if (!("syscall" in error)) return error;
  const isFull = "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
  const problem = isFull ? FULL : FORBIDDEN;
  return new JournalError(`Journal ${file} ${problem} (${error.message})`, { cause: error });
}
