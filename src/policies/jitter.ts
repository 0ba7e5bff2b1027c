/**
 * Which part of a wait is drawn by chance, so that callers that failed together do not come back
 * together.
 *
 * Full and equal jitter are those of Marc Brooker, "Exponential Backoff and Jitter", AWS Architecture
 * Blog, 2015: full jitter needs the fewest calls in all; equal jitter never waits less than half.
 * Plus-minus is the jitter of Polly and of gRPC's connection backoff, a share on either side.
 */

import type { Random } from "../core/dice.ts";
import { OptionsError } from "../core/errors.ts";
import type { Reader } from "../core/options.ts";
import { show } from "../core/show.ts";

/**
 * Nothing is drawn; all of the wait (from 0 up to it); the upper half; a share more or less, 25 %
 * unless a percentage says how much: `"10%"`; or what a function of one's own makes of the wait.
 */
export type Jitter = "none" | "full" | "equal" | "plus-minus" | `${number}%` | Spread;

const USUAL_PERCENT = 25;

/** A wait of this length, as it was drawn. */
export type Spread = (waitMs: number, random: Random) => number;

const NAMED: Readonly<Record<string, Spread>> = {
  none: (waitMs) => waitMs,
  full: (waitMs, random) => draw(random) * waitMs,
  equal: (waitMs, random) => waitMs * (0.5 + draw(random) / 2),
  "plus-minus": plusMinus(USUAL_PERCENT),
};

/** Reads an option that takes a jitter. */
export function jitterReader(options: { readonly default: Jitter }): Reader<Spread> {
  return (value = options.default, path) => {
    if (typeof value === "function") return value as Spread;
    const spread = typeof value === "string" ? findSpread(value) : undefined;
    if (spread !== undefined) return spread;
    throw new OptionsError(
      path,
      `expected "none", "full", "equal", "plus-minus", a percentage such as "10%" or a function, received ${show(value)}`,
    );
  };
}

function findSpread(jitter: string): Spread | undefined {
  if (Object.hasOwn(NAMED, jitter)) return NAMED[jitter];
  const percent = Number(/^(\d{1,3}(?:\.\d+)?)%$/.exec(jitter)?.[1] ?? "NaN");
  return percent >= 0 && percent <= 100 ? plusMinus(percent) : undefined;
}

function plusMinus(percent: number): Spread {
  const share = percent / 100;
  return (waitMs, random) => waitMs * (1 + share * (2 * draw(random) - 1));
}

/** A number from the dice. Dice of another kind would lead past the longest wait. */
export function draw(random: Random): number {
  const drawn = random();
  if (drawn >= 0 && drawn <= 1) return drawn;
  throw new OptionsError("random", `expected to give a number from 0 to 1, gave ${show(drawn)}`);
}
