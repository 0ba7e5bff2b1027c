import { expect, test } from "vitest";
import { REACTIONS, reactionsWith, type ReactionChanges } from "./reactions.ts";

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
