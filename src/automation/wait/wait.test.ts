import { expect, expectTypeOf, test } from "vitest";
import type { HoldfastEvent } from "../../core/events.ts";
import { Machine, play, stepAt, type Main } from "../play.contract.ts";
import { sendSignal } from "./signals.ts";

const HOUR_MS = 3_600_000;
const schema = (validate: (value: unknown) => object) =>
  ({ "~standard": { version: 1, vendor: "by hand", validate } }) as never;

/** Sends a value once the run waits. */
async function send(machine: Machine, afterMs: number, name: string, value: unknown) {
  machine.clock.after(afterMs, () => {
    void machine.journal.findRuns().then(([run]) =>
      sendSignal(machine.journal, {
        runId: run?.id ?? "",
        name,
        value,
        by: "ann@build",
        clock: machine.clock,
        env: {},
      }),
    );
  });
}

const waits = (events: readonly HoldfastEvent[]) =>
  events.flatMap((event) => (event.type === "step.waiting" ? [event.waitMs] : []));

test.for<[length: number | "2h" | Date, waitMs: number]>([
  [5, 5],
  ["2h", 2 * HOUR_MS],
  [new Date(Date.UTC(2026, 0, 1, 3)), 3 * HOUR_MS],
  [new Date(0), 0],
])("a sleep of %s lasts %i ms", async ([length, waitMs]) => {
  const { result, steps, types } = await play((run) => run.sleep("nap", length));

  expect([result.status, result.durationMs]).toEqual(["succeeded", waitMs]);
  expect(steps.map(({ name, kind, status }) => [name, kind, status])).toEqual([
    ["nap", "sleep", "completed"],
  ]);
  expect(types.filter((type) => type.startsWith("step."))).toEqual([
    "step.waiting",
    "step.completed",
  ]);
});

test.for<[what: string, awayMs: number, jumpMs: number, leftMs: number]>([
  ["waits for the rest", 20_000, 0, HOUR_MS - 20_000],
  ["goes on at once when it is past", 2 * HOUR_MS, 0, 0],
  ["waits no longer than its length when the clock was set back", 0, -5 * HOUR_MS, HOUR_MS],
])("after a kill a sleep %s", async ([, awayMs, jumpMs, leftMs]) => {
  const machine = new Machine((run) => run.sleep("nap", "1h"));
  await machine.startAndKill(stepAt("nap", { status: "begun" }));
  machine.clock.block(awayMs);
  machine.clock.jumpWallClock(jumpMs);
  const { result, events } = await machine.start();

  expect([result.durationMs, waits(events)]).toEqual([leftMs, [leftMs]]);
});

test("a clock that is set back in a sleep does not prolong it", async () => {
  const { result } = await play((run, _, clock) => {
    clock.after(10, () => clock.jumpWallClock(-HOUR_MS));
    return run.sleep("nap", "1m");
  });

  expect(result.durationMs).toBe(60_000);
});

test("a sleep that is over answers from the journal", async () => {
  const machine = new Machine(async (run) => {
    await run.sleep("nap", "1h");
    await run.step("after", () => 1);
  });
  await machine.startAndKill(stepAt("nap", { status: "completed" }));
  const { result, types } = await machine.start();

  expect([result.durationMs, types.includes("step.replayed")]).toEqual([0, true]);
});

test.for<[what: string, main: Main]>([
  ["sleep", (run) => run.sleep("nap", "1h")],
  ["signal", (run) => run.waitForSignal("go")],
  ["approval", (run) => run.approval("go")],
])(
  "a %s ends at once when the run is cancelled, and goes on at the next start",
  async ([, main]) => {
    const stop = new AbortController();
    const machine = new Machine(main);
    machine.clock.after(1_500, () => stop.abort(new Error("stop")));
    const { result, steps, types } = await machine.start({ signal: stop.signal });

    expect([result.status, result.durationMs]).toEqual(["interrupted", 1_500]);
    expect(steps.map(({ status }) => status)).toEqual(["begun"]);
    expect(types).toContain("step.interrupted");
  },
);

