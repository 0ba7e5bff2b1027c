import { expect, test } from "vitest";
import { LeaseLostError, type JournalError } from "../../core/errors.ts";
import { isOutage, isRefusal, toJournalError } from "./errors.ts";
import { NoAnswerError } from "./pool.ts";

function failure(code: string, message = "as Postgres says"): Error {
  return Object.assign(new Error(message), { code });
}

test.for<[error: Error, isOutage: boolean, said: string]>([
  [failure("57P01"), true, "cannot be reached"],
  [failure("57P03"), true, "cannot be reached"],
  [failure("08006"), true, "cannot be reached"],
  [failure("53300"), true, "cannot be reached"],
  [failure("40001"), true, "was in the way of another process"],
  [failure("40P01"), true, "was in the way of another process"],
  [failure("ECONNREFUSED"), true, "cannot be reached"],
  [failure("ECONNRESET"), true, "cannot be reached"],
  [failure("EPIPE"), true, "cannot be reached"],
  [failure("EPERM"), false, "does not let this user in"],
  [failure("ENOTFOUND"), false, "cannot be reached"],
  [new Error("Connection terminated unexpectedly"), true, "cannot be reached"],
  [new Error("timeout exceeded when trying to connect"), true, "cannot be reached"],
  [new NoAnswerError(5), false, "does not answer"],
  [failure("28P01"), false, "does not let this user in"],
  [new Error("SASL: client password must be a string"), false, "does not let this user in"],
  [failure("42501"), false, "does not let this user do that"],
  [failure("42P01"), false, "is not as holdfast made it"],
  [failure("3F000"), false, "is not as holdfast made it"],
  [failure("3D000"), false, "is not there"],
  [failure("25006"), false, "is read-only"],
  [failure("53100"), false, "cannot grow, for the server's disk is full"],
  [failure("53200"), false, "cannot go on, for the server has no memory left"],
  [failure("57014"), false, "was told to cancel"],
  [failure("55P03"), false, "waited too long for a lock"],
  [failure("23505"), false, "refuses a record"],
  [failure("54000"), false, "refuses a record, for a name in it is too long"],
  [failure("58030"), false, "cannot be read or written by its server"],
  [failure("XX001"), false, "is damaged"],
  [failure("0A000"), false, "failed"],
  [new Error("Cannot use a pool after calling end on the pool"), false, "failed"],
])("%s: an outage is %s, and it is told what to do", ([error, expected, said]) => {
  const told = toJournalError(error, 'Journal "holdfast"') as JournalError;

  expect([isOutage(error), told.code, told.cause]).toEqual([expected, "JOURNAL_FAILED", error]);
  expect(told.message.startsWith(`Journal "holdfast" ${said}`)).toBe(true);
  expect(told.message.endsWith(`(${error.message})`)).toBe(true);
});

test("a host with two addresses, whose error has no message, is told by its code", () => {
  const error = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });

  expect((toJournalError(error, "Journal") as Error).message).toMatch(/\(ECONNREFUSED\)$/);
});

test.for([new LeaseLostError("run-1"), new TypeError("a bug"), new RangeError("a bug"), "thrown"])(
  "%s is no error of the database, and comes back as it is",
  (error) => {
    expect([toJournalError(error, "Journal"), isOutage(error)]).toEqual([error, false]);
  },
);

test.for([
  ["22021", true],
  ["23502", true],
  ["54000", true],
  ["40001", false],
  ["53100", false],
  ["ECONNRESET", false],
] as const)("%s refuses one record, and not its whole batch: %s", ([code, expected]) => {
  expect(isRefusal(failure(code))).toBe(expected);
});
