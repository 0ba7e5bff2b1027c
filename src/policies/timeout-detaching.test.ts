/** A limit that stops waiting and lets the work be. */

import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  breaker,
  bulkhead,
  hedge,
  intended,
  OptionsError,
  pipeline,
  retry,
  timeout,
  type EventDetails,
  type Policy,
  type TimeoutOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const never = (): Promise<never> => new Promise(() => {});

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

/** A limit of one second on a clock of its own, and all that is told of it. */
function detaching(options: TimeoutOptions = {}) {
  const clock = new VirtualClock();
  const told: [atMs: number, type: string][] = [];
  const on = ({ type }: EventDetails): void => void told.push([clock.elapsed(), type]);
  const limit = timeout("1s", { mode: "detaching", clock, on, ...options });
  return { clock, told, on, limit };
}

/** How a call ends, and after how long; then the clock goes on until all work has ended. */
async function play(
  clock: VirtualClock,
  policy: Policy,
  work: Parameters<Policy["run"]>[0],
  signal?: AbortSignal,
) {
  const ended = await clock.settle(() =>
    policy.run(work, { signal }).then(
      (value) => ({ value, atMs: clock.elapsed() }),
      (error: unknown) => ({ error, atMs: clock.elapsed() }),
    ),
  );
  await clock.advance("1m");
  return ended;
}

test("a detaching limit stops waiting, and the work goes on to its own end", async () => {
  const { clock, told, limit } = detaching();
  const seen: unknown[] = [];

  const ended = await play(clock, limit, async ({ signal }) => {
    await clock.sleep(2_500, signal);
    seen.push([clock.elapsed(), signal.aborted]);
  });

  expect(ended).toMatchObject({ error: { code: "TIMED_OUT", limitMs: 1_000 }, atMs: 1_000 });
  expect([seen, told, clock.pending]).toEqual([
    [[2_500, false]],
    [
      [1_000, "timeout.expired"],
      [2_500, "timeout.outlived"],
    ],
    0,
  ]);
});

