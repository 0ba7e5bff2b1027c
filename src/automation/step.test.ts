import { expect, test } from "vitest";
import type { StepRecord } from "../core/journal.ts";
import { automation, type StepOptions } from "./automation.ts";
import { execute } from "./execute.ts";
import { failing, play, playOn } from "./play.contract.ts";
import { attemptBegun, attemptFailed, newStep } from "./step-record.ts";

const fault = { class: "transient", code: "ECONNRESET", effect: "unknown" } as const;
const failure = { atMs: 2, fault, error: { type: "Error", message: "reset", code: "ECONNRESET" } };

function recordedStep(hasUndo = false): StepRecord {
  return newStep({
    runId: "r1",
    task: "",
    name: "one",
    kind: "step",
    position: 1,
    hasUndo,
    atMs: 0,
  });
}

const begun = attemptBegun(recordedStep(), 1, 1);
const failedOnce = attemptFailed(begun, failure, "none");

test("a step tells what happens to it, in order", async () => {
  const { events } = await play((run) => run.step("one", failing("EBUSY", 1)));

  const own = events.filter(({ where }) => where.step === "one");
  expect(
    own.map((event) => [
      event.type,
      "number" in event ? event.number : undefined,
      event.where.attempt,
    ]),
  ).toEqual([
    ["step.started", undefined, undefined],
    ["attempt.started", 1, undefined],
    ["attempt.failed", 1, 1],
    ["retry.scheduled", 1, 1],
    ["attempt.started", 2, undefined],
    ["attempt.succeeded", 2, undefined],
    ["retry.recovered", undefined, undefined],
    ["step.completed", undefined, undefined],
  ]);
});

test("the journal keeps every attempt of a step that stays failed", async () => {
  const { steps } = await play((run) =>
    run.step("one", failing("EBUSY"), { retry: { attempts: 2 } }),
  );

  const [step] = steps.filter(({ kind }) => kind === "step");
  expect(step).toMatchObject({
    status: "failed",
    effect: "none",
    fault: { code: "EBUSY" },
    error: { message: "failure 2" },
    attempts: [
      { number: 1, fault: { code: "EBUSY" }, error: { message: "failure 1" } },
      { number: 2, fault: { code: "EBUSY" }, error: { message: "failure 2" } },
    ],
  });
});

test("after a resume the attempts are counted on, in the journal, in events and for the work", async () => {
  const seen: number[] = [];
  const work = failing("ECONNRESET", 1);
  const { steps, events } = await playOn([failedOnce], (run) =>
    run.step("one", ({ attempt }) => (seen.push(attempt), work()), { repeatable: true }),
  );

  const told = events.flatMap((event) =>
    event.type === "attempt.failed" ? [[event.number, event.where.attempt]] : [],
  );
  expect({ seen, told, recorded: steps[0]?.attempts.map(({ number }) => number) }).toEqual({
    seen: [2, 3],
    told: [[2, 2]],
    recorded: [1, 2, 3],
  });
});

test("a step whose failure was seen before the cut and cannot be repeated fails by that failure", async () => {
  const { result, did } = await playOn([failedOnce], (run, log) =>
    run.step("one", () => log.push("again")),
  );

  expect({ did, error: String(result.error), exitCode: result.exitCode }).toEqual({
    did: [],
    error: "Error: reset",
    exitCode: 75,
  });
});

test("a step that was cut off and whose undo fails is failed, and its rollback incomplete", async () => {
  const undo = () => {
    throw new Error("cannot");
  };
  const options: StepOptions<unknown> = { undo, undoRetry: { attempts: 1 } };
  const cutOff: StepRecord = attemptBegun(recordedStep(true), 1, 1);

  const { result, did } = await playOn([cutOff], (run, log) =>
    run.step("one", () => log.push("again"), options),
  );

  expect({ did, exitCode: result.exitCode }).toEqual({ did: [], exitCode: 81 });
});