test("a wait ends at once when another step is in doubt", async () => {
  const stop = new AbortController();
  const machine = new Machine(async (run, _, clock) => {
    const charge = run.step(
      "charge",
      () => {
        clock.after(1, () => stop.abort(new Error("stop")));
        return new Promise(() => {});
      },
      { grace: 5 },
    );
    await Promise.all([run.sleep("nap", "1d"), charge]);
  });
  await machine.start({ signal: stop.signal });
  const { result } = await machine.start();

  expect(result.status).toBe("in doubt");
  expect(result.durationMs).toBeLessThan(60_000);
});

test("a signal is answered within a second of its sending", async () => {
  const machine = new Machine(async (run, did) => {
    did.push(JSON.stringify(await run.waitForSignal("go", { timeout: "1h" })));
  });
  await send(machine, 10_400, "go", { count: 3 });
  const { did, result, steps } = await machine.start();

  expect([did, result.durationMs]).toEqual([['{"count":3}'], 11_000]);
  expect(steps.map(({ kind, value }) => [kind, value])).toEqual([["signal", '{"count":3}']]);
});

test("a signal of a task has the task's name before its own, and may come first", async () => {
  const machine = new Machine(async (run, did) => {
    await run.sleep("nap", "1m");
    await run.task("deploy", async (task) => {
      did.push(String(await task.waitForSignal("go")));
    });
  });
  await send(machine, 5, "deploy/go", "early");
  const { did, result } = await machine.start();

  expect([did, result.durationMs]).toEqual([["early"], 60_000]);
});

test("a signal that does not come in time fails the step", async () => {
  const { result } = await play((run) => run.waitForSignal("go", { timeout: "90s" }));

  expect([result.durationMs, String(result.error), result.exitCode]).toEqual([
    90_000,
    'TimeoutError: The wait for signal "go" did not end within 90000 ms',
    75,
  ]);
});

test("an answer that came while nobody ran counts, also after the time was up", async () => {
  const machine = new Machine(async (run, did) => {
    did.push(String(await run.waitForSignal("go", { timeout: "1h" })));
  });
  await machine.startAndKill(stepAt("go", { status: "begun" }));
  await send(machine, 0, "go", "yes");
  await machine.clock.advance("2h");
  const { did } = await machine.start();

  expect(did).toEqual(["yes"]);
});

test.for<[sent: unknown, answer: unknown]>([
  [2, [4]],
  ["two", 'InputError: What was sent as signal "go" does not fit: expected a number'],
])("a schema checks %o, and makes the value", async ([sent, answer]) => {
  const machine = new Machine(async (run, did) => {
    const value = await run.waitForSignal<number>("go", {
      schema: schema((given) =>
        typeof given === "number"
          ? { value: given * 2 }
          : { issues: [{ message: "expected a number" }] },
      ),
    });
    did.push(value as never);
  });
  await send(machine, 5, "go", sent);
  const { did, result } = await machine.start();

  expect(result.status === "failed" ? String(result.error) : did).toEqual(answer);
});

const asking =
  (options: object): Main =>
  async (run, did) => {
    did.push(JSON.stringify(await run.approval("deploy", { timeout: "1h", ...options })));
  };

test.for<[options: object, sent: unknown, outcome: string]>([
  [{}, { approved: true, comment: "fine" }, '{"approved":true,"by":"ann@build","comment":"fine"}'],
  [{}, { approved: true }, '{"approved":true,"by":"ann@build","comment":""}'],
  [
    {},
    { approved: false, comment: "not today" },
    'ApprovalRejectedError: Approval "deploy" was rejected by ann@build: not today',
  ],
  [{ onReject: "answer" }, { approved: false }, '{"approved":false,"by":"ann@build","comment":""}'],
  [{}, "yes", 'InputError: What was sent for approval "deploy" is no decision'],
  [{}, undefined, 'TimeoutError: The wait for approval "deploy" did not end within 3600000 ms'],
  [
    { onTimeout: "reject" },
    undefined,
    'ApprovalRejectedError: Approval "deploy" was rejected nobody answered in time',
  ],
  [
    { onTimeout: "reject", onReject: "answer" },
    undefined,
    '{"approved":false,"by":"","comment":"nobody answered in time"}',
  ],
])("an approval with %o that is sent %o ends so", async ([options, sent, outcome]) => {
  const machine = new Machine(asking(options));
  if (sent !== undefined) await send(machine, 2_500, "deploy", sent);
  const { did, result } = await machine.start();

  expect(did[0] ?? String(result.error)).toContain(outcome);
});

