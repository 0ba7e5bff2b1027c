import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { TimeoutError } from "../core/errors.ts";
import type { EventDetails } from "../core/events.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { breaker } from "./breaker.ts";
import { pipeline } from "./pipeline.ts";
import type { Attempt } from "./policy.ts";
import { retry } from "./retry.ts";
import { timeout, type TimeoutOptions } from "./timeout.ts";

const never = (): Promise<never> => new Promise(() => {});

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

test("work that ends in time gives its value, and its signal stays quiet", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  let signal: AbortSignal | undefined;
  const policy = timeout("2s", { clock, on: (details) => told.push(details) });

  const value = await clock.settle(() =>
    policy.run(async (attempt) => {
      signal = attempt.signal;
      await clock.sleep(1_999);
      return "done";
    }),
  );

  expect({ value, aborted: signal?.aborted, pending: clock.pending, told }).toEqual({
    value: "done",
    aborted: false,
    pending: 0,
    told: [],
  });
});

test("work that ignores its signal is left when the limit is over", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const policy = timeout("2s", { name: "bank", clock, on: (details) => told.push(details) });

  const error = await clock.settle(() => policy.run(never).catch((reason: unknown) => reason));

  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({
    message: 'Work under "bank" did not end within 2000 ms',
    code: "TIMED_OUT",
    limitMs: 2_000,
  });
  expect({ elapsed: clock.elapsed(), pending: clock.pending, told }).toEqual({
    elapsed: 2_000,
    pending: 0,
    told: [{ type: "timeout.expired", policy: "bank", limitMs: 2_000 }],
  });
});

test("the work's signal aborts with the error that the caller gets", async () => {
  const clock = new VirtualClock();
  let signal: AbortSignal | undefined;

  const error = await clock.settle(() =>
    timeout("2s", { clock })
      .run((attempt) => {
        signal = attempt.signal;
        return never();
      })
      .catch((reason: unknown) => reason),
  );

  expect(signal?.reason).toBe(error);
});

test("a signal that is read after the limit is aborted with the same error", async () => {
  const clock = new VirtualClock();
  let kept: Attempt | undefined;

  const error = await clock.settle(() =>
    timeout("2s", { clock })
      .run((attempt) => {
        kept = attempt;
        return never();
      })
      .catch((reason: unknown) => reason),
  );

  expect([kept?.signal.aborted, kept?.signal.reason]).toEqual([true, error]);
});

test("the caller's abort ends it at once with the caller's reason, for the caller and the work", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  let signal: AbortSignal | undefined;
  const running = timeout("2s", { clock }).run((attempt) => {
    signal = attempt.signal;
    return never();
  }, caller);

  await clock.advance(10);
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect({ reason: signal?.reason, pending: clock.pending, elapsed: clock.elapsed() }).toEqual({
    reason: "stop",
    pending: 0,
    elapsed: 10,
  });
});

test("under an aborted signal the work is not started", async () => {
  const clock = new VirtualClock();
  let calls = 0;

  const running = timeout("2s", { clock }).run(() => calls++, { signal: AbortSignal.abort("no") });

  await expect(running).rejects.toBe("no");
  expect({ calls, pending: clock.pending }).toEqual({ calls: 0, pending: 0 });
});

test("null, as `fetch` takes it, is no signal", async () => {
  const given = { signal: null as never };

  const values = await Promise.all(
    [timeout("2s"), retry(), breaker("bank"), pipeline()].map((policy) =>
      policy.run(({ signal }) => signal.aborted, given),
    ),
  );

  expect(values).toEqual([false, false, false, false]);
});

test("what the work throws comes out as it is, thrown at once or later", async () => {
  const clock = new VirtualClock();
  const failure = new Error("failure");
  const policy = timeout("2s", { clock });

  const errors = await Promise.all([
    policy
      .run(() => {
        throw failure;
      })
      .catch((error: unknown) => error),
    policy.run(() => Promise.reject(failure)).catch((error: unknown) => error),
  ]);

  expect(errors[0]).toBe(failure);
  expect(errors[1]).toBe(failure);
  expect(clock.pending).toBe(0);
});

test("the work sees how much time is left, of the sooner of two limits", async () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  const inner = timeout("5s", { clock });
  const outer = timeout("8s", { clock });

  await clock.settle(() =>
    outer.run(async (attempt) => {
      await clock.sleep(1_000);
      seen.push(attempt.deadline.remainingMs());
      await inner.run(async ({ deadline }) => {
        seen.push(deadline.remainingMs());
        await clock.sleep(3_000);
        seen.push(deadline.remainingMs());
      }, attempt);
      await clock.sleep(2_000);
      await inner.run(({ deadline }) => seen.push(deadline.remainingMs()), attempt);
      return seen;
    }),
  );

  expect(seen).toEqual([7_000, 5_000, 2_000, 2_000]);
});

