import { expect, test } from "vitest";
import type { EventDetails } from "../core/events.ts";
import type { HealRecord, Remedy } from "../core/remedy.ts";
import type { SharedState } from "../core/shared-state.ts";
import { faultOf } from "../index.ts";
import { memoryJournal } from "../journal/memory.ts";
import { thisProcess } from "../journal/owner.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { heal, scaleAfter, type HealParts } from "./heal.ts";
import { full, patient, scripted } from "./scripted.contract.ts";

/** A machine on which failures are healed. */
function machine(change: Partial<HealParts> = {}) {
  const clock = new VirtualClock();
  const shared: SharedState = memoryJournal({ clock });
  const events: EventDetails[] = [];
  const written: HealRecord[] = [];
  let count = 0;
  const healed = (remedies: readonly Remedy[], own: Partial<HealParts> = {}) =>
    heal(
      remedies,
      { error: full(), fault: faultOf(full()) },
      {
        clock,
        random: () => 0.5,
        shared,
        owner: thisProcess(),
        isGone: () => undefined,
        signal: new AbortController().signal,
        beganAtMs: clock.now(),
        sinceMs: clock.now(),
        past: [],
        emit: (details) => events.push(details),
        write: async (record) => void written.push(record),
        hide: (text) => text,
        token: `t${count++}`,
        ...change,
        ...own,
      },
    );
  return { clock, shared, events, written, healed };
}

test("a remedy that does not fit is not asked, and one that has its say ends the asking", async () => {
  const who = patient();
  const asked: string[] = [];
  const named = (name: string, change: Partial<Remedy> = {}) =>
    scripted(who, {
      name,
      examine: async () => {
        asked.push(name);
        return { isPresent: true, found: "ill", plan: ["heal"] };
      },
      ...change,
    });
  const { clock, healed } = machine();

  const answer = await clock.settle(() =>
    healed([
      named("misfit", { fits: () => false }),
      named("idle", { act: async () => undefined }),
      named("good"),
      named("needless"),
    ]),
  );

  expect([answer, asked]).toEqual(["healed", ["idle", "good"]]);
});

test.for<[name: string, change: Partial<Remedy>, answer: string, because: string]>([
  [
    "with nothing to act on it stops",
    { examine: async () => ({ isPresent: true, found: "39.5 °C", plan: [] }) },
    "failed",
    "there is nothing to act on: 39.5 °C",
  ],
  [
    "an action that rejects has failed",
    { act: () => Promise.reject(new Error("no bed")) },
    "failed",
    "no bed",
  ],
  [
    "a look that rejects has failed too, and nothing was done",
    { examine: () => Promise.reject(new Error("no thermometer")) },
    "failed",
    "no thermometer",
  ],
  [
    "an action that does not end in time has failed",
    { act: () => new Promise(() => undefined), limitMs: 5_000 },
    "failed",
    'Work under "rest" did not end within 5000 ms',
  ],
  [
    "one that throws when it is asked whether it fits has failed",
    {
      fits: () => {
        throw new Error("no idea");
      },
    },
    "failed",
    "no idea",
  ],
  [
    "what looks like it and is not there is another remedy's affair",
    { examine: async () => ({ isPresent: false, found: "36.6 °C", plan: [] }) },
    "skipped",
    "its symptom is not there: 36.6 °C",
  ],
])("%s", async ([, change, answer, because]) => {
  const who = patient();
  const { clock, healed, written } = machine();

  const given = await clock.settle(() => healed([scripted(who, change)]));

  expect([given, written.at(-1)?.because, who.did]).toEqual([answer, because, []]);
});

test.for<[name: string, measure: Remedy["measure"], because: string]>([
  ["rejects", () => Promise.reject(new Error("no thermometer")), "no thermometer"],
  [
    "has no end",
    () => new Promise(() => undefined),
    'Work under "rest" did not end within 5000 ms',
  ],
])(
  "what was done counts as failed when the measurement after it %s",
  async ([, measure, because]) => {
    const who = patient();
    const { clock, healed, written, shared } = machine();

    const answer = await clock.settle(() => healed([scripted(who, { measure, limitMs: 5_000 })]));
    const again = await clock.settle(() =>
      healed([scripted(who, { measure })], { past: written.slice(-1) }),
    );
    const state = JSON.parse((await shared.readState("heal/rest/bed"))?.value ?? "");

    expect([answer, again, written.at(-1)?.because, written.at(-1)?.deeds]).toEqual([
      "failed",
      "skipped",
      because,
      ["sent to bed"],
    ]);
    expect([state.actedAtMs.length, state.holder, who.did]).toEqual([1, undefined, ["rest"]]);
  },
);

