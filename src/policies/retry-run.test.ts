import { expect, test } from "vitest";
import type { EventDetails } from "../core/events.ts";
import { rememberFault, type Fault } from "../core/fault.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { constant } from "./backoff.ts";
import type { Attempt } from "./policy.ts";
import { retry } from "./retry.ts";

const never = (): Promise<never> => new Promise(() => {});

const DEGRADED: Fault = { class: "degraded", code: "DOWN", effect: "unknown" };

/** An error that is classified as degraded. */
function degraded(): Error {
  const error = new Error("down");
  rememberFault(error, DEGRADED);
  return error;
}

/** Work that throws these errors, one after the other, and then answers "done". */
function failing(...errors: unknown[]) {
  const work = async ({ attempt }: Attempt): Promise<string> => {
    work.attempts.push(attempt);
    if (errors.length > 0) throw errors.shift();
    return "done";
  };
  work.attempts = [] as number[];
  return work;
}

test("beforeRetry is awaited before the wait, with the failure and a signal", async () => {
  const clock = new VirtualClock();
  const notes: unknown[] = [];
  const error = degraded();
  const policy = retry({
    backoff: constant("1s"),
    clock,
    beforeRetry: async ({ signal, ...failed }) => {
      notes.push({ ...failed, aborted: signal.aborted });
      await clock.sleep(70);
    },
    on: ({ type }) => notes.push(`${type} at ${clock.elapsed()}`),
  });

  await clock.settle(() => policy.run(failing(error)));

  expect({ notes, elapsed: clock.elapsed() }).toEqual({
    notes: [
      "attempt.failed at 0",
      { error, fault: DEGRADED, attempt: 1, aborted: false },
      "retry.scheduled at 70",
    ],
    elapsed: 1_070,
  });
});

test("beforeRetry is not called when there is no further attempt", async () => {
  let calls = 0;

  await retry({ attempts: 1, beforeRetry: () => void calls++ })
    .run(failing(degraded()))
    .catch(() => {});

  expect(calls).toBe(0);
});

test.for(["at once", "later"])("what beforeRetry throws %s ends the retries", async (moment) => {
  const work = failing(degraded());
  const refused = new Error("cannot undo");

  const error = await retry({
    beforeRetry: () => {
      if (moment === "at once") throw refused;
      return Promise.reject(refused);
    },
  })
    .run(work)
    .catch((reason: unknown) => reason);

  expect(error).toBe(refused);
  expect(work.attempts).toEqual([1]);
});

test("an abort during beforeRetry ends it at once", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const work = failing(degraded());
  let signal: AbortSignal | undefined;
  const policy = retry({
    clock,
    beforeRetry: (failed) => {
      signal = failed.signal;
      return never();
    },
  });
  const running = policy.run(work, caller);

  await clock.advance(10);
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect({ attempts: work.attempts, aborted: signal?.aborted }).toEqual({
    attempts: [1],
    aborted: true,
  });
});

test("the total limit ends an attempt that hangs, with the last error as cause", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const first = degraded();
  let signal: AbortSignal | undefined;
  const policy = retry({
    name: "store",
    total: "10s",
    backoff: constant("1s"),
    clock,
    on: (details) => told.push(details),
  });

  const error = await clock.settle(() =>
    policy
      .run((attempt) => {
        if (attempt.attempt === 1) throw first;
        signal = attempt.signal;
        return never();
      })
      .catch((reason: unknown) => reason),
  );

  const fault = { class: "timeout", code: "TIMED_OUT", effect: "unknown" };
  const store = { policy: "store" };
  expect(error).toMatchObject({ code: "TIMED_OUT", limitMs: 10_000, cause: first });
  expect({
    isReason: signal?.reason === error,
    pending: clock.pending,
    told: told.slice(2),
  }).toEqual({
    isReason: true,
    pending: 0,
    told: [
      { type: "timeout.expired", ...store, limitMs: 10_000 },
      { type: "attempt.failed", ...store, number: 2, durationMs: 9_000, fault, error },
      { type: "retry.stopped", ...store, attempts: 2, reason: "time is up", fault, error },
    ],
  });
});

test("the total limit over the first attempt has no cause", async () => {
  const clock = new VirtualClock();

  const error = await clock.settle(() =>
    retry({ total: "1s", clock })
      .run(never)
      .catch((reason: unknown) => reason),
  );

  expect(Object.hasOwn(error as object, "cause")).toBe(false);
});

test("the total limit over beforeRetry ends no attempt, for none was under way", async () => {
  const clock = new VirtualClock();
  const types: string[] = [];
  const policy = retry({
    total: "1s",
    clock,
    beforeRetry: never,
    on: ({ type }) => types.push(type),
  });

  await clock.settle(() => policy.run(failing(degraded())).catch(() => {}));

  expect(types).toEqual(["attempt.failed", "timeout.expired", "retry.stopped"]);
});

test("a wait that would outlast the total limit is not begun", async () => {
  const clock = new VirtualClock();
  const last = degraded();

  const error = await clock.settle(() =>
    retry({ total: "1s", backoff: constant("1s"), clock })
      .run(failing(last))
      .catch((reason: unknown) => reason),
  );

  expect({ isLast: error === last, elapsed: clock.elapsed(), pending: clock.pending }).toEqual({
    isLast: true,
    elapsed: 0,
    pending: 0,
  });
});

test("the caller's abort under a total limit is not a timeout", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const types: string[] = [];
  const policy = retry({ total: "1s", clock, on: ({ type }) => types.push(type) });
  const running = policy.run(never, caller);

  await clock.advance(10);
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect({ types, pending: clock.pending }).toEqual({ types: [], pending: 0 });
});
