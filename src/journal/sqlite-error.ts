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

/** SQLITE_IOERR_SHMSIZE. */
const SHARED_TOO_SHORT = SQLITE.ioError | (19 << 8);

/**
 * Extended codes of a disk without room: the file that processes share cannot be made as long as it
 * has to be, or a quota refuses what is written, which SQLite does not tell from other errors.
 */
const NO_ROOM: readonly number[] = [
  SHARED_TOO_SHORT,
  // SQLITE_IOERR_WRITE
  SQLITE.ioError | (3 << 8),
];

const SAVE =
  'nothing was changed; "holdfast doctor" tells how far it is damaged, "holdfast doctor --save FILE" writes what can be read into a new journal, and docs/durability.md says how to go on';
const LOCKED =
  "is locked by another process for longer than the busy timeout: see what has it open (fuser, lsof), end that, and start again";
const FORBIDDEN =
  "cannot be opened or written by this user: check that its directory exists, and the permissions of both";
const DAMAGED = `is damaged: ${SAVE}`;
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
  [
    SQLITE.notADatabase,
    `is not a SQLite database, or its beginning is damaged: if it was a journal, ${SAVE}; else name another file`,
  ],
]);

/** Something in the file is not what was written. Becomes a `JournalError` that names the file. */
export class Damage extends Error {
  static {
    Object.defineProperty(this.prototype, "name", { value: "Damage" });
  }
}

/** SQLite's primary result code, or `undefined` when the error is not SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  const extended = extendedCode(error);
  // The higher bits say more precisely what happened; the lowest eight are the primary code.
  return extended === undefined ? undefined : extended & 0xff;
}

/** Whether SQLite refused one statement, and the transaction around it goes on. */
export function isRefusal(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE.constraint || code === SQLITE.tooBig || code === SQLITE.mismatch;
}

/** Whether there may be no room left on the disk. */
export function isFull(error: unknown): boolean {
  const code = extendedCode(error);
  return sqliteCode(error) === SQLITE.full || (code !== undefined && NO_ROOM.includes(code));
}

/** Whether something in the file is not what was written, by our own checks or by SQLite's. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  const damaged: readonly (number | undefined)[] = [
    SQLITE.error,
    SQLITE.corrupt,
    SQLITE.notADatabase,
  ];
  return error instanceof Damage || damaged.includes(code);
}

/**
 * The error for the user. Our own errors, and what neither SQLite nor the file system threw, come
 * back as they are.
 */
export function toJournalError(error: unknown, file: string): unknown {
  if (isHoldfastError(error) || !(error instanceof Error)) return error;
  const problem = problemOf(error);
  if (problem === undefined) return error;
  return new JournalError(`Journal ${file} ${problem} (${error.message})`, { cause: error });
}

function problemOf(error: Error): string | undefined {
  if (error instanceof Damage) return DAMAGED;
  if (extendedCode(error) === SHARED_TOO_SHORT) return FULL;
  const code = sqliteCode(error);
  if (code !== undefined) {
    return isRefusal(error) ? "refuses a record" : (PROBLEMS.get(code) ?? "failed");
  }
  if (!("syscall" in error)) return undefined;
  const isNoRoom = "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
  return isNoRoom ? FULL : FORBIDDEN;
}

function extendedCode(error: unknown): number | undefined {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" ? errcode : undefined;
}
