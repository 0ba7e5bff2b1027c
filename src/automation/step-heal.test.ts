import { expect, test } from "vitest";
import { full, patient, scripted } from "../heal/scripted.contract.ts";
import { secret } from "../index.ts";
import type { Run, StepOptions } from "./automation.ts";
import { automation } from "./automation.ts";
import { Machine, play } from "./play.contract.ts";

/** Work that fails while the patient is ill, and counts its attempts. */
function ward(options: StepOptions<string> = {}) {
  const who = patient();
  let attempts = 0;
  const main = (run: Run) =>
    run.step(
      "one",
      () => {
        attempts++;
        if (who.isIll) throw full();
        return "well";
      },
      { heal: [scripted(who)], repeatable: true, ...options },
    );
  return { who, main, attemptsMade: () => attempts };
}

test("a step whose failure is healed is attempted again, and what was wrong stays visible", async () => {
  const { main } = ward();
  const { result, steps, events } = await play(main);

  const [step] = steps.filter(({ kind }) => kind === "step");
  expect(result.exitCode).toBe(0);
  expect(step?.attempts).toMatchObject([
    {
      number: 1,
      fault: { code: "ENOSPC", effect: "partial" },
      healings: [
        {
          remedy: "rest",
          target: "bed",
          blastRadius: "sends one patient to bed",
          found: "39.5 °C",
          plan: ["send to bed"],
          deeds: ["sent to bed"],
          outcome: "healed",
          because: "36.6 °C",
        },
      ],
    },
    { number: 2 },
  ]);
  expect(
    events
      .filter(({ where }) => where.step === "one")
      .map((event) => [event.type, "number" in event ? event.number : undefined]),
  ).toEqual([
    ["step.started", undefined],
    ["attempt.started", 1],
    ["attempt.failed", 1],
    ["heal.started", undefined],
    ["heal.completed", undefined],
    ["attempt.started", 2],
    ["attempt.succeeded", 2],
    ["step.completed", undefined],
  ]);
});

test("a task says whether it was healed, also when it answers from the journal", async () => {
  const healed: boolean[] = [];
  const ask = async (run: Run, isHealed: boolean) => {
    const who = patient();
    const result = await run.task(isHealed ? "ill" : "well", (task) =>
      task.step(
        "one",
        () => {
          if (who.isIll && isHealed) throw full();
        },
        { heal: [scripted(who)], repeatable: true },
      ),
    );
    healed.push(result.ok && result.healed);
  };
  const machine = new Machine(async (run) => {
    await ask(run, true);
    await ask(run, false);
    await run.step("last", () => undefined);
  });

  await machine.startAndKill(
    (record) => "task" in record && record.name === "last" && record.status === "begun",
  );
  const { result } = await machine.start({ decisions: { last: "absent" } });

  expect([healed, result.tasks.map(({ result: task }) => task.ok && task.healed)]).toEqual([
    [true, false, true, false],
    [false, true, false],
  ]);
});

test("a child that was healed says so, also when it answers from the journal", async () => {
  const healed: boolean[] = [];
  const { main } = ward();
  const child = automation("child", {}, main);
  const machine = new Machine(async (run) => {
    const result = await run.child("ward", child);
    healed.push(result.ok && result.healed);
    await run.step("last", () => undefined);
  });

  await machine.startAndKill(
    (record) => "task" in record && record.name === "last" && record.status === "begun",
  );
  await machine.start({ decisions: { last: "absent" } });

  expect(healed).toEqual([true, true]);
});

test.for<[name: string, options: StepOptions<string>, attempts: number]>([
  ["a step that has its last attempt behind it gets one more", { retry: { attempts: 1 } }, 2],
  [
    "a fault that is never retried is attempted again once its cause is gone",
    { classify: [() => ({ class: "fatal", code: "ENOSPC", effect: "none" })] },
    2,
  ],
  [
    "a step that is not repeatable is attempted again when nothing had happened",
    {
      repeatable: false,
      classify: [() => ({ class: "degraded", code: "ENOSPC", effect: "none" })],
    },
    2,
  ],
  ["a step with an undo is undone before", { repeatable: false, undo: () => undefined }, 2],
  [
    "one that is found not to have happened, too",
    { repeatable: false, reconcile: () => "absent" },
    2,
  ],
  [
    "one that is found to have happened is done",
    { repeatable: false, reconcile: () => ({ value: "done" }) },
    1,
  ],
])("%s", async ([, options, attempts]) => {
  const { main, attemptsMade } = ward(options);
  const { result } = await play(main);

  expect([result.exitCode, attemptsMade()]).toEqual([0, attempts]);
});

