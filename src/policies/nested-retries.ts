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

/** A retry that gave up. */
export interface GivenUp {
  /** How often it tried. */
  readonly tries: number;
  readonly sinceMoment: number;
  /** Which policy it was. */
  readonly policy: object;
}

/** What a retry leaves to those inside one attempt of its own. */
export interface Allowance {
  readonly tries: number;
  /** Whether that attempt has ended: what it left behind, such as a reconnecting pool, is free of it. */
  isOver: boolean;
  /** That of the retry around it, if there is one. */
  readonly outside: Allowance | undefined;
}

const givenUp = new WeakMap<object, GivenUp>();
const allowances = asyncLocal<Allowance>();

let lastMoment = 0;

/** Counts moments, to tell what began before what. */
export function nextMoment(): number {
  return ++lastMoment;
}

/** Keeps that a retry gave up with this error. */
export function rememberTries(error: unknown, retry: GivenUp): void {
  if (retry.tries > 1 && isHolder(error)) givenUp.set(error, retry);
}

/** No error that was wrapped by hand is deeper. */
const MOST_LINKS = 10;

/**
 * How many tries are behind an error that ended an attempt: 1, or what a retry inside the attempt
 * needed to give up. An error can be thrown again and again, and by several calls at once: what was
 * remembered before the attempt began belongs to another call, and so, nearly always, does what another
 * call under the same policy left.
 */
export function triesBehind(error: unknown, attemptSinceMoment: number, policy: object): number {
  let link = error;
  for (let depth = 0; depth < MOST_LINKS && isHolder(link); depth++) {
    const known = givenUp.get(link);
    if (known !== undefined) {
      const isInside = known.sinceMoment > attemptSinceMoment && known.policy !== policy;
      return isInside ? known.tries : 1;
    }
    link = findProperty(link, "cause");
  }
  return 1;
}

/** What the retries around the code that runs now leave to one in it. */
export function allowanceOutside(): Allowance | undefined {
  let allowance = allowances.find();
  while (allowance?.isOver) allowance = allowance.outside;
  return allowance;
}

/** Runs `begin`, and all that it starts, under an allowance. */
export function withAllowance<Value>(allowance: Allowance, begin: () => Value): Value {
  return allowances.run(allowance, begin);
}
