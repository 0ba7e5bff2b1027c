import fc from "fast-check";
import { expect, test } from "vitest";
import { CircuitOpenError } from "../core/errors.ts";
import { FAULT_CLASSES, type Effect, type Fault, type FaultClass } from "../core/fault.ts";
import { REACTIONS, reactionsWith } from "../core/reactions.ts";
import {
  decideRetry,
  type FailedAttempt,
  type RetryDecision,
  type RetryRules,
} from "./retry-decision.ts";

const RULES: RetryRules = {
  expects: 0,
  only: undefined,
  except: undefined,
  repeatable: true,
  reactions: REACTIONS,
  backoff: ({ retry }) => 100 * retry,
  random: () => 0.5,
  maxRetryAfter: 300_000,
};

const fault = (name: FaultClass, more: Partial<Fault> = {}): Fault => ({
  class: name,
  code: "CODE",
  effect: "unknown",
  ...more,
});

const failure = (of: Fault, more: Partial<FailedAttempt> = {}): FailedAttempt => ({
  error: new Error("failure"),
  fault: of,
  attempt: 1,
  triesLeft: 4 - (more.attempt ?? 1),
  failuresOfClass: 1,
  previousMs: 0,
  leftMs: Infinity,
  ...more,
});

const again = (waitMs: number): RetryDecision => ({ isRetried: true, waitMs });
const no = (reason: string): RetryDecision => ({ isRetried: false, reason }) as RetryDecision;
const refusal = new CircuitOpenError("bank", 700, undefined);
const refused = fault("transient", { effect: "none", retryAfterMs: 700 });

test.for<
  [name: string, failed: FailedAttempt, rules: Partial<RetryRules>, expected: RetryDecision]
>([
  ["a blip is retried at once", failure(fault("transient")), {}, again(0)],
  [
    "the second blip is backed off",
    failure(fault("transient"), { attempt: 2, failuresOfClass: 2 }),
    {},
    again(200),
  ],
  [
    "a first blip after another failure is backed off",
    failure(fault("transient"), { attempt: 2 }),
    {},
    again(200),
  ],
  ["a degraded service is backed off", failure(fault("degraded")), {}, again(100)],
  ["a timeout is backed off", failure(fault("timeout")), {}, again(100)],
  ["a fatal fault is not retried", failure(fault("fatal")), {}, no("class is not retried")],
  ["the unknown is retried once", failure(fault("unknown")), {}, again(100)],
  [
    "the unknown is not retried twice",
    failure(fault("unknown"), { attempt: 2, failuresOfClass: 2 }),
    {},
    no("attempts used up"),
  ],
  [
    "the last attempt is the last",
    failure(fault("degraded"), { attempt: 4 }),
    {},
    no("attempts used up"),
  ],
  [
    "one attempt is no retry",
    failure(fault("degraded"), { triesLeft: 0 }),
    {},
    no("attempts used up"),
  ],
  [
    "without end there is no last attempt",
    failure(fault("degraded"), { attempt: 1e6, triesLeft: Infinity, failuresOfClass: 1e6 }),
    { backoff: () => 7 },
    again(7),
  ],
  [
    "what may have had its effect is not repeated",
    failure(fault("transient")),
    { repeatable: false },
    no("not repeatable"),
  ],
  [
    "half an effect is an effect",
    failure(fault("transient", { effect: "partial" })),
    { repeatable: false },
    no("not repeatable"),
  ],
  [
    "what had no effect is repeated",
    failure(fault("degraded", { effect: "none" })),
    { repeatable: false },
    again(100),
  ],
  [
    "Retry-After is waited for, also the first time",
    failure(fault("transient", { retryAfterMs: 5_000 })),
    {},
    again(5_000),
  ],
  [
    "Retry-After of 0 does not make the first retry come at once",
    failure(fault("transient", { retryAfterMs: 0 })),
    {},
    again(100),
  ],
  [
    "Retry-After is a lower bound",
    failure(fault("degraded", { retryAfterMs: 50 })),
    {},
    again(100),
  ],
  [
    "Retry-After may be as long as is allowed",
    failure(fault("degraded", { retryAfterMs: 300_000 })),
    {},
    again(300_000),
  ],
  [
    "Retry-After must not be longer than is allowed",
    failure(fault("degraded", { retryAfterMs: 300_001 })),
    {},
    no("asked to wait too long"),
  ],
  [
    "Retry-After must end before the deadline",
    failure(fault("degraded", { retryAfterMs: 2_000 }), { leftMs: 2_000 }),
    {},
    no("time is up"),
  ],
  [
    "a backoff must end before the deadline",
    failure(fault("degraded"), { leftMs: 100 }),
    {},
    no("time is up"),
  ],
  [
    "a backoff that ends before the deadline is waited",
    failure(fault("degraded"), { leftMs: 101 }),
    {},
    again(100),
  ],
  ["no time left is no retry", failure(fault("transient"), { leftMs: 0 }), {}, no("time is up")],
  [
    "a refusal of our own is waited out exactly",
    failure(refused, { error: refusal, attempt: 3, failuresOfClass: 3 }),
    { backoff: () => 60_000 },
    again(700),
  ],
  [
    "a refusal of our own is waited out, however long a server may ask for",
    failure(refused, { error: refusal }),
    { maxRetryAfter: 699 },
    again(700),
  ],
  [
    "a refusal of our own that may be over at any moment is backed off, also the first time",
    failure({ ...refused, retryAfterMs: 0 }, { error: new CircuitOpenError("bank", 0, undefined) }),
    { random: () => 0, backoff: ({ random }) => 100 * random() },
    again(50),
  ],
  [
    "a rate limit is backed off, also the first time",
    failure(fault("transient", { code: "HTTP_429" })),
    {},
    again(100),
  ],
  [
    "a refusal that outlasts the deadline is not waited out",
    failure(refused, { error: refusal, leftMs: 500 }),
    {},
    no("time is up"),
  ],
  [
    "a changed row of the table holds",
    failure(fault("fatal")),
    { reactions: reactionsWith({ fatal: { retries: 1, firstRetry: "at once" } }) },
    again(0),
  ],
])("%s", ([, failed, rules, expected]) => {
  expect(decideRetry(failed, { ...RULES, ...rules })).toEqual(expected);
});