test("a limit for each attempt may be a detaching one", async () => {
  const { clock, on } = detaching();
  const limit = timeout(({ attempt }) => attempt * 1_000, { mode: "detaching", clock, on });
  const signals: AbortSignal[] = [];

  const ended = await play(clock, limit, ({ signal }) => (signals.push(signal), never()));

  expect(ended).toMatchObject({ error: { code: "TIMED_OUT" }, atMs: 1_000 });
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test("work that ends in time under it ends the call as ever", async () => {
  const { clock, told, limit } = detaching();

  const ended = await play(clock, limit, () => clock.sleep(999).then(() => "done"));

  expect([ended, told, clock.pending]).toEqual([{ value: "done", atMs: 999 }, [], 0]);
});

test("T2 the caller's own abort reaches the work after the limit, by no listener of ours", async () => {
  const { clock, told, limit } = detaching();
  const caller = new AbortController();
  const listeners: number[] = [];
  const note = (): number => listeners.push(listenersOf(caller.signal));

  const running = limit
    .run(async ({ signal }) => {
      note();
      await clock.sleep(9_000, signal);
    }, caller)
    .catch((error: unknown) => error);
  await clock.advance("1s");
  const error = await running;
  // That of the sleep.
  note();
  await clock.advance("2s");
  caller.abort("stop");
  note();
  await clock.advance("1m");

  expect([error, listeners, clock.pending]).toMatchObject([{ code: "TIMED_OUT" }, [1, 1, 0], 0]);
  expect(told).toEqual([
    [1_000, "timeout.expired"],
    [3_000, "timeout.outlived"],
  ]);
});

test("T1 the caller's abort in time ends the call and the work, and is no timeout", async () => {
  const { clock, told, limit } = detaching();
  const caller = new AbortController();
  const signals: AbortSignal[] = [];

  const running = limit.run(({ signal }) => (signals.push(signal), never()), caller);
  await clock.advance(500);
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect([signals[0]?.reason, listenersOf(caller.signal), clock.pending]).toEqual(["stop", 0, 0]);
  expect(told).toEqual([]);
});

test("B1 the caller's abort in time gives back the place of a probe inside", async () => {
  const { clock, limit } = detaching();
  const caller = new AbortController();
  const bank = breaker("bank", { clock });
  bank.halfOpen();

  const running = pipeline(limit, bank).run(never, caller);
  const before = bank.admits;
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect([before, bank.admits, bank.status().totals.ignored]).toEqual([false, true, 1]);
});

test("a retry inside goes on with its attempt, and begins no further one", async () => {
  const { clock, told, on, limit } = detaching();
  let attempts = 0;

  const ended = await play(clock, pipeline(limit, retry({ clock, on })), async () => {
    attempts++;
    await clock.sleep(2_500);
    throw Object.assign(new Error("cut"), { code: "ECONNRESET" });
  });

  expect([ended.atMs, attempts, told]).toEqual([
    1_000,
    1,
    [
      [1_000, "timeout.expired"],
      [2_500, "attempt.failed"],
      [2_500, "retry.stopped"],
      [2_500, "timeout.outlived"],
    ],
  ]);
});

test("R8 the caller's abort after the limit is no fault to a retry inside", async () => {
  const { clock, told, on, limit } = detaching();
  const caller = new AbortController();

  const running = pipeline(limit, retry({ clock, on }))
    .run(({ signal }) => clock.sleep(9_000, signal), caller)
    .catch(() => {});
  await clock.advance("2s");
  await running;
  caller.abort("stop");
  await clock.advance("1m");

  expect([told, clock.pending]).toEqual([
    [
      [1_000, "timeout.expired"],
      [2_000, "timeout.outlived"],
    ],
    0,
  ]);
});

test.for<[inside: string, make: (clock: VirtualClock) => Policy]>([
  ["a hedge", (clock) => hedge("5s", { clock })],
  ["a limit of its own", (clock) => timeout("1m", { clock })],
  ["a retry", (clock) => retry({ clock })],
])("T2 the caller's own abort after the limit goes through %s inside", async ([, make]) => {
  const { clock, limit } = detaching();
  const caller = new AbortController();
  const signals: AbortSignal[] = [];

  const running = pipeline(limit, make(clock))
    .run(({ signal }) => (signals.push(signal), never()), caller)
    .catch(() => {});
  await clock.advance("2s");
  await running;
  const before = signals.map(({ aborted }) => aborted);
  caller.abort("stop");
  const after = signals.map(({ reason }): unknown => reason);
  await clock.advance("2m");

  expect([before, after, signals.length]).toEqual([[false], ["stop"], 1]);
  expect([listenersOf(caller.signal), clock.pending]).toEqual([0, 0]);
});

test("the caller's own abort after the limit lets who waits for a turn inside leave", async () => {
  const { clock, limit } = detaching();
  const caller = new AbortController();
  const slots = bulkhead(1, { clock, queue: 5 });
  void slots.run(never);

  const running = pipeline(limit, slots)
    .run(never, caller)
    .catch(() => {});
  await clock.advance("2s");
  await running;
  const before = slots.queued;
  caller.abort("stop");

  expect([before, slots.queued, listenersOf(caller.signal)]).toEqual([1, 0, 0]);
});

test("what the work begins after the limit ends with the caller's own reason", async () => {
  const { clock, limit } = detaching();
  const caller = new AbortController();
  const reasons: unknown[] = [];

  const running = limit
    .run(async (attempt) => {
      await clock.sleep(3_000);
      await retry({ clock })
        .run(never, attempt)
        .catch((reason: unknown) => reasons.push(reason));
    }, caller)
    .catch(() => {});
  await clock.advance("2s");
  await running;
  caller.abort("stop");
  await clock.advance("1m");

  expect(reasons).toEqual(["stop"]);
});

test("inside a cooperative limit it waits as well when that one is over", async () => {
  const { clock, limit } = detaching();
  const nested = pipeline(timeout(500, { clock, mode: "cooperative" }), intended(limit));

  const ended = await play(clock, nested, async ({ signal }) => {
    await clock.sleep(800, signal).catch(() => {});
    throw new Error("half written");
  });

  expect(ended).toMatchObject({
    error: { code: "TIMED_OUT", limitMs: 500, cause: { message: "half written" } },
    atMs: 500,
  });
});

test("a limit inside ends the work that nobody waits for", async () => {
  const { clock, limit } = detaching();
  const ends: unknown[] = [];

  const ended = await play(clock, pipeline(limit, timeout("5s", { clock })), async ({ signal }) => {
    await clock.sleep(9_000, signal).catch((error: unknown) => ends.push(clock.elapsed(), error));
  });

  expect([ended.atMs, ends]).toMatchObject([1_000, [5_000, { limitMs: 5_000 }]]);
});

test("T3 a bulkhead holds the slot until the work has ended", async () => {
  const { clock, limit } = detaching();
  const slots = bulkhead(1, { clock });
  const running: number[] = [];

  await clock.settle(async () => {
    await pipeline(slots, limit)
      .run(() => clock.sleep(2_000))
      .catch(() => running.push(slots.running));
    await clock.sleep(1_000);
    running.push(slots.running);
  });

  expect(running).toEqual([1, 0]);
});

test("it is a limit, and has its place in the order of limits", () => {
  const { clock, limit } = detaching();

  expect(() => pipeline(timeout(500, { clock }), limit)).toThrow(OptionsError);
});

test("what is inside listens to the caller's signal only until it has ended", async () => {
  const { clock, limit } = detaching();
  const caller = new AbortController();
  const policy = pipeline(limit, timeout("500ms", { clock }));

  const running = policy.run(() => clock.sleep(100), { signal: caller.signal });
  const during = listenersOf(caller.signal);
  await clock.settle(() => running);

  expect([during, listenersOf(caller.signal)]).toEqual([1, 0]);
});
