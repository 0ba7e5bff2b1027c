/** Faults of hedging that shipped in other libraries, each by its code, against the public API. */

import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  bulkhead,
  expectOk,
  hedge,
  pipeline,
  retry,
  timeout,
  type Attempt,
  type HedgeDelay,
  type HedgeOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { scripted } from "./hedge-fixture.contract.ts";

const never = (): Promise<never> => new Promise(() => {});

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

test("R1 under an aborted signal nothing is begun, and nothing paid in", async () => {
  let calls = 0;
  const count = (): void => void calls++;
  const budget = { deposit: count, withdraw: () => true };

  const error = await errorOf(hedge(0, { budget }).run(count, { signal: AbortSignal.abort("no") }));

  expect([error, calls]).toEqual(["no", 0]);
});

test("R1 the caller's abort ends all attempts at once with its reason, and begins none", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const signals: AbortSignal[] = [];
  const told: string[] = [];
  const policy = hedge("100ms", { attempts: 9, clock, on: ({ type }) => told.push(type) });
  const running = errorOf(
    policy.run(({ signal }) => {
      signals.push(signal);
      return clock.sleep(3_600_000, signal);
    }, caller),
  );

  await clock.advance(250);
  caller.abort("stop");
  const error = await running;
  await clock.advance("1m");

  expect([error, signals.map(({ reason }) => reason)]).toEqual(["stop", ["stop", "stop", "stop"]]);
  expect([clock.pending, listenersOf(caller.signal)]).toEqual([0, 0]);
  expect(told).toEqual(["hedge.started", "hedge.started"]);
});

test.for<[who: string, make: (abort: () => number) => readonly [HedgeDelay, HedgeOptions?]]>([
  ["a listener that hears of a failure", (abort) => ["100ms", { on: abort }]],
  ["when", (abort) => ["100ms", { when: () => abort() > 0 }]],
  ["a delay", (abort) => [abort]],
  ["a budget", (abort) => [0, { budget: { deposit() {}, withdraw: () => abort() > 0 } }]],
  ["the work", () => ["100ms"]],
])("R1 after %s cancelled the call nothing more is begun", async ([who, make]) => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const abort = (): number => {
    caller.abort("stop");
    return 1;
  };
  const [delay, options] = make(abort);
  let calls = 0;

  const error = await errorOf(
    hedge(delay, { ...options, attempts: 9, clock }).run(() => {
      calls++;
      if (who === "the work") abort();
      return expectOk({ status: 500 });
    }, caller),
  );

  expect([error, calls, clock.pending, listenersOf(caller.signal)]).toEqual(["stop", 1, 0, 0]);
});

test("R8 the caller's abort is told to nobody as a failure", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const told: string[] = [];
  const policy = hedge(0, { clock, on: ({ type }) => told.push(type) });
  const running = errorOf(policy.run(({ signal }) => clock.sleep(1_000, signal), caller));

  caller.abort("stop");
  await running;
  await clock.advance("1m");

  expect(told).toEqual(["hedge.started"]);
});

test("R8 the abort of an attempt that lost is told to nobody as a failure, and classified by nobody", async () => {
  const clock = new VirtualClock();
  const told: unknown[] = [];
  const policy = hedge("100ms", {
    clock,
    on: ({ type }) => told.push(type),
    classify: (error) => {
      told.push(error);
      return { class: "unknown", code: "UNKNOWN", effect: "unknown" };
    },
  });

  await clock.settle(() =>
    policy.run(({ attempt, signal }) => clock.sleep(attempt === 1 ? 3_600_000 : 1, signal)),
  );

  expect([told, clock.pending]).toEqual([["hedge.started", "hedge.won"], 0]);
});

test("R9 one policy serves any number of calls at once", async () => {
  const clock = new VirtualClock();
  const policy = hedge("100ms", { attempts: 3, clock });

  const values = await clock.settle(() =>
    Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        policy.run(async ({ attempt }) => {
          await clock.sleep((index % 7) * 50 + (attempt === 2 ? 0 : 90));
          return index;
        }),
      ),
    ),
  );

  expect(values).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  expect(clock.pending).toBeGreaterThan(0);
  await clock.advance("1m");
  expect(clock.pending).toBe(0);
});

const ENDS: readonly [name: string, work: (clock: VirtualClock, attempt: Attempt) => unknown][] = [
  ["succeeded at once", () => "done"],
  [
    "succeeded at the second attempt",
    (clock, { attempt, signal }) => clock.sleep(attempt === 1 ? 9_000 : 1, signal),
  ],
  ["failed for good", () => expectOk({ status: 400 })],
  ["failed again and again", () => expectOk({ status: 500 })],
  ["failed late", (clock) => clock.sleep(500).then(() => expectOk({ status: 500 }))],
  ["hung", never],
];

test.for(ENDS)("T2 nothing listens and no timer runs after work that %s", async ([, work]) => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const guarded = pipeline(
    timeout("5s", { clock }),
    retry({ attempts: 2, clock }),
    hedge("100ms", { attempts: 3, clock }),
  );

  await clock.settle(() => errorOf(guarded.run((attempt) => work(clock, attempt), { signal })));

  expect([listenersOf(signal), clock.pending]).toEqual([0, 0]);
});