test("a look that ends past the limit begins nothing", async () => {
  const who = patient();
  const { clock, healed, written } = machine();
  const slow = scripted(who, {
    limitMs: 1_000,
    examine: async () => {
      await clock.sleep(2_000);
      return { isPresent: true, found: "ill", plan: ["heal"] };
    },
  });

  await clock.settle(() => healed([slow]));
  await clock.advance(5_000);

  expect([who.did, written.map(({ outcome }) => outcome)]).toEqual([[], ["failed"]]);
});

test("what an action does past its limit changes nothing that was told", async () => {
  const { clock, healed, events } = machine();
  const late = scripted(patient(), { limitMs: 1_000, act: () => clock.sleep(2_000) });

  await clock.settle(() => healed([late]));
  await clock.advance(5_000);

  expect(events.map(({ type }) => type)).toEqual(["heal.started", "heal.failed"]);
});

test("a dry run tells what would be done, and does nothing", async () => {
  const who = patient();
  const told: string[] = [];
  const { clock, healed, written } = machine({ dryRun: (would) => told.push(would) });

  await clock.settle(() => healed([scripted(who)]));

  expect([told, who.did, written.map(({ outcome, because }) => [outcome, because])]).toEqual([
    ["rest would send to bed"],
    [],
    [["skipped", "dry run, it would send to bed"]],
  ]);
});

test("the intent is kept before it acts, and what it does is kept and told with its end", async () => {
  const who = patient();
  const { clock, healed, written, events } = machine();
  const busy = scripted(who, {
    act: async ({ did }) => {
      expect(written).toHaveLength(1);
      who.isIll = false;
      for (let index = 0; index < 150; index++) did(`deed ${index}`);
    },
  });

  await clock.settle(() => healed([busy]));

  expect(written.map(({ outcome, plan }) => [outcome, plan])).toEqual([
    [undefined, ["send to bed"]],
    ["healed", ["send to bed"]],
  ]);
  expect([written[1]?.deeds.length, written[1]?.deeds.at(-1)]).toEqual([100, "and 51 more"]);
  expect(events.at(-1)).toMatchObject({ deeds: written[1]?.deeds, found: "36.6 °C" });
});

test("budget and cool-down hold for all processes together", async () => {
  const who = patient();
  const remedy = scripted(who, { budget: { times: 2, withinMs: 3_600_000 }, coolDownMs: 60_000 });
  const { clock, healed, written } = machine();

  for (const pauseMs of [0, 30_000, 30_000, 120_000]) {
    await clock.advance(pauseMs);
    who.isIll = true;
    await clock.settle(() => healed([remedy]));
  }

  const ends = written.filter(({ outcome }) => outcome !== undefined);
  expect(ends.map(({ outcome, because }) => [outcome, because])).toEqual([
    ["healed", "36.6 °C"],
    ["skipped", "it acted 30 s ago, and leaves it alone for 1 m"],
    ["healed", "36.6 °C"],
    ["skipped", "its budget is spent: it acted 2 times within 1 h"],
  ]);
});

test("a remedy that is not exclusive counts for each step alone", async () => {
  const who = patient();
  const remedy = scripted(who, { isExclusive: false, budget: { times: 1, withinMs: 3_600_000 } });
  const { clock, healed, shared, written } = machine();

  await clock.settle(() => healed([remedy]));
  who.isIll = true;
  await clock.settle(() => healed([remedy]));
  const past = written.filter(({ outcome }) => outcome === "healed");
  await clock.settle(() => healed([remedy], { past: past.slice(0, 1) }));

  expect([who.did, written.at(-1)?.because, await shared.readStates({ prefix: "" })]).toEqual([
    ["rest", "rest"],
    "it has healed this step as often as it may (1)",
    [],
  ]);
});

test("one that is not exclusive leaves its target alone for a while, too, in the step that it healed", async () => {
  const who = patient();
  const remedy = scripted(who, { isExclusive: false, coolDownMs: 60_000 });
  const { clock, healed, written } = machine();
  const again = () => {
    who.isIll = true;
    return clock.settle(() =>
      healed([remedy], { past: written.filter((one) => "outcome" in one) }),
    );
  };

  const answers = [await again(), await again()];
  await clock.advance(60_000);
  answers.push(await again());

  expect([answers, written[2]?.because]).toEqual([
    ["healed", "skipped", "healed"],
    "it acted 0 ms ago, and leaves it alone for 1 m",
  ]);
});

test("an action that takes longer than its cool-down is followed by one all the same", async () => {
  const who = patient();
  const { clock, healed, written } = machine();
  const slow = scripted(who, {
    coolDownMs: 30_000,
    act: async () => {
      await clock.sleep(45_000);
    },
  });

  await clock.settle(() => healed([slow]));
  await clock.settle(() => healed([slow]));

  expect(written.at(-1)?.because).toBe("it acted 0 ms ago, and leaves it alone for 30 s");
});

