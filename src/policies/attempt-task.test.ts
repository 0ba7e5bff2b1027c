import { expect, test } from "vitest";
import { OptionsError } from "../core/errors.ts";
import type { EventDetails } from "../core/events.ts";
import { rememberFault, type Fault } from "../core/fault.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { pipeline } from "./pipeline.ts";
import { timeout } from "./timeout.ts";
import { attemptTask, type AttemptTaskOptions } from "./attempt-task.ts";
import { constant } from "./backoff.ts";
import { breaker } from "./breaker.ts";
import type { Attempt, Policy } from "./policy.ts";
import type { TaskResult } from "./task-result.ts";

const never = (): Promise<never> => new Promise(() => {});

const DOWN: Fault = { class: "degraded", code: "DOWN", effect: "unknown" };
const REFUSED: Fault = { ...DOWN, effect: "none" };

/** An error that is classified as `fault`. */
function failure(fault: Fault): Error {
  const error = new Error(fault.code);
  rememberFault(error, fault);
  return error;
}

/** Runs a task whose work throws these errors, one after the other, and then answers "done". */
function play(errors: readonly unknown[], options: AttemptTaskOptions): Promise<TaskResult> {
  const clock = new VirtualClock();
  const left = [...errors];
  const work = async (): Promise<string> => {
    await clock.sleep(5);
    if (left.length > 0) throw left.shift();
    return "done";
  };
  const backoff = constant(100);
  const retry = options.retry && { backoff, ...options.retry };
  return clock.settle(() =>
    attemptTask("copy", work, { clock, random: () => 0, ...options, retry }),
  );
}

test("a task that succeeds answers its value", async () => {
  expect(await play([], {})).toEqual({
    ok: true,
    name: "copy",
    value: "done",
    attempts: 1,
    durationMs: 5,
    healed: false,
  });
});

test("a task that fails answers its fault and its error, and does not throw", async () => {
  const error = failure(DOWN);

  const result = await play([error], {});

  expect(result).toEqual({
    ok: false,
    name: "copy",
    fault: DOWN,
    error,
    attempts: 1,
    durationMs: 5,
    rollback: "none",
  });
  expect(!result.ok && result.error).toBe(error);
});

test.for<[name: string, fault: Fault, options: AttemptTaskOptions, ok: boolean]>([
  ["what may have had its effect is not repeated by default", DOWN, {}, false],
  ["what was refused is repeated by default", REFUSED, {}, true],
  ["giving `retry` makes it repeatable", DOWN, { retry: {} }, true],
  ["`repeatable` makes it repeatable", DOWN, { repeatable: true }, true],
  ["`repeatable: false` holds over `retry`", DOWN, { retry: {}, repeatable: false }, false],
  [
    "`retry.repeatable` holds over both",
    DOWN,
    { retry: { repeatable: true }, repeatable: false },
    true,
  ],
])("%s", async ([, fault, options, ok]) => {
  const result = await play([failure(fault)], options);

  expect([result.ok, result.attempts]).toEqual([ok, ok ? 2 : 1]);
});

test("its duration includes attempts and waits", async () => {
  const result = await play([failure(DOWN), failure(DOWN)], { retry: {} });

  expect(result).toMatchObject({ ok: true, attempts: 3, durationMs: 5 + 100 + 5 + 100 + 5 });
});

test("an attempt is limited to ten minutes by default", async () => {
  const clock = new VirtualClock();

  const result = await clock.settle(() => attemptTask("copy", never, { clock }));

  expect(result).toMatchObject({
    ok: false,
    fault: { class: "timeout", code: "TIMED_OUT", effect: "unknown" },
    error: { message: 'Work under "copy" did not end within 600000 ms' },
    attempts: 1,
    durationMs: 600_000,
  });
});

test("each attempt has its own limit, and all together have theirs", async () => {
  const clock = new VirtualClock();
  const backoff = constant("1s");

  const result = await clock.settle(() =>
    attemptTask("copy", never, {
      clock,
      retry: { attempts: Infinity, backoff },
      timeout: { attempt: "2s", total: "10s" },
    }),
  );

  expect(result).toMatchObject({ ok: false, attempts: 4, durationMs: 10_000 });
  expect(!result.ok && (result.error as Error).cause).toMatchObject({ limitMs: 2_000 });
});

