/**
 * The sliding window as a pure rule: no clock, no promises. `limiter.ts` owns those, and asks here.
 *
 * It knows when each of the last `calls` permits was taken. The next may be taken when the oldest of
 * them is `perMs` ago, so that in no window of that length, wherever it begins, there are more than
 * `calls`. A fixed window, which starts anew at each full minute, would let through twice as many
 * around its border. The price is memory: 8 bytes for each permit of the window.
 */

/** What a window goes by. */
export interface SlidingWindowRules {
  /** How many permits are taken in any `perMs` at most. */
  readonly calls: number;
  readonly perMs: number;
}

/** One window. Moments are milliseconds by a clock that only grows. */
export class SlidingWindow {
  readonly #rules: SlidingWindowRules;
  /** When the last permits were taken, in a ring that grows until it holds `calls` of them. */
  #takenAtMs: number[] = [];
  /** Where the next goes: the place of the oldest once the ring is full. */
  #next = 0;

  constructor(rules: SlidingWindowRules) {
    this.#rules = rules;
  }

  /** The most permits that one call can have. */
  get most(): number {
    return this.#rules.calls;
  }

  /** The first moment, from `nowMs` on, at which so many permits can be taken. */
  startAtMs(permits: number, nowMs: number): number {
    const { calls, perMs } = this.#rules;
    // As many as the call wants must have left the window: the last of those decides.
    const takenAtMs = this.#takenAtMs[(this.#next + permits - 1) % calls] ?? -Infinity;
    return Math.max(nowMs, takenAtMs + perMs);
  }

  /** Takes permits at a moment that `startAtMs` gave, or a later one. */
  take(permits: number, atMs: number): void {
    for (let taken = 0; taken < permits; taken++) {
      this.#takenAtMs[this.#next] = atMs;
      this.#next = (this.#next + 1) % this.#rules.calls;
    }
  }

  /** How many permits can be taken. Looks at each that was taken. */
  left(nowMs: number): number {
    const { calls, perMs } = this.#rules;
    return calls - this.#takenAtMs.filter((takenAtMs) => takenAtMs + perMs > nowMs).length;
  }

  /** Another window in which the same was taken. */
  copy(): SlidingWindow {
    const copy = new SlidingWindow(this.#rules);
    copy.#takenAtMs = this.#takenAtMs.slice();
    copy.#next = this.#next;
    return copy;
  }
}
