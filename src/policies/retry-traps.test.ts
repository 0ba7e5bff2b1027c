/** Faults of the retry that shipped in other libraries, each by its code, against the public API. */

import { expect, test } from "vitest";
import {
  breaker,
  CircuitOpenError,
  constant,
  exponential,
  expectOk,
  pipeline,
  retry,
  seededDice,
  TimeoutError,
  timeout,
  type Breaker,
  type Clock,
  type EventDetails,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});

/** A connection that was cut: it may have had its effect. */
const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

const DEGRADED = { class: "degraded", code: "DOWN", effect: "none" } as const;

const unavailable = (retryAfter?: string): (() => object) => {
  const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  return () => expectOk({ status: 503, headers });
};

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** A breaker that is open until the clock is at 30 s. */
async function opened(clock: Clock, on?: (details: EventDetails) => void): Promise<Breaker> {
  const circuit = breaker("bank", { failures: 1, pause: "30s", probeTimeout: "1m", clock, on });
  await errorOf(circuit.run(() => Promise.reject(reset())));
  return circuit;
}

test("R1 an abort during a wait ends it at once with its reason, and nothing is called again", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  let calls = 0;
  const running = errorOf(
    retry({ backoff: constant("1h"), clock }).run(() => {
      calls++;
      throw unavailable()();
    }, caller),
  );

  await clock.advance(10);
  caller.abort("stop");
  const reason = await running;
  await clock.advance("2h");

  expect({ reason, calls, pending: clock.pending }).toEqual({
    reason: "stop",
    calls: 1,
    pending: 0,
  });
});

test("R1 after an abort by who hears of the wait, the wait is not begun", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const on = ({ type }: EventDetails): void => {
    if (type === "retry.scheduled") caller.abort("stop");
  };

  const reason = await errorOf(
    retry({ backoff: constant("1h"), clock, on }).run(unavailable(), caller),
  );

  expect([reason, clock.sleeps, clock.pending]).toEqual(["stop", [], 0]);
});

test("R1 an abort during an attempt ends it at once, even if the work takes no notice", async () => {
  const caller = new AbortController();
  const running = retry().run(never, caller);

  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
});

test("R3 a wait of more than 2^31 ms is waited in full", async () => {
  const clock = new VirtualClock();
  const backoff = constant("30d");

  await clock.settle(() =>
    retry({ attempts: 2, backoff, clock, classify: () => DEGRADED }).run(({ attempt }) => {
      if (attempt === 1) throw new Error("down");
    }),
  );

  expect(clock.elapsed()).toBe(30 * 86_400_000);
});

test("R4 after ten thousand attempts every wait is finite and within its limit", async () => {
  const clock = new VirtualClock();
  const error = new Error("down");

  const reason = await clock.settle(() =>
    errorOf(
      retry({
        attempts: 10_001,
        backoff: exponential("200ms", { max: "30s", jitter: "equal" }),
        random: () => 0.999,
        clock,
        classify: () => DEGRADED,
      }).run(() => {
        throw error;
      }),
    ),
  );

  expect(reason).toBe(error);
  expect({
    waits: clock.sleeps.length,
    last: clock.sleeps.at(-1),
    fit: clock.sleeps.every((waitMs) => waitMs > 0 && waitMs <= 30_000),
  }).toEqual({ waits: 10_000, last: 29_985, fit: true });
});

test.for([
  ["seconds", "20"],
  ["a date", "Sun, 22 Nov 2026 03:00:20 GMT"],
])("R6 no jitter goes below a Retry-After in %s", async ([, retryAfter]) => {
  const clock = new VirtualClock();
  const headers = { "retry-after": retryAfter as string, date: "Sun, 22 Nov 2026 03:00:00 GMT" };
  const work = ({ attempt }: { attempt: number }): object =>
    expectOk({ status: attempt === 1 ? 503 : 200, headers });

  await clock.settle(() => retry({ random: () => 0, clock }).run(work));

  expect(clock.sleeps).toEqual([20_000]);
});

test.for([
  ["the deadline", (clock: Clock) => pipeline(timeout("10s", { clock }), retry({ clock }))],
  ["the total limit", (clock: Clock) => retry({ total: "10s", clock })],
  ["what is allowed", (clock: Clock) => retry({ maxRetryAfter: "10s", clock })],
] as const)(
  "R6 a Retry-After that is longer than %s fails at once with the error",
  async ([, make]) => {
    const clock = new VirtualClock();

    const error = await errorOf(make(clock).run(unavailable("20")));

    expect(error).toMatchObject({ code: "HTTP_503" });
    expect([clock.elapsed(), clock.pending]).toEqual([0, 0]);
  },
);

