/**
 * One timer for many deadlines. They are all equally far away, so they are over in the order in which
 * they began: a list, with a timer for the oldest, and none is started or stopped for a call that
 * ends in time.
 */

import { LazyAttempt } from "./attempt.ts";

/** One attempt under the limit; its place in the list is in itself. */
export class QueuedAttempt extends LazyAttempt {
  readonly endsAtMs: number;
  /** Called once, when the limit is over or all are cancelled. */
  readonly end: (reason: unknown) => void;
  older: QueuedAttempt | undefined;
  newer: QueuedAttempt | undefined;
  isQueued = true;

  constructor(attempt: number, endsAtMs: number, end: (reason: unknown) => void) {
    super(attempt);
    this.endsAtMs = endsAtMs;
    this.end = end;
  }
}

/** The attempts that are under way, and the timer for the oldest. */
export class DeadlineQueue {
  readonly #limitMs: number;
  readonly #makeReason: () => unknown;
  #oldest: QueuedAttempt | undefined;
  #newest: QueuedAttempt | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limitMs: number, makeReason: () => unknown) {
    this.#limitMs = limitMs;
    this.#makeReason = makeReason;
  }

  /** Begins an attempt. */
  add(number: number, end: (reason: unknown) => void): QueuedAttempt {
    const attempt = new QueuedAttempt(number, performance.now() + this.#limitMs, end);
    attempt.older = this.#newest;
    if (this.#newest === undefined) this.#begin(attempt);
    else this.#newest.newer = attempt;
    this.#newest = attempt;
    return attempt;
  }

  /** Whether it was under way until now. */
  remove(attempt: QueuedAttempt): boolean {
    if (!attempt.isQueued) return false;
    attempt.isQueued = false;
    if (attempt.older === undefined) this.#oldest = attempt.newer;
    else attempt.older.newer = attempt.newer;
    if (attempt.newer === undefined) this.#newest = attempt.older;
    else attempt.newer.older = attempt.older;
    // The timer goes on for the next call, but keeps nobody awake.
    if (this.#oldest === undefined) this.#timer?.unref();
    return true;
  }

  /** Ends all that are under way. */
  cancel(reason: unknown): void {
    while (this.#oldest !== undefined) this.#end(this.#oldest, reason);
  }

  #begin(attempt: QueuedAttempt): void {
    this.#oldest = attempt;
    if (this.#timer === undefined) this.#wait(this.#limitMs);
    else this.#timer.ref();
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#expire(), Math.ceil(ms));
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    while (this.#oldest !== undefined) {
      if (this.#oldest.endsAtMs > nowMs) return this.#wait(this.#oldest.endsAtMs - nowMs);
      this.#end(this.#oldest, this.#makeReason());
    }
  }

  #end(attempt: QueuedAttempt, reason: unknown): void {
    this.remove(attempt);
    attempt.end(reason);
    attempt.abort(reason);
  }
}
