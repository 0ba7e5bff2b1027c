import { expect, test } from "vitest";
import { LeaseHeldError, ReplayMismatchError, UnfinishedRunError } from "../core/errors.ts";
import type { HoldfastEvent } from "../core/events.ts";
import type { RunRecord, StepRecord } from "../core/journal.ts";
import { journalWith } from "../journal/journal-with.contract.ts";
import { memoryJournal } from "../journal/memory.ts";
import { thisProcess } from "../journal/owner.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { automation, type AutomationOptions, type StepOptions } from "./automation.ts";
import { execute, type ExecuteOptions } from "./execute.ts";
import { failing, Machine, type Main } from "./play.contract.ts";
import { attemptBegun, attemptFailed, newStep, stepCompleted } from "./step-record.ts";

/** A machine with a run that was cut off, whose recorded steps are `steps`. */
async function cutOff(steps: readonly StepRecord[], change: Partial<RunRecord> = {}) {
  const machine = new Machine(() => undefined);
  await machine.cutOff(steps, change);
  return machine;
}

function recorded(name: string, change: Partial<StepRecord> = {}): StepRecord {
  const parts = { runId: "r1", task: "", name, kind: "step", hasUndo: false, atMs: 0 } as const;
  return { ...newStep({ ...parts, position: 1 }), ...change };
}

const begun = (name: string, hasUndo = false): StepRecord => {
  const step = attemptBegun(recorded(name), 1, 1);
  return hasUndo ? { ...step, undo: "registered" } : step;
};

const completed = (name: string, value: string): StepRecord => stepCompleted(begun(name), value, 2);

/** Takes it up by `main`. */
function resume(
  before: Pick<Machine, "clock" | "journal">,
  main: Main,
  options: ExecuteOptions & { readonly automation?: AutomationOptions } = {},
) {
  const { automation: settings, ...rest } = options;
  return new Machine(main, settings, before).start(rest);
}

const charge =
  (options: StepOptions<string> = {}): Main =>
  async (run, did) => {
    const value = await run.step(
      "charge",
      ({ key }) => (did.push(`charged ${key}`), "done"),
      options,
    );
    did.push(value);
  };

const replays = (events: readonly HoldfastEvent[]) =>
  events.flatMap((event) => (event.type === "step.replayed" ? event.outcome : []));

test("a finished step answers from the journal", async () => {
  const { did, events } = await resume(await cutOff([completed("charge", '"before"')]), charge());

  expect({ did, replayed: replays(events) }).toEqual({ did: ["before"], replayed: ["completed"] });
});

test("a step that was begun and is repeatable is attempted again, with the same key", async () => {
  const { did } = await resume(await cutOff([begun("charge")]), charge({ repeatable: true }));

  expect(did).toEqual([`charged ${begun("charge").key}`, "done"]);
});

test("a step that was begun and has an undo is undone, and attempted again under another key", async () => {
  const undone: string[] = [];
  const main = charge({ undo: ({ key, effect }) => void undone.push(`${key} ${effect}`) });

  const { did } = await resume(await cutOff([begun("charge", true)]), main);

  expect(undone).toEqual([`${begun("charge").key} unknown`]);
  expect(did[0]).not.toBe(`charged ${begun("charge").key}`);
});

test("a step that was begun and can be looked up is looked up by its key", async () => {
  const keys: string[] = [];
  const main = charge({ reconcile: ({ key }) => (keys.push(key), { value: "found" }) });

  const { did, steps } = await resume(await cutOff([begun("charge")]), main);

  expect({ did, keys, toldBy: steps[0]?.toldBy }).toEqual({
    did: ["found"],
    keys: [begun("charge").key],
    toldBy: "reconcile",
  });
});

test("a step that turns out not to have happened is attempted again, and asked about no more when it is refused then", async () => {
  const refusing = failing("EBUSY", 1);
  const main: Main = async (run, did) => {
    const reconcile = () => (did.push("asked"), "absent" as const);
    did.push(await run.step("charge", refusing, { reconcile }));
  };

  const { did } = await resume(await cutOff([begun("charge")]), main);

  expect(did).toEqual(["asked", "done at 2"]);
});

