/**
 * The calls under one rate limit: who begins, who waits, who is turned away. When a call may begin is
 * in `token-bucket.ts` and `sliding-window.ts`.
 */

import type { Clock } from "../core/clock.ts";
import { RateLimitedError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { withoutStack } from "../core/without-stack.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import type { RunOptions, Work } from "./policy.ts";
import type { SlidingWindow } from "./sliding-window.ts";
import { teller } from "./tell.ts";
import type { TokenBucket } from "./token-bucket.ts";
import { WaitingLine } from "./waiting-line.ts";

/** When a call may begin. */
export type Rule = TokenBucket | SlidingWindow;

/** What one call asks for; the time is in milliseconds. */
export interface Terms {
  readonly permits: number;
  readonly wait: number;
}

/** What a limiter was told, read and settled. */
export interface LimiterParts {
  readonly name: string;
  readonly queue: number;
  readonly clock: Clock;
  readonly on: Emit | undefined;
}

/** One limit, shared by all calls through one policy. */
export class Limiter {
  readonly #rule: Rule;
  readonly #parts: LimiterParts;
  readonly #tell: Emit;
  /** Each with the number of permits that it waits for. */
  readonly #line: WaitingLine<number>;
  /** What the rule will be once all who wait have begun; made when it is asked for. */
  #plan: Rule | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(rule: Rule, parts: LimiterParts) {
    this.#rule = rule;
    this.#parts = parts;
    this.#tell = teller(parts.on);
    this.#line = new WaitingLine(() => this.#changed());
  }

  get left(): number {
    return this.#rule.left(this.#parts.clock.elapsed());
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes permits if that can be now. Nobody overtakes those who wait. */
  tryTake(permits: number): boolean {
    const nowMs = this.#parts.clock.elapsed();
    if (this.#line.size > 0 || this.#rule.startAtMs(permits, nowMs) > nowMs) return false;
    this.#rule.take(permits, nowMs);
    this.#plan = undefined;
    return true;
  }

  async run<Value>(work: Work<Value>, given: RunOptions | undefined, terms: Terms): Promise<Value> {
    const attempt = attemptOf(given);
    attempt.throwIfAborted();
    if (this.tryTake(terms.permits)) return attempt.start(work);
    this.#admit(attempt, terms);
    const sinceMs = this.#parts.clock.elapsed();
    const waiting = this.#line.join(attempt, terms.permits, () => {
      const waitMs = this.#parts.clock.elapsed() - sinceMs;
      this.#tell({ type: "rate_limit.waited", policy: this.#parts.name, waitMs });
      return attempt.start(work);
    });
    if (this.#line.size === 1) this.#setTimer();
    return waiting;
  }

  /** Plans the turn of a call that must wait, or throws when it would come too late. */
  #admit({ deadline }: LazyAttempt, { permits, wait }: Terms): void {
    const { name, queue, clock } = this.#parts;
    const nowMs = clock.elapsed();
    const { first } = this.#line;
    // The timer of the first is late, and with it all that was planned behind it.
    if (first !== undefined && this.#rule.startAtMs(first.ticket, nowMs) <= nowMs) {
      this.#plan = undefined;
    }
    const plan = (this.#plan ??= this.#planned(nowMs));
    const startAtMs = plan.startAtMs(permits, nowMs);
    const waitMs = Math.ceil(startAtMs - nowMs);
    if (waitMs <= wait && waitMs < deadline.remainingMs() && this.#line.size < queue) {
      plan.take(permits, startAtMs);
      return;
    }
    this.#tell({ type: "rate_limit.rejected", policy: name, retryAfterMs: waitMs });
    throw withoutStack(() => new RateLimitedError(`Rate limit "${name}"`, waitMs));
  }

  #planned(nowMs: number): Rule {
    const plan = this.#rule.copy();
    for (const { ticket: permits } of this.#line.all()) {
      plan.take(permits, plan.startAtMs(permits, nowMs));
    }
    return plan;
  }

  /** Lets begin whose turn has come. Only here calls begin that waited, and a late timer delays all. */
  #serve(): void {
    for (let { first } = this.#line; first !== undefined; { first } = this.#line) {
      const nowMs = this.#parts.clock.elapsed();
      if (this.#rule.startAtMs(first.ticket, nowMs) > nowMs) break;
      // Counted by when it really begins, for the timer may be late.
      this.#rule.take(first.ticket, nowMs);
      // Work may call again at once, before those behind it have begun.
      this.#plan = undefined;
      first.begin();
    }
    this.#changed();
  }

  /** Somebody left the line: what was planned no longer holds. */
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
    const waitMs = Math.ceil(this.#rule.startAtMs(first.ticket, nowMs) - nowMs);
    this.#cancelTimer = clock.after(waitMs, () => this.#serve());
  }
}
