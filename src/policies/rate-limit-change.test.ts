/** A rate limit that is changed, or emptied, while calls wait. */

import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import {
  breaker,
  expectOk,
  HttpStatusError,
  OptionsError,
  pipeline,
  rateLimit,
  type EventDetails,
  type Fault,
  type RateLimit,
  type RateLimitChange,
  type RateLimitOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

/** How a call ended: when it began, or after how long it should come again. */
const endOf = (limit: Pick<RateLimit, "run">, clock: VirtualClock): Promise<unknown> =>
  limit
    .run(() => clock.elapsed())
    .catch(({ code, retryAfterMs }) => ({ [code as string]: retryAfterMs }));

const endsOf = (limit: RateLimit, clock: VirtualClock, calls: number): Promise<unknown[]> =>
  Promise.all(Array.from({ length: calls }, () => endOf(limit, clock)));

test.for<[name: string, change: RateLimitChange, starts: number[]]>([
  ["more calls", { calls: 3 }, [0, 250, 250, 1_000]],
  ["a shorter time", { per: "200ms" }, [0, 250, 450, 650]],
  ["a longer time", { per: "3s" }, [0, 3_000, 6_000, 9_000]],
  ["nothing", {}, [0, 1_000, 2_000, 3_000]],
])("changed to %s, calls that wait have new turns at once", async ([, change, starts]) => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const ends = endsOf(limit, clock, 4);
  await clock.advance(250);

  limit.change(change);

  expect([await clock.settle(() => ends), clock.pending]).toEqual([starts, 0]);
});

test("whose turn would come too late after a change is refused at once, and who is behind moves up", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const on = (event: EventDetails): number => told.push(event);
  const limit = rateLimit(1, { name: "search", wait: "2s", clock, on });
  const ends = [
    endOf(limit, clock),
    endOf(limit, clock),
    endOf(limit, clock),
    endOf(limit.with({ wait: "5s" }), clock),
  ];
  await clock.advance(250);
  const refusedAtMs = ends[2]?.then(() => clock.elapsed());

  limit.change({ per: "2s" });

  expect(await clock.settle(() => Promise.all([...ends, refusedAtMs]))).toEqual([
    0,
    2_000,
    { RATE_LIMITED: 3_750 },
    4_000,
    250,
  ]);
  expect(told.slice(0, 1)).toEqual([
    { type: "rate_limit.rejected", policy: "search", retryAfterMs: 3_750 },
  ]);
});

test("a call whose time would be over just when its turn comes is refused too", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  await limit.run(() => "done");
  const waiting = [2_000, 2_001].map((leftMs) =>
    limit
      .run(() => clock.elapsed(), { deadline: { remainingMs: () => leftMs } })
      .catch(({ retryAfterMs }) => ({ retryAfterMs })),
  );

  limit.change({ per: "2s" });

  expect(await clock.settle(() => Promise.all(waiting))).toEqual([{ retryAfterMs: 2_000 }, 2_000]);
});

test("a call that counts as more than may begin since then is refused, and waiting does not help", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(3, { wait: Infinity, clock });
  const heavy = limit.with({ permits: 3 });
  limit.tryTake();
  const waited = endOf(heavy, clock);
  const behind = endOf(limit, clock);
  await clock.advance(1);

  limit.change({ calls: 2 });

  const never = { RATE_LIMITED: Infinity };
  expect(await clock.settle(() => Promise.all([waited, behind, endOf(heavy, clock)]))).toEqual([
    never,
    1,
    never,
  ]);
  expect(() => limit.with({ permits: 3 })).toThrow(OptionsError);
});

test.for<[name: string, options: RateLimitOptions, change: RateLimitChange, left: number]>([
  ["a burst that was not said is as large as the new number of calls", {}, { calls: 5 }, 5],
  ["one that was said stays", { burst: 3 }, { calls: 5 }, 3],
  ["a new one is taken", {}, { burst: 4 }, 4],
  ["and stays at the next change", { burst: 1 }, { burst: 2 }, 2],
])("of a token bucket, %s", async ([, options, change, left]) => {
  const clock = new VirtualClock();
  const limit = rateLimit(2, { algorithm: "token bucket", ...options, clock });

  limit.change(change);
  limit.change({ per: 1 });
  await clock.advance("1m");

  expect(limit.left).toBe(left);
});

test("a change that is refused changes nothing", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });

  expect(() => limit.change({ calls: 5, burst: 2 })).toThrow(OptionsError);

  expect(limit.left).toBe(1);
});

test("who is refused by a change hears of it where it called, and may come back at once", async () => {
  const clock = new VirtualClock();
  const context = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const limit = rateLimit(1, {
    wait: "2s",
    clock,
    on: ({ type }) => {
      if (type !== "rate_limit.rejected") return;
      seen.push(context.getStore(), limit.waiting);
      if (seen.length === 2) seen.push(endOf(limit, clock));
    },
  });
  limit.tryTake();
  const ends = ["a", "b"].map((name) => context.run(name, () => endOf(limit, clock)));
  await clock.advance(500);

  limit.change({ per: "1m" });

  expect(await clock.settle(() => Promise.all(ends))).toEqual([
    { RATE_LIMITED: 59_500 },
    { RATE_LIMITED: 59_500 },
  ]);
  // The second is that of the call that came back.
  expect(await Promise.all(seen)).toEqual(["a", 0, "a", 0, { RATE_LIMITED: 59_500 }, "b", 0]);
});

