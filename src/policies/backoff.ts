/**
 * How long to wait before a retry. Waits grow, so that a service that is down is not kept down.
 *
 * All are made the same way: a formula gives a wait, the longest wait limits it, jitter spreads what
 * is left of it, so that callers stay spread when all of them have reached the limit, and the
 * shortest wait comes last.
 */

import type { Random } from "../core/dice.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import { duration, number, readOptions, required, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";
import { draw, jitterReader, type Jitter } from "./jitter.ts";

/** What a backoff may go by. */
export interface BackoffInput {
  /** Which retry it is, from 1. */
  readonly retry: number;
  /** Gives numbers from 0 up to, not including, 1. */
  readonly random: Random;
  /** The wait before the attempt that failed now, in milliseconds; 0 before the first retry. */
  readonly previousMs: number;
  /** What the attempt failed by, for a wait of one's own for each class. */
  readonly fault?: Fault | undefined;
  /** What the work threw, or the result that is a fault. */
  readonly error?: unknown;
}

/** Tells the wait before a retry, in milliseconds: 0 or more. */
export type Backoff = (failed: BackoffInput) => number;

/** How any waits are bounded and spread. */
export interface BackoffOptions {
  /** The longest wait, before jitter. Default `"30s"`, or the first wait where that is longer. */
  readonly max?: Duration | undefined;
  /** The shortest wait, after jitter: full jitter alone may draw nothing. Default 0. */
  readonly min?: Duration | undefined;
  /** Default `"full"`. */
  readonly jitter?: Jitter | undefined;
}

/** How waits grow by a factor. */
export interface ExponentialOptions extends BackoffOptions {
  /** How much longer each wait is than the one before. Default 2; 1 to 100. */
  readonly factor?: number | undefined;
}

/** How waits grow by equal steps. */
export interface LinearOptions extends BackoffOptions {
  /** How much is added to each wait. Default: the first wait. */
  readonly step?: Duration | undefined;
}

/** How waits that are given are spread. */
export interface ConstantOptions {
  /** Default `"none"`. */
  readonly jitter?: Jitter | undefined;
}

/** How decorrelated waits are bounded. */
export interface DecorrelatedOptions {
  /** The longest wait. Default `"30s"`, or the first wait where that is longer. */
  readonly max?: Duration | undefined;
}

const DEFAULT_MAX_MS = 30_000;

const SHAPE_READERS = {
  max: duration({ default: undefined }),
  min: duration({ default: 0 }),
  jitter: jitterReader({ default: "full" }),
} satisfies Record<keyof BackoffOptions, Reader<unknown>>;

const EXPONENTIAL_READERS = {
  ...SHAPE_READERS,
  factor: number({ min: 1, max: 100, default: 2 }),
} satisfies Record<keyof ExponentialOptions, Reader<unknown>>;

const LINEAR_READERS = {
  ...SHAPE_READERS,
  step: duration({ default: undefined }),
} satisfies Record<keyof LinearOptions, Reader<unknown>>;

const CONSTANT_READERS = {
  jitter: jitterReader({ default: "none" }),
} satisfies Record<keyof ConstantOptions, Reader<unknown>>;

const DECORRELATED_READERS = {
  max: duration({ default: undefined }),
} satisfies Record<keyof DecorrelatedOptions, Reader<unknown>>;

const readWait = required(duration({ default: undefined }), "a duration");

/**
 * Waits that grow by `factor`: `first * factor ** (retry - 1)`, up to `max`. Binary exponential
 * backoff, as in Metcalfe and Boggs, "Ethernet", CACM 19(7), 1976.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range, or `max` is below `first`.
 * @example
 * exponential("1s", { max: "10s", jitter: "none" }); // 1, 2, 4, 8, 10, 10, … seconds
 */
export function exponential(first: Duration, options: ExponentialOptions = {}): Backoff {
  const firstMs = readWait(first, "exponential.first");
  const { factor, ...shape } = readOptions("exponential", options, EXPONENTIAL_READERS);
  // Past some 1,000 doublings the factor is Infinity, and 0 * Infinity is no number.
  const waitMs = (retry: number): number => (firstMs === 0 ? 0 : firstMs * factor ** (retry - 1));
  return shaped("exponential", { firstMs, waitMs, shape });
}

/**
 * Waits that grow by equal steps: `first + step * (retry - 1)`, up to `max`.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range, or `max` is below `first`.
 * @example
 * linear("1s", { max: "3s", jitter: "none" }); // 1, 2, 3, 3, … seconds
 */
export function linear(first: Duration, options: LinearOptions = {}): Backoff {
  const firstMs = readWait(first, "linear.first");
  const { step, ...shape } = readOptions("linear", options, LINEAR_READERS);
  const stepMs = step ?? firstMs;
  const waitMs = (retry: number): number => firstMs + stepMs * (retry - 1);
  return shaped("linear", { firstMs, waitMs, shape });
}