test("the backoff is told which retry it is, the dice, the wait before, and the failure", () => {
  const asked: unknown[] = [];
  const random = (): number => 0.25;
  const backoff = (input: unknown): number => asked.push(input);

  const failed = failure(fault("degraded"), { attempt: 3, previousMs: 80 });
  decideRetry(failed, { ...RULES, random, backoff });

  const { fault: of, error } = failed;
  expect(asked).toEqual([{ retry: 3, random, previousMs: 80, fault: of, error }]);
});

test("the dice are not thrown where no backoff is needed", () => {
  const random = (): number => {
    throw new Error("thrown");
  };
  const rules = { ...RULES, random, backoff: random };

  expect(decideRetry(failure(fault("transient")), rules)).toEqual(again(0));
});

test.for([Number.NaN, -1, "100", undefined])("a backoff that gives %o is refused", (waitMs) => {
  const rules = { ...RULES, backoff: () => waitMs as number };

  expect(() => decideRetry(failure(fault("degraded")), rules)).toThrow(
    "retry.backoff: expected to give milliseconds >= 0, gave",
  );
});

test("no retry breaks a limit, whatever failed and however it is retried", () => {
  const anyFault = fc.record<Fault>({
    class: fc.constantFrom(...FAULT_CLASSES),
    code: fc.constant("CODE"),
    effect: fc.constantFrom<Effect>("none", "partial", "unknown"),
    retryAfterMs: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: undefined }),
  });
  const anyFailure = fc.record<FailedAttempt>({
    error: fc.constantFrom(refusal, new Error("failure")),
    fault: anyFault,
    attempt: fc.integer({ min: 1, max: 10 }),
    triesLeft: fc.oneof(fc.constant(Infinity), fc.integer({ min: -5, max: 5 })),
    failuresOfClass: fc.integer({ min: 1, max: 10 }),
    previousMs: fc.nat(),
    leftMs: fc.oneof(fc.constant(Infinity), fc.double({ min: 0, max: 1e7, noNaN: true })),
  });
  const anyRules = fc.record({
    expects: fc.double({ min: 0, max: 1e6, noNaN: true }),
    repeatable: fc.boolean(),
    maxRetryAfter: fc.double({ min: 0, max: 1e7, noNaN: true }),
    waitMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
  });
  fc.assert(
    fc.property(anyFailure, anyRules, (failed, { waitMs, ...rules }) => {
      const decision = decideRetry(failed, { ...RULES, ...rules, backoff: () => waitMs });

      if (!decision.isRetried) return;
      const { retries } = REACTIONS[failed.fault.class];
      const { effect, retryAfterMs = 0 } = failed.fault;
      expect({
        class: failed.fault.class !== "fatal",
        attempts: failed.triesLeft > 0 && failed.failuresOfClass <= retries,
        repeatable: rules.repeatable || effect === "none",
        retryAfter: decision.waitMs >= retryAfterMs,
        maxRetryAfter: failed.error === refusal || retryAfterMs <= rules.maxRetryAfter,
        deadline: decision.waitMs + rules.expects < failed.leftMs,
      }).toEqual({
        class: true,
        attempts: true,
        repeatable: true,
        retryAfter: true,
        maxRetryAfter: true,
        deadline: true,
      });
    }),
    { numRuns: 10_000 },
  );
});
