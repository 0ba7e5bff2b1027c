/** Calls whose outcome says that the other side's count is used up, whatever ours says. */

import type { Classify } from "../classify/classify.ts";
import { RejectedError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import { isOneOf, type FailureKind } from "./failure-kinds.ts";
import type { FaultOfResult } from "./fault-of-result.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import type { Work } from "./policy.ts";

/** Which outcomes these are. */
export interface DrainRules {
  readonly drainOn: readonly FailureKind[];
  readonly faultOfResult: FaultOfResult | undefined;
  readonly classify: Classify;
}

/**
 * Makes of work the same work, after which `drain` is called if it ended so. A refusal by a policy
 * inside and the caller's abort say nothing of the other side.
 */
export function drainsOn(
  { drainOn, faultOfResult, classify }: DrainRules,
  drain: () => void,
): <Value>(work: Work<Value>) => Work<Value> {
  const judge = (attempt: LazyAttempt, error: unknown, fault: Fault): void => {
    if (!attempt.isAborted && isOneOf(drainOn, error, fault)) drain();
  };
  return (work) => async (given) => {
    const attempt = attemptOf(given);
    try {
      const value = await work(given);
      const fault = faultOfResult?.(value);
      if (fault !== undefined) judge(attempt, value, fault);
      return value;
    } catch (error) {
      if (!(error instanceof RejectedError)) judge(attempt, error, classify(error));
      throw error;
    }
  };
}
