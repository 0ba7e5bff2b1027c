/**
 * The root entry: faults and their classification, policies for one call, and the small parts that
 * these take. It has no dependency and runs wherever JavaScript does.
 */

export {
  BUILT_IN_RULES,
  classifier,
  faultOf,
  type Classify,
  type Rule,
} from "./classify/classify.ts";
export {
  expectOk,
  httpFault,
  HttpStatusError,
  type HttpFaultOptions,
  type HttpResponse,
} from "./classify/http.ts";
export { withFault, type FaultMark } from "./classify/mark.ts";

export type { Clock } from "./core/clock.ts";
export { seededDice, type Random } from "./core/dice.ts";
export { formatMs, toMs, type Duration } from "./core/duration.ts";
export { errorLine, summariseError, type ErrorSummary } from "./core/error-summary.ts";
export {
  AutomationError,
  BulkheadFullError,
  ChaosError,
  CircuitOpenError,
  FileRefusedError,
  HoldfastError,
  InDoubtError,
  PermissionDeniedError,
  SandboxError,
  InputError,
  isHoldfastError,
  JournalError,
  LeaseHeldError,
  LeaseLostError,
  LockHeldError,
  NoTimeLeftError,
  OptionsError,
  RateLimitedError,
  RejectedError,
  ReplayMismatchError,
  RunExistsError,
  RequirementError,
  RunCancelledError,
  RunError,
  RunRefusedError,
  ThrottledError,
  TimeoutError,
  UndoFailedError,
  UnfinishedRunError,
  ValueError,
  VerificationError,
} from "./core/errors.ts";
export { DryRunError, NotReachedError } from "./core/dry-run-errors.ts";
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
export { backgroundClock, systemClock } from "./core/system.ts";

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
export { cache, type Cache } from "./policies/cache.ts";
export type { CacheOptions } from "./policies/cache-options.ts";
export { coalesce, type Coalesce, type CoalesceOptions } from "./policies/coalesce.ts";
export type { FailureKind } from "./policies/failure-kinds.ts";
export {
  fallback,
  type FailedWork,
  type FallbackOptions,
  type MakeAnswer,
} from "./policies/fallback.ts";
export type { FaultOfResult } from "./policies/fault-of-result.ts";
export {
  breaker,
  type Breaker,
  type BreakerAnswer,
  type BreakerStatus,
} from "./policies/breaker.ts";
export {
  breakerControl,
  type BreakerControl,
  type BreakerControlOptions,
  type Isolation,
} from "./policies/breaker-control.ts";
export type { BreakerCheck, BreakerOptions } from "./policies/breaker-options.ts";
export type { BreakerSnapshot } from "./policies/breaker-snapshot.ts";
export type { BreakerWindow } from "./policies/breaker-window.ts";
export { breakers, type Breakers, type BreakersOptions } from "./policies/breakers.ts";
export type { Hold, Ticket } from "./policies/circuit.ts";
export type { WindowCounts, WindowPart } from "./policies/outcome-window.ts";
export { gate, type Gate, type GateOptions } from "./policies/gate.ts";
export { chaos, type ChaosFault, type ChaosOptions } from "./policies/chaos.ts";
export { hedge, type HedgeOptions } from "./policies/hedge.ts";
export type { Discard } from "./policies/hedge-answer.ts";
export type { HedgeDelay, LearnedDelay } from "./policies/hedge-delay.ts";
export { keyed, type Keyed, type KeyedOptions } from "./policies/keyed.ts";
export { measured, type MeasuredOptions } from "./policies/measured.ts";
export { mostFrequentFault } from "./policies/most-frequent-fault.ts";
export { outcome, type Outcome } from "./policies/outcome.ts";
export type { KeyOptions } from "./policies/keyed-calls.ts";
export { bulkhead, type Bulkhead, type BulkheadOptions } from "./policies/bulkhead.ts";
export { gradient, type GradientOptions } from "./policies/gradient.ts";
export type { Estimate, LimitRule, LimitSample } from "./policies/limit-rule.ts";
export type { IsOverload } from "./policies/overload.ts";
export type { PolicyKind } from "./policies/order.ts";
export { partsOf, type PolicyPart } from "./policies/parts.ts";
export { intended, pipeline } from "./policies/pipeline.ts";
export { pipelineFrom, type PipelineParts, type PolicyDefaults } from "./policies/pipeline-from.ts";
export type { AnswerOf, Attempt, Deadline, Policy, RunOptions, Work } from "./policies/policy.ts";
export { replaceable, type Replaceable } from "./policies/replaceable.ts";
export { retry, type Retry, type RetryOptions } from "./policies/retry.ts";
export type { LoopAttempt } from "./policies/retry-loop.ts";
export type {
  RetryFailure,
  RetryOutcome,
  RetrySuccess,
  RetryTold,
} from "./policies/retry-outcome.ts";
export type { SyncAttempt } from "./policies/retry-sync.ts";
export type { BeforeRetry, RetriedFailure } from "./policies/retry-run.ts";
export type { RetryAllowance, When } from "./policies/retry-state.ts";
export type { HeldSlot, Slots } from "./policies/slots.ts";
export { findLevel } from "./policies/level.ts";
export { prioritizer, type Prioritizer, type PrioritizerOptions } from "./policies/prioritizer.ts";
export type { QueueOrder, WhenFull } from "./policies/queue-order.ts";
export { rateLimit, type RateLimit, type RateLimitTerms } from "./policies/rate-limit.ts";
export type { RateLimitOptions } from "./policies/rate-limit-options.ts";
export type { RateAlgorithm, RateLimitChange } from "./policies/rate.ts";
export { retryBudget, type RetryBudget, type RetryBudgetOptions } from "./policies/retry-budget.ts";
export { summarise, type Summary } from "./policies/summarise.ts";
export type {
  RollbackOutcome,
  TaskFailure,
  TaskResult,
  TaskSuccess,
} from "./policies/task-result.ts";
export { listen, type Listening } from "./policies/tell.ts";
export { throttle, type Throttle, type ThrottleOptions } from "./policies/throttle.ts";
export { timeout, type LimitOf, type TimeoutOptions } from "./policies/timeout.ts";
export { guardedBy, wrap, type GuardMethod } from "./policies/wrap.ts";
