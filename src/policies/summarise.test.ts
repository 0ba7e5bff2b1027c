import { expect, test } from "vitest";
import { summarise } from "./summarise.ts";
import type { TaskFailure, TaskSuccess } from "./task-result.ts";

const success = (name: string): TaskSuccess<string> => ({
  ok: true,
  name,
  value: "done",
  attempts: 1,
  durationMs: 5,
  healed: false,
});

const failure = (name: string): TaskFailure => ({
  ok: false,
  name,
  fault: { class: "fatal", code: "BUG", effect: "unknown" },
  error: new Error("bug"),
  attempts: 1,
  durationMs: 5,
  rollback: "none",
});

test("it counts what succeeded and lists what failed, in order", () => {
  const failed = [failure("b"), failure("d")] as const;

  const summary = summarise([success("a"), failed[0], success("c"), failed[1], success("e")]);

  expect(summary).toEqual({
    succeeded: 3,
    total: 5,
    ok: false,
    text: "3/5 tasks succeeded",
    failed,
  });
});

test("all is well when every task succeeded, also when there was none", () => {
  expect([summarise([success("a")]), summarise([])]).toEqual([
    { succeeded: 1, total: 1, ok: true, text: "1/1 tasks succeeded", failed: [] },
    { succeeded: 0, total: 0, ok: true, text: "0/0 tasks succeeded", failed: [] },
  ]);
});
