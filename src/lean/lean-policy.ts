/** How these policies are made, and what they hand on. */

import type { Attempt, Deadline, Policy, Work } from "../policies/policy.ts";

const NO_DEADLINE: Deadline = { remainingMs: () => Infinity };

/** One go at the work. The getter stands on the class, so that `({ signal }) => …` reads it too. */
export class LeanAttempt implements Attempt {
  // Declared, for a field that is defined before it is set takes bytes.
  declare readonly attempt: number;
  declare readonly deadline: Deadline;
  /** What may end it early, if anything may. */
  declare readonly source: AbortSignal | undefined;

  constructor(attempt: number, deadline: Deadline, source: AbortSignal | undefined) {
    this.attempt = attempt;
    this.deadline = deadline;
    this.source = source;
  }

  /** Where nothing may end it, one that never aborts, made each time that it is read. */
  get signal(): AbortSignal {
    return this.source ?? new AbortController().signal;
  }
}

/** Makes a policy of what it does with a call that is not aborted yet. */
export function policyOf(
  name: string,
  call: <Value>(work: Work<Value>, attempt: LeanAttempt) => Promise<Value>,
): Policy {
  return Object.freeze<Policy>({
    name,
    run: async (work, options = {}) => {
      const { attempt = 1, deadline = NO_DEADLINE } = options;
      const source = options instanceof LeanAttempt ? options.source : options.signal;
      source?.throwIfAborted();
      return call(work, new LeanAttempt(attempt, deadline, source));
    },
  });
}