test.for<[name: string, options: StepOptions<string>]>([
  ["nothing to go by", {}],
  ["a reconcile that cannot tell", { reconcile: () => "unknown" }],
  [
    "a reconcile that fails",
    {
      reconcile: () => {
        throw new TypeError("no");
      },
    },
  ],
])("a step in doubt with %s stops the run for a human", async ([, options]) => {
  const state = await cutOff([begun("charge")]);

  const { result, did, types } = await resume(state, charge(options));

  expect({ status: result.status, exitCode: result.exitCode, did }).toEqual({
    status: "in doubt",
    exitCode: 82,
    did: [],
  });
  expect(types).toContain("step.doubted");
  expect((await state.journal.findRun("r1"))?.status).toBe("in doubt");
});

test.for<[decision: "absent" | { value: string }, answer: string, did: string[], toldBy?: string]>([
  ["absent", "absent", [`charged ${begun("charge").key}`, "done"]],
  [{ value: "by hand" }, "happened", ["by hand"], "human"],
])("after a human decided %o, the run goes on", async ([decision, answer, expected, toldBy]) => {
  const state = await cutOff([begun("charge")]);
  await resume(state, charge());

  const { result, did, events, steps } = await resume(state, charge(), {
    decisions: { charge: decision },
  });

  const told = events.flatMap((event) => (event.type === "step.reconciled" ? event.answer : []));
  expect({ did, told, status: result.status, toldBy: steps[0]?.toldBy }).toEqual({
    toldBy,
    did: expected,
    told: [answer],
    status: "succeeded",
  });
});

test("after a human decided that nothing happened, a refusal is retried as the first one is", async () => {
  const refusing = failing("EBUSY", 1);
  const main: Main = async (run, did) => did.push(await run.step("charge", refusing));

  const { did } = await resume(await cutOff([begun("charge")]), main, {
    decisions: { charge: "absent" },
  });

  expect(did).toEqual(["done at 2"]);
});

test("a decision is about the step in doubt, not about another one of the same label", async () => {
  const fault = { class: "transient", code: "ECONNRESET", effect: "unknown" } as const;
  const end = { atMs: 2, fault, error: { type: "Error", message: "reset" } };
  const failedOnce = attemptFailed(begun("mail/send"), end, "none");
  const inDoubt = { ...begun("send"), task: "mail", position: 2 };
  const main: Main = async (run, did) => {
    const own = run.step("mail/send", () => "again", { repeatable: true });
    await run.task("mail", async (task) => did.push(await task.step("send", () => "again")));
    did.push(await own);
  };

  const { did } = await resume(await cutOff([failedOnce, inDoubt]), main, {
    decisions: { "mail/send": { value: "by hand" } },
  });

  expect(did).toEqual(["by hand", "again"]);
});

test("a step that failed before the cut fails again, with an error that looks the same", async () => {
  const step: StepRecord = {
    ...begun("charge"),
    status: "failed",
    fault: { class: "fatal", code: "EACCES", effect: "none" },
    error: {
      type: "TypeError",
      message: "not allowed",
      code: "EACCES",
      cause: { type: "Error", message: "why" },
    },
  };
  let seen: unknown;
  const { result, events } = await resume(await cutOff([step]), async (run) => {
    seen = await run.step("charge", () => 1).catch((error: unknown) => error);
    throw seen;
  });

  expect(seen).toMatchObject({
    name: "TypeError",
    message: "not allowed",
    code: "EACCES",
    cause: { message: "why" },
  });
  expect(result.tasks[0]?.result).toMatchObject({ fault: { class: "fatal", code: "EACCES" } });
  expect(replays(events)).toEqual(["failed"]);
});

test.for<[name: string, change: Partial<RunRecord>, options: object, message: string]>([
  ["other input", { input: '{"a":1}' }, {}, "it was started with other input"],
  ["changed code", { codeHash: "other" }, {}, "the automation's code has changed since"],
  ["too many resumes", { resumes: 10 }, {}, "it was resumed 10 times already"],
  ["too old", { startedAtMs: 0 }, { resumeWithin: "1h" }, "resumed only within 1 h"],
])(
  "a run that was cut off with %s asks, and keeps everything",
  async ([, change, settings, message]) => {
    const state = await cutOff([completed("charge", '"before"')], change);

    const resuming = resume(state, charge(), { automation: settings });

    await expect(resuming).rejects.toThrow(UnfinishedRunError);
    await expect(resuming).rejects.toThrow(message);
    // The lease was given back: whoever chooses can claim it at once.
    const { did } = await resume(state, charge(), { unfinished: "resume" });
    expect(did).toEqual(["before"]);
  },
);

