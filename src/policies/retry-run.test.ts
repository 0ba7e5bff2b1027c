import { expect, test } from "vitest";
import { TimeoutError } from "../core/errors.ts";
import type { EventDetails, RetryStop } from "../core/events.ts";
import { rememberFault, type Fault } from "../core/fault.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { constant } from "./backoff.ts";
import type { Attempt } from "./policy.ts";
import { retry, type RetryOptions } from "./retry.ts";

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

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

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
      { error, fault: DEGRADED, attempt: 1, waitMs: 1_000, aborted: false },
      "retry.scheduled at 70",
      "retry.recovered at 1070",
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
      {
        type: "retry.stopped",
        history: expect.any(Array),
        ...store,
        attempts: 2,
        reason: "time is up",
        fault,
        error,
      },
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

test.for<[name: string, answer: () => unknown]>([
  ["throws", () => expect.unreachable("a bug in the classifier")],
  ["answers nothing", () => undefined],
  ["answers an unknown class", () => ({ class: "odd", code: "ODD", effect: "none" })],
])("a failure that the classifier %s about is unknown", async ([, answer]) => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const [first, last] = [degraded(), degraded()];
  const policy = retry({
    classify: answer as RetryOptions["classify"],
    total: "1m",
    clock,
    on: (details) => told.push(details),
  });

  const error = await clock.settle(() => errorOf(policy.run(failing(first, last))));

  const fault = { class: "unknown", code: "ERROR", effect: "unknown" };
  expect(error).toBe(last);
  expect(told).toMatchObject([
    { type: "attempt.failed", fault, error: first },
    { type: "retry.scheduled", fault },
    { type: "attempt.failed", fault, error: last },
    { type: "retry.stopped", history: expect.any(Array), fault, reason: "attempts used up" },
  ]);
});

test("the total limit ends an attempt that hangs also where the classifier throws", async () => {
  const clock = new VirtualClock();
  const classify = (): never => expect.unreachable("a bug in the classifier");

  const error = await clock.settle(() => errorOf(retry({ total: 50, classify, clock }).run(never)));

  expect(error).toBeInstanceOf(TimeoutError);
  expect([clock.elapsed(), clock.pending]).toEqual([50, 0]);
});

const mistake = new Error("a mistake");
const failByMistake = (): never => {
  throw mistake;
};

test.for<[name: string, options: RetryOptions, reason: RetryStop]>([
  ["`when`", { when: failByMistake }, "when failed"],
  ["backoff", { backoff: failByMistake }, "backoff failed"],
  ["die", { random: failByMistake }, "backoff failed"],
])("a %s that throws ends the retries, and hides no failure", async ([, options, reason]) => {
  const told: EventDetails[] = [];
  const failure = degraded();
  const work = failing(failure);

  const error = await errorOf(retry({ ...options, on: (each) => told.push(each) }).run(work));

  const name = reason.replace(" failed", "");
  expect(error).toBeInstanceOf(AggregateError);
  expect(error).toMatchObject({
    message: `The ${name} of "retry" threw when it was asked about a failure; both are in errors`,
  });
  expect((error as AggregateError).errors.map((each) => [mistake, failure].indexOf(each))).toEqual([
    0, 1,
  ]);
  expect({ attempts: work.attempts, told: told.slice(1) }).toEqual({
    attempts: [1],
    told: [
      {
        type: "retry.stopped",
        history: expect.any(Array),
        policy: "retry",
        attempts: 1,
        reason,
        fault: DEGRADED,
        error: failure,
      },
    ],
  });
});

test("a backoff that gives no length of time ends the retries, and hides no failure", async () => {
  const failure = degraded();

  const error = await errorOf(retry({ backoff: () => Number.NaN }).run(failing(failure)));

  expect(error).toMatchObject({ errors: [{ code: "OPTIONS_INVALID" }, { message: "down" }] });
});

test("a `when` that throws the failure itself ends the retries with it", async () => {
  const failure = degraded();
  const when = (error: unknown): never => {
    throw error;
  };

  const error = await errorOf(retry({ when }).run(failing(failure)));

  expect(error).toBe(failure);
});

test("that beforeRetry ended the retries is told, with the failure that it was called for", async () => {
  const told: EventDetails[] = [];
  const failure = degraded();
  const policy = retry({ beforeRetry: failByMistake, on: (each) => told.push(each) });

  const error = await errorOf(policy.run(failing(failure)));

  expect(error).toBe(mistake);
  expect(told.slice(1)).toEqual([
    {
      type: "retry.stopped",
      history: expect.any(Array),
      policy: "retry",
      attempts: 1,
      reason: "ended by beforeRetry",
      fault: DEGRADED,
      error: failure,
    },
  ]);
});

test("what beforeRetry throws because the caller cancelled ends nothing else", async () => {
  const caller = new AbortController();
  const types: string[] = [];
  const beforeRetry = (): never => {
    caller.abort("stop");
    throw mistake;
  };
  const policy = retry({ beforeRetry, on: ({ type }) => types.push(type) });

  const error = await errorOf(policy.run(failing(degraded()), caller));

  expect([error, types]).toEqual(["stop", ["attempt.failed"]]);
});

test("the time that beforeRetry takes counts: a wait that no longer fits is not begun", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const failure = degraded();
  const policy = retry({
    total: 1_000,
    backoff: constant(500),
    clock,
    beforeRetry: () => clock.sleep(500),
    on: (each) => told.push(each),
  });

  const error = await clock.settle(() => errorOf(policy.run(failing(failure))));

  expect([error === failure, clock.elapsed(), clock.pending]).toEqual([true, 500, 0]);
  expect(told.slice(1)).toEqual([
    {
      type: "retry.stopped",
      history: expect.any(Array),
      policy: "retry",
      attempts: 1,
      reason: "time is up",
      fault: DEGRADED,
      error: failure,
    },
  ]);
});

test("a wait that still fits after beforeRetry is waited", async () => {
  const clock = new VirtualClock();
  const policy = retry({
    total: 1_000,
    backoff: constant(499),
    clock,
    beforeRetry: () => clock.sleep(500),
  });

  const value = await clock.settle(() => policy.run(failing(degraded())));

  expect([value, clock.elapsed()]).toEqual(["done", 999]);
});
