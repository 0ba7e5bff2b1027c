/** What the `holdfast` part of a record tells of the events of policies. */

import type { HoldfastEvent } from "../core/events.ts";

/** Fields of a record, by the thing that they tell of. */
export type Fields = Readonly<Record<string, unknown>>;

const KINDS = ["breaker", "bulkhead", "limit", "throttle", "timeout"] as const;

type PolicyEvent = Extract<HoldfastEvent, { type: `${(typeof KINDS)[number]}.${string}` }>;

/** Whether its fields are told here. */
export function isOfPolicy(event: HoldfastEvent): event is PolicyEvent {
  return KINDS.some((kind) => event.type.startsWith(`${kind}.`));
}

/** The fields of one event of a policy; a missing event does not compile. */
export function policyDetails(event: PolicyEvent): Fields {
  switch (event.type) {
    case "breaker.opened":
      return { breaker: { name: event.policy, state: "open", pause_ms: event.pauseMs } };
    case "breaker.half_opened":
      return { breaker: { name: event.policy, state: "half-open" } };
    case "breaker.closed":
      return { breaker: { name: event.policy, state: "closed" } };
    case "breaker.rejected":
      return { breaker: rejected(event) };
    case "bulkhead.rejected":
      return { bulkhead: { name: event.policy, limit: event.limit, queued: event.queued } };
    case "bulkhead.abandoned":
      return { bulkhead: { name: event.policy, limit: event.limit, abandoned: event.abandoned } };
    case "bulkhead.reclaimed":
      return { bulkhead: { name: event.policy, abandoned: event.abandoned } };
    case "limit.changed":
      return { bulkhead: { name: event.policy, limit: event.to } };
    case "throttle.rejected":
      return { throttle: { name: event.policy, chance: event.chance } };
    case "timeout.expired":
      return { timeout: { limit_ms: event.limitMs } };
    case "timeout.outlived":
      return { timeout: { late_ms: event.lateMs } };
  }
}

/** While a probe runs there is no wait to name. */
function rejected({ policy, retryAfterMs }: PolicyEvent & { type: "breaker.rejected" }): Fields {
  const state = retryAfterMs > 0 ? "open" : "half-open";
  return { name: policy, state, retry_after_ms: finite(retryAfterMs) };
}

/** Redaction makes text of what is infinite; a field of numbers takes no text. */
export function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
