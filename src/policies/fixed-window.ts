/**
 * The fixed window as a pure rule: no clock, no promises. `limiter.ts` owns those, and asks here.
 *
 * Windows of `perMs` follow each other without a gap, the first from the first call on, and in each of
 * them there are `calls` permits. It is the cheapest way to count, and what many services do. Its
 * weakness is the border: all calls of one window may come at its end and all of the next right after
 * it, so that twice as many begin within a moment. `sliding-window.ts` never lets so many through.
 */

/** What fixed windows go by. */
export interface FixedWindowRules {
  /** How many permits there are in each window. */
  readonly calls: number;
  readonly perMs: number;
}

/** The window of now. Moments are milliseconds by a clock that only grows. */
export class FixedWindow {
  #rules: FixedWindowRules;
  /** When it began; `-Infinity` before the first call. */
  #beganAtMs = -Infinity;
  #taken = 0;

  constructor(rules: FixedWindowRules) {
    this.#rules = rules;
  }

  /** The most permits that one call can have. */
  get most(): number {
    return this.#rules.calls;
  }

  /**
   * The first moment, from `nowMs` on, at which so many permits can be taken: now, or when the next
   * window begins. `Infinity` for more than there are in one.
   */
  startAtMs(permits: number, nowMs: number): number {
    if (permits > this.#rules.calls) return Infinity;
    const endsAtMs = this.#beganAtMs + this.#rules.perMs;
    const isFree = nowMs >= endsAtMs || this.#taken + permits <= this.#rules.calls;
    return isFree ? Math.max(nowMs, this.#beganAtMs) : endsAtMs;
  }

  /** Takes permits at a moment that `startAtMs` gave, or a later one. */
  take(permits: number, atMs: number): void {
    if (this.#beganAtMs === -Infinity) this.#beganAtMs = atMs;
    this.#moveTo(atMs);
    this.#taken += permits;
  }

  /** How many permits can be taken. */
  left(nowMs: number): number {
    this.#moveTo(nowMs);
    return Math.max(0, this.#rules.calls - this.#taken);
  }

  /** Goes by other rules from now on: the window of now has what is left of them, and another length. */
  change(rules: FixedWindowRules, nowMs: number): void {
    this.#moveTo(nowMs);
    this.#rules = rules;
  }

  /** Another window in which the same was taken. */
  copy(): FixedWindow {
    const copy = new FixedWindow(this.#rules);
    copy.#beganAtMs = this.#beganAtMs;
    copy.#taken = this.#taken;
    return copy;
  }

  /** Goes on to the window that `nowMs` is in. */
  #moveTo(nowMs: number): void {
    const { perMs } = this.#rules;
    if (this.#beganAtMs === -Infinity || nowMs < this.#beganAtMs + perMs) return;
    // At its very end a sum of fractions may say that not all of it has passed.
    const passed = Math.max(1, Math.floor((nowMs - this.#beganAtMs) / perMs));
    this.#beganAtMs += passed * perMs;
    this.#taken = 0;
  }
}