/** The largest Fibonacci number that is still exact. */
const LAST_FIBONACCI = 78;

/**
 * Waits that grow as the Fibonacci numbers, 1, 1, 2, 3, 5, …, times `first`, up to `max`: slower than
 * doubling. Source of the numbers: oeis.org/A000045.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range, or `max` is below `first`.
 * @example
 * fibonacci("1s", { max: "4s", jitter: "none" }); // 1, 1, 2, 3, 4, 4, … seconds
 */
export function fibonacci(first: Duration, options: BackoffOptions = {}): Backoff {
  const firstMs = readWait(first, "fibonacci.first");
  const shape = readOptions("fibonacci", options, SHAPE_READERS);
  const waitMs = (retry: number): number => firstMs * fibonacciNumber(retry);
  return shaped("fibonacci", { firstMs, waitMs, shape });
}

function fibonacciNumber(place: number): number {
  let [before, at] = [0, 1];
  for (let index = 1; index < Math.min(place, LAST_FIBONACCI); index++) {
    [before, at] = [at, before + at];
  }
  return at;
}

/**
 * The same wait each time.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 */
export function constant(delay: Duration, options: ConstantOptions = {}): Backoff {
  const delayMs = readWait(delay, "constant.delay");
  const { jitter } = readOptions("constant", options, CONSTANT_READERS);
  return ({ random }) => jitter(delayMs, random);
}

/**
 * These waits, one after the other; the last one again and again.
 *
 * @throws {OptionsError} At once, if there are none, or one of them is no length of time.
 * @example
 * delays(["1s", "10s", "1m"]); // 1, 10, 60, 60, … seconds
 */
export function delays(waits: readonly Duration[], options: ConstantOptions = {}): Backoff {
  if (!Array.isArray(waits) || waits.length === 0) {
    throw new OptionsError(
      "delays",
      `expected a list of at least one duration, received ${Array.isArray(waits) ? "an empty one" : show(waits)}`,
    );
  }
  const waitsMs = waits.map((wait, index) => readWait(wait, `delays[${index}]`));
  const { jitter } = readOptions("delays", options, CONSTANT_READERS);
  return ({ retry, random }) => jitter(waitsMs.at(retry - 1) ?? (waitsMs.at(-1) as number), random);
}

/**
 * Waits that are drawn between `first` and three times the wait before, up to `max`. Marc Brooker,
 * "Exponential Backoff and Jitter", AWS Architecture Blog, 2015; there the limit comes after the dice,
 * so that most callers wait exactly that long in the end. Here it comes before them.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range, or `max` is below `first`.
 */
export function decorrelated(first: Duration, options: DecorrelatedOptions = {}): Backoff {
  const firstMs = readWait(first, "decorrelated.first");
  const { max } = readOptions("decorrelated", options, DECORRELATED_READERS);
  const maxMs = longest("decorrelated", firstMs, max);
  return ({ previousMs, random }) => {
    const upToMs = Math.min(maxMs, Math.max(firstMs, previousMs) * 3);
    return firstMs + draw(random) * (upToMs - firstMs);
  };
}

/** Reads an option that takes a backoff or a list of waits. */
export function backoffReader(options: { readonly default: Backoff }): Reader<Backoff> {
  return (value, path) => {
    if (value === undefined) return options.default;
    if (Array.isArray(value)) return delays(value as readonly Duration[]);
    if (typeof value === "function") return value as Backoff;
    throw new OptionsError(
      path,
      `expected a function or a list of durations, received ${show(value)}`,
    );
  };
}

interface Formula {
  readonly firstMs: number;
  /** The wait before a retry, without limits. */
  readonly waitMs: (retry: number) => number;
  readonly shape: {
    readonly max: number | undefined;
    readonly min: number;
    readonly jitter: (waitMs: number, random: Random) => number;
  };
}

function shaped(name: string, { firstMs, waitMs, shape }: Formula): Backoff {
  const { max, min, jitter } = shape;
  const maxMs = longest(name, firstMs, max);
  if (min > maxMs) {
    throw new OptionsError(`${name}.min`, `${min} ms is above the longest wait of ${maxMs} ms`);
  }
  return ({ retry, random }) => Math.max(min, jitter(Math.min(maxMs, waitMs(retry)), random));
}

function longest(name: string, firstMs: number, max: number | undefined): number {
  const maxMs = max ?? Math.max(DEFAULT_MAX_MS, firstMs);
  if (maxMs >= firstMs) return maxMs;
  throw new OptionsError(`${name}.max`, `${maxMs} ms is below the first wait of ${firstMs} ms`);
}
