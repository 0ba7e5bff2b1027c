/** A call that is slow is told of, and goes on. */

import { expect, test } from "vitest";
import {
  OptionsError,
  pipeline,
  retry,
  timeout,
  type EventDetails,
  type TimeoutOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const never = (): Promise<never> => new Promise(() => {});

/** All that is told, on a clock of its own. */
function heard(options: TimeoutOptions = {}) {
  const clock = new VirtualClock();
  const told: [atMs: number, event: EventDetails][] = [];
  const on = (event: EventDetails): void => void told.push([clock.elapsed(), event]);
  return { clock, told, options: { clock, on, slow: "2s", ...options } satisfies TimeoutOptions };
}

const SLOW = { type: "timeout.slow", policy: "timeout", slowMs: 2_000 } as const;

test("an attempt that is slow is told of once, and is not ended", async () => {
  const { clock, told, options } = heard();
  const signals: AbortSignal[] = [];
  const left: number[] = [];

  const value = await clock.settle(() =>
    timeout(Infinity, options).run(async ({ signal, deadline }) => {
      signals.push(signal);
      left.push(deadline.remainingMs());
      await clock.sleep(3_600_000);
      return "done";
    }),
  );

  expect([value, told, left, clock.pending]).toEqual(["done", [[2_000, SLOW]], [Infinity], 0]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test("each attempt under a retry is told of for itself", async () => {
  const { clock, told, options } = heard();
  const guarded = pipeline(retry({ clock, backoff: ["1s"] }), timeout(Infinity, options));

  await clock.settle(() =>
    guarded.run(async ({ attempt }) => {
      await clock.sleep(attempt === 2 ? 1_999 : 5_000);
      if (attempt < 3) throw Object.assign(new Error("down"), { code: "ECONNREFUSED" });
    }),
  );

  expect(told).toEqual([
    [2_000, SLOW],
    [10_999, SLOW],
  ]);
});

test("a limit beside it ends the call when it is over", async () => {
  const { clock, told, options } = heard({ name: "bank" });

  const running = clock.settle(() => timeout("5s", options).run(never));

  await expect(running).rejects.toMatchObject({ code: "TIMED_OUT" });
  expect([told, clock.pending]).toEqual([
    [
      [2_000, { ...SLOW, policy: "bank" }],
      [5_000, { type: "timeout.expired", policy: "bank", limitMs: 5_000 }],
    ],
    0,
  ]);
});

test("a limit for each attempt may be over before it is slow", async () => {
  const { clock, told, options } = heard();
  const guarded = pipeline(
    retry({ clock, attempts: 2, backoff: [0] }),
    timeout(({ attempt }) => attempt * 1_500, options),
  );

  const running = clock.settle(() => guarded.run(never));

  await expect(running).rejects.toMatchObject({ limitMs: 3_000 });
  expect(told.map(([atMs, { type }]) => [atMs, type])).toEqual([
    [1_500, "timeout.expired"],
    [3_500, "timeout.slow"],
    [4_500, "timeout.expired"],
  ]);
});

test.for<[what: string, end: (caller: AbortController) => unknown]>([
  ["succeeds", () => "done"],
  ["fails", () => Promise.reject(new Error("down"))],
  ["fails at once", () => expect.unreachable("a mistake")],
  ["is cancelled", (caller) => (caller.abort("stop"), never())],
])("T2 of a call that %s nothing is told later, and no timer is left", async ([, end]) => {
  const { clock, told, options } = heard();
  const caller = new AbortController();

  const running = timeout(Infinity, options).run(() => end(caller), caller);
  await running.catch(() => {});
  const { pending } = clock;
  await clock.advance("1m");

  expect([pending, told]).toEqual([0, []]);
});

test("a call that was aborted before it began is not told of", async () => {
  const { clock, told, options } = heard();

  const running = timeout(Infinity, options).run(never, { signal: AbortSignal.abort("no") });

  await expect(running).rejects.toBe("no");
  expect([clock.pending, told]).toEqual([0, []]);
});

test("without a limit it has no place among limits, and shortens no deadline", async () => {
  const { clock, options } = heard();
  const guarded = pipeline(timeout("1s", { clock }), timeout(Infinity, options));
  const left: number[] = [];

  await guarded.run(({ deadline }) => left.push(deadline.remainingMs()));

  expect(left).toEqual([1_000]);
});

test.for<[message: string, make: () => unknown]>([
  [
    "timeout.slow: expected less than the limit of 2000 ms, which is over first, received 2000",
    () => timeout("2s", { slow: "2s" }),
  ],
  ["timeout.slow: expected a duration", () => timeout("2s", { slow: 0 })],
  ["timeout.slow: expected a duration", () => timeout("2s", { slow: Infinity })],
])("refuses with %s", ([message, make]) => {
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(message);
});
