/** What the `holdfast` part of a record tells of the events of policies. */

import { finite, NOTHING, type DetailsOfAll, type PolicyEventType } from "./fields.ts";

/** The fields of each event of a policy, by the thing that they tell of. */
export const POLICY_DETAILS: DetailsOfAll<PolicyEventType> = {
  "retry.scheduled": ({ number, maxAttempts, waitMs }) => ({
    attempt: { number, max: finite(maxAttempts), delay_ms: waitMs },
  }),
  "retry.recovered": ({ attempts }) => ({ attempt: { number: attempts } }),
  "retry.stopped": ({ attempts }) => ({ attempt: { number: attempts } }),

  "breaker.opened": ({ policy: name, pauseMs }) => ({
    breaker: { name, state: "open", pause_ms: pauseMs },
  }),
  "breaker.half_opened": ({ policy: name }) => ({ breaker: { name, state: "half-open" } }),
  "breaker.closed": ({ policy: name }) => ({ breaker: { name, state: "closed" } }),
  "breaker.held": ({ policy: name, hold }) => ({
    breaker: { name, state: hold === "open" ? "open" : "closed", hold },
  }),
  "breaker.isolated": ({ policy: name }) => ({ breaker: { name, state: "open" } }),
  // Each is as it was before.
  "breaker.released": ({ policy: name }) => ({ breaker: { name } }),
  // While a probe runs, or it is held open, there is no wait to name.
  "breaker.rejected": ({ policy: name, retryAfterMs }) => ({
    breaker: {
      name,
      state: retryAfterMs > 0 ? "open" : "half-open",
      retry_after_ms: finite(retryAfterMs),
    },
  }),

  "timeout.expired": ({ limitMs }) => ({ timeout: { limit_ms: limitMs } }),
  "timeout.slow": ({ slowMs }) => ({ timeout: { slow_ms: slowMs } }),
  "timeout.outlived": ({ lateMs }) => ({ timeout: { late_ms: lateMs } }),

  "bulkhead.rejected": ({ policy: name, limit, queued }) => ({ bulkhead: { name, limit, queued } }),
  "bulkhead.abandoned": ({ policy: name, limit, abandoned }) => ({
    bulkhead: { name, limit, abandoned },
  }),
  "bulkhead.reclaimed": ({ policy: name, abandoned }) => ({ bulkhead: { name, abandoned } }),
  "limit.changed": ({ policy: name, to }) => ({ bulkhead: { name, limit: to } }),
  "throttle.rejected": ({ policy: name, chance }) => ({ throttle: { name, chance } }),

  "rate_limit.waited": ({ policy: name, waitMs }) => ({ rate_limit: { name, wait_ms: waitMs } }),
  "rate_limit.rejected": ({ policy: name, retryAfterMs }) => ({
    rate_limit: { name, retry_after_ms: finite(retryAfterMs) },
  }),
  "rate_limit.drained": ({ policy: name, permits }) => ({ rate_limit: { name, permits } }),
  "gate.closed": ({ policy: name, waitMs }) => ({
    gate: { name, state: "closed", wait_ms: waitMs },
  }),
  "gate.opened": ({ policy: name }) => ({ gate: { name, state: "open" } }),
  "gate.rejected": ({ policy: name, retryAfterMs }) => ({
    gate: { name, retry_after_ms: finite(retryAfterMs) },
  }),
  "budget.spent": ({ policy: name, calls, retries, windowMs }) => ({
    budget: { name, calls, retries, window_ms: windowMs },
  }),

  "hedge.started": ({ number, afterMs }) => ({ attempt: { number, delay_ms: afterMs } }),
  "hedge.won": ({ number }) => ({ attempt: { number } }),
  "chaos.injected": ({ injected, latencyMs }) => ({
    chaos: { injected, latency_ms: finite(latencyMs) },
  }),

  "call.succeeded": NOTHING,
  "call.failed": NOTHING,
  "fallback.used": NOTHING,
  "cache.hit": ({ key, isStale }) => ({ cache: { key, is_stale: isStale } }),
  "cache.missed": ({ key }) => ({ cache: { key } }),
  "cache.refresh_failed": ({ key }) => ({ cache: { key } }),
  "coalesce.joined": ({ key }) => ({ coalesce: { key } }),
};
