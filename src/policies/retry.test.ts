import { expect, test } from "vitest";
import { withAmbient } from "../core/context.ts";
import { RejectedError } from "../core/errors.ts";
import type { EventDetails } from "../core/events.ts";
import { rememberFault, type Fault, type FaultClass } from "../core/fault.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { constant, exponential } from "./backoff.ts";
import type { Attempt } from "./policy.ts";
import { retry, type RetryOptions } from "./retry.ts";

const faultOf = (name: FaultClass, more: Partial<Fault> = {}): Fault => ({
  class: name,
  code: name.toUpperCase(),
  effect: "unknown",
  ...more,
});

/** An error that is classified as `fault`. */
function failure(fault: Fault): Error {
  const error = new Error(fault.code);
  rememberFault(error, fault);
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

const degraded = (more?: Partial<Fault>): Error => failure(faultOf("degraded", more));
const transient = (more?: Partial<Fault>): Error => failure(faultOf("transient", more));

test("work that succeeds runs once and says nothing", async () => {
  const told: EventDetails[] = [];
  const work = failing();

  const value = await retry({ on: (details) => told.push(details) }).run(work);

  expect({ value, attempts: work.attempts, told }).toEqual({
    value: "done",
    attempts: [1],
    told: [],
  });
});

test("failed work runs again after its backoff until it succeeds, and every step is told", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const errors = [degraded(), transient()];
  const work = failing(...errors);
  const policy = retry({
    name: "store",
    backoff: exponential(100, { jitter: "none" }),
    clock,
    on: (details) => told.push(details),
  });

  const value = await clock.settle(() =>
    policy.run((attempt) => clock.sleep(5).then(() => work(attempt))),
  );

  const store = { policy: "store" };
  expect({ value, attempts: work.attempts, elapsed: clock.elapsed(), told }).toEqual({
    value: "done",
    attempts: [1, 2, 3],
    elapsed: 5 + 100 + 5 + 200 + 5,
    told: [
      {
        type: "attempt.failed",
        ...store,
        number: 1,
        durationMs: 5,
        fault: faultOf("degraded"),
        error: errors[0],
      },
      {
        type: "retry.scheduled",
        ...store,
        number: 1,
        maxAttempts: 4,
        waitMs: 100,
        fault: faultOf("degraded"),
      },
      {
        type: "attempt.failed",
        ...store,
        number: 2,
        durationMs: 5,
        fault: faultOf("transient"),
        error: errors[1],
      },
      {
        type: "retry.scheduled",
        ...store,
        number: 2,
        maxAttempts: 4,
        waitMs: 200,
        fault: faultOf("transient"),
      },
      { type: "retry.recovered", ...store, attempts: 3 },
    ],
  });
});

test("the first retry after a blip comes at once, without a timer", async () => {
  const clock = new VirtualClock();

  const value = await retry({ clock }).run(failing(transient()));

  expect({ value, sleeps: clock.sleeps }).toEqual({ value: "done", sleeps: [] });
});

test("by default there are four attempts, at most 200, 400 and 800 ms apart", async () => {
  const clock = new VirtualClock();
  const errors = [degraded(), degraded(), degraded(), degraded()];
  const work = failing(...errors);

  const error = await clock.settle(() =>
    retry({ clock, random: () => 1 - Number.EPSILON })
      .run(work)
      .catch((reason: unknown) => reason),
  );

  expect(error).toBe(errors[3]);
  expect({ attempts: work.attempts, sleeps: clock.sleeps.map(Math.round) }).toEqual({
    attempts: [1, 2, 3, 4],
    sleeps: [200, 400, 800],
  });
});

test("a fault that is never retried ends it with its own error, and the reason is told", async () => {
  const told: EventDetails[] = [];
  const bug = new TypeError("x is not a function");
  const work = failing(bug);

  const error = await retry({ on: (details) => told.push(details) })
    .run(work)
    .catch((reason: unknown) => reason);

  expect(error).toBe(bug);
  expect({ attempts: work.attempts, last: told.at(-1) }).toMatchObject({
    attempts: [1],
    last: {
      type: "retry.stopped",
      policy: "retry",
      attempts: 1,
      reason: "class is not retried",
      fault: { class: "fatal" },
      error: bug,
    },
  });
});

test("each class has its own count of retries", async () => {
  const clock = new VirtualClock();
  const unknown = failure(faultOf("unknown"));
  const work = failing(unknown, degraded(), unknown);

  const error = await clock.settle(() =>
    retry({ attempts: 10, clock })
      .run(work)
      .catch((reason: unknown) => reason),
  );

  expect({ isLast: error === unknown, attempts: work.attempts }).toEqual({
    isLast: true,
    attempts: [1, 2, 3],
  });
});

test("work that is not repeatable runs again only after refusals", async () => {
  const clock = new VirtualClock();
  const landed = degraded();
  const work = failing(degraded({ effect: "none" }), landed);

  const error = await clock.settle(() =>
    retry({ repeatable: false, clock })
      .run(work)
      .catch((reason: unknown) => reason),
  );

  expect({ isLast: error === landed, attempts: work.attempts }).toEqual({
    isLast: true,
    attempts: [1, 2],
  });
});

