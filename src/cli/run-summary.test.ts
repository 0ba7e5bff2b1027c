import { expect, test } from "vitest";
import type { RunResult } from "../automation/run.ts";
import { InDoubtError } from "../core/errors.ts";
import type { TaskFailure, TaskResult } from "../policies/task-result.ts";
import { runAsJson, summaryOf } from "./run-summary.ts";

const reset = Object.assign(new Error("read ECONNRESET"), {
  code: "ECONNRESET",
  stack: "the stack",
});
const FAILED: TaskFailure = {
  ok: false,
  name: "prune",
  fault: { class: "transient", code: "ECONNRESET", effect: "unknown" },
  error: reset,
  attempts: 2,
  durationMs: 3.6,
  rollback: "complete",
};
const SUCCEEDED: TaskResult<unknown> = {
  ok: true,
  name: "",
  value: "not shown",
  attempts: 1,
  durationMs: 1.2,
  healed: false,
};

function result(change: Partial<RunResult>): RunResult {
  return {
    runId: "r1",
    automation: "nightly",
    status: "failed",
    exitCode: 80,
    tasks: [
      { result: SUCCEEDED, mayFail: false },
      { result: FAILED, mayFail: false },
    ],
    count: { succeeded: 1, total: 2 },
    durationMs: 1_234.5,
    error: reset,
    ...change,
  };
}

function summary(change: Partial<RunResult>): string {
  const env = { API_TOKEN: "hunter2-hunter2" };
  return summaryOf(result(change), { env, calledAs: "npx holdfast" });
}

test("a run that succeeded is one line", () => {
  const change = {
    status: "succeeded",
    exitCode: 0,
    tasks: [{ result: SUCCEEDED, mayFail: false }],
    count: { succeeded: 1, total: 1 },
  } as const;

  expect(summary(change)).toBe("1/1 tasks succeeded: nightly, run r1, 1.2 s\n");
});

test("every failed task is told, and how its rollback ended", () => {
  const failed = (change: Partial<TaskFailure>, mayFail = false) => ({
    result: { ...FAILED, ...change },
    mayFail,
  });
  const tasks = [
    failed({ name: "" }),
    failed({ name: "a", rollback: "none" }),
    failed({ name: "b", rollback: "incomplete" }),
    failed({ name: "c" }, true),
  ];

  expect(summary({ tasks })).toMatchInlineSnapshot(`
    "1/2 tasks succeeded: nightly, run r1, 1.2 s
      failed: nightly: ECONNRESET (transient): read ECONNRESET; rolled back completely
      failed: a: ECONNRESET (transient): read ECONNRESET; nothing to roll back
      failed: b: ECONNRESET (transient): read ECONNRESET; ROLLBACK INCOMPLETE
      failed: c (it may fail): ECONNRESET (transient): read ECONNRESET; rolled back completely
    What happened: npx holdfast show r1
    "
  `);
});

test("an incomplete rollback calls for a human", () => {
  expect(summary({ exitCode: 81, tasks: [] })).toMatchInlineSnapshot(`
    "1/2 tasks succeeded: nightly, run r1, 1.2 s
    A human is needed: what could not be undone is listed by npx holdfast show r1
    Once its cause is mended, try again what is missing:
      npx holdfast rollback r1
    "
  `);
});

test("a run that was interrupted says how to go on", () => {
  const change = {
    status: "interrupted",
    error: new Error("stopped by SIGINT"),
    tasks: [],
  } as const;

  expect(summary(change)).toMatchInlineSnapshot(`
    "1/2 tasks succeeded: nightly, run r1, 1.2 s
    Interrupted: stopped by SIGINT
    Go on with it, or take it back:
      npx holdfast resume r1
      npx holdfast rollback r1
    "
  `);
});

test("a run in doubt says how to decide", () => {
  const error = new InDoubtError("r1", "prune/the charge");

  expect(summary({ status: "in doubt", error, tasks: [] })).toMatchInlineSnapshot(`
    "1/2 tasks succeeded: nightly, run r1, 1.2 s
    In doubt: Step "prune/the charge" was begun and nobody saw its end; it can be neither repeated, undone nor looked up
    Look whether it happened; the step's key is told by
      npx holdfast show r1
    If it did not happen:
      npx holdfast resume r1 --decide 'prune/the charge=absent'
    If it did (replace null by what it answered, as JSON):
      npx holdfast resume r1 --decide 'prune/the charge=null'
    Or take the run back:
      npx holdfast rollback r1
    "
  `);
});

test("a step may be called after a secret, and is still to be decided about by its name", () => {
  const error = new InDoubtError("r1", "reset password");

  expect(summary({ status: "in doubt", error, tasks: [] })).toContain(
    "holdfast resume r1 --decide 'reset password=absent'",
  );
});

test("no secret and no control character is in it", () => {
  const error = new Error("no hunter2-hunter2\u001b[2J", {
    cause: new Error("\u0007hunter2-hunter2"),
  });

  expect(summary({ tasks: [{ result: { ...FAILED, error }, mayFail: false }] })).toContain(
    "failed: prune: ECONNRESET (transient): no ***: ***; rolled back completely",
  );
});

test("for programs it is one document", () => {
  const env = { API_TOKEN: "hunter2-hunter2" };
  const error = Object.assign(new Error("no hunter2-hunter2"), { stack: "the stack" });
  const text = runAsJson(result({ error }), env);

  expect([JSON.parse(text), text.endsWith("}\n")]).toEqual([
    {
      schema: 1,
      runId: "r1",
      automation: "nightly",
      status: "failed",
      exitCode: 80,
      tasksSucceeded: 1,
      tasksTotal: 2,
      durationMs: 1_235,
      tasks: [
        { name: "nightly", ok: true, mayFail: false, attempts: 1, durationMs: 1 },
        {
          name: "prune",
          ok: false,
          mayFail: false,
          attempts: 2,
          durationMs: 4,
          fault: FAILED.fault,
          error: {
            type: "Error",
            message: "read ECONNRESET",
            code: "ECONNRESET",
            stack: "the stack",
          },
          rollback: "complete",
        },
      ],
      error: { type: "Error", message: "no ***", stack: "the stack" },
    },
    true,
  ]);
});

test("for programs a run that succeeded has no error", () => {
  const { error: _, ...succeeded } = result({ status: "succeeded", exitCode: 0 });

  expect(JSON.parse(runAsJson(succeeded, {}))).not.toHaveProperty("error");
});

test("of many failed tasks twenty are told one by one", () => {
  const tasks = Array.from({ length: 100 }, (_, index) => ({
    result: { ...FAILED, name: `hosts[${index}]` },
    mayFail: false,
  }));
  const lines = summary({ tasks, count: { succeeded: 9_000, total: 10_000 } }).split("\n");

  expect(lines.filter((line) => line.startsWith("  failed: "))).toHaveLength(20);
  expect(lines[21]).toBe("  … and 980 more that failed");
});