test("of two that come at once one acts, and the other goes on with what that has cured", async () => {
  const who = patient();
  const { clock, healed, written, shared } = machine();
  const slow = scripted(who, {
    act: async () => {
      await clock.sleep(3_000);
      who.isIll = false;
      who.did.push("rest");
    },
  });

  const answers = await clock.settle(() => Promise.all([healed([slow]), healed([slow])]));
  const state = await shared.readState("heal/rest/bed");

  expect([answers, who.did]).toEqual([["healed", "healed"], ["rest"]]);
  expect(written.at(-1)?.because).toBe("cured by another process: 36.6 °C");
  expect(JSON.parse(state?.value ?? "")).not.toHaveProperty("holder");
});

test("who waits for another that is at it all the while gives up in the end", async () => {
  const { clock, healed, written, shared } = machine();
  const holder = {
    owner: thisProcess(),
    token: "other",
    fromMs: clock.now(),
    untilMs: clock.now() + 3_600_000,
  };
  await shared.writeState({
    key: "heal/rest/bed",
    value: JSON.stringify({ holder, actedAtMs: [] }),
    atMs: 0,
  });

  const answer = await clock.settle(() => healed([scripted(patient())]));
  const kept = await shared.readState("heal/rest/bed");

  expect([answer, written[0]?.because]).toEqual([
    "skipped",
    "another process has been at it all the while",
  ]);
  expect(kept?.value).toContain("other");
});

test("what does not end in time keeps its target until it has ended, or its hold runs out", async () => {
  const who = patient();
  const began: number[] = [];
  const { clock, healed, written } = machine();
  const slow = scripted(who, {
    limitMs: 10_000,
    act: async () => {
      began.push(clock.elapsed());
      await clock.sleep(began.length === 1 ? 12_000 : Infinity);
    },
  });

  const answers: string[] = [];
  for (const _ of [1, 2, 3]) answers.push(await clock.settle(() => healed([slow])));

  expect(answers).toEqual(["failed", "failed", "failed"]);
  // The second begins after the first has ended; the third after the hold of the second has run out.
  expect(began.map((atMs) => Math.floor(atMs / 1_000))).toEqual([0, 12, 27]);
  expect(written.at(-1)?.because).toContain("did not end within 10000 ms");
});

test("what a dead process held is free at once, and who lost its hold frees nothing", async () => {
  const who = patient();
  const { clock, healed, shared } = machine({ isGone: () => true });
  const taken = scripted(who, {
    act: async () => {
      who.isIll = false;
      const holder = {
        owner: thisProcess(),
        token: "thief",
        fromMs: clock.now(),
        untilMs: clock.now() + 3_600_000,
      };
      await shared.writeState({
        key: "heal/rest/bed",
        value: JSON.stringify({ holder, actedAtMs: [] }),
        atMs: 0,
      });
    },
  });
  const holder = {
    owner: thisProcess(),
    token: "dead",
    fromMs: clock.now(),
    untilMs: clock.now() + 3_600_000,
  };
  await shared.writeState({
    key: "heal/rest/bed",
    value: JSON.stringify({ holder, actedAtMs: [] }),
    atMs: 0,
  });

  const answer = await clock.settle(() => healed([taken]));
  const kept = await shared.readState("heal/rest/bed");

  expect([answer, kept?.value.includes("thief")]).toEqual(["healed", true]);
});

test("where the shared state fails the healing has failed, and says so", async () => {
  const { clock, healed, written } = machine();
  const broken: SharedState = {
    readState: () => Promise.reject(new Error("disk I/O error")),
    readStates: async () => [],
    writeState: async () => false,
  };

  const answer = await clock.settle(() => healed([scripted(patient())], { shared: broken }));

  expect([answer, written.at(-1)?.because]).toEqual(["failed", "disk I/O error"]);
});

test("the newest smaller load counts", () => {
  const record = { remedy: "a", target: "b", blastRadius: "", plan: [], startedAtMs: 0, deeds: [] };

  expect([
    scaleAfter([]),
    scaleAfter([{ ...record, scale: 0.5 }, { ...record, scale: 0.25 }, record]),
  ]).toEqual([1, 0.25]);
});

test("what was cured before the attempt began is not what it failed by", async () => {
  const who = patient();
  const { clock, healed, written } = machine();

  await clock.settle(() => healed([scripted(who)]));
  const again = await clock.settle(() => healed([scripted(who)]));

  expect([again, written.at(-1)?.because]).toEqual([
    "skipped",
    "its symptom is not there: 36.6 °C",
  ]);
});
