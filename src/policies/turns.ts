/**
 * When the turns of those come that wait under a rate limit, as a pure rule: what is asked for is
 * played on a copy of its algorithm, one after the other. No clock, no promises.
 */

import type { FixedWindow } from "./fixed-window.ts";
import type { SlidingWindow } from "./sliding-window.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** When a call may begin. */
export type Rule = TokenBucket | SlidingWindow | FixedWindow;

/** What one call waits for. */
export interface Ticket {
  readonly permits: number;
  /** After that it does not want to begin any more; what others did not wait is not counted. */
  readonly latestMs: number;
}

/** Somebody who waits. */
interface Waiting {
  readonly ticket: Ticket;
}

/** What the rule will be once all these have begun, in their order. */
export function planned(rule: Rule, line: readonly Waiting[], nowMs: number): Rule {
  const plan = rule.copy();
  for (const { ticket } of line) {
    plan.take(ticket.permits, plan.startAtMs(ticket.permits, nowMs));
  }
  return plan;
}

/** Somebody who does not wait any longer, and how long it would have to. */
export interface Leaving<Waiter> {
  readonly waiter: Waiter;
  readonly waitMs: number;
}

/**
 * Those of a line whose turn would come too late; who is behind them moves up.
 *
 * @param skippedMs How much of the time until now was not waited.
 */
export function tooLate<Waiter extends Waiting>(
  rule: Rule,
  line: readonly Waiter[],
  nowMs: number,
  skippedMs: number,
): Leaving<Waiter>[] {
  const plan = rule.copy();
  return line.flatMap((waiter) => {
    const { permits, latestMs } = waiter.ticket;
    const startAtMs = plan.startAtMs(permits, nowMs);
    // Whose turn has come begins, even if the timer for it is late.
    const isInTime = startAtMs <= Math.max(nowMs, latestMs + skippedMs) && startAtMs < Infinity;
    if (isInTime) plan.take(permits, startAtMs);
    return isInTime ? [] : [{ waiter, waitMs: Math.ceil(startAtMs - nowMs) }];
  });
}