test("a deadline that is over has no time left, not less", async () => {
  const clock = new VirtualClock();
  let kept: Attempt | undefined;
  await timeout("1s", { clock }).run((attempt) => void (kept = attempt));

  await clock.advance("5s");

  expect(kept?.deadline.remainingMs()).toBe(0);
});

test("an outer limit ends an inner one with its own error", async () => {
  const clock = new VirtualClock();
  let signal: AbortSignal | undefined;
  const inner = timeout("5s", { name: "inner", clock });
  const outer = timeout("2s", { name: "outer", clock });

  const error = await clock.settle(() =>
    outer
      .run((attempt) =>
        inner.run((innermost) => {
          signal = innermost.signal;
          return never();
        }, attempt),
      )
      .catch((reason: unknown) => reason),
  );

  expect(error).toMatchObject({ message: 'Work under "outer" did not end within 2000 ms' });
  expect({ isSame: signal?.reason === error, pending: clock.pending }).toEqual({
    isSame: true,
    pending: 0,
  });
});

test("Infinity is no limit, and 0 is over for all but work that has its answer ready", async () => {
  const clock = new VirtualClock();

  const value = await clock.settle(() =>
    timeout(Infinity, { clock }).run(() => clock.sleep(1e12).then(() => "done")),
  );
  const answers = await clock.settle(() =>
    Promise.all(
      [() => "done", async () => "ready", () => clock.sleep(0), never].map((work) =>
        timeout(0, { clock })
          .run<unknown>(work)
          .catch((error: TimeoutError) => error.code),
      ),
    ),
  );

  expect([value, answers]).toEqual(["done", ["done", "ready", "TIMED_OUT", "TIMED_OUT"]]);
});

test("calls under one signal share one listener, and the last one takes it away", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const policy = timeout("1m", { clock });
  const calls = Array.from({ length: 1_000 }, (_, index) =>
    policy.run(() => clock.sleep(index), caller),
  );

  const during = listenersOf(caller.signal);
  await clock.advance("1s");
  await Promise.all(calls);

  expect([during, listenersOf(caller.signal), clock.pending]).toEqual([1, 0, 0]);
});

test("an abort reaches every call under the signal, and the next listener too", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const policy = timeout("1m", { clock });
  const done = policy.run(() => "done", caller);
  const calls = [1, 2, 3].map(() => policy.run(never, caller));

  await done;
  caller.abort("stop");

  expect(await Promise.allSettled(calls)).toEqual(
    [1, 2, 3].map(() => ({ status: "rejected", reason: "stop" })),
  );
  expect(listenersOf(caller.signal)).toBe(0);
});

test("a listener that fails, at once or later, changes nothing", async () => {
  const clock = new VirtualClock();
  const at = (on: TimeoutOptions["on"]) =>
    clock.settle(() =>
      timeout("1s", { clock, on })
        .run(never)
        .catch((error: TimeoutError) => error.code),
    );

  const codes = [
    await at(() => {
      throw new Error("listener");
    }),
    await at((async () => {
      throw new Error("listener");
    }) as () => void),
  ];

  expect(codes).toEqual(["TIMED_OUT", "TIMED_OUT"]);
});

test("a listener that cancels the call when it hears of the timeout is the first to end it", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  let kept: Attempt | undefined;
  const policy = timeout("1s", { clock, on: () => caller.abort("stop") });

  const reason = await clock.settle(() =>
    policy
      .run((attempt) => {
        kept = attempt;
        return never();
      }, caller)
      .catch((error: unknown) => error),
  );

  expect([reason, kept?.signal.reason]).toEqual(["stop", "stop"]);
});

test("the policy is frozen and has its name", () => {
  const policies = [timeout("1s"), timeout("1s", { name: "bank" })];

  expect(policies.map((policy) => [policy.name, Object.isFrozen(policy)])).toEqual([
    ["timeout", true],
    ["bank", true],
  ]);
});

test.for<[message: string, make: () => unknown]>([
  ["timeout.limit: expected a duration, received undefined", () => timeout(undefined as never)],
  ["timeout.limit: expected a duration such as", () => timeout("2 seconds" as never)],
  ["timeout.limit: expected a duration such as", () => timeout(-1)],
  ["timeout.limit: expected a duration such as", () => timeout({ limit: "2s" } as never)],
  [
    "timeout.limt: unknown; known are name, mode, slow, clock, on",
    () => timeout("2s", { limt: 1 } as never),
  ],
  [
    "timeout.clock: expected an object with now(), elapsed()",
    () => timeout("2s", { clock: {} as never }),
  ],
  ["timeout: expected an object with options, received null", () => timeout("2s", null as never)],
])("refuses with %s", ([message, make]) => {
  expect(make).toThrow(message);
});
