/**
 * Which request meets which fault. Nothing but the seed and the requests decide: the same ones in
 * the same order meet the same faults.
 *
 * A request fails when (a) there is a kind that fits it and was not caused yet, (b) it is the first
 * one for its object, or (c) the dice say so; but never when the same request (method and object)
 * met `inARow` faults in a row.
 */

import type { Random } from "../core/dice.ts";
import type { FaultKind, FaultRules, SettledRefusal, StoreMethod } from "./object-store-options.ts";

/** A request as the plan sees it. */
export interface PlannedRequest {
  readonly method: StoreMethod;
  readonly name: string;
}

/** Tells the fault of one request after the other. */
export type FaultPlan = (request: PlannedRequest) => FaultKind | undefined;

/** Makes a plan that follows `script` first, and then draws. */
export function faultPlan(
  rules: Omit<FaultRules, "retryAfter" | "stall">,
  script: readonly (FaultKind | "none")[],
  dice: Random,
): FaultPlan {
  const scripted = [...script];
  const unseen = shuffled(rules.kinds, dice);
  const names = new Set<string>();
  const faultsInARow = new Map<string, number>();

  function draw({ method, name }: PlannedRequest): FaultKind | undefined {
    // Drawn also when they are not needed, so that one decision does not shift all that follow.
    const [chance, choice] = [dice(), dice()];
    if ((faultsInARow.get(`${method} ${name}`) ?? 0) >= rules.inARow) return undefined;
    const waiting = unseen.findIndex((kind) => fits(kind, method));
    if (waiting >= 0) return unseen.splice(waiting, 1)[0];
    const fitting = rules.kinds.filter((kind) => fits(kind, method));
    const isFirst = rules.atFirst && !names.has(name);
    return isFirst || chance < rules.rate
      ? fitting[Math.floor(choice * fitting.length)]
      : undefined;
  }

  return (request) => {
    const next = scripted.shift();
    const fault = next === undefined ? draw(request) : findScripted(next, request);
    const row = `${request.method} ${request.name}`;
    names.add(request.name);
    faultsInARow.set(row, fault === undefined ? 0 : (faultsInARow.get(row) ?? 0) + 1);
    return fault;
  };
}

function findScripted(kind: FaultKind | "none", { method }: PlannedRequest): FaultKind | undefined {
  return kind !== "none" && fits(kind, method) ? kind : undefined;
}

/** The refusal that a request falls under, if any. */
export function findRefusal(
  rules: readonly SettledRefusal[],
  { method, name }: PlannedRequest,
): SettledRefusal | undefined {
  return rules.find((rule) => rule.method === method && name.startsWith(rule.prefix));
}

/** Only a body can be cut short, and only what has an effect can be cut off after it. */
function fits(kind: FaultKind, method: StoreMethod): boolean {
  if (kind === "truncate") return method === "GET";
  if (kind === "reset-after") return method === "PUT" || method === "DELETE";
  return true;
}

/** Fisher and Yates, as in Knuth, The Art of Computer Programming, volume 2, 3.4.2 P. */
function shuffled<Item>(items: readonly Item[], dice: Random): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(dice() * (last + 1));
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}
