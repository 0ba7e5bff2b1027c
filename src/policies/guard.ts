/**
 * How our own policies nest: without a promise for each of them.
 *
 * A policy has `run`, which answers a promise. Between two of ours that would be a promise, two
 * functions and a turn of the queue for every layer of every call. So a guard begins what is inside
 * it, and is told how it ended. Only whoever hands the call in has a promise, and only the work itself
 * is awaited.
 */

import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import type { Policy, RunOptions, Work } from "./policy.ts";
import { settleWith, WORK, type Caller, type Inside } from "./work-call.ts";
import type { Placed } from "./order.ts";

/** What a policy of ours does around what is inside it. */
export interface Guard {
  /** Begins a call. Never throws; `caller` may be told before this answers. */
  begin<Value>(
    inside: Inside,
    work: Work<Value>,
    attempt: LazyAttempt,
    caller: Caller<Value>,
  ): void;
}

/** Where a policy of ours keeps its guards, the outermost first. */
export const GUARDS: unique symbol = Symbol("holdfast.guards");

/** What makes a policy one of ours. */
export interface Guarded {
  readonly [GUARDS]: readonly Guard[];
}

/** Makes the policy that one guard is. */
export function guarded(name: string, guard: Guard, placed?: Placed): Policy & Guarded {
  const guards = [guard];
  const inside = nested(guards);
  const policy: Policy = {
    ...placed,
    name,
    run: (work, options) => runInside(inside, work, options),
  };
  return Object.freeze(withGuards(policy, guards));
}

/**
 * Gives a policy its guards. They are not copied by a spread: whoever makes a policy out of one of ours
 * has a `run` of its own, which is what counts.
 */
export function withGuards<Ours extends Policy<unknown>>(
  policy: Ours,
  guards: readonly Guard[],
): Ours & Guarded {
  return Object.defineProperty(policy, GUARDS, { value: guards }) as Ours & Guarded;
}

/** The guards of any policy: its own, or one that calls its `run`. */
export function guardsOf(policy: Policy<unknown>): readonly Guard[] {
  return (policy as Partial<Guarded>)[GUARDS] ?? [foreignGuard(policy)];
}

/** The first guard around the second and so on, around the work or what else is inside. */
export function nested(guards: readonly Guard[], inside: Inside = WORK): Inside {
  return guards.reduceRight(around, inside);
}

function around(inside: Inside, guard: Guard): Inside {
  return {
    begin: (work, attempt, caller) => {
      guard.begin(inside, work, attempt, caller);
    },
  };
}

/** Hands a call in: what `run` of a policy does with its guards nested. */
export function runInside<Value>(
  inside: Inside,
  work: Work<Value>,
  options: RunOptions | undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    inside.begin(work, attemptOf(options), { succeeded: resolve, failed: reject });
  });
}

function foreignGuard(policy: Policy<unknown>): Guard {
  return {
    begin: (inside, work, attempt, caller) => {
      const guarded = (inner: RunOptions) => runInside(inside, work, watchedAs(attempt, inner));
      settleWith(() => policy.run(guarded, attempt), caller);
    },
  };
}

/** Who names the fields of an attempt and hands them on loses those that are our own. */
function watchedAs(outer: LazyAttempt, inner: RunOptions | undefined): LazyAttempt {
  const attempt = attemptOf(inner);
  return outer.watch === undefined || attempt.watch !== undefined
    ? attempt
    : attempt.watched(outer.watch);
}
