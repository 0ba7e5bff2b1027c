import fc from "fast-check";
import { expect, test } from "vitest";
import {
  keyed,
  OptionsError,
  retryBudget,
  type EventDetails,
  type RetryBudget,
  type RetryBudgetOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { AttemptTally } from "./attempt-tally.ts";

/** Takes all that is left and answers how much that was. */
function drain(budget: RetryBudget): number {
  for (let taken = 0; ; taken++) if (!budget.withdraw()) return taken;
}

function depositTimes(budget: RetryBudget, times: number): void {
  for (let call = 0; call < times; call++) budget.deposit();
}

test.for<[name: string, options: RetryBudgetOptions, calls: number, retries: number]>([
  ["by default ten for whoever calls seldom", {}, 0, 10],
  ["and a fifth of the calls besides", {}, 100, 30],
  ["another share", { ratio: 0.29, perSecond: 0 }, 100, 29],
  ["more than one for each call", { ratio: 2, perSecond: 0 }, 3, 6],
  ["parts of one are none", { ratio: 0.2, perSecond: 0 }, 4, 0],
  ["a few per second alone", { ratio: 0, perSecond: 3, window: "2s" }, 100, 6],
  ["none at all", { ratio: 0, perSecond: 0 }, 100, 0],
])("%s", ([, options, calls, retries]) => {
  const budget = retryBudget({ ...options, clock: new VirtualClock() });
  depositTimes(budget, calls);

  expect([budget.left, drain(budget), budget.left]).toEqual([retries, retries, 0]);
});

test("calls and retries that have left the window do not count", async () => {
  const clock = new VirtualClock();
  const budget = retryBudget({ perSecond: 0, clock });
  depositTimes(budget, 50);
  await clock.advance("5s");
  const first = drain(budget);
  depositTimes(budget, 25);
  await clock.advance(4_999);
  const before = budget.left;
  await clock.advance(1);
  const afterCalls = budget.left;
  await clock.advance("5s");
  depositTimes(budget, 10);

  expect([first, before, afterCalls, budget.left]).toEqual([10, 5, 0, 2]);
});

test("what is not used does not pile up", async () => {
  const clock = new VirtualClock();
  const budget = retryBudget({ clock });
  for (let second = 0; second < 60; second++) {
    depositTimes(budget, 10);
    await clock.advance("1s");
  }

  expect(drain(budget)).toBe(28);
});

test("the budget that a spell of retries used comes back as they leave the window", async () => {
  const clock = new VirtualClock();
  const budget = retryBudget({ clock, window: "1s", perSecond: 4 });
  const taken = [];
  for (const _ of [1, 2, 3]) {
    taken.push(drain(budget));
    await clock.advance(500);
  }

  expect(taken).toEqual([4, 0, 4]);
});

test("it tells once that it is spent, and again only after a whole window without a refusal", async () => {
  const clock = new VirtualClock();
  const events: EventDetails[] = [];
  const budget = retryBudget({
    name: "bank",
    perSecond: 0.1,
    clock,
    on: (event) => events.push(event),
  });
  depositTimes(budget, 5);
  const told: number[] = [];
  for (const pauseMs of [0, 0, 9_000, 9_999, 10_000]) {
    await clock.advance(pauseMs);
    drain(budget);
    told.push(events.length);
  }

  expect(told).toEqual([1, 1, 1, 1, 2]);
  expect(events).toEqual([
    { type: "budget.spent", policy: "bank", calls: 5, retries: 2, windowMs: 10_000 },
    { type: "budget.spent", policy: "bank", calls: 0, retries: 1, windowMs: 10_000 },
  ]);
});

test("asking what is left, and what a listener throws, changes nothing", () => {
  const budget = retryBudget({
    ratio: 0,
    clock: new VirtualClock(),
    on: () => {
      throw new Error("listener");
    },
  });

  expect([budget.left, budget.left, drain(budget), budget.withdraw()]).toEqual([10, 10, 10, false]);
});

test("B6 the time of day may go back an hour, and nothing changes", () => {
  const clock = new VirtualClock();
  const budget = retryBudget({ clock });
  drain(budget);

  clock.jumpWallClock(-3_600_000);

  expect(budget.withdraw()).toBe(false);
});

test("one budget for each key", () => {
  const clock = new VirtualClock();
  const hosts = keyed((host) => retryBudget({ name: host, clock }));
  drain(hosts.for("a"));

  expect([hosts.for("a").left, hosts.for("b").left, hosts.for("b").name]).toEqual([0, 10, "b"]);
});

test("in any window no more is taken than the share of the calls in it and just before, and the few per second", () => {
  const ratio = fc.double({ min: 0, max: 3, noNaN: true });
  const perSecond = fc.double({ min: 0, max: 3, noNaN: true });
  const step = fc.tuple(
    fc.constantFrom("deposit" as const, "withdraw" as const, "withdraw" as const),
    fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3_000, noNaN: true })),
  );
  fc.assert(
    fc.property(ratio, perSecond, fc.array(step, { maxLength: 60 }), (...given) => {
      const [share, floor, steps] = given;
      const windowMs = 1_000;
      const sliceMs = windowMs / 10;
      const tally = new AttemptTally({ ratio: share, perSecond: floor, windowMs });
      const done = { deposit: [] as number[], withdraw: [] as number[] };
      let nowMs = 12_345_678;
      for (const [what, pauseMs] of steps) {
        nowMs += pauseMs;
        // The whole window begins with a tenth of it.
        const fromMs = (Math.floor(nowMs / sliceMs) - 9) * sliceMs;
        const within = (moments: number[]) => moments.filter((atMs) => atMs >= fromMs).length;
        const exact = share * within(done.deposit) + floor - within(done.withdraw);
        expect(tally.left(nowMs)).toBe(Math.max(0, Math.floor(exact + 1e-9)));
        if (what === "withdraw" && tally.left(nowMs) === 0) continue;
        done[what].push(nowMs);
        tally[what](nowMs);
      }
    }),
    { numRuns: 10_000 },
  );
});

test.for<[message: string, mistake: () => unknown]>([
  [
    "retryBudget.max: unknown; known are name, ratio, perSecond, window, clock, on",
    () => retryBudget({ max: 1 } as never),
  ],
  ["retryBudget.ratio: expected a number from 0 to 100", () => retryBudget({ ratio: -0.1 })],
  ["retryBudget.perSecond: expected a number from 0", () => retryBudget({ perSecond: Infinity })],
  ["retryBudget.window:", () => retryBudget({ window: 999 })],
])("%s is refused", ([message, mistake]) => {
  expect(mistake).toThrow(OptionsError);
  expect(mistake).toThrow(message);
});
