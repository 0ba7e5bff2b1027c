/**
 * Retries inside retries, noticed: three layers of three attempts are three calls and not 27.
 *
 * An attempt that failed although a retry inside it had gone on trying counts for as many as those
 * were, and a retry inside a later attempt has no more than are left. So all layers together call no
 * more often than the most patient of them alone would. Retries that were enough cost the outer
 * ones nothing. The reason for it: "Handling Overload", Site Reliability Engineering, O'Reilly 2016.
 *
 * How often was tried is kept beside the error that the inner retry gave up with; how many are left
 * follows the code that runs, where the runtime can do that.
 */

import { findProperty, isHolder } from "../classify/property.ts";
import { asyncLocal } from "../core/context.ts";

interface GivenUp {
  readonly tries: number;
  readonly sinceMoment: number;
}

const givenUp = new WeakMap<object, GivenUp>();
const left = asyncLocal<number>();

let lastMoment = 0;

/** Counts moments, to tell what began before what. */
export function nextMoment(): number {
  return ++lastMoment;
}

/** Keeps that a retry which began at `sinceMoment` gave up with this error after so many tries. */
export function rememberTries(error: unknown, tries: number, sinceMoment: number): void {
  if (tries > 1 && isHolder(error)) givenUp.set(error, { tries, sinceMoment });
}

/** No error that was wrapped by hand is deeper. */
const MOST_LINKS = 10;

/**
 * How many tries are behind an error that ended an attempt: 1, or what a retry inside the attempt
 * needed to give up. What was remembered before the attempt began belongs to another call: an error
 * can be thrown again and again.
 */
export function triesBehind(error: unknown, attemptSinceMoment: number): number {
  let link = error;
  for (let depth = 0; depth < MOST_LINKS && isHolder(link); depth++) {
    const known = givenUp.get(link);
    if (known !== undefined) return known.sinceMoment > attemptSinceMoment ? known.tries : 1;
    link = findProperty(link, "cause");
  }
  return 1;
}

/** How many tries a retry around the code that runs now has left; `Infinity` where there is none. */
export function triesLeftOutside(): number {
  return left.find() ?? Infinity;
}

/** Runs `begin`, and all that it starts, where so many tries are left. */
export function withTriesLeft(tries: number, begin: () => void): void {
  if (tries === Infinity) begin();
  else left.run(tries, begin);
}
