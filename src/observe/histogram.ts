/**
 * Lengths of time as Prometheus takes them, in buckets that count what is not longer than their bound,
 * and the latest of them one by one, for percentiles that are exact.
 */

import { LatencyWindow } from "../policies/latency-window.ts";

/** Percentiles are those of so many of the latest lengths: 16 kB for each series that is full. */
export const LATEST_COUNT = 1_000;

/** One series of lengths, all in seconds. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** Of each bucket alone; the last one, without a bound, takes what is longer than all. */
  readonly #counts: number[];
  readonly #latest = new LatencyWindow(LATEST_COUNT);
  #count = 0;
  #sum = 0;

  /** @param bounds Ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  add(seconds: number): void {
    const found = this.#bounds.findIndex((bound) => seconds <= bound);
    const bucket = found === -1 ? this.#bounds.length : found;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#count++;
    this.#sum += seconds;
    this.#latest.add(seconds);
  }

  /** How many lengths each bucket and those before it hold; the last is `Infinity` and holds all. */
  buckets(): { readonly upTo: number; readonly count: number }[] {
    let count = 0;
    return [...this.#bounds, Infinity].map((upTo, index) => {
      count += this.#counts[index] as number;
      return { upTo, count };
    });
  }

  /** The length that this share of the latest is not longer than. */
  at(quantile: number): number {
    return this.#latest.at(quantile);
  }
}
