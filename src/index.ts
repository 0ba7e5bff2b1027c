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

export type { Clock } from "./core/clock.ts";
export { seededDice, type Random } from "./core/dice.ts";
export { formatMs, toMs, type Duration } from "./core/duration.ts";
export { errorLine, summariseError, type ErrorSummary } from "./core/error-summary.ts";
export {
  AutomationError,
  ChaosError,
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
  TimeoutError,
  UndoFailedError,
  UnfinishedRunError,
  ValueError,
  VerificationError,
} from "./core/errors.ts";
export type {
  Emit,
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
export { chaos, type ChaosFault, type ChaosOptions } from "./policies/chaos.ts";
export { hedge, type HedgeOptions } from "./policies/hedge.ts";
export type { HedgeDelay, LearnedDelay } from "./policies/hedge-delay.ts";
export type { HedgeBudget } from "./policies/hedge-run.ts";
export { keyed, type Keyed, type KeyedOptions } from "./policies/keyed.ts";
export { pipeline } from "./policies/pipeline.ts";
export type { Attempt, Deadline, Policy, RunOptions, Work } from "./policies/policy.ts";
export type { FaultOfResult } from "./policies/read-fault-of-result.ts";
export { retry, type RetryOptions } from "./policies/retry.ts";
export type { BeforeRetry, RetriedFailure, When } from "./policies/retry-run.ts";
export { summarise, type Summary } from "./policies/summarise.ts";
export type {
  RollbackOutcome,
  TaskFailure,
  TaskResult,
  TaskSuccess,
} from "./policies/task-result.ts";
export { timeout, type TimeoutOptions } from "./policies/timeout.ts";
