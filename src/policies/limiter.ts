/**
 * The calls under one rate limit: who begins, who waits, who is turned away. When a call may begin is
 * in `turns.ts` and the algorithms that it names.
 */

import type { Clock } from "../core/clock.ts";
import { RateLimitedError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { withoutStack } from "../core/without-stack.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import type { RunOptions, Work } from "./policy.ts";
import type { Queueing } from "./queue-order.ts";
import { teller } from "./tell.ts";
import type { TokenBucketRules } from "./token-bucket.ts";
import { planned, tooLate, type Leaving, type Rule, type Ticket } from "./turns.ts";
import { WaitingLine, type Waiter } from "./waiting-line.ts";

/** While a timer is late, a plan holds for one call of so many that wait: else each would plan them all. */
const CALLS_PER_LATE_PLAN = 1 / 16;

/** What one call asks for; the time is in milliseconds. */
export interface Terms {
  readonly permits: number;
  readonly wait: number;
}

/** What a limiter was told, read and settled. */
export interface LimiterParts {
  readonly name: string;
  readonly queue: number;
  readonly queueing: Queueing;
  readonly clock: Clock;
  /** How much of its time was not waited, in milliseconds: that is nobody's wait. */
  readonly skippedMs: () => number;
  readonly on: Emit | undefined;
}

/** One limit, shared by all calls through one policy. */
export class Limiter {
  readonly #rule: Rule;
  readonly #parts: LimiterParts;
  readonly #tell: Emit;
  readonly #line: WaitingLine<Ticket>;
  /**
   * What the rule will be once all who wait have begun, where the next one stands behind them; made
   * when it is asked for.
   */
  #plan: Rule | undefined;
  /** How many calls the plan has served since it was made with a timer that was late. */
  #lateCalls = Infinity;
  #cancelTimer: (() => void) | undefined;

  constructor(rule: Rule, parts: LimiterParts) {
    this.#rule = rule;
    this.#parts = parts;
    this.#tell = teller(parts.on);
    this.#line = new WaitingLine(() => this.#changed(), parts.queueing.isNewestFirst);
  }

  get left(): number {
    return this.#rule.left(this.#parts.clock.elapsed());
  }

  get most(): number {
    return this.#rule.most;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes permits if that can be now. Nobody overtakes those who wait, unless the newest goes first. */
  tryTake(permits: number): boolean {
    const nowMs = this.#parts.clock.elapsed();
    const isBehind = this.#line.size > 0 && !this.#parts.queueing.isNewestFirst;
    if (isBehind || this.#rule.startAtMs(permits, nowMs) > nowMs) return false;
    this.#rule.take(permits, nowMs);
    this.#replan();
    return true;
  }

  /** Takes all permits that are left. */
  drain(): void {
    const { name: policy, clock } = this.#parts;
    const nowMs = clock.elapsed();
    const permits = this.#rule.left(nowMs);
    if (permits === 0) return;
    this.#rule.take(permits, nowMs);
    this.#replan();
    this.#tell({ type: "rate_limit.drained", policy, permits });
  }

  /** Goes by other rules from now on. */
  change(rules: TokenBucketRules): void {
    this.#rule.change(rules, this.#parts.clock.elapsed());
    this.#replan();
  }

  async run<Value>(work: Work<Value>, given: RunOptions | undefined, terms: Terms): Promise<Value> {
    const attempt = attemptOf(given);
    attempt.throwIfAborted();
    if (this.tryTake(terms.permits)) return attempt.start(work);
    const ticket = this.#admit(attempt, terms);
    const sinceMs = this.#parts.clock.elapsed();
    const waiting = this.#line.join(attempt, ticket, () => {
      const waitMs = this.#parts.clock.elapsed() - sinceMs;
      this.#tell({ type: "rate_limit.waited", policy: this.#parts.name, waitMs });
      return attempt.start(work);
    });
    if (this.#plan === undefined) this.#replan();
    else if (this.#line.size === 1) this.#setTimer();
    return waiting;
  }

  /** Plans the turn of a call that must wait, or throws when there is no room or it would come too late. */
  #admit({ deadline }: LazyAttempt, { permits, wait }: Terms): Ticket {
    const nowMs = this.#parts.clock.elapsed();
    // A turn that comes just when the time is over comes too late.
    const longestMs = Math.min(wait, Math.ceil(deadline.remainingMs()) - 1);
    const startAtMs = this.#turnAtMs(permits, nowMs);
    const waitMs = Math.ceil(startAtMs - nowMs);
    const { queue, queueing } = this.#parts;
    const hasRoom = this.#line.size < queue || queueing.refusesOldest;
    if (waitMs > longestMs || waitMs === Infinity || !hasRoom) {
      this.#tellRejected(waitMs);
      throw this.#rejection(waitMs);
    }
    this.#plan?.take(permits, startAtMs);
    return { permits, latestMs: nowMs - this.#parts.skippedMs() + longestMs };
  }

  /** When the turn of a call would come that comes now. */
  #turnAtMs(permits: number, nowMs: number): number {
    const { queue, queueing } = this.#parts;
    if (queueing.isNewestFirst) return this.#rule.startAtMs(permits, nowMs);
    const { first } = this.#line;
    const isOneTooMany = queueing.refusesOldest && this.#line.size >= queue;
    // The timer of the first is late, and with it all that was planned behind it; or it makes room.
    const isLate =
      first !== undefined && this.#rule.startAtMs(first.ticket.permits, nowMs) <= nowMs;
    if (isOneTooMany) {
      this.#plan = undefined;
      return planned(this.#rule, this.#line.all().slice(1), nowMs).startAtMs(permits, nowMs);
    }
    if (!isLate) this.#lateCalls = Infinity;
    else if (++this.#lateCalls >= this.#line.size * CALLS_PER_LATE_PLAN) {
      this.#plan = undefined;
      this.#lateCalls = 0;
    }
    this.#plan ??= planned(this.#rule, this.#line.all(), nowMs);
    return this.#plan.startAtMs(permits, nowMs);
  }

  /** Lets begin whose turn has come. Only here calls begin that waited, and a late timer delays all. */
  #serve(): void {
    for (let { first } = this.#line; first !== undefined; { first } = this.#line) {
      const nowMs = this.#parts.clock.elapsed();
      const { permits } = first.ticket;
      if (this.#rule.startAtMs(permits, nowMs) > nowMs) break;
      // Counted by when it really begins, for the timer may be late.
      this.#rule.take(permits, nowMs);
      // Work may call again at once, before those behind it have begun.
      this.#plan = undefined;
      first.begin();
    }
    this.#changed();
  }

  /** Turns come otherwise than was planned: who has no room, or would wait too long now, is turned away. */
  #replan(): void {
    this.#plan = undefined;
    // As nearly always, and a window would be copied for nobody.
    if (this.#line.size === 0) return;
    const nowMs = this.#parts.clock.elapsed();
    const leaving = [...this.#displaced(nowMs), ...this.#late(nowMs)];
    this.#setTimer();
    // Now that all is in order again, for a listener may come back to the limit.
    for (const { waiter, waitMs } of leaving) {
      waiter.context.runInAsyncScope(() => this.#tellRejected(waitMs));
    }
  }

  /** Refuses the oldest where one more waits than may. */
  #displaced(nowMs: number): readonly Leaving<Waiter<Ticket>>[] {
    const { oldest: waiter } = this.#line;
    if (waiter === undefined || this.#line.size <= this.#parts.queue) return [];
    const startAtMs = this.#rule.startAtMs(waiter.ticket.permits, nowMs);
    return this.#refuse([{ waiter, waitMs: Math.ceil(startAtMs - nowMs) }]);
  }

  /** Refuses those whose turn would come too late. */
  #late(nowMs: number): readonly Leaving<Waiter<Ticket>>[] {
    return this.#refuse(tooLate(this.#rule, this.#line.all(), nowMs, this.#parts.skippedMs()));
  }

  #refuse(leaving: readonly Leaving<Waiter<Ticket>>[]): readonly Leaving<Waiter<Ticket>>[] {
    for (const { waiter, waitMs } of leaving) waiter.refuse(this.#rejection(waitMs));
    return leaving;
  }

  #rejection(waitMs: number): RateLimitedError {
    return withoutStack(() => new RateLimitedError(`Rate limit "${this.#parts.name}"`, waitMs));
  }

  #tellRejected(retryAfterMs: number): void {
    this.#tell({ type: "rate_limit.rejected", policy: this.#parts.name, retryAfterMs });
  }

  /** Somebody left the line: who is left comes no later than was planned. */
  #changed(): void {
    this.#plan = undefined;
    this.#setTimer();
  }

  /** One timer, for the first in the line; none when nobody waits. */
  #setTimer(): void {
    const { clock } = this.#parts;
    const { first } = this.#line;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (first === undefined) return;
    const nowMs = clock.elapsed();
    const waitMs = Math.ceil(this.#rule.startAtMs(first.ticket.permits, nowMs) - nowMs);
    this.#cancelTimer = clock.after(waitMs, () => this.#serve());
  }
}