test("what heals comes before what clears the way, which may need what was broken", async () => {
  const { who, main } = ward({
    repeatable: false,
    undo: () => void who.did.push(who.isIll ? "undo in vain" : "undo"),
  });
  await play(main);

  expect(who.did).toEqual(["rest", "undo"]);
});

test("nothing is healed for a step that must not be attempted again", async () => {
  const { who, main, attemptsMade } = ward({ repeatable: false });
  const { result, steps } = await play(main);

  const [step] = steps.filter(({ kind }) => kind === "step");
  expect([result.exitCode, attemptsMade(), who.did]).toEqual([75, 1, []]);
  expect(step?.attempts[0]?.healings).toMatchObject([
    {
      outcome: "skipped",
      because: "the step may have taken effect, and is not repeatable",
      deeds: [],
    },
  ]);
});

test("after a healing that changed nothing there is no further attempt, whatever the retry allows", async () => {
  const who = patient();
  const idle = scripted(who, { act: async () => void who.did.push("nothing") });
  const { main, attemptsMade } = ward({ heal: [idle], retry: { attempts: 9 } });
  const { result, types, events } = await play((run) => main(run));
  const failed = events.find(({ type }) => type === "heal.failed");

  expect([result.exitCode, attemptsMade(), who.did]).toEqual([75, 1, ["nothing"]]);
  expect(failed).toMatchObject({
    because: "the symptom is still there: 39.4 °C",
    fault: { code: "ENOSPC" },
  });
  expect(types.filter((type) => /^(attempt|heal|retry|step)\./.test(type))).toEqual([
    "step.started",
    "attempt.started",
    "attempt.failed",
    "heal.started",
    "heal.failed",
    "retry.stopped",
    "step.failed",
  ]);
});

test("where no remedy has a say the retry goes on as without them", async () => {
  const { main, attemptsMade } = ward({
    heal: [
      scripted(patient(), {
        examine: async () => ({ isPresent: false, found: "36.6 °C", plan: [] }),
      }),
    ],
    retry: { attempts: 3, backoff: [0] },
  });
  const { events } = await play(main);

  expect(attemptsMade()).toBe(3);
  expect(
    events
      .filter(({ type }) => type === "attempt.failed")
      .map((event) => "number" in event && event.number),
  ).toEqual([1, 2, 3]);
});

test("attempts that were earned do not count against those of the retry", async () => {
  const who = patient();
  let calls = 0;
  const { result, events } = await play((run) =>
    run.step(
      "one",
      () => {
        calls++;
        if (who.isIll) throw full();
        if (calls < 4) throw Object.assign(new Error("busy"), { code: "EBUSY" });
      },
      { heal: [scripted(who)], retry: { attempts: 3, backoff: [0] } },
    ),
  );

  expect([result.exitCode, calls]).toEqual([0, 4]);
  expect(
    events
      .filter(({ type }) => type === "attempt.failed")
      .map((event) => ("number" in event ? [event.number, event.where.attempt] : [])),
  ).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
});

test("an automation's remedies hold for all its steps, after their own, and for reads; not for children as a whole", async () => {
  const who = patient();
  const own = scripted(who, {
    name: "own",
    examine: async () => ({ isPresent: false, found: "", plan: [] }),
  });
  const common = scripted(who, { name: "common" });
  const child = automation("child", {}, (run) =>
    run.step("fails", () => {
      throw full();
    }),
  );
  const { events } = await play(
    async (run) => {
      await run.read(
        "one",
        () => {
          if (who.isIll) throw full();
        },
        { heal: [own] },
      );
      who.isIll = true;
      await run.child("child", child, {}, { mayFail: true });
    },
    {},
    { heal: [common] },
  );

  expect(
    events.flatMap((event) => ("remedy" in event ? [`${event.type} ${event.remedy}`] : [])),
  ).toEqual(["heal.skipped own", "heal.started common", "heal.completed common"]);
});

test("killed while it heals, the step goes on, and the healing whose end nobody saw counts", async () => {
  const { who, main } = ward();
  const machine = new Machine(main);
  await machine.startAndKill(
    (record) =>
      "attempts" in record && record.attempts.some(({ healings }) => healings?.length === 1),
  );
  const [before] = (await machine.records()).flatMap(({ attempts }) => attempts);
  const { result } = await machine.start();
  const shared = await machine.journal.readState("heal/rest/bed");

  expect(before?.healings).toMatchObject([{ plan: ["send to bed"], deeds: [] }]);
  expect(before?.healings?.[0]?.outcome).toBeUndefined();
  expect([result.exitCode, who.did]).toEqual([0, ["rest"]]);
  expect(JSON.parse(shared?.value ?? "")).toMatchObject({
    actedAtMs: [expect.any(Number), expect.any(Number)],
  });
});

