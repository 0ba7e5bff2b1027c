/**
 * The learned envelope: how long work usually takes and how much it usually writes, so that "exit 0,
 * but three times too fast and 20 bytes" is told. A pure rule over what former successful runs took.
 *
 * Durations and sizes vary by factors rather than by amounts, so it is their logarithms that are
 * compared: by the distance from the median, in median absolute deviations, which up to half of the
 * history may be wrong without moving (B. Iglewicz and D. C. Hoaglin, "How to Detect and Handle
 * Outliers", 1993: a modified z-score above 3.5).
 */

/** What one successful run took. */
export interface Measure {
  readonly durationMs: number;
  /** How much it wrote; missing where nobody counted. */
  readonly outputBytes?: number | undefined;
}

/** One number that is far from the usual. */
export interface Deviation {
  readonly value: number;
  /** The median of the history. */
  readonly usual: number;
  /** How many times more or less than usual, from 3; `Infinity` where one of the two is 0. */
  readonly factor: number;
  readonly side: "below" | "above";
}

/** What is unusual about a run; at least one of the two. */
export interface Outlier {
  /** How many former runs it was compared with. */
  readonly runs: number;
  readonly duration?: Deviation | undefined;
  readonly output?: Deviation | undefined;
}

/** So few runs tell nothing about what is usual. */
export const FEWEST_RUNS = 10;

/** How many runs back to look: more would hold on to what changed for good. */
export const MOST_RUNS = 50;

/** Iglewicz and Hoaglin's limit. */
const LIMIT = 3.5;

/** The median absolute deviation of a normal distribution is so many standard deviations. */
const NORMAL_MAD = 0.6745;

/** A spread that is next to nothing would make an outlier of every jitter: less than this is usual. */
const LEAST_FACTOR = 3;

/** What a machine's noise is: a run of 5 ms that took 30 ms tells nothing. */
const NOISE = { durationMs: 100, outputBytes: 32 };

/**
 * Compares a run with former successful ones.
 *
 * @param history The newest ones; the run itself left out. At least 10, or the answer is `undefined`.
 */
export function outlierOf(history: readonly Measure[], now: Measure): Outlier | undefined {
  const duration = deviationOf(
    history.map(({ durationMs }) => durationMs),
    now.durationMs,
    NOISE.durationMs,
  );
  const sizes = history.flatMap(({ outputBytes }) => outputBytes ?? []);
  const output =
    now.outputBytes === undefined
      ? undefined
      : deviationOf(sizes, now.outputBytes, NOISE.outputBytes);
  if (duration === undefined && output === undefined) return undefined;
  return { runs: history.length, duration, output };
}

/**
 * Whether work may have been unusually short, by what former runs took at most: so that most of them need not be
 * looked at closely.
 */
export function mayBeShort(atMostMs: readonly number[], durationMs: number): boolean {
  const [usual, now] = [medianOf(atMostMs), durationMs].map((each) =>
    logarithm(each, NOISE.durationMs),
  ) as [number, number];
  return usual - now >= Math.log(LEAST_FACTOR);
}

function deviationOf(
  history: readonly number[],
  value: number,
  noise: number,
): Deviation | undefined {
  if (history.length < FEWEST_RUNS) return undefined;
  const usual = medianOf(history);
  const factor = value > usual ? value / usual : usual / value;
  const distances = history.map((each) =>
    Math.abs(logarithm(each, noise) - logarithm(usual, noise)),
  );
  const distance = Math.abs(logarithm(value, noise) - logarithm(usual, noise));
  const isFar = NORMAL_MAD * distance > LIMIT * medianOf(distances);
  // Noise counts here too, so that 0 bytes instead of 20 are nothing, and instead of 2000 are.
  if (!isFar || distance < Math.log(LEAST_FACTOR)) return undefined;
  return { value, usual, factor, side: value > usual ? "above" : "below" };
}

function logarithm(value: number, noise: number): number {
  return Math.log(value + noise);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}
