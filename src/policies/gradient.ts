/**
 * The gradient rule: when calls take longer than they use to, they wait for each other somewhere, and
 * fewer at once would be answered as fast. As in TCP Vegas, the queue is seen before anything fails.
 *
 *     gradient = tolerance × usual time / present time, from 0.5 to 1
 *     aim      = gradient × limit + headroom
 *     limit    = (1 − smoothing) × limit + smoothing × aim
 *
 * Source of the formulas and of the figures below: Netflix, concurrency-limits, Gradient2Limit,
 * WindowedLimit and ExpAvgMeasurement. The present time is the mean over a window; the usual one an
 * exponential mean over 600 windows, and the plain one over the first ten. When the usual time is more
 * than twice the present one, a long overload is over: it is brought down by 5 % in each window, for
 * else it would take an hour to forget.
 *
 * One thing is different. The original takes no notice of failures, so that a dependency that fails
 * fast looks fast, and is given more. Here an overload lowers the limit as in `aimd`, and its time does
 * not count.
 */

import type { Duration } from "../core/duration.ts";
import { duration, number, readOptions, type Reader, type Settled } from "../core/options.ts";
import { isUsed, lowered, type Estimate, type LimitRule, type LimitSample } from "./limit-rule.ts";

/** How `gradient` judges how long calls take. */
export interface GradientOptions {
  /** How many times longer than usual calls may take before the limit falls. Default 1.5; from 1 to 10. */
  readonly tolerance?: number | undefined;
  /** How many more may run than the gradient says: what may wait at the dependency. Default 4; at least 1. */
  readonly headroom?: number | undefined;
  /** How far one window moves the limit towards its aim. Default 0.2; from 0.01 to 1. */
  readonly smoothing?: number | undefined;
  /** The limit is judged anew after so long, and ten calls at least. Default `"1s"`; at least 1 ms. */
  readonly window?: Duration | undefined;
  /** What the limit is multiplied with after an overload. Default 0.9; from 0.1 to 0.99. */
  readonly decrease?: number | undefined;
}

const READERS = {
  tolerance: number({ min: 1, max: 10, default: 1.5 }),
  headroom: number({ min: 1, max: 1_000, default: 4 }),
  smoothing: number({ min: 0.01, max: 1, default: 0.2 }),
  window: duration({ min: 1, default: 1_000 }),
  decrease: number({ min: 0.1, max: 0.99, default: 0.9 }),
} satisfies Record<keyof GradientOptions, Reader<unknown>>;

type Rules = Settled<typeof READERS>;

/** The calls since the limit was last judged. */
interface Window {
  readonly untilMs: number;
  readonly calls: number;
  readonly sumMs: number;
  readonly maxInFlight: number;
}

/** How long calls use to take, and from how many windows that is known. */
interface Usual {
  readonly ms: number;
  readonly windows: number;
}

interface GradientEstimate extends Estimate {
  readonly usual: Usual;
  /** `undefined` until the first call of the next one ends: it lasts from where that began. */
  readonly window: Window | undefined;
}

const LEAST_CALLS = 10;
const WARM_UP_WINDOWS = 10;
const LONG_WINDOWS = 600;

/**
 * The rule for `adaptiveLimit` that goes by how long calls take: it finds how many at once the
 * dependency takes without having them wait. Calls should be alike; where some are a hundred times
 * dearer than others, their mix looks like load, and `aimd` is the better rule.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 */
export function gradient(options: GradientOptions = {}): LimitRule {
  const rules = readOptions("gradient", options, READERS);
  return Object.freeze<LimitRule<GradientEstimate>>({
    first: (limit) => ({
      limit,
      loweredAtMs: -Infinity,
      usual: { ms: 0, windows: 0 },
      window: undefined,
    }),
    next: (estimate, sample) => {
      if (sample.isOverload) return lowered(estimate, sample, rules.decrease);
      const window = withSample(estimate.window, sample, rules);
      const isOver = sample.endedAtMs >= window.untilMs && window.calls >= LEAST_CALLS;
      return isOver ? judged(estimate, window, rules) : { ...estimate, window };
    },
  });
}

function withSample(window: Window | undefined, sample: LimitSample, rules: Rules): Window {
  const { beganAtMs, endedAtMs, inFlight } = sample;
  return {
    untilMs: window?.untilMs ?? beganAtMs + rules.window,
    calls: (window?.calls ?? 0) + 1,
    sumMs: (window?.sumMs ?? 0) + endedAtMs - beganAtMs,
    maxInFlight: Math.max(window?.maxInFlight ?? 0, inFlight),
  };
}

function judged(estimate: GradientEstimate, window: Window, rules: Rules): GradientEstimate {
  const { limit } = estimate;
  const presentMs = window.sumMs / window.calls;
  const usual = withPresent(estimate.usual, presentMs);
  const next = { ...estimate, usual, window: undefined };
  if (!isUsed(window.maxInFlight, limit)) return next;
  // Calls that take no time at all take no longer than usual.
  const slope = presentMs > 0 ? (rules.tolerance * usual.ms) / presentMs : 1;
  const aim = Math.max(0.5, Math.min(1, slope)) * limit + rules.headroom;
  return { ...next, limit: limit + rules.smoothing * (aim - limit) };
}

function withPresent(usual: Usual, presentMs: number): Usual {
  const windows = Math.min(usual.windows + 1, WARM_UP_WINDOWS + 1);
  const weight = windows <= WARM_UP_WINDOWS ? 1 / windows : 2 / (LONG_WINDOWS + 1);
  const ms = usual.ms + weight * (presentMs - usual.ms);
  return { ms: ms > 2 * presentMs ? ms * 0.95 : ms, windows };
}
