import { expect, test } from "vitest";
import type { EndedCommand } from "../../process/ended-command.ts";
import { endingOf, isAlarming, type Facts } from "./outcome.ts";

const END: EndedCommand = {
  argv: ["x"],
  exitCode: 3,
  signal: undefined,
  stdout: "",
  stderr: "",
  durationMs: 1,
  level: "plain",
  stdoutBytes: 0,
  stderrBytes: 0,
  leftovers: [],
};

const ended = (end: Partial<EndedCommand>): Partial<Facts> => ({ end: { ...END, ...end } });
const failed = (code: string): Partial<Facts> => ({
  fault: { class: "unknown", code, effect: "unknown" },
});
const endOf = (facts: Partial<Facts>) =>
  endingOf({ status: "failed", skipsWhenLocked: false, ...facts });

const PROGRAM = { code: "ENOENT", what: "program", path: "x" } as const;
const PLACE = { code: "ENOENT", what: "working directory", path: "/x" } as const;

test.for([
  [{ status: "succeeded" }, "succeeded", 0],
  [{ status: "interrupted", signal: 15 }, "interrupted", 143],
  [{ status: "interrupted" }, "interrupted", 130],
  [{ status: "interrupted", signal: 15, rollback: "complete" }, "interrupted", 143],
  [{ status: "interrupted", signal: 15, rollback: "incomplete" }, "interrupted", 81],
  [{ status: "cancelled" }, "cancelled", 1],
  [{ status: "cancelled", rollback: "complete" }, "cancelled", 80],
  [{ ...failed("VERIFY_FAILED"), ...ended({ exitCode: 0 }) }, "verify-failed", 65],
  [{ ...failed("VERIFY_FAILED"), rollback: "complete" }, "verify-failed", 65],
  [{ ...failed("VERIFY_FAILED"), rollback: "incomplete" }, "verify-failed", 81],
  [failed("LOCK_HELD"), "locked", 69],
  [{ ...failed("LOCK_HELD"), skipsWhenLocked: true }, "skipped", 0],
  [failed("CIRCUIT_OPEN"), "refused", 75],
  [failed("TIMED_OUT"), "timed-out", 124],
  [{}, "failed", 125],
  [ended({}), "failed", 3],
  [{ ...ended({}), rollback: "none" }, "failed", 3],
  [{ ...ended({}), rollback: "complete" }, "failed", 80],
  [{ ...ended({}), rollback: "incomplete" }, "failed", 81],
  [ended({ exitCode: 0 }), "failed", 125],
  [ended({ exitCode: undefined, signal: "SIGSEGV" }), "failed", 139],
  [ended({ exitCode: undefined, signal: "SIGTERM", endedBy: "timeout" }), "timed-out", 124],
  [ended({ exitCode: 0, endedBy: "idle" }), "timed-out", 124],
  [ended({ startError: "ENOENT", startProblem: PROGRAM }), "not-started", 127],
  [ended({ startError: "ENOENT", startProblem: PLACE }), "not-started", 126],
  [ended({ startError: "EACCES", startProblem: PROGRAM }), "not-started", 126],
] as const)("%o is %s, %i", ([facts, outcome, exitCode]) => {
  expect(endOf(facts)).toEqual({ outcome, exitCode });
});

test.for([
  ["succeeded", 0, false],
  ["failed", 3, true],
  ["timed-out", 124, true],
  ["verify-failed", 65, true],
  ["not-started", 127, true],
  ["locked", 69, true],
  ["cut-off", 1, true],
  ["interrupted", 143, false],
  ["cancelled", 80, false],
  ["skipped", 0, false],
  ["refused", 75, false],
  ["interrupted", 81, true],
] as const)("who is alerted: %s with %i: %s", ([outcome, exitCode, expected]) => {
  expect(isAlarming({ outcome, exitCode })).toBe(expected);
});
