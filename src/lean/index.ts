/**
 * The four policies that pages need most, in few bytes: retry, breaker, timeout and pipeline, with the
 * names, defaults and errors of `holdfast`, for bundles where each kilobyte counts. It has no dependency
 * and runs wherever JavaScript does.
 */

export type { Classify } from "../classify/classify.ts";
export { withFault, type FaultMark } from "../classify/mark.ts";
export type { Random } from "../core/dice.ts";
export type { Duration } from "../core/duration.ts";
export {
  CircuitOpenError,
  HoldfastError,
  isHoldfastError,
  OptionsError,
  RejectedError,
  TimeoutError,
} from "../core/errors.ts";
export type { Effect, Fault, FaultClass } from "../core/fault.ts";
export type { PlainClock } from "../core/system.ts";
export type { Backoff, BackoffInput } from "../policies/backoff.ts";
export type { AnswerOf, Attempt, Deadline, Policy, RunOptions, Work } from "../policies/policy.ts";
export { breaker, type LeanBreakerOptions } from "./breaker.ts";
export { pipeline } from "./pipeline.ts";
export { retry, type LeanRetryOptions } from "./retry.ts";
export { timeout, type LeanTimeoutOptions } from "./timeout.ts";