test.for<[name: string, timeout: AttemptTaskOptions["timeout"]]>([
  ["by default", undefined],
  ["where it is Infinity", { attempt: Infinity, total: Infinity }],
])("there is no total limit %s", async ([, timeout]) => {
  const clock = new VirtualClock();
  const work = async ({ attempt }: Attempt): Promise<string> => {
    await clock.sleep(599_000);
    if (attempt < 100) throw failure(DOWN);
    return "done";
  };

  const result = await clock.settle(() =>
    attemptTask("copy", work, { clock, timeout, retry: { attempts: 100, backoff: constant(0) } }),
  );

  expect(result).toMatchObject({ ok: true, attempts: 100, durationMs: 59_900_000 });
});

test.for([
  ["2s", "10s"],
  ["10s", "2s"],
] as const)("of two total limits, %s and %s, the sooner holds", async ([ofRetry, ofTask]) => {
  const clock = new VirtualClock();

  const result = await clock.settle(() =>
    attemptTask("copy", never, { clock, retry: { total: ofRetry }, timeout: { total: ofTask } }),
  );

  expect(result.durationMs).toBe(2_000);
});

test("the user's policy stands inside the retry and around the attempt's limit", async () => {
  const clock = new VirtualClock();
  const seen: unknown[] = [];
  const watching: Policy = {
    name: "watching",
    run: async (work, options) => {
      seen.push([options?.attempt, options?.deadline?.remainingMs()]);
      try {
        return await work({
          attempt: options?.attempt ?? 1,
          signal: options?.signal ?? new AbortController().signal,
          deadline: options?.deadline ?? { remainingMs: () => Infinity },
        });
      } catch (error) {
        seen.push((error as { code: string }).code);
        throw error;
      }
    },
  };

  await clock.settle(() =>
    attemptTask("copy", never, {
      clock,
      policy: watching,
      retry: { attempts: 2, backoff: constant(100) },
      timeout: { attempt: "1s" },
    }),
  );

  expect(seen).toEqual([[1, Infinity], "TIMED_OUT", [2, Infinity], "TIMED_OUT"]);
});

test("attempts that a breaker refused did not run the work", async () => {
  const clock = new VirtualClock();
  const policy = breaker("store", { failures: 1, clock });
  await policy.run(() => Promise.reject(failure(DOWN))).catch(() => {});

  const result = await attemptTask("copy", never, { clock, policy, retry: { attempts: 1 } });

  expect(result).toMatchObject({ ok: false, fault: { code: "CIRCUIT_OPEN" }, attempts: 0 });
});

test("its policies are named after it, speak to `on`, and go by what the task is given", async () => {
  const told: EventDetails[] = [];
  const error = new Error("strange");

  const result = await play([error, error, error], {
    classify: () => REFUSED,
    reactions: { degraded: { retries: 1 } },
    on: (details) => told.push(details),
  });

  expect(result).toMatchObject({ ok: false, fault: REFUSED, attempts: 2 });
  expect(told).toMatchObject([
    { type: "attempt.failed", policy: "copy", number: 1, fault: REFUSED },
    { type: "retry.scheduled", policy: "copy", waitMs: 0 },
    { type: "attempt.failed", policy: "copy", number: 2 },
    { type: "retry.stopped", policy: "copy", reason: "attempts used up" },
  ]);
});

test("what `retry` is given itself holds over what the task is given", async () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  const other = new VirtualClock();

  const result = await clock.settle(() =>
    other.settle(() =>
      attemptTask("copy", () => Promise.reject(new Error("strange")), {
        clock,
        classify: () => DOWN,
        reactions: { degraded: { retries: 0 } },
        random: () => 0.9,
        on: () => told.push("task"),
        retry: {
          name: "mine",
          attempts: 2,
          backoff: ({ random }) => random() * 100,
          classify: () => REFUSED,
          reactions: { degraded: { retries: 9 } },
          random: () => 0.1,
          clock: other,
          on: (details) => told.push("policy" in details ? `${details.policy}` : ""),
        },
      }),
    ),
  );

  expect({ result, told, sleeps: [clock.sleeps, other.sleeps] }).toMatchObject({
    result: { ok: false, fault: REFUSED, attempts: 2 },
    told: ["mine", "mine", "mine", "mine"],
    sleeps: [[], [10]],
  });
});