test("whose turn has come begins, though its timer is late and the limit was changed", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { wait: "1s", clock });
  const ends = endsOf(limit, clock, 2);
  clock.block(3_000);

  limit.change({ calls: 1 });

  expect(await clock.settle(() => ends)).toEqual([0, 3_000]);
});

test.for<[algorithm: NonNullable<RateLimitOptions["algorithm"]>, begins: number[]]>([
  // What began before leaves the window first.
  ["sliding window", [1_000, 1_400, 1_400]],
  ["fixed window", [1_000, 1_000, 1_000]],
  ["token bucket", [734, 1_067, 1_400]],
])("emptied, a %s lets nothing begin until it has permits again", async ([algorithm, begins]) => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const limit = rateLimit(3, { name: "search", algorithm, clock, on: (event) => told.push(event) });
  limit.tryTake();
  await clock.advance(400);

  limit.drain();
  limit.drain();
  const { left } = limit;

  expect([left, told, await clock.settle(() => endsOf(limit, clock, 3))]).toEqual([
    0,
    [
      {
        type: "rate_limit.drained",
        policy: "search",
        permits: algorithm === "token bucket" ? 3 : 2,
      },
      ...Array.from({ length: 3 }, () => expect.objectContaining({ type: "rate_limit.waited" })),
    ],
    begins,
  ]);
});

test("calls that wait when it is emptied have new turns, or are refused", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(3, { wait: "1s", clock });
  limit.tryTake();
  const ends = [
    endOf(limit.with({ permits: 3 }), clock),
    endOf(limit.with({ permits: 3, wait: "1m" }), clock),
  ];
  await clock.advance(400);

  limit.drain();

  expect([await clock.settle(() => Promise.all(ends)), clock.pending]).toEqual([
    [{ RATE_LIMITED: 1_000 }, 1_400],
    0,
  ]);
});

const over = (): never => {
  throw new HttpStatusError({ status: 429 });
};

test.for<[name: string, kinds: RateLimitOptions["drainOn"], left: number]>([
  ["by its code", ["HTTP_404", "HTTP_429"], 0],
  ["by its class", ["transient"], 0],
  ["by the class of its error", [HttpStatusError], 0],
  ["and no other", ["HTTP_404", TypeError], 9],
  ["none being listed", [], 9],
])("a failure that is listed %s empties it", async ([, drainOn, left]) => {
  const limit = rateLimit(10, { drainOn, clock: new VirtualClock() });
  const error: unknown = await limit.run(over).catch((reason: unknown) => reason);

  expect([error, limit.left]).toEqual([expect.any(HttpStatusError), left]);
});

test("by default nothing empties it", async () => {
  const limit = rateLimit(10, { clock: new VirtualClock() });
  await limit.run(over).catch(() => {});

  expect(limit.left).toBe(9);
});

test("a result that is found fault with empties it, and is answered all the same", async () => {
  const busy: Fault = { class: "transient", code: "BUSY", effect: "none" };
  const limit = rateLimit(10, {
    drainOn: ["BUSY"],
    faultOfResult: (answer) => (answer === "busy" ? busy : undefined),
    clock: new VirtualClock(),
  });

  const good = [await limit.run(() => "good"), limit.left];
  const bad = [await limit.with({ permits: 2 }).run(() => "busy"), limit.left];

  expect([good, bad]).toEqual([
    ["good", 9],
    ["busy", 0],
  ]);
});

test("what a classifier of one's own says counts", async () => {
  const limit = rateLimit(10, {
    drainOn: ["OVER"],
    classify: () => ({ class: "fatal", code: "OVER", effect: "none" }),
    clock: new VirtualClock(),
  });
  await limit.run(over).catch(() => {});

  expect(limit.left).toBe(0);
});

test("B8 a refusal by a policy inside and the caller's abort do not empty it", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(10, { drainOn: ["transient", Error], clock });
  const open = breaker("search", { clock });
  open.hold("open");
  const caller = new AbortController();
  const late = Promise.withResolvers<never>();

  const refused = await pipeline(limit, open)
    .run(() => "done")
    .catch(({ code }) => code as string);
  const aborted = limit.run(() => late.promise, caller).catch((reason: unknown) => reason);
  caller.abort("stop");
  late.reject(new Error("late"));

  expect([refused, await aborted, limit.left]).toEqual(["CIRCUIT_OPEN", "stop", 8]);
});

test("what is emptied by a call's failure holds back those that wait", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(2, { drainOn: ["HTTP_429"], clock });
  const failing = limit
    .run(async () => {
      await clock.sleep(300);
      expectOk({ status: 429 });
    })
    .catch(() => {});
  const heavy = endOf(limit.with({ permits: 2 }), clock);

  await clock.settle(() => failing);

  expect(await clock.settle(() => heavy)).toBe(1_300);
});