test("nothing is looked up or undone after a refusal: nothing happened", async () => {
  const { did } = await play(async (run, log) => {
    const work = failing("EBUSY", 1);
    await run.step("one", work, {
      reconcile: () => (log.push("looked up"), "unknown"),
      undo: () => void log.push("undone"),
    });
  });

  expect(did).toEqual([]);
});

test("a failed attempt that took effect is not followed by another", async () => {
  const work = failing("ECONNRESET");
  const { steps } = await play((run) =>
    run.step("one", work, { reconcile: () => ({ value: "5" }) }),
  );

  expect({ calls: work.calls, status: steps[0]?.status, value: steps[0]?.value }).toEqual({
    calls: 1,
    status: "completed",
    value: '"5"',
  });
});

test("when it cannot be told whether an attempt took effect, there is no other", async () => {
  const work = failing("ECONNRESET");
  const { result } = await play((run) => run.step("one", work, { reconcile: () => "unknown" }));

  expect({ calls: work.calls, error: String(result.error) }).toEqual({
    calls: 1,
    error: "Error: failure 1",
  });
});

test("the last attempt of all is looked up as well", async () => {
  const work = failing("ECONNRESET");
  let lookedUp = 0;
  const { result } = await play((run) =>
    run.step("one", work, {
      retry: { attempts: 2 },
      reconcile: () => (++lookedUp === 2 ? { value: "landed" } : "absent"),
    }),
  );

  expect({ calls: work.calls, lookedUp, exitCode: result.exitCode }).toEqual({
    calls: 2,
    lookedUp: 2,
    exitCode: 0,
  });
});

test("a bug is not looked up: it stays a failure", async () => {
  const work = () => {
    throw new TypeError("bug");
  };
  const { result } = await play((run) =>
    run.step("one", work, { reconcile: () => ({ value: 1 }) }),
  );

  expect(result.exitCode).toBe(1);
});

test("a step that turns out to have happened stops its retries, and says why", async () => {
  const { events } = await play((run) =>
    run.step("one", failing("ECONNRESET"), { reconcile: () => ({ value: "landed" }) }),
  );

  const own = events.filter(({ type }) => /^(?:attempt|retry|step)/.test(type));
  expect(own.map((event) => [event.type, "reason" in event ? event.reason : ""])).toEqual([
    ["step.started", ""],
    ["attempt.started", ""],
    ["attempt.failed", ""],
    ["step.reconciled", ""],
    ["retry.stopped", "ended by beforeRetry"],
    ["step.completed", ""],
  ]);
});

test("a reconcile that fails is tried again, and told of when it stays failed", async () => {
  const lookUp = failing("ECONNREFUSED");
  const { events } = await play((run) =>
    run.step("one", failing("ECONNRESET"), {
      reconcile: () => {
        lookUp();
        return "absent";
      },
    }),
  );

  const told = events.filter((event) => event.type === "log.written").map(({ message }) => message);
  expect({ tries: lookUp.calls > 1, told }).toEqual({
    tries: true,
    told: ['"one" could not be reconciled', '"one" could not be reconciled'],
  });
});

test("a step without reconcile is not said to have failed at it", async () => {
  const { types } = await play((run) =>
    run.step("one", failing("ECONNRESET", 1), { repeatable: true }),
  );

  expect(types).not.toContain("log.written");
});

test("the undo between two attempts is journaled, and the next attempt has another key", async () => {
  const { steps } = await play((run) => {
    const work = failing("ECONNRESET", 1);
    const undoing = failing("EBUSY", 1);
    return run.step("one", work, { undo: () => void undoing() });
  });

  expect(steps[0]).toMatchObject({
    generation: 2,
    undo: "registered",
    undoAttempts: [
      { number: 1, fault: { code: "EBUSY" }, endedAtMs: expect.any(Number) },
      { number: 2, endedAtMs: expect.any(Number) },
    ],
  });
  expect(steps[0]?.undoAttempts[1]).not.toHaveProperty("fault");
});

