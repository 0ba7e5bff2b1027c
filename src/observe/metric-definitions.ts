/**
 * Every metric that there is. Names, units and labels follow Prometheus' naming practice
 * (prometheus.io/docs/practices/naming): base units, `_total` on what only grows. They are part of the
 * interface: dashboards and alerts name them.
 *
 * A label holds the name of a policy, a word of ours or the code of a fault. What differs from call to
 * call, such as keys, messages and run ids, is never one: each value of it would be a series of its own.
 */

/** What is kept under one name. */
export interface Metric<Label extends string = string> {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly Label[];
  /** The states that a gauge tells apart: each becomes a series of its own, 1 for the one that it is in. */
  readonly states?: readonly string[];
}

/** The states of a breaker, with those that it is held in by hand. */
export const BREAKER_STATES = [
  "closed",
  "open",
  "half_open",
  "forced_closed",
  "forced_open",
  "disabled",
] as const;

/** One of them. */
export type BreakerState = (typeof BREAKER_STATES)[number];

/** All metrics, in the order in which they are shown. */
export const METRICS = {
  calls: counter("holdfast_calls_total", "Calls through measured(), by how they ended.", [
    "operation",
    "outcome",
    "error_type",
  ]),
  callSeconds: histogram(
    "holdfast_call_duration_seconds",
    "How long calls through measured() took, waits included.",
    ["operation", "outcome"],
  ),
  failedAttempts: counter(
    "holdfast_failed_attempts_total",
    "Attempts of retries and hedges that failed.",
    ["operation", "error_type"],
  ),
  failedAttemptSeconds: histogram(
    "holdfast_failed_attempt_duration_seconds",
    "How long attempts took that failed.",
    ["operation"],
  ),
  retries: counter("holdfast_retries_total", "Further attempts, by the failure before.", [
    "operation",
    "error_type",
  ]),
  retrySeconds: histogram("holdfast_retry_delay_seconds", "How long was waited before a retry.", [
    "operation",
  ]),
  retryCalls: counter(
    "holdfast_retry_calls_total",
    "Calls that did not succeed at their first attempt, by how they ended.",
    ["operation", "kind"],
  ),
  retryStops: counter(
    "holdfast_retry_stops_total",
    "Calls that failed for good, by why there was no further attempt.",
    ["operation", "reason"],
  ),
  budgetSpent: counter(
    "holdfast_retry_budget_spent_total",
    "How often a retry budget began to refuse.",
    ["budget"],
  ),
  budgetLeft: gauge("holdfast_retry_budget_left", "Retries and hedges that there may be now.", [
    "budget",
  ]),
  breakerState: Object.freeze({
    ...gauge("holdfast_circuit_breaker_state", "1 for the state that a breaker is in, else 0.", [
      "breaker",
    ]),
    states: BREAKER_STATES,
  }),
  breakerTransitions: counter(
    "holdfast_circuit_breaker_transitions_total",
    "How often a breaker went from one state to another.",
    ["breaker", "from", "to"],
  ),
  breakerCalls: counter(
    "holdfast_circuit_breaker_calls_total",
    "Calls of a breaker, by what it made of them; all kinds but not_permitted of watched ones only.",
    ["breaker", "kind"],
  ),
  breakerFailureRatio: gauge(
    "holdfast_circuit_breaker_failure_ratio",
    "Share of the calls in a breaker's window that failed.",
    ["breaker"],
  ),
  breakerSlowRatio: gauge(
    "holdfast_circuit_breaker_slow_call_ratio",
    "Share of the calls in a breaker's window that were slow.",
    ["breaker"],
  ),
  breakerIsolated: gauge(
    "holdfast_circuit_breaker_isolated",
    "1 while a breaker, or a control of several, is isolated, else 0.",
    ["breaker"],
  ),
  timeouts: counter("holdfast_timeouts_total", "Limits that were over before the work ended.", [
    "operation",
  ]),
  timeoutsSlow: counter(
    "holdfast_slow_calls_total",
    "Calls that took longer than a timeout calls slow, whether they ended in time or not.",
    ["operation"],
  ),
  timeoutLateSeconds: histogram(
    "holdfast_timeout_overrun_seconds",
    "How long after its limit work ended that went on.",
    ["operation"],
  ),
  bulkheadRejected: counter(
    "holdfast_bulkhead_rejected_total",
    "Calls that a bulkhead or an adaptive limit refused.",
    ["bulkhead", "reason"],
  ),
  bulkheadAbandoned: gauge(
    "holdfast_bulkhead_abandoned",
    "Slots held by work whose call was given up.",
    ["bulkhead"],
  ),
  bulkheadMax: gauge("holdfast_bulkhead_max", "How many works may run at once.", ["bulkhead"]),
  bulkheadAvailable: gauge("holdfast_bulkhead_available", "Slots that are free.", ["bulkhead"]),
  bulkheadRunning: gauge("holdfast_bulkhead_running", "Slots that are held.", ["bulkhead"]),
  bulkheadQueued: gauge("holdfast_bulkhead_queued", "Calls that wait for a slot.", ["bulkhead"]),
  throttleRejected: counter("holdfast_throttle_rejected_total", "Calls that a throttle refused.", [
    "throttle",
  ]),
  throttleChance: gauge(
    "holdfast_throttle_reject_ratio",
    "How likely a throttle is to refuse a call now.",
    ["throttle"],
  ),
  rateLimitSeconds: histogram(
    "holdfast_rate_limiter_wait_seconds",
    "How long calls wait that a rate limit holds back.",
    ["rate_limiter"],
  ),
  rateLimitRejected: counter(
    "holdfast_rate_limiter_rejected_total",
    "Calls that a rate limit refused.",
    ["rate_limiter"],
  ),
  rateLimitDrained: counter(
    "holdfast_rate_limiter_drained_total",
    "How often a rate limit lost all its permits at once.",
    ["rate_limiter"],
  ),
  rateLimitAvailable: gauge(
    "holdfast_rate_limiter_available",
    "Calls that could begin now without a wait.",
    ["rate_limiter"],
  ),
  rateLimitWaiting: gauge("holdfast_rate_limiter_waiting", "Calls that wait for their turn.", [
    "rate_limiter",
  ]),
  gateClosed: gauge("holdfast_gate_closed", "1 while a gate holds calls back, else 0.", ["gate"]),
  gateClosings: counter(
    "holdfast_gate_closings_total",
    "How often a gate closed, by the refusal.",
    ["gate", "error_type"],
  ),
  gateWaiting: gauge("holdfast_gate_waiting", "Calls that wait before a gate.", ["gate"]),
  gateRejected: counter("holdfast_gate_rejected_total", "Calls that a gate refused.", ["gate"]),
  hedges: counter("holdfast_hedges_total", "Attempts that were begun beside another, or won.", [
    "operation",
    "result",
  ]),
  heals: counter("holdfast_heals_total", "What became of healings, by remedy.", [
    "remedy",
    "result",
  ]),
  healSeconds: histogram("holdfast_heal_seconds", "How long healings took.", ["remedy", "result"]),
  fallbacks: counter("holdfast_fallbacks_total", "Answers that stood in for a failure.", [
    "operation",
    "error_type",
  ]),
  cacheRequests: counter("holdfast_cache_requests_total", "What a cache was asked for, and had.", [
    "cache",
    "result",
  ]),
  cacheRefreshFailures: counter(
    "holdfast_cache_refresh_failures_total",
    "Answers that could not be renewed.",
    ["cache", "error_type"],
  ),
  coalesced: counter("holdfast_coalesced_calls_total", "Calls that joined another's work.", [
    "operation",
  ]),
  chaos: counter("holdfast_chaos_injected_total", "What chaos did to calls.", [
    "operation",
    "injected",
  ]),
  overflow: counter(
    "holdfast_metrics_overflow_total",
    "What was counted as other, or not kept, because a metric had too many series.",
    ["metric"],
  ),
};

function counter<const Label extends string>(name: string, help: string, labels: Label[]) {
  return Object.freeze<Metric<Label>>({ name, type: "counter", help, labels });
}

function gauge<const Label extends string>(name: string, help: string, labels: Label[]) {
  return Object.freeze<Metric<Label>>({ name, type: "gauge", help, labels });
}

function histogram<const Label extends string>(name: string, help: string, labels: Label[]) {
  return Object.freeze<Metric<Label>>({ name, type: "histogram", help, labels });
}
