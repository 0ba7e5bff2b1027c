/** What a failure is and what follows from it, without the tables. */

import type { Classify } from "../classify/classify.ts";
import { RejectedError } from "../core/errors.ts";
import { knownFault, type Fault } from "../core/fault.ts";
import { quietly } from "../core/quietly.ts";

/** Names of programming errors: those of another frame are no instances of this one's. */
const BUGS = /^(Type|Reference|Range|Syntax)Error$/;

/**
 * `fetch` reports a broken network as a TypeError too, and every engine in other words; `FETCH_MESSAGES`
 * names them. A function that is missing, such as `fetchCart`, is named in the message of a bug.
 */
const FETCH = / fetch|fetch f|network [er]|load failed|^terminated|sending r/i;

const UNKNOWN: Fault = { class: "unknown", code: "UNKNOWN", effect: "unknown" };

/**
 * The fault that an error carries; a programming error is fatal; anything else is taken for a
 * dependency in trouble.
 */
export const ownFaultOf: Classify = (error) => {
  // Anything may be thrown.
  const { name, message } = Object(error) as Error;
  const kind = BUGS.test(name) && !FETCH.test(message) ? "fatal" : "degraded";
  return knownFault(error) ?? { ...UNKNOWN, class: kind };
};

/** The fault of an error; where the classifier throws or has no answer, it is unknown. */
export function faultBy(classify: Classify, error: unknown): Fault {
  return quietly(() => classify(error)) ?? UNKNOWN;
}

/** Whether it is a failure of the dependency, for a breaker: as `REACTIONS` says, of which there is no room here. */
export function isFailure(error: unknown, { class: kind, effect }: Fault): boolean {
  const isRefusal = kind === "transient" && effect === "none";
  return kind !== "fatal" && !isRefusal && !(error instanceof RejectedError);
}