test("an approval is granted by its type, unless a rejection is an answer", () => {
  const check: Main = async (run) => {
    expectTypeOf((await run.approval("a")).approved).toEqualTypeOf<true>();
    expectTypeOf((await run.approval("b", { question: "?" })).approved).toEqualTypeOf<true>();
    const { approved } = await run.approval("c", { onReject: "answer" });
    expectTypeOf(approved).toEqualTypeOf<boolean>();
  };
  expect(check).toBeTypeOf("function");
});

test("what is asked is in the journal and in the event", async () => {
  const { events } = await play(asking({ question: "deploy 1.2?", timeout: "5s" }));

  expect(events.find(({ type }) => type === "step.waiting")).toMatchObject({
    waitsFor: "approval",
    question: "deploy 1.2?",
    waitMs: 5_000,
  });
});

test.for<[what: string, main: Main, problem: string]>([
  ["no length", (run) => run.sleep("nap", "soon" as never), 'sleep "nap": expected a duration'],
  ["no end", (run) => run.sleep("nap", Infinity), 'sleep "nap": expected a duration'],
  ["no date", (run) => run.sleep("nap", new Date(NaN)), 'sleep "nap": expected a duration'],
  [
    "an unknown option",
    (run) => run.waitForSignal("go", { every: 1 } as never),
    'signal "go".every: unknown',
  ],
  [
    "an unknown option",
    (run) => run.approval("go", { every: 1 } as never),
    'approval "go".every: unknown',
  ],
  [
    "the name of a step",
    async (run) => {
      await run.step("go", () => 1);
      await run.sleep("go", 1);
    },
    'There are two steps named "go"',
  ],
  [
    "a secret in the question",
    (run) => run.approval("go", { question: "is hunter2hunter2 right?" }),
    "looks like a secret",
  ],
])("a wait with %s is refused", async ([, main, problem]) => {
  const { result } = await play(main, { env: { DB_PASSWORD: "hunter2hunter2" } });

  expect(String(result.error)).toContain(problem);
});

test("a wait that was something else before does not fit the code", async () => {
  const machine = new Machine((run) =>
    run.isResumed ? run.waitForSignal("nap") : run.sleep("nap", "1h"),
  );
  await machine.startAndKill(stepAt("nap", { status: "begun" }));

  await expect(machine.start()).rejects.toThrow(
    'recorded "nap" as a sleep, and the code makes it a signal',
  );
});

test("the first signal counts, and only a run that has not ended takes one", async () => {
  const machine = new Machine((run) => run.sleep("nap", "1h"));
  await machine.startAndKill(stepAt("nap", { status: "begun" }));
  const [run] = await machine.journal.findRuns();
  const runId = run?.id ?? "";
  const one = { runId, name: "go", clock: machine.clock, env: { DB_PASSWORD: "hunter2hunter2" } };
  await sendSignal(machine.journal, one);

  await expect(sendSignal(machine.journal, one)).rejects.toThrow('was sent "go" before');
  await expect(sendSignal(machine.journal, { ...one, runId: "r0" })).rejects.toThrow("no run r0");
  await expect(
    sendSignal(machine.journal, { ...one, name: "b", value: "hunter2hunter2" }),
  ).rejects.toThrow("looks like a secret");
  await expect(sendSignal(machine.journal, { ...one, name: "hunter2hunter2" })).rejects.toThrow(
    "The name of a signal cannot be journaled: it holds what looks like a secret",
  );
  await machine.start();
  await expect(sendSignal(machine.journal, { ...one, name: "c" })).rejects.toThrow(
    "has ended (succeeded)",
  );
});

test("who sends is the user of this process, where nobody else is named", async () => {
  const machine = new Machine(asking({}));
  machine.clock.after(5, () => {
    void machine.journal.findRuns().then(([run]) =>
      sendSignal(machine.journal, {
        runId: run?.id ?? "",
        name: "deploy",
        value: { approved: true },
      }),
    );
  });
  const { did } = await machine.start();

  expect(JSON.parse(did[0] ?? "")).toMatchObject({ by: expect.stringMatching(/^.+ on .+$/) });
});
