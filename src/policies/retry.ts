/** Runs failed work again: the shell around the rule in `retry-decision.ts`. */

import type { Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import type { Duration } from "../core/duration.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  flag,
  integer,
  list,
  oneOf,
  part,
  readOptions,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { reactions, type ReactionChanges } from "../core/reactions.ts";
import { systemClock, systemRandom } from "../core/system.ts";
import { backoffReader, exponential, type Backoff } from "./backoff.ts";
import { readKind, readKinds, type FailureKind } from "./failure-kinds.ts";
import { readFaultOfResult, type FaultOfResult } from "./fault-of-result.ts";
import { guarded, guardsOf, withGuards, type Guard } from "./guard.ts";
import type { Policy, RunOptions, Work } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import { RetryRun, type BeforeRetry, type RetryParts } from "./retry-run.ts";
import type { RetryAllowance, When } from "./retry-state.ts";
import { judgeOfRounds, loopOf, type LoopAttempt } from "./retry-loop.ts";
import { outcomeOf, type RetryOutcome } from "./retry-outcome.ts";
import { runSync, type SyncAttempt } from "./retry-sync.ts";
import { wrap } from "./wrap.ts";
import { isHeard, teller } from "./tell.ts";
import { place } from "./order.ts";

/** When work is run again, and how long is waited before. */
export interface RetryOptions {
  /** Stands in events and in the error of the total limit. Default `"retry"`. */
  readonly name?: string | undefined;
  /** How often the work may run in all, the first time included. Default 4; `Infinity` is allowed. */
  readonly attempts?: number | undefined;
  /** The wait before each retry. Default `exponential("200ms", { max: "30s", jitter: "full" })`. */
  readonly backoff?: Backoff | readonly Duration[] | undefined;
  /** The limit for all attempts and waits together; ends a running attempt. Default `Infinity`. */
  readonly total?: Duration | undefined;
  /**
   * The longest wait that a server may ask for. One that is longer ends the retries; a refusal by one
   * of our own policies is waited out, however long. Default `"5m"`.
   */
  readonly maxRetryAfter?: Duration | undefined;
  /**
   * How long an attempt is expected to take. One that would begin with no more than that left until
   * the deadline is not begun: the first one rejects with `NoTimeLeftError`. Default 0.
   */
  readonly expects?: Duration | undefined;
  /**
   * The failures that are retried, and no others: codes of faults, their classes, or classes of
   * errors. What is listed is retried whatever its class. Default: as the class says.
   */
  readonly only?: readonly FailureKind[] | undefined;
  /** The failures that are not retried, listed in the same way. Default: none. */
  readonly except?: readonly FailureKind[] | undefined;
  /**
   * Tells the fault of a result that is a failure after all, such as a job that is not done yet. It is
   * retried as its class says; when there is no further attempt, the last result is answered as it is.
   * Default: no result is.
   */
  readonly faultOfResult?: FaultOfResult | undefined;
  /**
   * Whether this failure is worth another attempt; asked last, when everything else says yes, and
   * awaited where it answers a promise. To
   * retry more than the defaults do, change the class (`classify`) or its row (`reactions`).
   * Default: always.
   */
  readonly when?: When | undefined;
  /**
   * Whether the work may run again after an attempt that may have had its effect. When false, it is
   * run again only after failures with effect `none`. Default true: whoever writes `retry` says so.
   */
  readonly repeatable?: boolean | undefined;
  /**
   * Whether retries inside this one, and those around it, share the attempts: all of them together
   * then call no more often than the most patient would alone. Default `"shared"`.
   */
  readonly nested?: "shared" | "independent" | undefined;
  /**
   * Failures that cost no attempt, listed as in `only`: refusals by a policy inside, say, that are
   * waited for. At most 1,000 of a call; give a `total`, too. Default: none.
   */
  readonly uncounted?: readonly FailureKind[] | undefined;
  /** What retries may cost altogether; share one between all that call a service. Default: none. */
  readonly budget?: RetryAllowance | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** How often each class is retried, and whether the first time at once. Default: `REACTIONS`. */
  readonly reactions?: ReactionChanges<"retries" | "firstRetry"> | undefined;
  /**
   * Awaited before the wait, once another attempt is decided: the place to undo what the failed
   * attempt left, to heal, or to refresh credentials. What it throws ends the retries, and is what
   * the caller gets, the same object.
   */
  readonly beforeRetry?: BeforeRetry | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Gives numbers from 0 up to, not including, 1. Default: the system's dice. */
  readonly random?: Random | undefined;
  /** Told the events of attempts and retries, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

/** A policy that runs failed work again, in every form that work comes in. */
export interface Retry extends Policy {
  /**
   * As `run`, but a failure is an answer too: with the reason why there was no further attempt, and
   * the attempts that were. Rejects only once the signal aborts, with its reason.
   */
  attempt<Value>(work: Work<Value>, options?: RunOptions): Promise<RetryOutcome<Value>>;
  /**
   * The attempts as a loop, for work that does not fit into one function. The loop ends after the
   * first round that does not say that it `failed`, nor hands in a `result` that `faultOfResult` takes
   * for a fault; when there is no further attempt it ends as `run` does: it throws the last error, or
   * lets the last result stand. A round is not cut short when a limit is over: what it awaits must
   * mind the signal.
   *
   * @example
   * for await (const { attempt, failed } of retry().attempts()) {
   *   try {
   *     console.log(`attempt ${attempt}`); // attempt 1
   *   } catch (error) {
   *     failed(error);
   *   }
   * }
   */
  attempts(options?: RunOptions): AsyncGenerator<LoopAttempt, void, void>;
  /** The same function, each call of it under this policy; `wrap` does that for any policy. */
  wrap<This, Args extends readonly unknown[], Value>(
    fn: (this: This, ...args: Args) => Value | PromiseLike<Value>,
  ): (this: This, ...args: Args) => Promise<Value>;
  /**
   * Runs synchronous work. **Its waits block the thread**, so nothing else goes on meanwhile: for
   * scripts and workers. `total` and the deadline end no attempt that runs, and the signal is asked
   * between attempts only.
   *
   * @throws What `run` would reject with; `OptionsError` when work or `beforeRetry` answers a promise;
   * `TypeError` where the thread must not be blocked, as a page's own.
   */
  runSync<Value>(work: (attempt: SyncAttempt) => Value, options?: RunOptions): Value;
}

const READERS = {
  name: text({ default: "retry" }),
  attempts: integer({ min: 1, orInfinity: true, default: 4 }),
  backoff: backoffReader({ default: exponential("200ms", { max: "30s", jitter: "full" }) }),
  total: duration({ orInfinity: true, default: Infinity }),
  maxRetryAfter: duration({ orInfinity: true, default: 300_000 }),
  expects: duration({ default: 0 }),
  only: readKinds,
  except: readKinds,
  faultOfResult: readFaultOfResult,
  when: callable<When, When>({ default: () => true }),
  repeatable: flag({ default: true }),
  nested: oneOf(["shared", "independent"], { default: "shared" as const }),
  uncounted: list(readKind, { default: [] }),
  budget: part<RetryAllowance, undefined>({
    methods: ["deposit", "withdraw"],
    default: undefined,
  }),
  classify: readClassify,
  reactions: reactions("retries", "firstRetry"),
  beforeRetry: callable<BeforeRetry, undefined>({ default: undefined }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  random: callable<Random, Random>({ default: systemRandom }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof RetryOptions, Reader<unknown>>;

/** Readers of `retry`'s options where they stand among others: what was not given stays `undefined`. */
export const GIVEN_READERS = givenOnly(READERS);

type Given<Readers extends Record<string, Reader<unknown>>> = {
  readonly [Name in keyof Readers]: Reader<ReturnType<Readers[Name]> | undefined>;
};

function givenOnly<Readers extends Record<string, Reader<unknown>>>(
  readers: Readers,
): Given<Readers> {
  const given = Object.entries(readers).map(([name, read]): [string, Reader<unknown>] => [
    name,
    (value, path) => (value === undefined ? undefined : read(value, path)),
  ]);
  return Object.freeze(Object.fromEntries(given)) as Given<Readers>;
}

/** Reads `retry`'s options where they stand among others, each once. */
export const readRetry: Reader<Partial<Settled<typeof GIVEN_READERS>> | undefined> = (
  value,
  path,
) => (value === undefined ? undefined : readOptions(path, value, GIVEN_READERS));

/**
 * Makes a policy that runs failed work again, as the reaction table says for the class of the fault.
 *
 * A wait that a server asked for (Retry-After) is never cut short; a refusal by one of our own
 * policies, such as an open breaker, is waited out exactly, or where that does not know how long, by
 * the backoff. A wait that would not end before the deadline is not begun.
 *
 * When there is no further attempt, the last error is thrown as it is; when the total limit is over, a
 * `TimeoutError` whose cause is the last error, if there was one. A `when` or a backoff that throws
 * ends the retries with an `AggregateError` of what it threw and the last error. Once the signal
 * aborts, an attempt or a wait ends at once with the signal's reason.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const patient = retry({ attempts: 6, total: "1m" });
 * const user = await patient.run(({ signal }) => readUser(42, { signal }));
 */
export function retry(options: RetryOptions = {}): Retry {
  const settled = readOptions("retry", options, READERS);
  const { name, on } = settled;
  const faultOfResult = judgeOfRounds(settled.faultOfResult);
  const parts: RetryParts = Object.freeze({ ...settled, faultOfResult, tell: teller(on) });
  const policy = guarded(name, guardBy(parts, on), place("retry", settled, parts.total));
  const all: Retry = {
    ...policy,
    attempt: (work, given) => outcomeOf(parts, work, given),
    attempts: (given) => loopOf(policy, given),
    wrap: (fn) => wrap(policy, fn),
    runSync: (work, given) => runSync(parts, isHeard(on), work, given),
  };
  return Object.freeze(withGuards(all, guardsOf(policy)));
}

function guardBy(parts: RetryParts, on: Emit | undefined): Guard {
  return {
    begin: (inside, work, outer, caller) => {
      new RetryRun(parts, inside, work, isHeard(on)).begin(outer, caller);
    },
  };
}