test("an undo tells of itself, and of each failed attempt once", async () => {
  const { events } = await play(async (run) => {
    const undoing = failing("EBUSY", 1);
    await run.step("one", () => 1, { undo: () => void undoing() });
    throw new Error("no");
  });

  const own = events.filter(({ where }) => where.step === "one").slice(4);
  expect(own.map((event) => [event.type, "isFinal" in event ? event.isFinal : undefined])).toEqual([
    ["undo.started", undefined],
    ["undo.failed", false],
    ["retry.scheduled", undefined],
    ["retry.recovered", undefined],
    ["undo.completed", undefined],
  ]);
});

test("an undo that stays failed is recorded as failed", async () => {
  const { steps } = await play(async (run) => {
    await run.step("one", () => 1, { undo: failing("EIO"), undoRetry: { attempts: 1 } });
    throw new Error("no");
  });

  const own = steps.find(({ name }) => name === "one");
  const task = steps.find(({ kind }) => kind === "task");
  expect([own?.undo, task?.status, task?.undo]).toEqual(["failed", "failed", "failed"]);
});

test("an undo may take no longer than its limit, and learns that from its signal", async () => {
  const { did, result } = await play(async (run, log) => {
    await run.step("one", () => 1, {
      undoTimeout: "1s",
      undoRetry: { attempts: 1 },
      undo: ({ signal }) =>
        new Promise(() =>
          signal.addEventListener("abort", () => void log.push("aborted"), { once: true }),
        ),
    });
    throw new Error("no");
  });

  expect({ did, exitCode: result.exitCode }).toEqual({ did: ["aborted"], exitCode: 81 });
});

test("changed code can undo what had no undo when it was recorded", async () => {
  const completed: StepRecord = { ...begun, status: "completed", value: "1" };
  const { did } = await playOn([completed], async (run, log) => {
    await run.step("one", () => 1, { undo: () => void log.push("undone") });
    throw new Error("no");
  });

  expect(did).toEqual(["undone"]);
});

test("an undo that is recorded as begun is done again, and one that is done is not", async () => {
  const completed = { ...begun, status: "completed", value: "1" } as const;
  const steps: StepRecord[] = [
    { ...completed, name: "one", undo: "done" },
    { ...completed, name: "two", undo: "begun", position: 2 },
  ];
  const { did, result } = await playOn(steps, async (run, log) => {
    for (const name of ["one", "two"]) {
      await run.step(name, () => 1, { undo: () => void log.push(`undo ${name}`) });
    }
    throw new Error("no");
  });

  expect({ did, exitCode: result.exitCode }).toEqual({ did: ["undo two"], exitCode: 80 });
});

test("a shared policy goes around each attempt of a step", async () => {
  const calls: string[] = [];
  const { did } = await play(async (run, log) => {
    const policy = {
      name: "counting",
      run: <Value>(work: (attempt: never) => Value | PromiseLike<Value>, options?: object) => {
        calls.push("guarded");
        return Promise.resolve(work(options as never));
      },
    };
    log.push(await run.step("one", failing("EBUSY", 1), { policy }));
  });

  expect({ did, calls }).toEqual({ did: ["done at 2"], calls: ["guarded", "guarded"] });
});

test("rules of the step are asked before those of the automation", async () => {
  const rule = (code: string) => (error: unknown) =>
    error instanceof Error ? ({ class: "fatal", code, effect: "none" } as const) : undefined;
  const program = automation("demo", { classify: [rule("AUTOMATION")] }, async (run) => {
    const task = await run.task("t", (own) =>
      own.step("one", failing("X"), { classify: [rule("STEP")] }),
    );
    const other = await run.task("u", (own) => own.step("two", failing("X")));
    return [task, other];
  });

  const result = await execute(program, { env: {} });

  expect(result.tasks.map(({ result: task }) => (task.ok ? "ok" : task.fault.code))).toEqual([
    "STEP",
    "AUTOMATION",
  ]);
});

test("the run's own task is not named in what is told of it", async () => {
  const { events } = await play((run) => run.step("one", () => 1));

  expect(events.every(({ where }) => !("task" in where))).toBe(true);
});
