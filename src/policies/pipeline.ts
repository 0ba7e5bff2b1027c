/** Policies nested into one. */

import { part, required } from "../core/options.ts";
import { GUARDS, guardsOf, nested, runInside, type GuardedPolicy } from "./guard.ts";
import type { Policy } from "./policy.ts";

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
  const guards = policies.flatMap((policy, index) =>
    guardsOf(readPolicy(policy, `pipeline[${index}]`)),
  );
  const inside = nested(guards);
  return Object.freeze<GuardedPolicy>({
    name: "pipeline",
    [GUARDS]: guards,
    run: (work, options) => runInside(inside, work, options),
  });
}
