/** Retrying as a loop, for work that does not fit into one function. */

import { attemptOf } from "./lazy-attempt.ts";
import type { Attempt, Policy, RunOptions } from "./policy.ts";

/** One round of the loop. */
export interface LoopAttempt extends Attempt {
  /**
   * Says that this attempt failed. When the round is over, another one follows after its wait, or
   * the loop throws this error. A round that does not say so was the last one.
   */
  readonly failed: (error: unknown) => void;
}

/** A round that has begun, as the policy around it sees it. */
interface Round {
  readonly attempt: LoopAttempt;
  /** The round is over: with success, or as it said. */
  readonly end: () => void;
  /** The loop was left; whatever it said, nothing is to follow. */
  readonly leave: () => void;
}

/**
 * Gives the attempts of one call under `policy`, one after the other.
 *
 * @yields The attempt that a round is for.
 */
export async function* loopOf(
  policy: Policy,
  options: RunOptions | undefined,
): AsyncGenerator<LoopAttempt, void, void> {
  let begun = Promise.withResolvers<Round>();
  const running = policy.run((attempt) => {
    const ended = Promise.withResolvers<void>();
    begun.resolve(roundOf(attemptOf(attempt), ended));
    return ended.promise;
  }, options);
  // Whoever leaves the loop early does not wait for its end.
  running.catch(() => {});
  for (;;) {
    const round = await Promise.race([begun.promise, running]);
    if (round === undefined) return;
    begun = Promise.withResolvers();
    try {
      yield round.attempt;
      round.end();
    } finally {
      round.leave();
    }
  }
}

function roundOf(attempt: Attempt, ended: PromiseWithResolvers<void>): Round {
  let failure: { readonly error: unknown } | undefined;
  return {
    attempt: {
      attempt: attempt.attempt,
      deadline: attempt.deadline,
      get signal() {
        return attempt.signal;
      },
      failed: (error) => void (failure = { error }),
    },
    end: () => {
      if (failure === undefined) ended.resolve();
      else ended.reject(failure.error);
    },
    leave: ended.resolve,
  };
}
