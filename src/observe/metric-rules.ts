/** What each event of a policy, and each healing, counts as. */

import type { EventDetails } from "../core/events.ts";
import type { PolicyEventType } from "./fields.ts";
import { METRICS, type BreakerState } from "./metric-definitions.ts";
import type { Tally } from "./metric-tally.ts";

type CountedType =
  | PolicyEventType
  | "attempt.failed"
  | "heal.completed"
  | "heal.failed"
  | "heal.skipped";

type Count<Type extends CountedType> = (
  tally: Tally,
  event: Extract<EventDetails, { readonly type: Type }>,
) => void;

/** Counts an event, where it is one that is counted. */
export function countEvent(tally: Tally, event: EventDetails): void {
  if (!isCounted(event)) return;
  // Each is called with the events of its own type alone.
  (COUNTS[event.type] as (tally: Tally, event: EventDetails) => void)(tally, event);
}

function isCounted(event: EventDetails): event is Extract<EventDetails, { type: CountedType }> {
  return Object.hasOwn(COUNTS, event.type);
}

const COUNTS: { readonly [Type in CountedType]: Count<Type> } = {
  "call.succeeded": (tally, { policy: operation, durationMs }) => {
    const outcome = "success";
    tally.count(METRICS.calls, { operation, outcome, error_type: undefined });
    tally.time(METRICS.callSeconds, { operation, outcome }, durationMs);
  },
  "call.failed": (tally, { policy: operation, durationMs, fault }) => {
    const outcome = "failure";
    tally.count(METRICS.calls, { operation, outcome, error_type: fault.code });
    tally.time(METRICS.callSeconds, { operation, outcome }, durationMs);
  },

  "attempt.failed": (tally, { policy: operation, durationMs, fault }) => {
    // One of a step, which is no policy.
    if (operation === undefined) return;
    tally.count(METRICS.failedAttempts, { operation, error_type: fault.code });
    tally.time(METRICS.failedAttemptSeconds, { operation }, durationMs);
  },
  "retry.scheduled": (tally, { policy: operation, fault, waitMs }) => {
    tally.count(METRICS.retries, { operation, error_type: fault.code });
    tally.time(METRICS.retrySeconds, { operation }, waitMs);
  },
  "retry.recovered": (tally, { policy: operation }) => {
    tally.count(METRICS.retryCalls, { operation, kind: "successful_with_retry" });
  },
  "retry.stopped": (tally, { policy: operation, attempts, reason }) => {
    const kind = attempts > 1 ? "failed_with_retry" : "failed_without_retry";
    tally.count(METRICS.retryCalls, { operation, kind });
    tally.count(METRICS.retryStops, { operation, reason });
  },
  "budget.spent": (tally, { policy: budget }) => tally.count(METRICS.budgetSpent, { budget }),

  "breaker.opened": (tally, { policy }) => breakerMoved(tally, policy, "closed", "open"),
  "breaker.half_opened": (tally, { policy }) => breakerMoved(tally, policy, "open", "half_open"),
  "breaker.closed": (tally, { policy }) => breakerMoved(tally, policy, "half_open", "closed"),
  "breaker.held": (tally, { policy, hold }) => breakerMoved(tally, policy, "closed", HELD[hold]),
  "breaker.isolated": (tally, { policy: breaker }) =>
    tally.set(METRICS.breakerIsolated, { breaker }, 1),
  "breaker.released": (tally, { policy: breaker }) =>
    tally.set(METRICS.breakerIsolated, { breaker }, 0),
  "breaker.rejected": (tally, { policy: breaker, retryAfterMs }) => {
    tally.count(METRICS.breakerCalls, { breaker, kind: "not_permitted" });
    // It opened before anybody counted.
    if (tally.stateOf(METRICS.breakerState, { breaker }) === undefined)
      tally.enter(METRICS.breakerState, { breaker }, stateOfRefusal(retryAfterMs));
  },

  "timeout.expired": (tally, { policy: operation }) => tally.count(METRICS.timeouts, { operation }),
  "timeout.slow": (tally, { policy: operation }) =>
    tally.count(METRICS.timeoutsSlow, { operation }),
  "timeout.outlived": (tally, { policy: operation, lateMs }) =>
    tally.time(METRICS.timeoutLateSeconds, { operation }, lateMs),

  "bulkhead.rejected": (tally, { policy: bulkhead, reason }) =>
    tally.count(METRICS.bulkheadRejected, { bulkhead, reason }),
  "bulkhead.abandoned": (tally, { policy: bulkhead, abandoned }) =>
    tally.set(METRICS.bulkheadAbandoned, { bulkhead }, abandoned),
  "bulkhead.reclaimed": (tally, { policy: bulkhead, abandoned }) =>
    tally.set(METRICS.bulkheadAbandoned, { bulkhead }, abandoned),
  "limit.changed": (tally, { policy: bulkhead, to }) =>
    tally.set(METRICS.bulkheadMax, { bulkhead }, to),
  "throttle.rejected": (tally, { policy: throttle }) =>
    tally.count(METRICS.throttleRejected, { throttle }),
  "rate_limit.waited": (tally, { policy, waitMs }) =>
    tally.time(METRICS.rateLimitSeconds, { rate_limiter: policy }, waitMs),
  "rate_limit.rejected": (tally, { policy }) =>
    tally.count(METRICS.rateLimitRejected, { rate_limiter: policy }),
  "rate_limit.drained": (tally, { policy }) =>
    tally.count(METRICS.rateLimitDrained, { rate_limiter: policy }),
  "gate.closed": (tally, { policy: gate, fault }) => {
    tally.set(METRICS.gateClosed, { gate }, 1);
    tally.count(METRICS.gateClosings, { gate, error_type: fault.code });
  },
  "gate.opened": (tally, { policy: gate }) => tally.set(METRICS.gateClosed, { gate }, 0),
  "gate.rejected": (tally, { policy: gate }) => tally.count(METRICS.gateRejected, { gate }),

  "hedge.started": (tally, { policy: operation }) =>
    tally.count(METRICS.hedges, { operation, result: "started" }),
  "hedge.won": (tally, { policy: operation }) =>
    tally.count(METRICS.hedges, { operation, result: "won" }),
  "heal.completed": (tally, { remedy, durationMs }) => {
    tally.count(METRICS.heals, { remedy, result: "healed" });
    tally.time(METRICS.healSeconds, { remedy, result: "healed" }, durationMs);
  },
  "heal.failed": (tally, { remedy, durationMs }) => {
    tally.count(METRICS.heals, { remedy, result: "failed" });
    tally.time(METRICS.healSeconds, { remedy, result: "failed" }, durationMs);
  },
  "heal.skipped": (tally, { remedy }) => tally.count(METRICS.heals, { remedy, result: "skipped" }),
  "fallback.used": (tally, { policy: operation, fault }) =>
    tally.count(METRICS.fallbacks, { operation, error_type: fault.code }),
  "cache.hit": (tally, { policy: cache, isStale }) =>
    tally.count(METRICS.cacheRequests, { cache, result: isStale ? "stale" : "hit" }),
  "cache.missed": (tally, { policy: cache }) =>
    tally.count(METRICS.cacheRequests, { cache, result: "miss" }),
  "cache.refresh_failed": (tally, { policy: cache, fault }) =>
    tally.count(METRICS.cacheRefreshFailures, { cache, error_type: fault.code }),
  "coalesce.joined": (tally, { policy: operation }) =>
    tally.count(METRICS.coalesced, { operation }),
  "chaos.injected": (tally, { policy: operation, injected }) =>
    tally.count(METRICS.chaos, { operation, injected }),
};

/** What a breaker is in that is held by hand. */
export const HELD = {
  open: "forced_open",
  closed: "forced_closed",
  off: "disabled",
} as const;

/** @param usually Where it came from if nobody had heard of it yet: a breaker begins closed. */
function breakerMoved(
  tally: Tally,
  breaker: string,
  usually: BreakerState,
  to: BreakerState,
): void {
  const from = tally.enter(METRICS.breakerState, { breaker }, to) ?? usually;
  if (from !== to) tally.count(METRICS.breakerTransitions, { breaker, from, to });
}

/** As `CircuitOpenError` tells them apart. */
function stateOfRefusal(retryAfterMs: number): BreakerState {
  if (retryAfterMs === Infinity) return "forced_open";
  return retryAfterMs > 0 ? "open" : "half_open";
}
