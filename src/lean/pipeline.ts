/** Policies nested into one, in few bytes. */

import type { AnswerOf, Policy, Work } from "../policies/policy.ts";
import { policyOf, type LeanAttempt } from "./lean-policy.ts";
import { under } from "./under.ts";

/**
 * Nests policies, the first outermost: `pipeline(retry(), timeout("2s"))` limits each attempt,
 * `pipeline(timeout("2s"), retry())` all of them together. Any policy fits, those of `holdfast` and your
 * own too. Orders that are nearly always mistakes are not noticed here.
 *
 * @example
 * const bank = pipeline(retry(), breaker("bank"), timeout("2s"));
 * const balance = await bank.run(({ signal }) => readBalance(42, { signal }));
 */
export function pipeline<const Parts extends readonly Policy<unknown>[]>(
  ...policies: Parts
): Policy<AnswerOf<Parts[number]>> {
  return policyOf("pipeline", <Value>(work: Work<Value>, attempt: LeanAttempt) => {
    const nested = policies.reduceRight<Work<unknown>>(
      (inside, policy) => (outer) => policy.run(inside, outer),
      work,
    );
    // What they answer in place of the work, the type of the pipeline tells.
    return under(attempt.source, () => nested(attempt) as Promise<Value>);
  });
}