test("resumed with other input on request, a run keeps the input that it was started with", async () => {
  const state = await cutOff([], { input: '{"day":1}' });
  let seen: unknown;

  await resume(state, (run) => void (seen = run.input), {
    input: { day: 2 },
    unfinished: "resume",
  });

  expect(seen).toEqual({ day: 1 });
});

test("started fresh on request, the former run is abandoned and its steps are done again", async () => {
  const state = await cutOff([completed("charge", '"before"')]);

  const { did } = await resume(state, charge(), { unfinished: "fresh" });

  expect(did.at(-1)).toBe("done");
  expect((await state.journal.findRun("r1"))?.status).toBe("abandoned");
});

test("rolled back on request, what the run did is undone and nothing new is done", async () => {
  const undone: unknown[] = [];
  const step = { ...completed("charge", '"before"'), undo: "registered" } as const;

  const { result, did } = await resume(
    await cutOff([step]),
    async (run, log, clock) => {
      await charge({ undo: ({ value, effect }) => void undone.push([value, effect]) })(
        run,
        log,
        clock,
      );
      await run.step("next", () => log.push("next"));
    },
    { unfinished: "rollback" },
  );

  expect({ did, undone, exitCode: result.exitCode }).toEqual({
    did: ["before"],
    undone: [["before", "complete"]],
    exitCode: 80,
  });
});

test("a step in doubt that cannot be undone makes a rollback on request incomplete", async () => {
  const { result } = await resume(await cutOff([begun("charge")]), charge(), {
    unfinished: "rollback",
  });

  expect(result.exitCode).toBe(81);
});

test("a recorded step that the code no longer has is an error that names both, and nothing is undone", async () => {
  const state = await cutOff([completed("renamed", "1")]);

  const resuming = resume(state, charge());

  await expect(resuming).rejects.toThrow(ReplayMismatchError);
  await expect(resuming).rejects.toThrow(
    'Run r1 recorded "renamed", which the code of "demo" no longer has',
  );
  expect((await state.journal.findRun("r1"))?.status).toBe("interrupted");
});

test("a recorded task that the code no longer has is an error", async () => {
  const step = { ...completed("s", "1"), task: "gone" };

  await expect(resume(await cutOff([step]), () => 1)).rejects.toThrow('recorded "gone"');
});

test("a task that ended before it began, for the clock was set back, took no time", async () => {
  const task = recorded("", { task: "t", kind: "task", status: "completed", value: "1" });
  const times = { startedAtMs: 3_600_000, endedAtMs: 5 };

  const { result } = await resume(await cutOff([{ ...task, ...times }]), (run) =>
    run.task("t", () => 1),
  );

  expect(result.tasks.map((end) => end.result.durationMs)).toEqual([0]);
});

test("a step that was recorded as a read is an error", async () => {
  const step: StepRecord = { ...completed("charge", "1"), kind: "read" };

  await expect(resume(await cutOff([step]), charge())).rejects.toThrow(
    'Run r1 recorded "charge" as a read, and the code makes it a step',
  );
});

test("a run that another process holds is refused, with who holds it", async () => {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock, isGone: () => false });
  const program = automation("demo", (run) =>
    run.step("wait", () => clock.sleep(5_000), { repeatable: true }),
  );
  const first = execute(program, { journal, clock, env: {} });
  await clock.advance(1_000);

  const second = execute(program, { journal, clock, env: {} });

  await expect(second).rejects.toThrow(LeaseHeldError);
  await expect(second).rejects.toThrow(/being run \(.*\) by process \d+/);
  const { status } = await clock.settle(() => first);
  expect(status).toBe("succeeded");
});

