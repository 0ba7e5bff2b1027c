/**
 * Orders of policies that are nearly always a mistake: the rule, and how a policy says what it is.
 *
 * A pipeline that is nested the wrong way round does nothing wrong that a test would see. It only does
 * not what it is there for, on the day when it is needed.
 */

import { OptionsError } from "../core/errors.ts";
import type { Policy } from "./policy.ts";

/** What a policy is: by the function that makes it, or `foreign`, which is one of somebody else's. */
export type PolicyKind =
  | "adaptiveLimit"
  | "breaker"
  | "bulkhead"
  | "cache"
  | "chaos"
  | "coalesce"
  | "fallback"
  | "foreign"
  | "gate"
  | "hedge"
  | "measured"
  | "rateLimit"
  | "retry"
  | "throttle"
  | "timeout";

/** One policy as it stands in a pipeline. */
export interface Place {
  readonly kind: PolicyKind;
  /** When its limit is over, in milliseconds; `Infinity` where it has none. */
  readonly limitMs: number;
  /** Whether what is inside may go on when that limit is over. */
  readonly isPatient: boolean;
  /** Its options, settled; or how to ask for them, where they are not kept as such. */
  readonly told: Told | (() => Told);
  /** Whether it is meant to stand where it does, whatever is around it. */
  readonly isIntended?: boolean;
}

/** The options that a policy was made with, its name among them. */
export interface Told {
  readonly name: string;
  readonly [option: string]: unknown;
}

/** Where a policy says what it is; one that is made of several, all of them, the outermost first. */
export const PLACES: unique symbol = Symbol("holdfast.places");

/** A place, or how to ask for the places of what may be another policy by then. */
export type Said = Place | (() => readonly Place[]);

/** A policy that says what it is. */
export interface Placed {
  readonly [PLACES]: readonly Said[];
}

/** What a policy of this kind says of itself. */
export function place(
  kind: PolicyKind,
  told: Place["told"],
  limitMs = Infinity,
  isPatient = false,
): Placed {
  return { [PLACES]: [{ kind, limitMs, isPatient, told }] };
}

/** What a policy says of itself: just its name, where it is one of somebody's own. */
export function saidBy(policy: Policy<unknown>): readonly Said[] {
  const { [PLACES]: said } = policy as Partial<Placed>;
  return said ?? place("foreign", { name: policy.name })[PLACES];
}

/** The places of a policy as they are now. */
export function placesOf(policy: Policy<unknown>): readonly Place[] {
  return saidBy(policy).flatMap((said) => (typeof said === "function" ? said() : said));
}

interface WrongOrder {
  readonly outer: readonly PolicyKind[];
  readonly inner: readonly PolicyKind[];
  /** What is wrong, after "a … outside of a …". */
  readonly why: string;
}

const WRONG_ORDERS: readonly WrongOrder[] = [
  {
    outer: ["retry", "hedge", "breaker", "gate", "throttle", "adaptiveLimit"],
    inner: ["fallback"],
    why: "sees the stand-in and never a failure",
  },
  {
    outer: ["cache"],
    inner: ["fallback"],
    why: "keeps the stand-in as if it were the answer",
  },
  {
    outer: ["breaker", "bulkhead", "rateLimit", "throttle", "adaptiveLimit", "gate"],
    inner: ["cache"],
    why: "refuses and counts calls that the cache would answer",
  },
  {
    outer: ["hedge"],
    inner: ["cache", "coalesce"],
    why: "begins a second call that joins the first instead of overtaking it",
  },
  {
    outer: ["gate"],
    inner: ["retry"],
    why: "hears of a refusal only when all attempts have failed",
  },
  {
    outer: ["hedge"],
    inner: ["retry", "hedge"],
    why: "multiplies the calls of what is inside",
  },
  {
    outer: ["chaos"],
    inner: [
      "retry",
      "hedge",
      "breaker",
      "timeout",
      "fallback",
      "gate",
      "throttle",
      "adaptiveLimit",
    ],
    why: "strikes before that is reached, and so does not try it",
  },
];

const REMEDY = "change their order, or say that it is meant: intended(policy)";

/** @throws {OptionsError} When policies, the outermost first, stand in an order that makes no sense. */
export function checkOrder(places: readonly Place[]): void {
  const judged = places.filter(({ isIntended }) => isIntended !== true);
  judged.forEach((inner, index) => {
    for (const outer of judged.slice(0, index)) checkPair(outer, inner);
  });
}

function checkPair(outer: Place, inner: Place): void {
  if (outer === inner && outer.kind !== "measured")
    refuse(`the same ${outer.kind} stands in it twice; leave one of them out`);
  const wrong = WRONG_ORDERS.find(
    (order) => order.outer.includes(outer.kind) && order.inner.includes(inner.kind),
  );
  if (wrong !== undefined)
    refuse(`a ${outer.kind} outside of a ${inner.kind} ${wrong.why}; ${REMEDY}`);
  if (!outer.isPatient && outer.limitMs < inner.limitMs && inner.limitMs < Infinity)
    refuse(
      `a limit of ${outer.limitMs} ms (${outer.kind}) outside of one of ${inner.limitMs} ms ` +
        `(${inner.kind}) is always over first; ${REMEDY}`,
    );
}

function refuse(problem: string): never {
  throw new OptionsError("pipeline", problem);
}
