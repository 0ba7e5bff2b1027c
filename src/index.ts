/**
 * The root entry: faults and their classification, policies for one call, and the small parts that
 * these take. It has no dependency and runs wherever JavaScript does.
 */

export {
  BUILT_IN_RULES,
  classifier,
  faultOf,
  withFault,
  type Classify,
  type FaultMark,
  type Rule,
} from "./classify/classify.ts";
export {
  expectOk,
  httpFault,
  HttpStatusError,
  type HttpFaultOptions,
  type HttpResponse,
} from "./classify/http.ts";

export type { Clock } from "./core/clock.ts";
export { seededDice, type Random } from "./core/dice.ts";
export { formatMs, toMs, type Duration } from "./core/duration.ts";
export { errorLine, summariseError, type ErrorSummary } from "./core/error-summary.ts";
export {
  AutomationError,
  BulkheadFullError,
  CircuitOpenError,
  HoldfastError,
  InDoubtError,
  InputError,
  isHoldfastError,
  JournalError,
  LeaseHeldError,
  LeaseLostError,
  OptionsError,
  RejectedError,
  ReplayMismatchError,
  RequirementError,
  RunError,
  ThrottledError,
  TimeoutError,
  UndoFailedError,
  UnfinishedRunError,
  ValueError,
  VerificationError,
} from "./core/errors.ts";
export type {
  BulkheadRefusal,
  Emit,
  AttemptRecord,
  EventDetails,
  EventType,
  HoldfastEvent,
  Level,
  RetryStop,
  Sink,
  TaskCount,
  Where,
} from "./core/events.ts";
export { FAULT_CLASSES, type Effect, type Fault, type FaultClass } from "./core/fault.ts";
export {
  REACTIONS,
  reactionsWith,
  type Reaction,
  type ReactionChanges,
  type Reactions,
} from "./core/reactions.ts";
export { redactor, secret, type Redactor, type RedactorOptions } from "./core/redact.ts";
export { systemClock } from "./core/system.ts";

export { adaptiveLimit, type AdaptiveLimitOptions } from "./policies/adaptive-limit.ts";
export { aimd, type AimdOptions } from "./policies/aimd.ts";
export { attemptTask, type AttemptTaskOptions } from "./policies/attempt-task.ts";
export {
  constant,
  decorrelated,
  delays,
  exponential,
  fibonacci,
  linear,
  type Backoff,
  type BackoffInput,
  type BackoffOptions,
  type ConstantOptions,
  type DecorrelatedOptions,
  type ExponentialOptions,
  type LinearOptions,
} from "./policies/backoff.ts";
export type { Jitter } from "./policies/jitter.ts";
export { breaker, type Breaker, type BreakerOptions } from "./policies/breaker.ts";
export { bulkhead, type Bulkhead, type BulkheadOptions } from "./policies/bulkhead.ts";
export { gradient, type GradientOptions } from "./policies/gradient.ts";
export { keyed, type Keyed, type KeyedOptions } from "./policies/keyed.ts";
export { outcome, type Outcome } from "./policies/outcome.ts";
export type { Estimate, LimitRule, LimitSample } from "./policies/limit-rule.ts";
export type { IsOverload } from "./policies/overload.ts";
export { pipeline } from "./policies/pipeline.ts";
export type { Attempt, Deadline, Policy, RunOptions, Work } from "./policies/policy.ts";
export { retry, type Retry, type RetryOptions } from "./policies/retry.ts";
export type { LoopAttempt } from "./policies/retry-loop.ts";
export type {
  RetryFailure,
  RetryOutcome,
  RetrySuccess,
  RetryTold,
} from "./policies/retry-outcome.ts";
export type { SyncAttempt } from "./policies/retry-sync.ts";
export type { FaultSign } from "./policies/fault-list.ts";
export type { BeforeRetry, FaultOfResult, RetriedFailure } from "./policies/retry-run.ts";
export type { RetryAllowance, When } from "./policies/retry-state.ts";
export type { Slots } from "./policies/slots.ts";
export { summarise, type Summary } from "./policies/summarise.ts";
export type {
  RollbackOutcome,
  TaskFailure,
  TaskResult,
  TaskSuccess,
} from "./policies/task-result.ts";
export { listen, type Listening } from "./policies/tell.ts";
export { throttle, type Throttle, type ThrottleOptions } from "./policies/throttle.ts";
export { timeout, type TimeoutOptions } from "./policies/timeout.ts";
export { guardedBy, wrap, type GuardMethod } from "./policies/wrap.ts";
