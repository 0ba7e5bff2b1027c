/**
 * How long to wait before a retry.
 *
 * Waits grow, so that a service that is down is not kept down, and are drawn by chance, so that
 * callers that failed together do not come back together. The three kinds of jitter are those of
 * Marc Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015: full jitter needs the
 * fewest calls in all; equal jitter never waits less than half.
 */

import type { Random } from "../core/dice.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { duration, number, oneOf, readOptions, required, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";

/** What a backoff may go by. */
export interface BackoffInput {
  /** Which retry it is, from 1. */
  readonly retry: number;
  /** Gives numbers from 0 up to, not including, 1. */
  readonly random: Random;
  /** The wait before the attempt that failed now, in milliseconds; 0 before the first retry. */
  readonly previousMs: number;
}

/** Tells the wait before a retry, in milliseconds: 0 or more. */
export type Backoff = (failed: BackoffInput) => number;

/**
 * Which part of the wait is drawn by chance: none of it, all of it (from 0 up to the wait), or the
 * upper half.
 */
export type Jitter = "none" | "full" | "equal";

/** How waits grow. */
export interface ExponentialOptions {
  /** How much longer each wait is than the one before. Default 2; 1 to 100. */
  readonly factor?: number | undefined;
  /** The longest wait, before jitter. Default `"30s"`, or the first wait where that is longer. */
  readonly max?: Duration | undefined;
  /** Default `"full"`. */
  readonly jitter?: Jitter | undefined;
}

/** How equal waits are spread. */
export interface ConstantOptions {
  /** Default `"none"`. */
  readonly jitter?: Jitter | undefined;
}

const DEFAULT_MAX_MS = 30_000;

const JITTERS = ["none", "full", "equal"] as const satisfies readonly Jitter[];

const EXPONENTIAL_READERS = {
  factor: number({ min: 1, max: 100, default: 2 }),
  max: duration({ default: undefined }),
  jitter: oneOf(JITTERS, { default: "full" as const }),
} satisfies Record<keyof ExponentialOptions, Reader<unknown>>;

const CONSTANT_READERS = {
  jitter: oneOf(JITTERS, { default: "none" as const }),
} satisfies Record<keyof ConstantOptions, Reader<unknown>>;

const readWait = required(duration({ default: undefined }), "a duration");

/**
 * Waits that grow from `first` by `factor` up to `max`. The jitter is drawn after the limit, so that
 * callers stay spread when all of them have reached it.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range, or `max` is below `first`.
 * @example
 * exponential("1s", { max: "10s", jitter: "none" }); // 1, 2, 4, 8, 10, 10, … seconds
 */
export function exponential(first: Duration, options: ExponentialOptions = {}): Backoff {
  const firstMs = readWait(first, "exponential.first");
  const { factor, max, jitter } = readOptions("exponential", options, EXPONENTIAL_READERS);
  const maxMs = max ?? Math.max(DEFAULT_MAX_MS, firstMs);
  if (maxMs < firstMs) {
    throw new OptionsError(
      "exponential.max",
      `${maxMs} ms is below the first wait of ${firstMs} ms`,
    );
  }
  // Past some 1,000 doublings the factor is Infinity, and 0 * Infinity is no number.
  const ceilingMs = (retry: number): number =>
    firstMs === 0 ? 0 : Math.min(maxMs, firstMs * factor ** (retry - 1));
  return ({ retry, random }) => spread(ceilingMs(retry), jitter, random);
}

/**
 * The same wait each time.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 */
export function constant(delay: Duration, options: ConstantOptions = {}): Backoff {
  const delayMs = readWait(delay, "constant.delay");
  const { jitter } = readOptions("constant", options, CONSTANT_READERS);
  return ({ random }) => spread(delayMs, jitter, random);
}

function spread(waitMs: number, jitter: Jitter, random: Random): number {
  switch (jitter) {
    case "none":
      return waitMs;
    case "full":
      return draw(random) * waitMs;
    case "equal":
      return waitMs * (0.5 + draw(random) / 2);
  }
}

/** Dice of another kind would lead past the longest wait. */
function draw(random: Random): number {
  const drawn = random();
  if (drawn >= 0 && drawn <= 1) return drawn;
  throw new OptionsError("random", `expected to give a number from 0 to 1, gave ${show(drawn)}`);
}
