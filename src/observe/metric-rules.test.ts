/** What each event counts as, by the lines that Prometheus gets of it. */

import { expect, test } from "vitest";
import type { EventDetails } from "../core/events.ts";
import { eventOf, ROWS } from "./every-event.contract.ts";
import { FAILURE, FAULT } from "./event-row.contract.ts";
import { metrics } from "./index.ts";

/** The lines that events become, without those of buckets. */
function linesOf(...events: EventDetails[]): string[] {
  const seen = metrics({ listens: false });
  for (const event of events) seen.on(event);
  return seen
    .text()
    .split("\n")
    .filter((line) => /^holdfast_(?!.*_bucket)/.test(line))
    .map((line) => line.slice("holdfast_".length));
}

const COUNTED: readonly [event: EventDetails, lines: readonly string[]][] = [
  [
    { type: "call.succeeded", policy: "a", durationMs: 20 },
    [
      'calls_total{operation="a",outcome="success"} 1',
      'call_duration_seconds_sum{operation="a",outcome="success"} 0.02',
      'call_duration_seconds_count{operation="a",outcome="success"} 1',
    ],
  ],
  [
    { type: "call.failed", policy: "a", durationMs: 20, ...FAILURE },
    [
      'calls_total{operation="a",outcome="failure",error_type="HTTP_503"} 1',
      'call_duration_seconds_sum{operation="a",outcome="failure"} 0.02',
      'call_duration_seconds_count{operation="a",outcome="failure"} 1',
    ],
  ],
  [
    { type: "attempt.failed", policy: "a", number: 1, durationMs: 20, ...FAILURE },
    [
      'failed_attempts_total{operation="a",error_type="HTTP_503"} 1',
      'failed_attempt_duration_seconds_sum{operation="a"} 0.02',
      'failed_attempt_duration_seconds_count{operation="a"} 1',
    ],
  ],
  // One of a step, which is no policy.
  [{ type: "attempt.failed", number: 1, durationMs: 20, ...FAILURE }, []],
  [
    {
      type: "retry.scheduled",
      policy: "a",
      number: 1,
      maxAttempts: 4,
      waitMs: 200,
      fault: FAULT,
    },
    [
      'retries_total{operation="a",error_type="HTTP_503"} 1',
      'retry_delay_seconds_sum{operation="a"} 0.2',
      'retry_delay_seconds_count{operation="a"} 1',
    ],
  ],
  [
    { type: "retry.recovered", policy: "a", attempts: 2 },
    ['retry_calls_total{operation="a",kind="successful_with_retry"} 1'],
  ],
  [
    {
      type: "retry.stopped",
      policy: "a",
      attempts: 1,
      reason: "class is not retried",
      history: [],
      ...FAILURE,
    },
    [
      'retry_calls_total{operation="a",kind="failed_without_retry"} 1',
      'retry_stops_total{operation="a",reason="class is not retried"} 1',
    ],
  ],
  [
    {
      type: "retry.stopped",
      policy: "a",
      attempts: 2,
      reason: "attempts used up",
      history: [],
      ...FAILURE,
    },
    [
      'retry_calls_total{operation="a",kind="failed_with_retry"} 1',
      'retry_stops_total{operation="a",reason="attempts used up"} 1',
    ],
  ],
  [
    { type: "budget.spent", policy: "a", calls: 10, retries: 2, windowMs: 10_000 },
    ['retry_budget_spent_total{budget="a"} 1'],
  ],
  [{ type: "breaker.isolated", policy: "a" }, ['circuit_breaker_isolated{breaker="a"} 1']],
  [{ type: "breaker.released", policy: "a" }, ['circuit_breaker_isolated{breaker="a"} 0']],
  [{ type: "timeout.slow", policy: "a", slowMs: 5 }, ['slow_calls_total{operation="a"} 1']],
  [
    { type: "rate_limit.drained", policy: "a", permits: 3 },
    ['rate_limiter_drained_total{rate_limiter="a"} 1'],
  ],
  [{ type: "timeout.expired", policy: "a", limitMs: 5 }, ['timeouts_total{operation="a"} 1']],
  [
    { type: "timeout.outlived", policy: "a", lateMs: 1_500 },
    [
      'timeout_overrun_seconds_sum{operation="a"} 1.5',
      'timeout_overrun_seconds_count{operation="a"} 1',
    ],
  ],
  [
    { type: "bulkhead.rejected", policy: "a", reason: "queue is full", limit: 1, queued: 1 },
    ['bulkhead_rejected_total{bulkhead="a",reason="queue is full"} 1'],
  ],
  [
    { type: "bulkhead.abandoned", policy: "a", abandoned: 2, limit: 4 },
    ['bulkhead_abandoned{bulkhead="a"} 2'],
  ],
  [
    { type: "bulkhead.reclaimed", policy: "a", abandoned: 1, durationMs: 4 },
    ['bulkhead_abandoned{bulkhead="a"} 1'],
  ],
  [{ type: "limit.changed", policy: "a", from: 20, to: 18 }, ['bulkhead_max{bulkhead="a"} 18']],
  [
    { type: "throttle.rejected", policy: "a", chance: 0.5 },
    ['throttle_rejected_total{throttle="a"} 1'],
  ],
  [
    { type: "rate_limit.waited", policy: "a", waitMs: 250 },
    [
      'rate_limiter_wait_seconds_sum{rate_limiter="a"} 0.25',
      'rate_limiter_wait_seconds_count{rate_limiter="a"} 1',
    ],
  ],
  [
    { type: "rate_limit.rejected", policy: "a", retryAfterMs: 5 },
    ['rate_limiter_rejected_total{rate_limiter="a"} 1'],
  ],
  [
    { type: "gate.closed", policy: "a", waitMs: 5, ...FAILURE },
    ['gate_closed{gate="a"} 1', 'gate_closings_total{gate="a",error_type="HTTP_503"} 1'],
  ],
  [{ type: "gate.opened", policy: "a" }, ['gate_closed{gate="a"} 0']],
  [{ type: "gate.rejected", policy: "a", retryAfterMs: 5 }, ['gate_rejected_total{gate="a"} 1']],
  [
    {
      type: "heal.completed",
      remedy: "a",
      target: "/srv",
      fault: FAULT,
      durationMs: 5,
      deeds: [],
      found: "",
    },
    [
      'heals_total{remedy="a",result="healed"} 1',
      'heal_seconds_sum{remedy="a",result="healed"} 0.005',
      'heal_seconds_count{remedy="a",result="healed"} 1',
    ],
  ],
  [
    {
      type: "heal.failed",
      remedy: "a",
      target: "/srv",
      fault: FAULT,
      durationMs: 5,
      deeds: [],
      because: "",
    },
    [
      'heals_total{remedy="a",result="failed"} 1',
      'heal_seconds_sum{remedy="a",result="failed"} 0.005',
      'heal_seconds_count{remedy="a",result="failed"} 1',
    ],
  ],
  [
    { type: "heal.skipped", remedy: "a", target: "/srv", fault: FAULT, because: "" },
    ['heals_total{remedy="a",result="skipped"} 1'],
  ],
  [
    { type: "hedge.started", policy: "a", number: 2, afterMs: 5 },
    ['hedges_total{operation="a",result="started"} 1'],
  ],
  [
    { type: "hedge.won", policy: "a", number: 2, durationMs: 5 },
    ['hedges_total{operation="a",result="won"} 1'],
  ],
  [
    { type: "fallback.used", policy: "a", fault: FAULT },
    ['fallbacks_total{operation="a",error_type="HTTP_503"} 1'],
  ],
  [
    { type: "cache.hit", policy: "a", key: "user 42", isStale: false },
    ['cache_requests_total{cache="a",result="hit"} 1'],
  ],
  [
    { type: "cache.hit", policy: "a", key: "user 42", isStale: true },
    ['cache_requests_total{cache="a",result="stale"} 1'],
  ],
  [
    { type: "cache.missed", policy: "a", key: "user 42" },
    ['cache_requests_total{cache="a",result="miss"} 1'],
  ],
  [
    { type: "cache.refresh_failed", policy: "a", key: "user 42", ...FAILURE },
    ['cache_refresh_failures_total{cache="a",error_type="HTTP_503"} 1'],
  ],
  [
    { type: "coalesce.joined", policy: "a", key: "user 42" },
    ['coalesced_calls_total{operation="a"} 1'],
  ],
  [
    { type: "chaos.injected", policy: "a", injected: "latency", latencyMs: 5 },
    ['chaos_injected_total{operation="a",injected="latency"} 1'],
  ],
];

