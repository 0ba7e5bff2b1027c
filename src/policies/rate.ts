/** How fast calls may begin: as it was said, as it is changed, and by which algorithm it is counted. */

import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { duration, integer, readOptions, required, type Reader } from "../core/options.ts";
import { FixedWindow } from "./fixed-window.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { TokenBucket, type TokenBucketRules } from "./token-bucket.ts";
import type { Rule } from "./turns.ts";

/** How the calls of a rate limit are counted. */
export type RateAlgorithm = "sliding window" | "token bucket" | "fixed window";

/** What a rate limit is changed to. What is left out stays as it is. */
export interface RateLimitChange {
  /** How many calls may begin per length of time; at least 1. */
  readonly calls?: number | undefined;
  /** The length of time that the number of calls is for; at least 1 ms. */
  readonly per?: Duration | undefined;
  /** How many may begin at once after a quiet time, for the token bucket; at least 1. */
  readonly burst?: number | undefined;
}

const READERS = {
  calls: integer({ min: 1, default: undefined }),
  per: duration({ min: 1, default: undefined }),
  burst: integer({ min: 1, default: undefined }),
} satisfies Record<keyof RateLimitChange, Reader<unknown>>;

const readCalls = required(integer({ min: 1, default: undefined }), "a number of calls");

/** A rate as it was said: a burst that was not stays as large as the number of calls. */
export interface Rate {
  readonly algorithm: RateAlgorithm;
  readonly calls: number;
  readonly perMs: number;
  readonly burst: number | undefined;
}

/** Reads the rate that a limit begins with. */
export function readRate(
  calls: number,
  options: {
    readonly algorithm: RateAlgorithm | undefined;
    readonly per: number;
    readonly burst: number | undefined;
  },
): Rate {
  const { per: perMs, burst } = options;
  const { algorithm = burst === undefined ? "sliding window" : "token bucket" } = options;
  refuseBurst("rateLimit.burst", algorithm, burst);
  return { algorithm, calls: readCalls(calls, "rateLimit.calls"), perMs, burst };
}

/** Reads what a rate is changed to. */
export function changedRate(rate: Rate, change: RateLimitChange): Rate {
  const { calls, per, burst } = readOptions("rateLimit.change", change, READERS);
  refuseBurst("rateLimit.change.burst", rate.algorithm, burst);
  return {
    algorithm: rate.algorithm,
    calls: calls ?? rate.calls,
    perMs: per ?? rate.perMs,
    burst: burst ?? rate.burst,
  };
}

function refuseBurst(path: string, algorithm: RateAlgorithm, burst: number | undefined): void {
  if (burst === undefined || algorithm === "token bucket") return;
  throw new OptionsError(path, 'only the algorithm "token bucket" has one');
}

/** What any algorithm goes by at this rate. */
export function rulesOf({ calls, perMs, burst = calls }: Rate): TokenBucketRules {
  return { calls, perMs, burst };
}

/** Begins to count. */
export function ruleOf(rate: Rate): Rule {
  const rules = rulesOf(rate);
  switch (rate.algorithm) {
    case "sliding window":
      return new SlidingWindow(rules);
    case "token bucket":
      return new TokenBucket(rules);
    case "fixed window":
      return new FixedWindow(rules);
  }
}
