/**
 * What follows when one of several attempts at the same call has failed: the rule, without clock,
 * promises or callbacks.
 *
 * It is that of gRPC (gRFC A6, "Hedging Policy" and "Pushback"), with the reaction table in place of
 * its list of status codes: a fault that is never retried ends all; any other lets the next attempt
 * begin at once, or when the server allows it.
 */

import type { Fault } from "../core/fault.ts";
import type { Reactions } from "../core/reactions.ts";

/** What hedging goes by. */
export interface HedgeRules {
  readonly repeatable: boolean;
  readonly reactions: Reactions;
}

/**
 * How long to hold back further attempts after the newest of `faults`, in milliseconds: 0 for none,
 * `Infinity` when there shall be no more. `undefined` when the call has failed with it, whatever runs.
 */
export function holdAfter(faults: readonly Fault[], rules: HedgeRules): number | undefined {
  const newest = faults.at(-1) as Fault;
  const { retries } = rules.reactions[newest.class];
  if (retries === 0) return undefined;
  if (!rules.repeatable && newest.effect !== "none") return undefined;
  const failuresOfClass = faults.filter((fault) => fault.class === newest.class).length;
  return failuresOfClass > retries ? Infinity : (newest.retryAfterMs ?? 0);
}

/**
 * Which of the failures a call ends with when all attempts have failed: the last one of those that may
 * have had an effect. An error that says that nothing happened would be untrue of the others, and
 * whoever is outside might do it all again.
 */
export function mostTelling<Failure extends { readonly fault: Fault }>(
  failures: readonly Failure[],
): Failure {
  const last = failures.at(-1) as Failure;
  return failures.findLast(({ fault }) => fault.effect !== "none") ?? last;
}