test("R8 a cancelled call is not retried, not counted and not reported", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const types: string[] = [];
  const on = ({ type }: EventDetails): void => void types.push(type);
  const circuit = breaker("bank", { failures: 1, clock, on });
  const guarded = pipeline(retry({ clock, on }), circuit, timeout("1m", { clock, on }));
  let calls = 0;
  const running = guarded.run(({ signal }) => {
    calls++;
    return clock.sleep(5_000, signal).then(() => "done");
  }, caller);

  await clock.advance(10);
  caller.abort(new TimeoutError("the caller's patience", 10));

  await expect(running).rejects.toBe(caller.signal.reason);
  expect({ calls, types, state: circuit.state, pending: clock.pending }).toEqual({
    calls: 1,
    types: [],
    state: "closed",
    pending: 0,
  });
});

test("R8 work that turns the abort into another error does not hide it", async () => {
  const caller = new AbortController();
  const work = async (): Promise<never> => {
    caller.abort("stop");
    throw reset();
  };
  const policies = [retry(), breaker("bank"), timeout("1s"), pipeline()];

  const reasons = await Promise.all(policies.map((policy) => errorOf(policy.run(work, caller))));

  expect(reasons).toEqual(["stop", "stop", "stop", "stop"]);
});

test("R9 any number of calls through one policy count their attempts each for itself", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 10_000, clock });
  const guarded = pipeline(retry({ attempts: 3, clock }), circuit, timeout("1m", { clock }));
  const call = (index: number): Promise<number[]> => {
    const attempts: number[] = [];
    return guarded.run(async ({ attempt }) => {
      attempts.push(attempt);
      await clock.sleep(index % 7);
      if (attempt < 3) throw reset();
      return attempts;
    });
  };

  const all = await clock.settle(() =>
    Promise.all(Array.from({ length: 200 }, (_, index) => call(index))),
  );

  expect(all).toEqual(Array.from({ length: 200 }, () => [1, 2, 3]));
});

test("R10 an open breaker is waited out just as long as it takes, and burns one attempt", async () => {
  const clock = new VirtualClock();
  const circuit = await opened(clock);
  let calls = 0;

  const value = await clock.settle(() =>
    pipeline(retry({ attempts: 2, random: () => 0.9, clock }), circuit).run(
      () => (calls++, "done"),
    ),
  );

  expect({ value, calls, sleeps: clock.sleeps }).toEqual({
    value: "done",
    calls: 1,
    sleeps: [30_000],
  });
});

test.for([
  // Within the second backoff, of 200 to 400 ms, and within that and the third, of 400 to 800 ms.
  [50, 30_000 + 400 + 50],
  [599, 30_000 + 400 + 800 + 599],
])(
  "R10 ten callers that waited for one breaker all succeed after its probe of %i ms, by %i",
  async ([probeMs = 0, latestMs = 0]) => {
    const clock = new VirtualClock();
    const circuit = await opened(clock);
    const dice = seededDice(1);
    // No die falls lower than 0, and that is the die that comes back soonest.
    const random = (): number => (dice() < 0.5 ? 0 : dice());
    const guarded = pipeline(retry({ clock, random }), circuit);
    const endedAtMs: number[] = [];
    const call = async (): Promise<string> => {
      const value = await guarded.run(() => clock.sleep(probeMs).then(() => "done"));
      endedAtMs.push(clock.elapsed());
      return value;
    };

    const values = await clock.settle(() => Promise.all(Array.from({ length: 10 }, call)));

    expect(values).toEqual(Array.from({ length: 10 }, () => "done"));
    expect({ first: Math.min(...endedAtMs), isSoon: Math.max(...endedAtMs) < latestMs }).toEqual({
      first: 30_000 + probeMs,
      isSoon: true,
    });
  },
);

test("R10 a pause that is longer than a server may ask for is waited out all the same", async () => {
  const clock = new VirtualClock();
  const circuit = await opened(clock);
  const guarded = pipeline(retry({ total: "1h", maxRetryAfter: "1s", clock }), circuit);

  const value = await clock.settle(() => guarded.run(() => "done"));

  expect([value, clock.elapsed()]).toEqual(["done", 30_000]);
});

test("R10 an open breaker that does not close before the deadline is not waited for", async () => {
  const clock = new VirtualClock();
  const circuit = await opened(clock);
  const guarded = pipeline(timeout("30s", { clock }), retry({ clock }), circuit);

  const error = await errorOf(guarded.run(() => "done"));

  expect(error).toBeInstanceOf(CircuitOpenError);
  expect([clock.elapsed(), clock.pending]).toEqual([0, 0]);
});

test("R11 a total limit ends an attempt that hangs", async () => {
  const clock = new VirtualClock();
  let signal: AbortSignal | undefined;

  const error = await clock.settle(() =>
    errorOf(
      retry({ total: "3s", clock }).run((attempt) => {
        signal = attempt.signal;
        return never();
      }),
    ),
  );

  expect(error).toBeInstanceOf(TimeoutError);
  expect([signal?.reason === error, clock.elapsed()]).toEqual([true, 3_000]);
});
