import { expect, test } from "vitest";
import type { FaultClass } from "../core/fault.ts";
import { REACTIONS, reactionsWith } from "../core/reactions.ts";
import type { RollbackOutcome, TaskResult } from "../policies/task-result.ts";
import { exitCodeOf, Tally, type TaskEnd } from "./outcome.ts";

function failed(faultClass: FaultClass, rollback: RollbackOutcome, code = "X"): TaskResult {
  const fault = { class: faultClass, code, effect: "unknown" } as const;
  return {
    ok: false,
    name: "t",
    fault,
    error: new Error("x"),
    attempts: 1,
    durationMs: 1,
    rollback,
  };
}

const succeeded: TaskResult = {
  ok: true,
  name: "t",
  value: 1,
  attempts: 1,
  durationMs: 1,
  healed: false,
};

/** What the ends of several tasks come to. */
function tallyOf(ends: readonly TaskEnd[], reactions = REACTIONS): Tally {
  const tally = new Tally(reactions);
  for (const each of ends) tally.add(each);
  return tally;
}

const end = (result: TaskResult, mayFail = false): TaskEnd => ({ result, mayFail });

test.for<[result: TaskResult, exitCode: number]>([
  [succeeded, 0],
  [failed("transient", "none"), 75],
  [failed("degraded", "none"), 75],
  [failed("timeout", "none"), 75],
  [failed("unknown", "none"), 1],
  [failed("fatal", "none"), 1],
  [failed("degraded", "complete"), 80],
  [failed("fatal", "complete"), 80],
  [failed("unknown", "complete", "VERIFY_FAILED"), 65],
  [failed("unknown", "incomplete", "VERIFY_FAILED"), 81],
  [failed("fatal", "incomplete"), 81],
])("a task that ended as %o exits with %i", ([result, exitCode]) => {
  expect(exitCodeOf(result, REACTIONS)).toBe(exitCode);
});

test.for<[name: string, ends: TaskEnd[], exitCode: number]>([
  ["nothing", [], 0],
  [
    "the most urgent",
    [
      end(failed("fatal", "none")),
      end(failed("timeout", "none")),
      end(failed("fatal", "complete")),
    ],
    75,
  ],
  [
    "81 above all",
    [end(failed("unknown", "none", "VERIFY_FAILED")), end(failed("fatal", "incomplete"))],
    81,
  ],
  ["not what may fail", [end(failed("fatal", "none"), true), end(succeeded)], 0],
  ["an incomplete rollback even of what may fail", [end(failed("fatal", "incomplete"), true)], 81],
])("the exit code of several tasks is that of %s", ([, ends, exitCode]) => {
  expect(tallyOf(ends).exitCode).toBe(exitCode);
});

test("the table says what a class of faults exits with", () => {
  const reactions = reactionsWith({ fatal: { exitCode: 75 } });

  expect(exitCodeOf(failed("fatal", "none"), reactions)).toBe(75);
  expect(tallyOf([end(failed("fatal", "none"))], reactions).exitCode).toBe(75);
});

test("tasks are counted whether they may fail or not", () => {
  expect(tallyOf([end(succeeded), end(failed("fatal", "none"), true)]).count).toEqual({
    succeeded: 1,
    total: 2,
  });
});