test("the lease is kept by a heartbeat for as long as the run takes", async () => {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock, lease: "30s", isGone: () => undefined });
  const program = automation("demo", (run) =>
    run.step("wait", () => clock.sleep(3_600_000), {
      repeatable: true,
      timeout: { attempt: "2h" },
    }),
  );
  const first = execute(program, { journal, clock, env: {} });
  await clock.advance(1_800_000);

  await expect(execute(program, { journal, clock, env: {} })).rejects.toThrow(LeaseHeldError);
  await clock.settle(() => first);
  expect(clock.pending).toBe(0);
});

test("whoever lost its lease writes nothing more, and is told so", async () => {
  const { journal, clock } = await cutOff([]);
  const did: string[] = [];
  const main: Main = async (run) => {
    await run.step("first", () => clock.sleep(60_000), { repeatable: true });
    did.push("went on");
  };
  const first = resume({ journal, clock }, main);
  await clock.advance(1);
  await journal.claim({ ...(await journal.findRun("r1"))!, id: "r2" }, thisProcess());

  await expect(clock.settle(() => first)).rejects.toThrow("was taken over by another process");
  expect(did).toEqual([]);
});

test("a cancelled run is interrupted without a rollback, and the next start goes on", async () => {
  const { journal, clock } = await cutOff([]);
  const controller = new AbortController();
  const undone: string[] = [];
  const main: Main = async (run, did) => {
    await run.step("one", () => did.push("one"), { undo: () => void undone.push("one") });
    await run.step("two", ({ signal }) => (did.push("two"), clock.sleep(1_000, signal)), {
      repeatable: true,
    });
  };
  const first = resume({ journal, clock }, main, { signal: controller.signal });
  await clock.advance(10);
  controller.abort(new Error("stop"));
  const interrupted = await clock.settle(() => first);

  const { result, did } = await resume({ journal, clock }, main);

  expect({
    status: interrupted.result.status,
    exitCode: interrupted.result.exitCode,
    undone,
  }).toEqual({
    status: "interrupted",
    exitCode: 130,
    undone: [],
  });
  expect({ did, status: result.status }).toEqual({ did: ["two"], status: "succeeded" });
});

test("work that ends well within its grace after a cancellation is not done again", async () => {
  const { journal, clock } = await cutOff([]);
  const controller = new AbortController();
  const main: Main = (run, did) => run.step("one", () => (did.push("one"), clock.sleep(1_000)));
  const first = resume({ journal, clock }, main, { signal: controller.signal });
  await clock.advance(10);
  controller.abort(new Error("stop"));
  const interrupted = await clock.settle(() => first);

  const { result, did } = await resume({ journal, clock }, main);

  expect([interrupted.result.status, interrupted.did, result.status, did]).toEqual([
    "interrupted",
    ["one"],
    "succeeded",
    [],
  ]);
});

test("a rollback is shielded from cancellation", async () => {
  const { journal, clock } = await cutOff([]);
  const controller = new AbortController();
  const main: Main = async (run, did) => {
    await run.step("one", () => 1, {
      undo: async ({ signal }) => {
        await clock.sleep(1_000, signal);
        did.push("undone");
      },
    });
    throw new Error("no");
  };
  const running = resume({ journal, clock }, main, { signal: controller.signal });
  await clock.advance(100);
  controller.abort(new Error("stop"));

  const { result, did } = await clock.settle(() => running);

  expect({ did, exitCode: result.exitCode }).toEqual({ did: ["undone"], exitCode: 80 });
});

test("a journal that fails ends the run with its error, and undoes nothing", async () => {
  const { journal, clock } = await cutOff([]);
  const did: string[] = [];
  let writes = 0;
  const full = journalWith(journal, {
    writeStep: async (hold, step) => {
      writes++;
      if (writes === 3) throw new Error("disk full");
      await journal.writeStep(hold, step);
    },
  });
  const main: Main = async (run) => {
    await run.step("one", () => did.push("one"), { undo: () => void did.push("undo one") });
    await run.step("two", () => did.push("two")).catch(() => did.push("caught"));
    await run.step("three", () => did.push("three"));
  };

  await expect(resume({ journal: full, clock }, main)).rejects.toThrow("disk full");
  expect(did).toEqual(["one", "caught"]);
});
