/** Policies nested into one. */

import { part, required } from "../core/options.ts";
import { attemptOf } from "./lazy-attempt.ts";
import type { Policy, Work } from "./policy.ts";

const readPolicy = required(
  part<Policy, undefined>({ methods: ["run"], default: undefined }),
  "a policy",
);

/**
 * Nests policies, the first outermost: `pipeline(retry(), timeout("2s"))` limits each attempt,
 * `pipeline(timeout("2s"), retry())` all of them together. Without policies it just runs the work.
 *
 * @throws {OptionsError} At once, if something else than a policy is handed in.
 * @example
 * const bank = pipeline(retry(), breaker("bank"), timeout("2s"));
 * const balance = await bank.run(({ signal }) => readBalance(42, { signal }));
 */
export function pipeline(...policies: readonly Policy[]): Policy {
  const nested = policies.map((policy, index) => readPolicy(policy, `pipeline[${index}]`));
  const [outermost = UNGUARDED, ...others] = nested;
  const inner = others.reverse();
  return Object.freeze<Policy>({
    name: "pipeline",
    run: (work, options) => {
      let guarded = work;
      for (const policy of inner) guarded = under(policy, guarded);
      return outermost.run(guarded, options);
    },
  });
}

function under<Value>(policy: Policy, work: Work<Value>): Work<Value> {
  return (attempt) => policy.run(work, attempt);
}

/** What a pipeline without policies does. */
const UNGUARDED: Policy = Object.freeze<Policy>({
  name: "unguarded",
  run: async (work, options) => {
    const attempt = attemptOf(options);
    const value = await attempt.start(work);
    return value;
  },
});
