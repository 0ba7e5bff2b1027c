import { expect, test } from "vitest";
import { LeaseLostError } from "../core/errors.ts";
import { isRefusal, sqliteCode, toJournalError } from "./sqlite-error.ts";

/** An error as node:sqlite throws it. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error("SQLite's words"), { code: "ERR_SQLITE_ERROR", errcode });
}

/** An error as node:fs throws it. */
function fileError(code: string): Error {
  return Object.assign(new Error(`${code}: no`), { code, syscall: "mkdir", path: "/x" });
}

test.for<[name: string, error: Error, problem: string]>([
  ["SQLITE_ERROR", sqliteError(1), "is damaged: nothing was changed"],
  ["SQLITE_PERM", sqliteError(3), "cannot be opened or written by this user: check"],
  ["SQLITE_BUSY", sqliteError(5), "is locked by another process for longer than the busy timeout"],
  ["SQLITE_BUSY_SNAPSHOT", sqliteError(517), "is locked by another process"],
  ["SQLITE_LOCKED", sqliteError(6), "is locked by another process"],
  ["SQLITE_READONLY", sqliteError(8), "cannot be opened or written by this user"],
  ["SQLITE_IOERR_FSYNC", sqliteError(1_034), "cannot be read or written, for its disk reports"],
  ["SQLITE_IOERR_SHMSIZE", sqliteError(4_874), "cannot grow, for its disk is full"],
  ["SQLITE_CORRUPT", sqliteError(11), "is damaged: nothing was changed"],
  ["SQLITE_FULL", sqliteError(13), "cannot grow, for its disk is full: free some space there"],
  ["SQLITE_CANTOPEN", sqliteError(14), "cannot be opened or written by this user"],
  ["SQLITE_PROTOCOL", sqliteError(15), "is locked by another process"],
  ["SQLITE_CONSTRAINT_UNIQUE", sqliteError(2_067), "refuses a record"],
  ["SQLITE_NOTADB", sqliteError(26), "is not a SQLite database, or its beginning is damaged"],
  ["SQLITE_MISUSE", sqliteError(21), "failed (SQLite's words)"],
  ["EACCES", fileError("EACCES"), "cannot be opened or written by this user"],
  ["ENOSPC", fileError("ENOSPC"), "cannot grow, for its disk is full"],
])("%s becomes a JournalError that names the file and says what to do", ([, error, problem]) => {
  expect(toJournalError(error, "/var/x.db")).toMatchObject({
    code: "JOURNAL_FAILED",
    message: expect.stringMatching(
      new RegExp(String.raw`^Journal /var/x\.db ${RegExp.escape(problem)}`),
    ),
    cause: error,
  });
});

test.for([
  ["our own", new LeaseLostError("run-1")],
  ["a bug's", new TypeError("x is undefined")],
  ["no error at all", "text"],
] as const)("what is %s comes back as it is", ([, error]) => {
  expect(toJournalError(error, "/var/x.db")).toBe(error);
});

test.for<[error: unknown, code: number | undefined, refusal: boolean]>([
  [sqliteError(19), 19, true],
  [sqliteError(2_067), 19, true],
  [sqliteError(18), 18, true],
  [sqliteError(20), 20, true],
  [sqliteError(13), 13, false],
  [fileError("EACCES"), undefined, false],
  [Object.assign(new Error("x"), { code: "ERR_SQLITE_ERROR" }), undefined, false],
])("%o has primary code %o, and is a refusal: %o", ([error, code, refusal]) => {
  expect([sqliteCode(error), isRefusal(error)]).toEqual([code, refusal]);
});
