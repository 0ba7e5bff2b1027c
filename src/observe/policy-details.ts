/** What the `holdfast` part of a record tells of the events of policies. */

import type { HoldfastEvent } from "../core/events.ts";

/** Fields of a record, by the thing that they tell of. */
export type Fields = Readonly<Record<string, unknown>>;

const KINDS = ["breaker", "budget", "gate", "rate_limit", "timeout"] as const;

type PolicyEvent = Extract<HoldfastEvent, { type: `${(typeof KINDS)[number]}.${string}` }>;

/** Whether its fields are told here. */
export function isOfPolicy(event: HoldfastEvent): event is PolicyEvent {
  return KINDS.some((kind) => event.type.startsWith(`${kind}.`));
}

/** The fields of one event of a policy; a missing event does not compile. */
export function policyDetails(event: PolicyEvent): Fields {
  const { policy: name } = event;
  switch (event.type) {
    case "breaker.opened":
      return { breaker: { name, state: "open", pause_ms: event.pauseMs } };
    case "breaker.half_opened":
      return { breaker: { name, state: "half-open" } };
    case "breaker.closed":
      return { breaker: { name, state: "closed" } };
    case "breaker.rejected":
      return { breaker: rejected(event) };
    case "budget.spent": {
      const { calls, retries, windowMs } = event;
      return { budget: { name, calls, retries, window_ms: windowMs } };
    }
    case "gate.closed":
      return { gate: { name, state: "closed", wait_ms: event.waitMs } };
    case "gate.opened":
      return { gate: { name, state: "open" } };
    case "gate.rejected":
      return { gate: { name, retry_after_ms: finite(event.retryAfterMs) } };
    case "rate_limit.waited":
      return { rate_limit: { name, wait_ms: event.waitMs } };
    case "rate_limit.rejected":
      return { rate_limit: { name, retry_after_ms: finite(event.retryAfterMs) } };
    case "timeout.expired":
      return { timeout: { limit_ms: event.limitMs } };
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
