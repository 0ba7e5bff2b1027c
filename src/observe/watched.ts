/**
 * What is read from policies when somebody asks: how much there is of something now. Events tell what
 * changed, and a limit that is never reached says nothing.
 */

import { OptionsError } from "../core/errors.ts";
import { show } from "../core/show.ts";
import type { Breaker } from "../policies/breaker.ts";
import type { Gate } from "../policies/gate.ts";
import type { RateLimit } from "../policies/rate-limit.ts";
import type { RetryBudget } from "../policies/retry-budget.ts";
import type { Slots } from "../policies/slots.ts";
import type { Throttle } from "../policies/throttle.ts";
import { METRICS, type BreakerState } from "./metric-definitions.ts";
import { HELD } from "./metric-rules.ts";
import type { Tally } from "./metric-tally.ts";

/** What can be read: a breaker, a bulkhead or another limit, a gate, a retry budget. */
export type Watchable = Breaker | Slots | RateLimit | Throttle | Gate | RetryBudget;

/** Reads one of them into the tally. */
export type Reading = (tally: Tally) => void;

/**
 * How a policy is read.
 *
 * @throws {OptionsError} If it is none of those that have something to read.
 */
export function readingOf(watched: Watchable): Reading {
  if (!isObject(watched)) refuse(watched);
  if ("status" in watched) return (tally) => readBreaker(tally, watched);
  if ("free" in watched) return (tally) => readSlots(tally, watched);
  if ("left" in watched && "waiting" in watched) return (tally) => readRateLimit(tally, watched);
  if ("left" in watched) return (tally) => readBudget(tally, watched);
  if ("chance" in watched) return (tally) => readThrottle(tally, watched);
  if ("waiting" in watched) return (tally) => readGate(tally, watched);
  return refuse(watched);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function refuse(value: unknown): never {
  const known = "a breaker, a bulkhead or another limit, a gate or a retry budget";
  throw new OptionsError("metrics.watch", `expected ${known}, received ${show(value)}`);
}

function readBreaker(tally: Tally, watched: Breaker): void {
  const { name: breaker, state, held, totals, window } = watched.status();
  const now: BreakerState = held === undefined ? STATES[state] : HELD[held];
  tally.enter(METRICS.breakerState, { breaker }, now);
  tally.set(METRICS.breakerCalls, { breaker, kind: "successful" }, totals.succeeded);
  tally.set(METRICS.breakerCalls, { breaker, kind: "failed" }, totals.failed);
  tally.set(METRICS.breakerCalls, { breaker, kind: "ignored" }, totals.ignored);
  tally.set(METRICS.breakerCalls, { breaker, kind: "not_permitted" }, totals.rejected);
  const { calls = 0, failures = 0, slow = 0 } = window ?? {};
  // Of no calls there is no share (NaN); 0 would say that all is well.
  tally.set(METRICS.breakerFailureRatio, { breaker }, failures / calls);
  tally.set(METRICS.breakerSlowRatio, { breaker }, slow / calls);
}

const STATES = { closed: "closed", open: "open", "half-open": "half_open" } as const;

function readSlots(
  tally: Tally,
  { name: bulkhead, limit, free, running, queued, abandoned }: Slots,
) {
  tally.set(METRICS.bulkheadMax, { bulkhead }, limit);
  tally.set(METRICS.bulkheadAvailable, { bulkhead }, free);
  tally.set(METRICS.bulkheadRunning, { bulkhead }, running);
  tally.set(METRICS.bulkheadQueued, { bulkhead }, queued);
  tally.set(METRICS.bulkheadAbandoned, { bulkhead }, abandoned);
}

function readRateLimit(tally: Tally, { name, left, waiting }: RateLimit): void {
  tally.set(METRICS.rateLimitAvailable, { rate_limiter: name }, left);
  tally.set(METRICS.rateLimitWaiting, { rate_limiter: name }, waiting);
}

function readThrottle(tally: Tally, { name: throttle, chance }: Throttle): void {
  tally.set(METRICS.throttleChance, { throttle }, chance);
}

function readBudget(tally: Tally, { name: budget, left }: RetryBudget): void {
  tally.set(METRICS.budgetLeft, { budget }, left);
}

function readGate(tally: Tally, { name: gate, state, waiting }: Gate): void {
  tally.set(METRICS.gateClosed, { gate }, state === "open" ? 0 : 1);
  tally.set(METRICS.gateWaiting, { gate }, waiting);
}
