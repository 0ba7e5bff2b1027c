/** What holdfast does about a fault unless it is told otherwise, in words. */

import type { Fault } from "../core/fault.ts";
import { REACTIONS, type Reaction } from "../core/reactions.ts";

/** As `retries after the backoff, within its limits; counts in the breaker; exit code 75 when it stays`. */
export function reactionTo(fault: Pick<Fault, "class" | "effect">): string {
  const reaction = REACTIONS[fault.class];
  const care =
    reaction.retries > 0 && fault.effect !== "none"
      ? ["only what is repeatable is tried again"]
      : [];
  return [
    retriesOf(reaction),
    ...care,
    breakerOf(reaction, fault),
    `exit code ${reaction.exitCode} when it stays, 80 when it was rolled back`,
  ].join("; ");
}

function retriesOf({ retries, firstRetry }: Reaction): string {
  if (retries === 0) return "no retry: what was done is undone";
  const first =
    firstRetry === "at once" ? "first at once, then after the backoff" : "after the backoff";
  return retries === 1
    ? `one cautious retry, ${first}`
    : `retries ${first}, within the policy's limits`;
}

function breakerOf({ breaker }: Reaction, { effect }: Pick<Fault, "effect">): string {
  const isCounted = breaker === "counts" || (breaker === "unless refused" && effect !== "none");
  return isCounted ? "counts in the breaker" : "is ignored by the breaker";
}
