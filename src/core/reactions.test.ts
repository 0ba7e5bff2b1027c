import { expect, test } from "vitest";
import { REACTIONS, reactions, reactionsWith, type ReactionChanges } from "./reactions.ts";

test("the table is the taxonomy's", () => {
  const patient = { retries: Infinity, firstRetry: "backoff", breaker: "counts", exitCode: 75 };

  expect(REACTIONS).toEqual({
    transient: { ...patient, firstRetry: "at once", breaker: "unless refused" },
    degraded: patient,
    timeout: patient,
    fatal: { retries: 0, firstRetry: "backoff", breaker: "ignored", exitCode: 1 },
    unknown: { retries: 1, firstRetry: "backoff", breaker: "counts", exitCode: 1 },
  });
});

test("nobody can change the defaults", () => {
  expect([REACTIONS, ...Object.values(REACTIONS)].every(Object.isFrozen)).toBe(true);
});

test("changed cells leave the others as they were", () => {
  const changed = reactionsWith({ unknown: { retries: 5 }, fatal: { exitCode: 78 } });

  expect(changed).toEqual({
    ...REACTIONS,
    unknown: { ...REACTIONS.unknown, retries: 5 },
    fatal: { ...REACTIONS.fatal, exitCode: 78 },
  });
  expect([changed, ...Object.values(changed)].every(Object.isFrozen)).toBe(true);
});

test("no change is the default table", () => {
  expect(reactionsWith({ transient: undefined })).toEqual(REACTIONS);
});

test.for<[changes: unknown, message: string]>([
  [{ odd: {} }, "reactions.odd: unknown; known are transient, degraded, timeout, unknown, fatal"],
  [{ fatal: { retry: 1 } }, "reactions.fatal.retry: unknown; known are retries, firstRetry,"],
  [{ fatal: { retries: -1 } }, "reactions.fatal.retries: expected an integer >= 0, or Infinity"],
  [{ fatal: { firstRetry: "soon" } }, 'reactions.fatal.firstRetry: expected "at once", "backoff"'],
  [{ fatal: { breaker: "yes" } }, 'reactions.fatal.breaker: expected "counts", "unless refused"'],
  [{ fatal: { exitCode: 0 } }, "reactions.fatal.exitCode: expected an integer >= 1 and <= 255"],
  [{ fatal: { exitCode: 256 } }, "reactions.fatal.exitCode: expected an integer >= 1 and <= 255"],
  [{ fatal: null }, "reactions.fatal: expected an object with options, received null"],
  [null, "reactions: expected an object with options, received null"],
])("refuses %o", ([changes, message]) => {
  expect(() => reactionsWith(changes as ReactionChanges)).toThrow(message);
});

test("an owner reads changes to its own cells, and the other cells stay as they were", () => {
  const read = reactions("retries", "exitCode");

  const table = read({ unknown: { retries: 5, exitCode: 78 } }, "here.reactions");

  expect(table).toEqual(reactionsWith({ unknown: { retries: 5, exitCode: 78 } }));
  expect([table, ...Object.values(table)].every(Object.isFrozen)).toBe(true);
});

test("a whole table is for all owners, and stays the same object", () => {
  const read = reactions("breaker");
  const made = reactionsWith({ fatal: { exitCode: 78 } });
  const settled = reactions("retries")({ fatal: { retries: 1 } }, "there.reactions");

  const tables = [undefined, REACTIONS, made, settled].map((each) => read(each, "here.reactions"));

  expect(tables.map((table) => [REACTIONS, made, settled].indexOf(table))).toEqual([0, 0, 1, 2]);
});

test.for<[changes: unknown, message: string]>([
  [{ fatal: { exitCode: 3 } }, "here.reactions.fatal.exitCode: unknown; known are breaker"],
  [{ odd: {} }, "here.reactions.odd: unknown; known are transient, degraded, timeout"],
  [{ ...REACTIONS }, "here.reactions.transient.retries: unknown; known are breaker"],
  [null, "here.reactions: expected an object with options, received null"],
  [[], "here.reactions: expected an object with options, received an array"],
])("an owner of one cell refuses %o", ([changes, message]) => {
  expect(() => reactions("breaker")(changes, "here.reactions")).toThrow(message);
});
