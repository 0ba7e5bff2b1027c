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

/** Who took permits, in that order. Two arrays of numbers: a quarter of the memory of one of objects. */
interface Takers {
  readonly atMs: readonly number[];
  /** How many permits each of them took. */
  readonly permits: readonly number[];
}

/** One window. Moments are milliseconds by a clock that only grows. */
export class SlidingWindow {
  #rules: SlidingWindowRules;
  /** Of a copy: those before it was made, shared with what it is a copy of, which only adds to them. */
  #shared: Takers | undefined;
  #sharedCount = 0;
  /** Those after them. */
  #atMs: number[] = [];
  #permits: number[] = [];
  /** Those before it have left the window, counted from the first that is shared. */
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
    const last = this.#count - 1;
    let startAtMs = last < 0 ? nowMs : Math.max(nowMs, this.#takenAtMs(last));
    let free = this.#free;
    for (let index = this.#first; free < permits; index++) {
      free += this.#taken(index);
      startAtMs = Math.max(startAtMs, this.#leavesAtMs(index));
    }
    return startAtMs;
  }

  /** Takes permits at a moment that `startAtMs` gave, or a later one. */
  take(permits: number, atMs: number): void {
    // A copy is played some calls ahead and let go of: it need not be tidy, but only have room.
    if (this.#shared === undefined) this.#tidy(atMs);
    else this.#moveTo(atMs, permits);
    this.#atMs.push(atMs);
    this.#permits.push(permits);
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

  /** Another window in which the same was taken. It costs the same however many that were. */
  copy(): SlidingWindow {
    const copy = new SlidingWindow(this.#rules);
    copy.#shared = this.#takers();
    copy.#sharedCount = this.#count;
    copy.#first = this.#first;
    copy.#free = this.#free;
    return copy;
  }

  #takers(): Takers {
    if (this.#shared === undefined) return { atMs: this.#atMs, permits: this.#permits };
    const { atMs, permits } = this.#shared;
    return {
      atMs: atMs.slice(0, this.#sharedCount).concat(this.#atMs),
      permits: permits.slice(0, this.#sharedCount).concat(this.#permits),
    };
  }

  get #count(): number {
    return this.#sharedCount + this.#atMs.length;
  }

  /** Counts out those that have left the window, until so many permits are free. */
  #moveTo(nowMs: number, permits = Infinity): void {
    const count = this.#count;
    let first = this.#first;
    for (; this.#free < permits && first < count && this.#leavesAtMs(first) <= nowMs; first++) {
      this.#free += this.#taken(first);
    }
    this.#first = first;
  }

  /** Lets go of those that have left the window: only when they are most, for all the others move up. */
  #tidy(nowMs: number): void {
    this.#moveTo(nowMs);
    if (this.#first * 2 <= this.#count + SPARE) return;
    // Not in place, for copies may share them.
    this.#atMs = this.#atMs.slice(this.#first);
    this.#permits = this.#permits.slice(this.#first);
    this.#first = 0;
  }

  #takenAtMs(index: number): number {
    const own = index - this.#sharedCount;
    return (own < 0 ? this.#shared?.atMs[index] : this.#atMs[own]) as number;
  }

  #taken(index: number): number {
    const own = index - this.#sharedCount;
    return (own < 0 ? this.#shared?.permits[index] : this.#permits[own]) as number;
  }

  #leavesAtMs(index: number): number {
    return this.#takenAtMs(index) + this.#rules.perMs;
  }
}
