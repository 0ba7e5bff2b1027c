/**
 * Additive increase, multiplicative decrease: the rule by which TCP shares a line fairly among those
 * who know nothing of each other (Chiu and Jain, "Analysis of the Increase and Decrease Algorithms
 * for Congestion Avoidance in Computer Networks", 1989).
 *
 * It grows by one for each round of calls that ended well, which is `1 / limit` for each call (RFC
 * 5681, section 3.1), and only while it is used. The factor 0.9, and that half of the limit must be
 * used, are those of Netflix' concurrency-limits (AIMDLimit).
 */

import type { Duration } from "../core/duration.ts";
import { duration, number, readOptions, type Reader } from "../core/options.ts";
import { isUsed, lowered, type LimitRule } from "./limit-rule.ts";

/** When `aimd` lowers the limit, and how far. */
export interface AimdOptions {
  /** What the limit is multiplied with after an overload. Default 0.9; from 0.1 to 0.99. */
  readonly decrease?: number | undefined;
  /** A call that takes longer is taken for an overload, even if it ends well. Default `Infinity`. */
  readonly target?: Duration | undefined;
}

const READERS = {
  decrease: number({ min: 0.1, max: 0.99, default: 0.9 }),
  target: duration({ min: 1, orInfinity: true, default: Infinity }),
} satisfies Record<keyof AimdOptions, Reader<unknown>>;

/**
 * The rule for `adaptiveLimit` that goes by failures: the limit grows by one for each round of calls
 * that end well, and falls to nine tenths after an overload.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 */
export function aimd(options: AimdOptions = {}): LimitRule {
  const { decrease, target: targetMs } = readOptions("aimd", options, READERS);
  return Object.freeze<LimitRule>({
    first: (limit) => ({ limit, loweredAtMs: -Infinity }),
    next: (estimate, sample) => {
      const { beganAtMs, endedAtMs, inFlight, isOverload } = sample;
      if (isOverload || endedAtMs - beganAtMs > targetMs)
        return lowered(estimate, sample, decrease);
      const { limit } = estimate;
      return isUsed(inFlight, limit) ? { ...estimate, limit: limit + 1 / limit } : estimate;
    },
  });
}
