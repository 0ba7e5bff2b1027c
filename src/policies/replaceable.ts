/** A policy that can be exchanged while calls run: for configuration that is read anew. */

import { OptionsError } from "../core/errors.ts";
import { guardsOf, nested, runInside, withGuards, type Guard } from "./guard.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import { checkOrder, PLACES, placesOf, type Place, type Placed } from "./order.ts";
import type { Policy, Work } from "./policy.ts";
import { readPolicy } from "./read-policy.ts";
import type { Caller, Inside } from "./work-call.ts";

/** A policy with another one inside that can be exchanged. Its name is that of the one inside. */
export interface Replaceable<Answer = never> extends Policy<Answer> {
  /** What guards the calls that begin now. */
  readonly current: Policy<Answer>;
  /**
   * Calls that begin from now on are guarded by `next`; those under way end under what they began in.
   * A `retry` outside is under way, but its next attempt begins.
   *
   * @throws {OptionsError} If it is no policy, is in an order of its own that makes no sense, or has
   * this policy inside. Then nothing has changed.
   */
  replace(next: Policy<Answer>): void;
}

/**
 * Makes a place for a policy that may be replaced by another one, such as a pipeline that was made of a
 * new configuration. It stands in pipelines as any policy. They look at what is in it when they are
 * made; what comes later is looked at by itself, and not with what is around it.
 *
 * What a policy knows goes with it: a new breaker is closed, a new bulkhead empty. What is to stay is
 * handed to the new one, or stands outside.
 *
 * @throws {OptionsError} If something else than a policy is handed in.
 * @example
 * const bank = replaceable(pipeline(retry(), timeout("2s")));
 * bank.replace(pipeline(retry({ attempts: 2 }), timeout("5s")));
 */
export function replaceable<Answer = never>(policy: Policy<Answer>): Replaceable<Answer> {
  const guard = new ReplaceableGuard(readPolicy(policy, "replaceable.policy"));
  const inside = nested([guard]);
  const face: Replaceable<Answer> & Placed = {
    [PLACES]: [() => guard.places()],
    get name() {
      return guard.current.name;
    },
    get current() {
      return guard.current;
    },
    replace: (next) => guard.replace(readPolicy(next, "replaceable.replace")),
    run: (work, options) => runInside(inside, work, options),
  };
  return Object.freeze(withGuards(face, [guard]));
}

class ReplaceableGuard implements Guard {
  #current: Policy;
  #guards: readonly Guard[];
  /** Those guards around each thing that they stood around: there are as many as pipelines. */
  #nested = new WeakMap<Inside, Inside>();
  #wasAsked = false;

  constructor(policy: Policy) {
    this.#current = policy;
    this.#guards = guardsOf(policy);
  }

  get current(): Policy {
    return this.#current;
  }

  places(): readonly Place[] {
    this.#wasAsked = true;
    return placesOf(this.#current);
  }

  replace(next: Policy): void {
    this.#wasAsked = false;
    checkOrder(placesOf(next));
    if (this.#wasAsked) {
      throw new OptionsError("replaceable.replace", "expected a policy without this one inside");
    }
    this.#current = next;
    this.#guards = guardsOf(next);
    this.#nested = new WeakMap();
  }

  begin<Value>(
    inside: Inside,
    work: Work<Value>,
    attempt: LazyAttempt,
    caller: Caller<Value>,
  ): void {
    const known = this.#nested.get(inside) ?? nested(this.#guards, inside);
    this.#nested.set(inside, known);
    known.begin(work, attempt, caller);
  }
}
