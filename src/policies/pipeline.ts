/** Policies nested into one. */

import { guardsOf, nested, runInside, withGuards } from "./guard.ts";
import type { AnswerOf, Policy } from "./policy.ts";
import { checkOrder, PLACES, placesOf, saidBy, type Placed } from "./order.ts";
import { readPolicy } from "./read-policy.ts";

/**
 * Nests policies, the first outermost: `pipeline(retry(), timeout("2s"))` limits each attempt,
 * `pipeline(timeout("2s"), retry())` all of them together. Without policies it just runs the work.
 *
 * @throws {OptionsError} At once, if something else than a policy is handed in, or they stand in an order
 * that is nearly always a mistake, such as a `fallback` inside a `retry`, which then sees no failure.
 * `intended` says that it is none.
 * @example
 * const bank = pipeline(retry(), breaker("bank"), timeout("2s"));
 * const balance = await bank.run(({ signal }) => readBalance(42, { signal }));
 */
export function pipeline<const Parts extends readonly Policy<unknown>[]>(
  ...policies: Parts
): Policy<AnswerOf<Parts[number]>> {
  const read = policies.map((policy, index) => readPolicy(policy, `pipeline[${index}]`));
  checkOrder(read.flatMap(placesOf));
  const guards = read.flatMap(guardsOf);
  const inside = nested(guards);
  const policy: Policy & Placed = {
    name: "pipeline",
    [PLACES]: read.flatMap(saidBy),
    run: (work, options) => runInside(inside, work, options),
  };
  return Object.freeze(withGuards(policy, guards));
}

/**
 * The same policy, for a place in a pipeline that would be refused as a mistake.
 *
 * @throws {OptionsError} If something else than a policy is handed in.
 * @example
 * // The stand-in has a limit of its own that is longer than the one outside, to be used elsewhere too.
 * const shared = timeout("1m");
 * const quick = pipeline(timeout("5s"), intended(shared));
 */
export function intended<Answer = never>(policy: Policy<Answer>): Policy<Answer> {
  const { name } = readPolicy(policy, "intended.policy");
  const same: Policy<Answer> & Placed = {
    name,
    [PLACES]: [() => placesOf(policy).map((place) => ({ ...place, isIntended: true }))],
    run: (work, options) => policy.run(work, options),
  };
  return Object.freeze(withGuards(same, guardsOf(policy)));
}