test("T2 calls under one signal share one listener", async () => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const policy = hedge("100ms", { clock });
  const calls = Array.from({ length: 100 }, () => policy.run(() => clock.sleep(1_000), { signal }));

  await clock.advance(500);
  const during = listenersOf(signal);
  await clock.settle(() => Promise.all(calls));

  expect([during, listenersOf(signal)]).toEqual([1, 0]);
});

test("T4 each attempt has a signal of its own, and a winner's stays quiet, whatever comes after", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const attempts: Attempt[] = [];
  const told: string[] = [];
  const policy = hedge("100ms", { attempts: 3, clock, on: ({ type }) => told.push(type) });

  await clock.settle(() =>
    policy.run(async (attempt) => {
      attempts.push(attempt);
      // The losers take no notice: one answers late, the other fails late.
      await clock.sleep([5_000, 6_000, 10][attempt.attempt - 1] as number);
      if (attempt.attempt === 2) expectOk({ status: 500 });
    }, caller),
  );
  await clock.advance("1m");
  caller.abort("after the end");

  const signals = attempts.map(({ signal }) => signal);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
  expect(new Set(signals).size).toBe(3);
  expect(told).toEqual(["hedge.started", "hedge.started", "hedge.won"]);
});

test("T4 a signal that is read after its attempt lost is aborted with the same reason", async () => {
  const clock = new VirtualClock();
  const attempts: Attempt[] = [];

  await clock.settle(() =>
    hedge(0, { attempts: 3, clock }).run((attempt) => {
      attempts.push(attempt);
      return attempt.attempt === 2 ? "second" : never();
    }),
  );

  const [first, , third] = attempts.map(({ signal }) => signal.reason as unknown);
  expect(first).toBeInstanceOf(DOMException);
  expect(third).toBe(first);
});

test.for<[who: string, end: (caller: AbortController) => void]>([
  ["the caller left", (caller) => caller.abort("stop")],
  ["another attempt won", () => {}],
])("T3 the slot around it is held while an attempt still runs after %s", async ([, end]) => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const slots = bulkhead(1, { clock });
  const work = async ({ attempt }: Attempt): Promise<void> => {
    await clock.sleep(attempt === 1 ? 5_000 : 1_000);
    if (attempt === 1) expectOk({ status: 500 });
  };
  const running = errorOf(slots.run((outer) => hedge("100ms", { clock }).run(work, outer), caller));

  await clock.advance(200);
  end(caller);
  await clock.advance(2_000);
  await running;
  const during = slots.running;
  await clock.advance(5_000);

  expect([during, slots.running]).toEqual([1, 0]);
});

/** A hedge that its limit only asks to end, and what its attempts do then. */
function askedToEnd(...ends: readonly [afterMs: number, end: unknown][]) {
  const clock = new VirtualClock();
  const { work, begunAtMs, aborted } = scripted(clock, ...ends);
  const limit = timeout("1s", { mode: "cooperative", clock });
  const guarded = pipeline(limit, hedge("400ms", { attempts: 9, clock }));
  const running = clock.settle(() =>
    guarded.run(work).then(
      (value) => [value, clock.elapsed()],
      ({ code, cause }: { code: string; cause: unknown }) => [code, cause, clock.elapsed()],
    ),
  );
  return { running, begunAtMs, aborted, clock };
}

const cleanedUp = new Error("cleaned up");
const otherEnd = new Error("ended too");

test.for<[what: string, ends: [afterMs: number, end: unknown][], outcome: unknown[]]>([
  [
    "when all fail, as the last of them",
    [
      [3_000, cleanedUp],
      [1_000, otherEnd],
      [900, otherEnd],
    ],
    ["TIMED_OUT", cleanedUp, 3_000],
  ],
  [
    "with what one answered",
    [
      [3_000, cleanedUp],
      [1_000, "late"],
      [900, "later"],
    ],
    ["late", 3_000],
  ],
  [
    "with what the last one answered",
    [
      [3_000, "last"],
      [1_000, otherEnd],
      [900, otherEnd],
    ],
    ["last", 3_000],
  ],
])(
  "T3 a call that is only asked to end waits for all attempts, and ends %s",
  async ([, ends, outcome]) => {
    const { running, begunAtMs, aborted, clock } = askedToEnd(...ends);

    expect(await running).toEqual(outcome);
    expect([begunAtMs, aborted(), clock.pending]).toEqual([[0, 400, 800], [true, true, true], 0]);
  },
);

test("T3 what is inside of a call that is asked to end is waited for as well", async () => {
  const clock = new VirtualClock();
  const limit = timeout("1s", { mode: "cooperative", clock });
  const guarded = pipeline(limit, hedge(Infinity, { clock }), bulkhead(1, { clock }));

  const value = await clock.settle(() => guarded.run(() => clock.sleep(3_000).then(() => "late")));

  expect([value, clock.elapsed()]).toEqual(["late", 3_000]);
});
