/** What a policy is made of, for tests and for whoever shows it to people. */

import { placesOf, type Place, type PolicyKind } from "./order.ts";
import type { Policy } from "./policy.ts";
import { readPolicy } from "./read-policy.ts";

/** One policy, as it was made. */
export interface PolicyPart {
  /** The function that made it; `foreign` where it is none of ours. */
  readonly kind: PolicyKind;
  /** As in events. */
  readonly name: string;
  /**
   * Its options, with what they are by default, and what stands before them by its name: `limit` of a
   * `timeout`. Lengths of time are in milliseconds. What has no default and was not given is left out.
   */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * The parts of a policy, the outermost first: those that a pipeline nests, with all that pipelines
 * inside of it do; of any other policy, itself. A frozen copy of what they were made with: what was
 * changed since, as by `resize`, is asked of the policy itself.
 *
 * A backoff is a function, and so is whatever else was read into one or handed in as one.
 *
 * @throws {OptionsError} If something else than a policy is handed in.
 * @example
 * const bank = pipeline(retry({ attempts: 5 }), timeout("2s"));
 * console.log(partsOf(bank).map(({ kind }) => kind).join()); // retry,timeout
 */
export function partsOf(policy: Policy<unknown>): readonly PolicyPart[] {
  return Object.freeze(placesOf(readPolicy(policy, "partsOf.policy")).map(partOf));
}

function partOf({ kind, told }: Place): PolicyPart {
  const { name, ...options } = typeof told === "function" ? told() : told;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.freeze({ kind, name, options: Object.freeze(Object.fromEntries(given)) });
}
