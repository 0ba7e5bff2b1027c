/** Retrying as a loop, for work that does not fit into one function. */

import type { FaultOfResult } from "./fault-of-result.ts";
import { attemptOf } from "./lazy-attempt.ts";
import type { Attempt, Policy, RunOptions } from "./policy.ts";

/** One round of the loop. */
export interface LoopAttempt extends Attempt {
  /**
   * Says that this attempt failed. When the round is over, another one follows after its wait, or
   * the loop throws this error. A round that does not say so was the last one.
   */
  readonly failed: (error: unknown) => void;
  /**
   * Hands in what this attempt came to, for `faultOfResult` to judge when the round is over: another one
   * follows a result that is a fault, as after `run`; when there is none, the loop ends and the result
   * stands. Of `failed` and `result` the last one said counts; a round that says neither is not judged.
   */
  readonly result: (value: unknown) => void;
}

/** What a round comes to that handed in no result. */
const NO_RESULT: unique symbol = Symbol("holdfast.noResult");

/** The same judge, for whom a round without a result is a good one. */
export function judgeOfRounds(judge: FaultOfResult | undefined): FaultOfResult | undefined {
  return judge && ((result) => (result === NO_RESULT ? undefined : judge(result)));
}

/** A round that has begun, as the policy around it sees it. */
interface Round {
  readonly attempt: LoopAttempt;
  /** The round is over, as it said. */
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
    const ended = Promise.withResolvers<unknown>();
    begun.resolve(roundOf(attemptOf(attempt), ended));
    return ended.promise;
  }, options);
  const over = running.then(() => undefined);
  // Whoever leaves the loop early does not wait for its end.
  over.catch(() => {});
  for (;;) {
    const round = await Promise.race([begun.promise, over]);
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

function roundOf(attempt: Attempt, ended: PromiseWithResolvers<unknown>): Round {
  const leave = (): void => ended.resolve(NO_RESULT);
  let end = leave;
  return {
    attempt: {
      attempt: attempt.attempt,
      deadline: attempt.deadline,
      get signal() {
        return attempt.signal;
      },
      failed: (error) => void (end = () => ended.reject(error)),
      result: (value) => void (end = () => ended.resolve(value)),
    },
    end: () => end(),
    leave,
  };
}
