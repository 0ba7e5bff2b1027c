/** Fields of a record, and how an event gives some. */

import type { EventType, HoldfastEvent } from "../core/events.ts";

/** Fields, by the thing that they tell of. */
export type Fields = Readonly<Record<string, unknown>>;

/** What events of one type tell. */
export type DetailsOf<Type extends EventType> = (
  event: Extract<HoldfastEvent, { readonly type: Type }>,
) => Fields;

/** The details of events of several types. */
export type DetailsOfAll<Type extends EventType> = { readonly [One in Type]: DetailsOf<One> };

type PolicyKind =
  | "retry"
  | "breaker"
  | "call"
  | "timeout"
  | "bulkhead"
  | "limit"
  | "throttle"
  | "rate_limit"
  | "gate"
  | "budget"
  | "hedge"
  | "chaos"
  | "fallback"
  | "cache"
  | "coalesce";

/** The events that policies tell. */
export type PolicyEventType = Extract<EventType, `${PolicyKind}.${string}`>;

/** The details of an event that says all by its type and its place. */
export const NOTHING = (): Fields => ({});

/** Redaction makes text of what is infinite; a field of numbers takes no text. */
export function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
