/** What is made of many measurements: pure rules, tried in test/bench-statistics.test.ts. */

import type { Random } from "../../src/index.ts";

/** The middle of many measurements, and the range that eight in ten of them lie in. */
export interface Spread {
  /** The 10th percentile. */
  readonly low: number;
  readonly median: number;
  /** The 90th percentile. */
  readonly high: number;
}

/** The spread of measurements in any order. Of none at all, every number is `NaN`. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { low: quantile(sorted, 0.1), median: quantile(sorted, 0.5), high: quantile(sorted, 0.9) };
}

/**
 * The value below which a share of the sorted values lies, interpolated between neighbours: type 7 of
 * Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996.
 */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** The items in an order drawn by chance, each order as likely as any other (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const drawn = Math.floor(random() * (last + 1));
    [mixed[last], mixed[drawn]] = [mixed[drawn] as Item, mixed[last] as Item];
  }
  return mixed;
}

/** A number with the two digits that can be relied on; above a hundred, as a whole number. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 99.5) return Math.round(value).toLocaleString("en-GB");
  return String(Number(value.toPrecision(2)));
}
