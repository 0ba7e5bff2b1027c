/**
 * What the last calls came to: the last so many of them, or those of the last so many milliseconds.
 * No clock: moments are handed in, in milliseconds of a clock that only grows.
 *
 * Both are packed, for there may be one for each of 100,000 keys, and both take a constant number of
 * steps for each call.
 */

/** One call's end, as a window takes it. A slow call may have failed besides. */
export interface Outcome {
  readonly isFailure: boolean;
  readonly isSlow: boolean;
}

/** How many calls are in a window, and how many of them failed or were slow. */
export interface WindowCounts {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** One part of a time window, as it is kept in a snapshot. */
export interface WindowPart extends WindowCounts {
  /** How long before the snapshot it began, at least, in milliseconds. */
  readonly ageMs: number;
}

/** A window, whichever kind. */
export interface OutcomeWindow {
  record(outcome: Outcome, nowMs: number): void;
  counts(nowMs: number): WindowCounts;
}

const FAILED = 1;
const SLOW = 2;
const BITS = 2;
/** As many outcomes as fit into a number that V8 keeps without a box. */
const PER_WORD = 15;

/** The last `size` calls, two bits for each. */
export class CountWindow implements OutcomeWindow {
  readonly #size: number;
  readonly #words: number[];
  /** How many were ever recorded, up to `size`; then the place of the oldest. */
  #calls = 0;
  #next = 0;
  #failures = 0;
  #slow = 0;

  constructor(size: number) {
    this.#size = size;
    this.#words = Array.from({ length: Math.ceil(size / PER_WORD) }, () => 0);
  }

  record({ isFailure, isSlow }: Outcome): void {
    if (this.#calls === this.#size) this.#tally(this.#at(this.#next), -1);
    else this.#calls++;
    const outcome = (isFailure ? FAILED : 0) | (isSlow ? SLOW : 0);
    this.#tally(outcome, 1);
    const word = Math.floor(this.#next / PER_WORD);
    const shift = (this.#next % PER_WORD) * BITS;
    const others = (this.#words[word] ?? 0) & ~((FAILED | SLOW) << shift);
    this.#words[word] = others | (outcome << shift);
    this.#next = (this.#next + 1) % this.#size;
  }

  counts(): WindowCounts {
    return { calls: this.#calls, failures: this.#failures, slow: this.#slow };
  }

  /** A digit for each call, the oldest first: 0 good, 1 failed, 2 slow, 3 both. */
  toText(): string {
    const oldest = this.#next + this.#size - this.#calls;
    return Array.from({ length: this.#calls }, (_, index) =>
      this.#at((oldest + index) % this.#size),
    ).join("");
  }

  /** What `toText` told; of more than fit, the last. */
  static fromText(size: number, outcomes: string): CountWindow {
    const window = new CountWindow(size);
    for (const digit of outcomes) {
      const outcome = Number(digit);
      window.record({ isFailure: (outcome & FAILED) > 0, isSlow: (outcome & SLOW) > 0 });
    }
    return window;
  }

  #at(place: number): number {
    const word = this.#words[Math.floor(place / PER_WORD)] ?? 0;
    return (word >> ((place % PER_WORD) * BITS)) & (FAILED | SLOW);
  }

  #tally(outcome: number, by: 1 | -1): void {
    if ((outcome & FAILED) > 0) this.#failures += by;
    if ((outcome & SLOW) > 0) this.#slow += by;
  }
}

/** How a time window is cut. */
export interface TimeWindowShape {
  readonly timeMs: number;
  /** Into how many parts: what leaves the window leaves it by the part. */
  readonly buckets: number;
  readonly countsSlow: boolean;
}

/** Calls and failures share a number: 2^26 calls in one bucket are more than a process makes. */
const CALL = 2 ** 26;

/** The calls of the last `timeMs` milliseconds. */
export class TimeWindow implements OutcomeWindow {
  readonly #bucketMs: number;
  /** A ring; each is `calls * CALL + failures`. */
  readonly #buckets: number[];
  readonly #slow: number[] | undefined;
  /** The number of the newest bucket since the clock's beginning. */
  #newest: number;

  constructor({ timeMs, buckets, countsSlow }: TimeWindowShape, nowMs: number) {
    this.#bucketMs = timeMs / buckets;
    this.#buckets = zeros(buckets);
    this.#slow = countsSlow ? zeros(buckets) : undefined;
    this.#newest = Math.floor(nowMs / this.#bucketMs);
  }

  record({ isFailure, isSlow }: Outcome, nowMs: number): void {
    this.#add({ calls: 1, failures: isFailure ? 1 : 0, slow: isSlow ? 1 : 0 }, this.#turn(nowMs));
  }

  counts(nowMs: number): WindowCounts {
    this.#turn(nowMs);
    const sum = { calls: 0, failures: 0, slow: 0 };
    for (let place = 0; place < this.#buckets.length; place++) {
      const packed = this.#buckets[place] ?? 0;
      sum.calls += Math.floor(packed / CALL);
      sum.failures += packed % CALL;
      sum.slow += this.#slow?.[place] ?? 0;
    }
    return sum;
  }

  /** The parts in which there is something, the newest first. */
  toParts(nowMs: number): readonly WindowPart[] {
    this.#turn(nowMs);
    return this.#buckets
      .map((_, age) => {
        const place = this.#placeOf(age);
        const packed = this.#buckets[place] ?? 0;
        const [calls, failures] = [Math.floor(packed / CALL), packed % CALL];
        return { ageMs: age * this.#bucketMs, calls, failures, slow: this.#slow?.[place] ?? 0 };
      })
      .filter(({ calls }) => calls > 0);
  }

  /** What `toParts` told, by a clock on which it is `nowMs` now. */
  static fromParts(
    shape: TimeWindowShape,
    nowMs: number,
    parts: readonly WindowPart[],
  ): TimeWindow {
    const window = new TimeWindow(shape, nowMs);
    for (const part of parts) {
      // Seven ninths, cut into ninths, are a hair less than seven.
      const age = Math.floor(part.ageMs / window.#bucketMs + 1e-6);
      if (age < shape.buckets) window.#add(part, window.#placeOf(age));
    }
    return window;
  }

  /** The place of the bucket so many before the newest. */
  #placeOf(age: number): number {
    const size = this.#buckets.length;
    // What was before a restart may be older than the clock.
    return (((this.#newest - age) % size) + size) % size;
  }

  /** Empties what has left the window; answers the place of the newest bucket. */
  #turn(nowMs: number): number {
    const size = this.#buckets.length;
    const newest = Math.floor(nowMs / this.#bucketMs);
    for (let bucket = Math.max(this.#newest + 1, newest - size + 1); bucket <= newest; bucket++) {
      this.#buckets[bucket % size] = 0;
      if (this.#slow !== undefined) this.#slow[bucket % size] = 0;
    }
    this.#newest = newest;
    return newest % size;
  }

  #add({ calls, failures, slow }: WindowCounts, place: number): void {
    this.#buckets[place] = (this.#buckets[place] ?? 0) + calls * CALL + failures;
    if (this.#slow !== undefined) this.#slow[place] = (this.#slow[place] ?? 0) + slow;
  }
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
