/**
 * The sliding window as a pure rule: no clock, no promises. `limiter.ts` owns those, and asks here.
 *
 * It knows which calls took permits in the last `perMs`, and how many each. The next may take its own
 * when so many of the oldest are `perMs` ago that there is room for them: in no window of that length,
 * wherever it begins, there are more than `calls`. A fixed window, which starts anew at each full
 * minute, would let through twice as many around its border. The price is memory, for each call of the
 * window, however many permits it took.
 */

/** What a window goes by. */
export interface SlidingWindowRules {
  /** How many permits are taken in any `perMs` at most. */
  readonly calls: number;
  readonly perMs: number;
}

/** How many that have left the window are kept at least: else a small one would be tidied each time. */
const SPARE = 64;

/** One window. Moments are milliseconds by a clock that only grows. */
export class SlidingWindow {
  #rules: SlidingWindowRules;
  /** When calls took permits, in that order. Those before `#first` have left the window. */
  #takenAtMs: number[] = [];
  /** How many each of them took. Two arrays of numbers: a quarter of the memory of one of objects. */
  #taken: number[] = [];
  #first = 0;
  /** What the others have left of its permits; below 0 when its rules allow fewer than they did. */
  #free: number;

  constructor(rules: SlidingWindowRules) {
    this.#rules = rules;
    this.#free = rules.calls;
  }

  /** The most permits that one call can have. */
  get most(): number {
    return this.#rules.calls;
  }

  /**
   * The first moment, from `nowMs` on, at which so many permits can be taken; not before the last.
   * `Infinity` for more than there are in a window.
   */
  startAtMs(permits: number, nowMs: number): number {
    if (permits > this.#rules.calls) return Infinity;
    let startAtMs = Math.max(nowMs, this.#takenAtMs.at(-1) ?? -Infinity);
    let free = this.#free;
    for (let index = this.#first; free < permits; index++) {
      free += this.#taken[index] as number;
      startAtMs = Math.max(startAtMs, this.#leavesAtMs(index));
    }
    return startAtMs;
  }

  /** Takes permits at a moment that `startAtMs` gave, or a later one. */
  take(permits: number, atMs: number): void {
    this.#moveTo(atMs);
    this.#takenAtMs.push(atMs);
    this.#taken.push(permits);
    this.#free -= permits;
  }

  /** How many permits can be taken. */
  left(nowMs: number): number {
    this.#moveTo(nowMs);
    return Math.max(0, this.#free);
  }

  /** Goes by other rules from now on. What has left the window by then counts no more, even in a longer one. */
  change(rules: SlidingWindowRules, nowMs: number): void {
    this.#moveTo(nowMs);
    this.#free += rules.calls - this.#rules.calls;
    this.#rules = rules;
  }

  /** Another window in which the same was taken. */
  copy(): SlidingWindow {
    const copy = new SlidingWindow(this.#rules);
    copy.#takenAtMs = this.#takenAtMs.slice(this.#first);
    copy.#taken = this.#taken.slice(this.#first);
    copy.#free = this.#free;
    return copy;
  }

  /** Lets go of what has left the window. */
  #moveTo(nowMs: number): void {
    while (this.#first < this.#taken.length && this.#leavesAtMs(this.#first) <= nowMs) {
      this.#free += this.#taken[this.#first] as number;
      this.#first++;
    }
    // Tidied only when most have left, for all the others move up.
    if (this.#first * 2 <= this.#taken.length + SPARE) return;
    this.#takenAtMs.splice(0, this.#first);
    this.#taken.splice(0, this.#first);
    this.#first = 0;
  }

  #leavesAtMs(index: number): number {
    return (this.#takenAtMs[index] as number) + this.#rules.perMs;
  }
}
