/** When the next attempt begins beside those under way: after a fixed delay, a learned one, or by a function. */

import { DURATION_EXAMPLES, findMs, type Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { duration, integer, number, readOptions, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";
import { LatencyWindow } from "./latency-window.ts";

/** A delay that is learned from how long first attempts take. */
export interface LearnedDelay {
  /** The share of first attempts that need no hedge. Default 0.95; from 0.5 to 1. */
  readonly quantile?: number | undefined;
  /**
   * The delay until enough is known. Default `Infinity`: nothing is hedged on a guess, except after a
   * failure.
   */
  readonly initial?: Duration | undefined;
  /**
   * The shortest delay. Default `"10ms"`: where answers take less, what is late is mostly this
   * process itself.
   */
  readonly min?: Duration | undefined;
  /** How many first attempts, the latest, it is learned from. Default 200; at most 10,000. */
  readonly window?: number | undefined;
  /** How many must be known; the whole window at most. Default 20, as 1 of 20 is the share of 0.95. */
  readonly minSamples?: number | undefined;
}

/**
 * How long after an attempt the next one begins beside it. 0 starts all at once, `Infinity` only after
 * a failure. A function is given the number of the attempt that would begin, from 2, and gives
 * milliseconds.
 */
export type HedgeDelay = Duration | LearnedDelay | ((attempt: number) => number);

/** A delay that was read; times are in milliseconds. */
export interface DelaySource {
  /** The delay as it was given, settled. */
  readonly told: unknown;
  /** How long to wait before attempt `attempt`. @throws {OptionsError} When a function gives no length. */
  before(attempt: number): number;
  /** Takes in how long a first attempt took, or at least takes. */
  learn(ms: number): void;
  /** Takes in that a first attempt, which nobody let end, takes longer than that. */
  learnAtLeast(ms: number): void;
}

const READERS = {
  quantile: number({ min: 0.5, max: 1, default: 0.95 }),
  initial: duration({ orInfinity: true, default: Infinity }),
  min: duration({ default: 10 }),
  window: integer({ min: 1, max: 10_000, default: 200 }),
  minSamples: integer({ min: 1, default: 20 }),
} satisfies Record<keyof LearnedDelay, Reader<unknown>>;

/** Reads the delay of a hedge. */
export const readDelay: Reader<DelaySource> = (value, path) => {
  if (typeof value === "function") return givenBy(value as (attempt: number) => unknown, path);
  if (typeof value === "object") return learned(readOptions(path, value, READERS));
  const ms = findMs(value);
  if (ms !== undefined) return { ...UNTAUGHT, told: ms, before: () => ms };
  throw new OptionsError(
    path,
    `expected ${DURATION_EXAMPLES}, Infinity, an object such as { quantile: 0.95 }, or a function, received ${show(value)}`,
  );
};

/** What learns nothing. */
const UNTAUGHT = { learn: () => {}, learnAtLeast: () => {} };

function givenBy(delay: (attempt: number) => unknown, path: string): DelaySource {
  return {
    ...UNTAUGHT,
    told: delay,
    before: (attempt) => {
      const ms = delay(attempt);
      // A timer takes NaN and negative numbers for 0: everything would begin at once.
      if (typeof ms === "number" && ms >= 0) return ms;
      throw new OptionsError(path, `expected to give milliseconds >= 0, gave ${show(ms)}`);
    },
  };
}

function learned(rules: Required<Record<keyof LearnedDelay, number>>): DelaySource {
  const known = new LatencyWindow(rules.window);
  const enough = Math.min(rules.minSamples, rules.window);
  const before = (): number =>
    known.count < enough ? rules.initial : Math.max(rules.min, known.at(rules.quantile));
  return {
    told: rules,
    before,
    learn: (ms) => known.add(ms),
    // One that was not even late says nothing: somebody left early.
    learnAtLeast: (ms) => {
      if (ms > before()) known.add(ms);
    },
  };
}