test("each option is read once", async () => {
  const reads: string[] = [];
  const counted = (path: string, options: object): object =>
    Object.defineProperties(
      {},
      Object.fromEntries(
        Object.entries(options).map(([name, value]: [string, unknown]) => [
          name,
          {
            enumerable: true,
            get() {
              reads.push(`${path}${name}`);
              return value;
            },
          },
        ]),
      ),
    );
  const clock = new VirtualClock();
  const options: AttemptTaskOptions = counted("", {
    clock,
    timeout: counted("timeout.", { attempt: "5s", total: "1m" }),
    retry: counted("retry.", {
      attempts: 2,
      total: "1m",
      classify: () => DOWN,
      reactions: counted("retry.reactions.", { degraded: counted("degraded.", { retries: 1 }) }),
    }),
  });

  const work = (): never => {
    throw failure(DOWN);
  };
  const result = await clock.settle(() => attemptTask("copy", work, options));

  expect([result.attempts, reads.toSorted()]).toEqual([
    2,
    [
      "clock",
      "degraded.retries",
      "retry",
      "retry.attempts",
      "retry.classify",
      "retry.reactions",
      "retry.reactions.degraded",
      "retry.total",
      "timeout",
      "timeout.attempt",
      "timeout.total",
    ],
  ]);
});

test.for<[name: string, options: AttemptTaskOptions]>([
  ["`classify`", { classify: () => expect.unreachable("a bug in the classifier") }],
  ["`retry.classify`", { retry: { classify: () => expect.unreachable("a bug") } }],
])("a task whose %s throws fails by its own error, of an unknown fault", async ([, options]) => {
  const error = failure(DOWN);

  const result = await play([error, error], { repeatable: true, ...options });

  const fault = { class: "unknown", code: "ERROR", effect: "unknown" };
  expect(result).toMatchObject({ ok: false, fault, error, attempts: 2 });
});

test("the attempt's limit speaks to `on` as well", async () => {
  const clock = new VirtualClock();
  const types: string[] = [];

  await clock.settle(() =>
    attemptTask("copy", never, { clock, on: ({ type }) => types.push(type) }),
  );

  expect(types).toEqual(["timeout.expired", "attempt.failed", "retry.stopped"]);
});

test("an abort rejects at once with the signal's reason, and nothing runs any more", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const running = attemptTask("copy", never, { clock, signal: caller.signal });

  await clock.advance(10);
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect(clock.pending).toBe(0);
});

test("under an aborted signal the work is not started", async () => {
  let calls = 0;

  const running = attemptTask("copy", () => calls++, { signal: AbortSignal.abort("no") });

  await expect(running).rejects.toBe("no");
  expect(calls).toBe(0);
});

test.for<[message: string, name: unknown, options: unknown]>([
  ["attemptTask.name: expected a name, received undefined", undefined, {}],
  ["attemptTask.name: expected text that is not empty", "", {}],
  ["attemptTask.retries: unknown; known are retry", "copy", { retries: 3 }],
  ["attemptTask.retry.tries: unknown; known are name", "copy", { retry: { tries: 3 } }],
  ["attemptTask.retry: expected an object with options", "copy", { retry: null }],
  ["attemptTask.retry.reactions.odd: unknown", "copy", { retry: { reactions: { odd: {} } } }],
  [
    "attemptTask.retry.reactions.fatal.breaker: unknown; known are retries, firstRetry",
    "copy",
    { retry: { reactions: { fatal: { breaker: "counts" } } } },
  ],
  [
    "attemptTask.reactions.fatal.exitCode: unknown; known are retries, firstRetry",
    "copy",
    { reactions: { fatal: { exitCode: 3 } } },
  ],
  ["attemptTask.timeout.attempts: unknown", "copy", { timeout: { attempts: "2s" } }],
  ["attemptTask.timeout.total: expected a duration", "copy", { timeout: { total: "soon" } }],
  ["attemptTask.policy: expected an object with run()", "copy", { policy: "retry" }],
  ["attemptTask.signal: expected an object with addEventListener()", "copy", { signal: {} }],
  ["attemptTask.repeatable: expected true or false", "copy", { repeatable: 1 }],
  ["attemptTask: expected an object with options", "copy", null],
])("rejects with %s", async ([message, name, options]) => {
  let calls = 0;

  const running = attemptTask(name as string, () => calls++, options as AttemptTaskOptions);

  await expect(running).rejects.toThrow(OptionsError);
  await expect(running).rejects.toThrow(message);
  expect(calls).toBe(0);
});

test("a policy with a limit of its own, shorter than the default one, is no mistake", async () => {
  const policy = pipeline(breaker("a"), timeout("2s"));

  expect(await attemptTask("copy", () => 1, { policy })).toMatchObject({ ok: true, value: 1 });
});