test("a cancelled run ends its healing at once, and attempts nothing more", async () => {
  const cancelled = new AbortController();
  const endless = scripted(patient(), {
    act: async ({ signal, clock }) => {
      cancelled.abort(new Error("enough"));
      await clock.sleep(Infinity, signal);
    },
  });
  const { main, attemptsMade } = ward({ heal: [endless] });
  const { steps, types } = await play(main, { signal: cancelled.signal });

  const [step] = steps.filter(({ kind }) => kind === "step");
  expect([attemptsMade(), types.at(-1)]).toEqual([1, "run.interrupted"]);
  expect(step?.attempts[0]?.healings).toMatchObject([
    { outcome: "interrupted", because: "enough" },
  ]);
});

test("a remedy that makes the load smaller hands that to the next attempts, also after a resume", async () => {
  const scales: number[] = [];
  const half = scripted(patient(), {
    act: async ({ scale, rescale }) => rescale(scale / 2),
    measure: async () => ({ isGone: true, found: "less" }),
  });
  const machine = new Machine((run) =>
    run.step(
      "one",
      ({ scale }) => {
        scales.push(scale);
        if (scale > 0.25) throw full();
      },
      { heal: [half], repeatable: true },
    ),
  );
  await machine.startAndKill(
    (record) =>
      "attempts" in record &&
      record.attempts.length === 2 &&
      record.attempts.at(-1)?.endedAtMs !== undefined,
  );
  await machine.start();

  expect(scales).toEqual([1, 0.5, 0.5, 0.25]);
});

test("a remedy is told when the step was first attempted, whatever attempt failed", async () => {
  const told: boolean[] = [];
  let calls = 0;
  const { steps } = await play((run) =>
    run.step(
      "one",
      () => {
        calls++;
        throw calls === 1 ? Object.assign(new Error("busy"), { code: "EBUSY" }) : full();
      },
      {
        repeatable: true,
        retry: { attempts: 2, backoff: ["1m"] },
        classify: [(error) => ({ class: "degraded", code: codeOf(error), effect: "none" })],
        heal: [
          scripted(patient(), {
            examine: async ({ beganAtMs, clock }) => {
              told.push(clock.now() - beganAtMs >= 30_000);
              return { isPresent: false, found: "", plan: [] };
            },
          }),
        ],
      },
    ),
  );

  expect([told, steps.find(({ kind }) => kind === "step")?.attempts.length]).toEqual([[true], 2]);
});

function codeOf(error: unknown): string {
  return (error as { code: string }).code;
}

test("no secret reaches the journal, nor the key of a budget", async () => {
  const password = secret("correct-horse-battery");
  const who = patient();
  const leaky = scripted(who, {
    target: `db:${password}`,
    act: async ({ did }) => {
      who.isIll = false;
      did(`used ${password}`);
    },
  });
  const { main } = ward({ heal: [leaky] });
  const machine = new Machine((run) => {
    who.isIll = true;
    return main(run);
  });
  await machine.start();
  const states = await machine.journal.readStates({ prefix: "heal/" });
  const kept = JSON.stringify([await machine.records(), states]);

  expect([states.length, kept.includes("correct-horse")]).toEqual([1, false]);
});

test("steps side by side, each with retries, are healed by one action that all go on with", async () => {
  const who = patient();
  const slow = scripted(who, {
    act: async ({ clock, did }) => {
      await clock.sleep(2_000);
      who.isIll = false;
      who.did.push("rest");
      did("sent to bed");
    },
  });
  const names = ["one", "two", "three"];
  let attempts = 0;

  const { result, events } = await play((run) =>
    Promise.all(
      names.map((name) =>
        run.step(
          name,
          () => {
            attempts++;
            if (who.isIll) throw full();
          },
          { heal: [slow], repeatable: true, retry: { attempts: 2, backoff: ["1h"] } },
        ),
      ),
    ),
  );

  expect([result.exitCode, who.did, attempts]).toEqual([0, ["rest"], 6]);
  expect(
    events.flatMap((event) => (event.type.startsWith("heal.") ? [event.type] : [])).toSorted(),
  ).toEqual(["heal.completed", "heal.completed", "heal.completed", "heal.started"]);
});

test("a step whose time is up while it is healed fails by that, and its healing was interrupted", async () => {
  const endless = scripted(patient(), { act: ({ clock, signal }) => clock.sleep(600_000, signal) });
  const { main, attemptsMade } = ward({ heal: [endless], timeout: { total: "5s" } });

  const { result, steps } = await play(main);

  const [step] = steps.filter(({ kind }) => kind === "step");
  expect([result.exitCode, step?.fault?.code, attemptsMade()]).toEqual([75, "TIMED_OUT", 1]);
  expect(step?.attempts[0]?.healings?.map(({ outcome }) => outcome)).toEqual(["interrupted"]);
});
