/**
 * The latest lengths of time, bounded in number, and their quantiles: a pure rule.
 *
 * A quantile is the nearest rank: the smallest length that at least that share of all is not longer
 * than. It is definition 1 of Rob Hyndman and Yanan Fan, "Sample Quantiles in Statistical Packages",
 * The American Statistician 50 (1996): always one of the lengths, never something in between.
 */

/** What 7 of 100 comes to as a number: 7.000000000000001, which is not the eighth rank. */
const ROUNDING = 1e-9;

/** Keeps the latest `size` lengths. Adding one moves at most that many numbers; nothing is sorted anew. */
export class LatencyWindow {
  readonly #size: number;
  readonly #byAge: number[] = [];
  readonly #byLength: number[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** How many lengths are known. */
  get count(): number {
    return this.#byAge.length;
  }

  /** Takes one more in; the oldest goes when there is no room. */
  add(ms: number): void {
    if (this.#byAge.length === this.#size) {
      const oldest = this.#byAge.shift() as number;
      this.#byLength.splice(this.#indexOf(oldest), 1);
    }
    this.#byAge.push(ms);
    this.#byLength.splice(this.#indexOf(ms), 0, ms);
  }

  /** The length that the share `quantile`, above 0 and at most 1, is not longer than; `NaN` when none is known. */
  at(quantile: number): number {
    const rank = Math.ceil(quantile * this.count - ROUNDING);
    return this.#byLength[rank - 1] ?? NaN;
  }

  /** Where the first length stands that is not shorter. */
  #indexOf(ms: number): number {
    let low = 0;
    let high = this.#byLength.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#byLength[middle] as number) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
