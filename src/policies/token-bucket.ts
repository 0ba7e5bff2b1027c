/**
 * The token bucket as a pure rule: no clock, no promises. `limiter.ts` owns those, and asks here.
 *
 * A bucket holds up to `burst` permits and is filled at an even rate, `calls` in `perMs`. In any
 * length of time t no more than `burst + calls × t / perMs` are taken from it. It is kept as what was
 * taken and is not filled up again yet, in parts of a permit, `perMs` of them to each: then whole
 * milliseconds give whole numbers, and nothing is lost to rounding however long it runs. With others
 * a sum may be off in its last digits, so the bucket is a hair larger than it should be: else the last
 * permit of a burst would be missing. Source: the continuous-state leaky bucket of ITU-T I.371, which
 * is the same seen from the other side.
 */

/** How much larger. A double is off by 1e-16 of its value, so that it takes ten thousand such to notice. */
const HAIR = 1e-12;

/** What a bucket goes by. */
export interface TokenBucketRules {
  /** How many permits are filled up in `perMs`. */
  readonly calls: number;
  readonly perMs: number;
  /** How many it holds. */
  readonly burst: number;
}

/** One bucket, full at first. Moments are milliseconds by a clock that only grows. */
export class TokenBucket {
  #rules: TokenBucketRules;
  /** How many permits it really holds. */
  #burst: number;
  /** What lacks to a full bucket at `#atMs`. */
  #lacking = 0;
  /** When permits were taken last. */
  #atMs = -Infinity;

  constructor(rules: TokenBucketRules) {
    this.#rules = rules;
    this.#burst = rules.burst * (1 + HAIR);
  }

  /** The most permits that one call can have. */
  get most(): number {
    return this.#rules.burst;
  }

  /**
   * The first moment, from `nowMs` on, at which so many permits are there: whole milliseconds from it.
   * `Infinity` for more than it holds.
   */
  startAtMs(permits: number, nowMs: number): number {
    const { calls, perMs, burst } = this.#rules;
    if (permits > burst) return Infinity;
    const fromMs = Math.max(nowMs, this.#atMs);
    const tooMuch = this.#lackingAt(fromMs) + (permits - this.#burst) * perMs;
    return tooMuch > 0 ? fromMs + Math.ceil(tooMuch / calls) : fromMs;
  }

  /** Takes permits at a moment that `startAtMs` gave, or a later one. */
  take(permits: number, atMs: number): void {
    this.#lacking = this.#lackingAt(atMs) + permits * this.#rules.perMs;
    this.#atMs = atMs;
  }

  /** How many permits are there. */
  left(nowMs: number): number {
    const { perMs, burst } = this.#rules;
    return Math.min(burst, Math.floor(this.#burst - this.#lackingAt(nowMs) / perMs));
  }

  /** Goes by other rules from now on. The permits that are there stay, as many as it holds then. */
  change(rules: TokenBucketRules, nowMs: number): void {
    const there = this.#burst - this.#lackingAt(nowMs) / this.#rules.perMs;
    this.#rules = rules;
    this.#burst = rules.burst * (1 + HAIR);
    this.#lacking = Math.max(0, this.#burst - there) * rules.perMs;
    this.#atMs = nowMs;
  }

  /** Another bucket that is as full as this one. */
  copy(): TokenBucket {
    const copy = new TokenBucket(this.#rules);
    copy.#lacking = this.#lacking;
    copy.#atMs = this.#atMs;
    return copy;
  }

  #lackingAt(atMs: number): number {
    return Math.max(0, this.#lacking - (atMs - this.#atMs) * this.#rules.calls);
  }
}
