/**
 * Retry or stop, and how long to wait: the rule, without clock, promises or callbacks.
 *
 * What is asked, in this order: is such a failure ever retried, may the work run again, are tries
 * left, and do the wait and the next attempt end before the time does? A wait that does not is not
 * begun: whoever waits for the answer can be told now.
 */

import { RATE_LIMITS } from "../classify/rate-limits.ts";
import { OptionsError, RejectedError } from "../core/errors.ts";
import type { RetryStop } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import type { Reactions } from "../core/reactions.ts";
import type { Random } from "../core/dice.ts";
import { show } from "../core/show.ts";
import type { Backoff } from "./backoff.ts";
import { isOneOf, type FailureKind } from "./failure-kinds.ts";

/** What is known when an attempt has failed. */
export interface FailedAttempt {
  readonly error: unknown;
  readonly fault: Fault;
  /** Which attempt it was, from 1. */
  readonly attempt: number;
  /** How many tries are left, those counted that retries inside made. */
  readonly triesLeft: number;
  /** How many attempts of this call have failed by a fault of this class, this one included. */
  readonly failuresOfClass: number;
  /** How long was waited before this attempt. */
  readonly previousMs: number;
  /** What is left until the limit that ends soonest; `Infinity` where there is none. */
  readonly leftMs: number;
}

/** What retrying goes by; times are in milliseconds. */
export interface RetryRules {
  /** How long an attempt is expected to take. */
  readonly expects: number;
  readonly only: readonly FailureKind[] | undefined;
  readonly except: readonly FailureKind[] | undefined;
  readonly repeatable: boolean;
  readonly reactions: Reactions;
  readonly backoff: Backoff;
  readonly random: Random;
  readonly maxRetryAfter: number;
}

/** Whether there is another attempt: after which wait, or why not. */
export type RetryDecision =
  | { readonly isRetried: true; readonly waitMs: number }
  | { readonly isRetried: false; readonly reason: RetryStop };

/** Decides about one failed attempt. @throws {OptionsError} When the backoff gives no length of time. */
export function decideRetry(failed: FailedAttempt, rules: RetryRules): RetryDecision {
  const { error, fault, leftMs } = failed;
  // What is listed is retried whatever its class.
  const retries = rules.only === undefined ? rules.reactions[fault.class].retries : Infinity;
  if (rules.only !== undefined && !isOneOf(rules.only, error, fault))
    return stop("not listed in only");
  if (rules.except !== undefined && isOneOf(rules.except, error, fault))
    return stop("listed in except");
  if (retries === 0) return stop("class is not retried");
  if (!rules.repeatable && fault.effect !== "none") return stop("not repeatable");
  if (failed.triesLeft <= 0 || failed.failuresOfClass > retries) return stop("attempts used up");

  // That limit is for servers. One of our own policies asks for what it was told to.
  const isAskedTooMuch = (fault.retryAfterMs ?? 0) > rules.maxRetryAfter;
  if (isAskedTooMuch && !(error instanceof RejectedError)) return stop("asked to wait too long");
  const waitMs = waitFor(failed, rules);
  return waitMs + rules.expects < leftMs ? { isRetried: true, waitMs } : stop("time is up");
}

function stop(reason: RetryStop): RetryDecision {
  return { isRetried: false, reason };
}

function waitFor(failed: FailedAttempt, rules: RetryRules): number {
  const { error, fault, attempt } = failed;
  const { retryAfterMs } = fault;
  if (retryAfterMs === undefined) {
    const { firstRetry } = rules.reactions[fault.class];
    const isAtOnce = attempt === 1 && firstRetry === "at once" && !RATE_LIMITS.has(fault.code);
    return isAtOnce ? 0 : backoffMs(failed, rules);
  }
  if (error instanceof RejectedError) {
    // One of our own policies knows to the millisecond when it will admit a call again. Or it says 0,
    // for a probe decides: that may end at any moment, but to come back at once is in vain.
    if (retryAfterMs > 0) return retryAfterMs;
    return backoffMs(failed, { ...rules, random: () => 0.5 + rules.random() / 2 });
  }
  // A server names the least wait; the backoff may ask for more, and its jitter never for less.
  return Math.max(retryAfterMs, backoffMs(failed, rules));
}

function backoffMs(
  { attempt: retry, previousMs, fault, error }: FailedAttempt,
  { backoff, random }: RetryRules,
): number {
  const waitMs = backoff({ retry, random, previousMs, fault, error });
  if (typeof waitMs === "number" && waitMs >= 0) return waitMs;
  // A timer takes NaN and negative numbers for 0: a hot loop.
  throw new OptionsError(
    "retry.backoff",
    `expected to give milliseconds >= 0, gave ${show(waitMs)}`,
  );
}