test("`when` is asked last, about this failure, and can refuse", async () => {
  const told: EventDetails[] = [];
  const asked: unknown[] = [];
  const blip = transient();
  const when = (...about: unknown[]): boolean => asked.push(about) < 2;

  const refused = await retry({
    when,
    attempts: 9,
    backoff: constant(0),
    on: (each) => told.push(each),
  })
    .run(failing(blip, blip))
    .catch((error: unknown) => error);
  await retry({ when })
    .run(failing(new TypeError("bug")))
    .catch(() => {});

  expect(refused).toBe(blip);
  expect(asked).toEqual([
    [blip, faultOf("transient"), 1],
    [blip, faultOf("transient"), 2],
  ]);
  expect(told.at(-1)).toMatchObject({ type: "retry.stopped", reason: "refused by when" });
});

test("the user's classifier and reactions decide", async () => {
  const clock = new VirtualClock();
  const work = failing(new TypeError("bug"), new TypeError("bug"));

  const value = await clock.settle(() =>
    retry({
      classify: () => faultOf("unknown"),
      reactions: { unknown: { retries: 2, firstRetry: "at once" } },
      backoff: constant("1s"),
      clock,
    }).run(work),
  );

  expect({ value, sleeps: clock.sleeps }).toEqual({ value: "done", sleeps: [1_000] });
});

test("the backoff may be a list of waits", async () => {
  const clock = new VirtualClock();

  await clock.settle(() =>
    retry({ backoff: ["1s", 10], clock }).run(failing(degraded(), degraded(), degraded())),
  );

  expect(clock.sleeps).toEqual([1_000, 10, 10]);
});

test("the backoff is told the wait before", async () => {
  const clock = new VirtualClock();
  const previous: number[] = [];
  const backoff: RetryOptions["backoff"] = ({ previousMs }) => {
    previous.push(previousMs);
    return previousMs + 10;
  };

  await clock.settle(() =>
    retry({ backoff, clock }).run(failing(degraded(), degraded(), degraded())),
  );

  expect(previous).toEqual([0, 10, 20]);
});

test("attempts without end and without wait still let an abort through", async () => {
  const caller = new AbortController();
  const error = degraded();
  const running = retry({ attempts: Infinity, backoff: constant(0) }).run(() => {
    throw error;
  }, caller);

  setImmediate(() => caller.abort("stop"));

  await expect(running).rejects.toBe("stop");
});

test("what was thrown may be no error at all", async () => {
  const clock = new VirtualClock();
  const work = failing("text", undefined);

  const error = await clock.settle(() =>
    retry({ clock })
      .run(work)
      .catch((reason: unknown) => reason),
  );

  expect({ error, attempts: work.attempts }).toEqual({ error: undefined, attempts: [1, 2] });
});

test("what happens is told to the run around it, with where it happened", async () => {
  const heard: unknown[] = [];
  const where = { runId: "r1", step: "upload" };
  const stream = (details: EventDetails, place: object): void => {
    heard.push([details.type, place]);
    throw new Error("a broken sink");
  };

  const value = await withAmbient({ where, stream }, () => retry().run(failing(transient())));

  expect([value, heard]).toEqual([
    "done",
    [
      ["attempt.failed", where],
      ["retry.scheduled", where],
      ["retry.recovered", where],
    ],
  ]);
});

test("a refusal by a policy of one's own is waited out exactly as well", async () => {
  class QuotaError extends RejectedError {
    readonly code = "QUOTA";
    readonly retryAfterMs = 250;
  }
  const clock = new VirtualClock();

  await clock.settle(() =>
    retry({ clock }).run(failing(new QuotaError("no"), new QuotaError("no"))),
  );

  expect(clock.sleeps).toEqual([250, 250]);
});

test("the policy is frozen and has its name", () => {
  expect(
    [retry(), retry({ name: "bank" })].map((each) => [each.name, Object.isFrozen(each)]),
  ).toEqual([
    ["retry", true],
    ["bank", true],
  ]);
});

test.for<[message: string, options: object | null]>([
  ["retry.attempts: expected an integer >= 1, or Infinity, received 0", { attempts: 0 }],
  ["retry.attempts: expected an integer >= 1, or Infinity, received 2.5", { attempts: 2.5 }],
  ["retry.retries: unknown; known are name, attempts, backoff, total", { retries: 3 }],
  ["retry.backoff: expected a function or a list of durations, received 200", { backoff: 200 }],
  ["delays[1]: expected a duration", { backoff: ["1s", -1] }],
  [
    'retry.total: expected a duration such as "250ms", "2s" or "1m30s", or Infinity',
    { total: "1 m" },
  ],
  ["retry.maxRetryAfter: expected a duration", { maxRetryAfter: -1 }],
  ["retry.when: expected a function", { when: true }],
  ["retry.repeatable: expected true or false", { repeatable: "yes" }],
  ["retry.classify: expected a function", { classify: [] }],
  ["retry.beforeRetry: expected a function", { beforeRetry: {} }],
  ["retry.clock: expected an object with now(), elapsed(), sleep(), after()", { clock: {} }],
  ["retry.random: expected a function", { random: 0.5 }],
  ["retry.on: expected a function", { on: {} }],
  ["retry.name: expected text that is not empty", { name: "" }],
  ["retry.reactions.fatl: unknown; known are transient", { reactions: { fatl: {} } }],
  [
    "retry.reactions.fatal.breaker: unknown; known are retries, firstRetry",
    { reactions: { fatal: { retries: 1, breaker: "counts" } } },
  ],
  [
    "retry.reactions.fatal.exitCode: unknown; known are retries, firstRetry",
    { reactions: { fatal: { exitCode: 3 } } },
  ],
  ["retry: expected an object with options, received null", null],
])("refuses with %s", ([message, options]) => {
  expect(() => retry(options as RetryOptions)).toThrow(message);
});