test.for(COUNTED)("$0.type is counted", ([event, lines]) => {
  expect(linesOf(event)).toEqual(lines);
});

test("whatever a policy says and how healings end is counted, and what runs and steps say is not", () => {
  const counted = ROWS.map((row) => [row[0].type, linesOf(eventOf(row)).length > 0] as const);

  const wrong = counted.filter(
    ([type, isCounted]) =>
      isCounted !==
        !/^(?:(?:run|requirement|task|map|step|attempt|verify|rollback|undo|cleanup|schedule|lease|journal|ballast|log)\.|heal\.started)/.test(
          type,
        ) && type !== "attempt.failed",
  );

  expect(wrong).toEqual([]);
});

/** The states that are 1 after these events, and the transitions. */
function breakerAfter(...events: EventDetails[]): string[] {
  return linesOf(...events)
    .filter((line) => /state\{.* 1$|transitions/.test(line))
    .map((line) => line.replace(/^circuit_breaker_/, ""));
}

const opened: EventDetails = { type: "breaker.opened", policy: "a", pauseMs: 5 };
const halfOpened: EventDetails = { type: "breaker.half_opened", policy: "a" };
const closed: EventDetails = { type: "breaker.closed", policy: "a" };
const held = (hold: "open" | "closed" | "off"): EventDetails => ({
  type: "breaker.held",
  policy: "a",
  hold,
});
const rejected = (retryAfterMs: number): EventDetails => ({
  type: "breaker.rejected",
  policy: "a",
  retryAfterMs,
});

const state = (name: string): string => `state{breaker="a",state="${name}"} 1`;
const moved = (from: string, to: string, times = 1): string =>
  `transitions_total{breaker="a",from="${from}",to="${to}"} ${times}`;

test.for<[what: string, events: EventDetails[], lines: string[]]>([
  ["opened", [opened], [state("open"), moved("closed", "open")]],
  ["opened again while it is open", [opened, opened], [state("open"), moved("closed", "open")]],
  [
    "half-open, heard of for the first time",
    [halfOpened],
    [state("half_open"), moved("open", "half_open")],
  ],
  [
    "closed, heard of for the first time",
    [closed],
    [state("closed"), moved("half_open", "closed")],
  ],
  [
    "through a whole outage",
    [opened, halfOpened, opened, halfOpened, closed],
    [
      state("closed"),
      moved("closed", "open"),
      moved("open", "half_open", 2),
      moved("half_open", "open"),
      moved("half_open", "closed"),
    ],
  ],
  ["held open", [held("open")], [state("forced_open"), moved("closed", "forced_open")]],
  ["held closed", [held("closed")], [state("forced_closed"), moved("closed", "forced_closed")]],
  ["off", [held("off")], [state("disabled"), moved("closed", "disabled")]],
  ["open since before anybody counted", [rejected(5)], [state("open")]],
  ["half-open since then", [rejected(0)], [state("half_open")]],
  ["held open since then", [rejected(Infinity)], [state("forced_open")]],
  [
    "refusing, and known to",
    [halfOpened, rejected(5)],
    [state("half_open"), moved("open", "half_open")],
  ],
])("a breaker that is %s", ([, events, lines]) => {
  expect(breakerAfter(...events)).toEqual(lines);
});

test("a state is one of six, and a refusal is a call", () => {
  expect(linesOf(rejected(5))).toEqual([
    'circuit_breaker_state{breaker="a",state="closed"} 0',
    'circuit_breaker_state{breaker="a",state="open"} 1',
    'circuit_breaker_state{breaker="a",state="half_open"} 0',
    'circuit_breaker_state{breaker="a",state="forced_closed"} 0',
    'circuit_breaker_state{breaker="a",state="forced_open"} 0',
    'circuit_breaker_state{breaker="a",state="disabled"} 0',
    'circuit_breaker_calls_total{breaker="a",kind="not_permitted"} 1',
  ]);
});
