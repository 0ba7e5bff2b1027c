/** Two failures at once: that of the work, and that of what was to stand in for it. */

import type { Classify } from "../classify/classify.ts";
import { rememberFault, type Effect, type Fault } from "../core/fault.ts";

/** Effects, the worst last. */
const EFFECTS: readonly Effect[] = ["none", "partial", "unknown"];

/** What the work failed by. */
export interface Failure {
  readonly error: unknown;
  readonly fault: Fault;
}

/**
 * What to throw when the stand-in threw too: what it threw, the same object, with the work's error as
 * its cause. What can bear no cause, or has another one, comes in an `AggregateError` of both; what
 * is itself a cause of the work's error is thrown as it is, for causes must not go in a circle.
 *
 * Its class is that of what the stand-in threw, for that is what has to be mended; its effect is the
 * worse of both, for the work was begun as well.
 */
export function bothFailures(thrown: unknown, work: Failure, classify: Classify): unknown {
  if (thrown === work.error) return thrown;
  // Before the cause is put in: from then on a classifier would go by that.
  const fault = classify(thrown);
  const both = takesCause(thrown, work.error)
    ? thrown
    : new AggregateError(
        [thrown, work.error],
        "The work failed, and so did its fallback; both are in errors",
      );
  rememberFault(both, { ...fault, effect: worse(fault.effect, work.fault.effect) });
  return both;
}

/** What led to `error`, however far back. */
function causesOf(error: unknown): ReadonlySet<unknown> {
  const causes = new Set<unknown>();
  let last = error;
  while (last instanceof Error && last.cause !== undefined && !causes.has(last.cause)) {
    last = last.cause;
    causes.add(last);
  }
  return causes;
}

/** Whether `error` and `cause` hang together, from now on at the latest. */
function takesCause(error: unknown, cause: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (causesOf(cause).has(error)) return true;
  if (error.cause === undefined && Object.isExtensible(error)) {
    // As the constructor of Error does: not among what is listed.
    return Reflect.defineProperty(error, "cause", {
      value: cause,
      writable: true,
      configurable: true,
    });
  }
  return error.cause === cause;
}

function worse(one: Effect, other: Effect): Effect {
  return EFFECTS.indexOf(one) > EFFECTS.indexOf(other) ? one : other;
}
