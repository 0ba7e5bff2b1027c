/**
 * Retry or stop, and how long to wait: the rule, without clock, promises or callbacks.
 *
 * What is asked, in this order: is the class of the failure ever retried, may the work run again,
 * are attempts left, and does the wait end before the time does? A wait that does not is not begun:
 * whoever waits for the answer can be told now.
 */

import { OptionsError, RejectedError } from "../core/errors.ts";
import type { RetryStop } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import type { Reactions } from "../core/reactions.ts";
import type { Random } from "../core/dice.ts";
import { show } from "../core/show.ts";
import type { Backoff } from "./backoff.ts";

/** What is known when an attempt has failed. */
export interface FailedAttempt {
  readonly error: unknown;
  readonly fault: Fault;
  /** Which attempt it was, from 1. */
  readonly attempt: number;
  /** How many attempts of this call have failed by a fault of this class, this one included. */
  readonly failuresOfClass: number;
  /** How long was waited before this attempt. */
  readonly previousMs: number;
  /** What is left until the limit that ends soonest; `Infinity` where there is none. */
  readonly leftMs: number;
}

/** What retrying goes by; times are in milliseconds. */
export interface RetryRules {
  readonly attempts: number;
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
  const { fault, attempt, leftMs } = failed;
  const { retries } = rules.reactions[fault.class];
  if (retries === 0) return stop("class is not retried");
  if (!rules.repeatable && fault.effect !== "none") return stop("not repeatable");
  if (attempt >= rules.attempts || failed.failuresOfClass > retries)
    return stop("attempts used up");

  if ((fault.retryAfterMs ?? 0) > rules.maxRetryAfter) return stop("time is up");
  const waitMs = waitFor(failed, rules);
  return waitMs < leftMs ? { isRetried: true, waitMs } : stop("time is up");
}

function stop(reason: RetryStop): RetryDecision {
  return { isRetried: false, reason };
}

function waitFor({ error, fault, attempt, previousMs }: FailedAttempt, rules: RetryRules): number {
  const { retryAfterMs } = fault;
  if (retryAfterMs === undefined) {
    const isAtOnce = attempt === 1 && rules.reactions[fault.class].firstRetry === "at once";
    return isAtOnce ? 0 : backoffMs(attempt, previousMs, rules);
  }
  // One of our own policies knows to the millisecond when it will admit a call again.
  if (error instanceof RejectedError) return retryAfterMs;
  // A server names the least wait; the backoff may ask for more, and its jitter never for less.
  return Math.max(retryAfterMs, backoffMs(attempt, previousMs, rules));
}

function backoffMs(retry: number, previousMs: number, { backoff, random }: RetryRules): number {
  const waitMs = backoff({ retry, random, previousMs });
  if (typeof waitMs === "number" && waitMs >= 0) return waitMs;
  // A timer takes NaN and negative numbers for 0: a hot loop.
  throw new OptionsError(
    "retry.backoff",
    `expected to give milliseconds >= 0, gave ${show(waitMs)}`,
  );
}
