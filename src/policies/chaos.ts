/** Makes trouble on purpose: failures, latency and wrong results, for a share of the calls. */

import { isFault } from "../classify/is-fault.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import type { Duration } from "../core/duration.ts";
import { ChaosError, OptionsError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import {
  callable,
  duration,
  flag,
  list,
  number,
  part,
  readOptions,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { show } from "../core/show.ts";
import { systemClock, systemRandom } from "../core/system.ts";
import { asGiven } from "./as-given.ts";
import { drawOne, isStruck } from "./chaos-draw.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import type { Attempt, Policy, Work } from "./policy.ts";
import { teller } from "./tell.ts";
import { waitUnder } from "./wait.ts";
import { place } from "./order.ts";

/** A fault, which becomes a `ChaosError`; an error, thrown as it is; or what makes a new one each time. */
export type ChaosFault = Fault | Error | ((attempt: Attempt) => unknown);

/** What goes wrong, and how often. At least one of `faults`, `results`, `latency` and `disturb`. */
export interface ChaosOptions {
  /** The share of calls that are struck, from 0 to 1. No default: how much is yours to say. */
  readonly rate: number | ((attempt: Attempt) => number);
  /**
   * How a struck call fails, without the work: one of them, or of `results`, each as likely. What is
   * to be likelier stands there twice. Default: none.
   */
  readonly faults?: readonly ChaosFault[] | undefined;
  /** What a struck call answers, without the work; a function makes a new one. Default: none. */
  readonly results?: readonly unknown[] | undefined;
  /**
   * How long a struck call waits first; a function gives milliseconds. `Infinity` is an answer that
   * never comes. Default 0.
   */
  readonly latency?: Duration | ((attempt: Attempt) => number) | undefined;
  /** Awaited in a struck call, after the latency: break something for real. Default: nothing. */
  readonly disturb?: Work<unknown> | undefined;
  /** Whether there is chaos at all, asked at each call. Default true. */
  readonly enabled?: boolean | (() => boolean) | undefined;
  /** Whether this attempt may be struck: the second one, those of one customer. Default: all. */
  readonly when?: ((attempt: Attempt) => boolean) | undefined;
  /** Stands in events and in the message of `ChaosError`. Default `"chaos"`. */
  readonly name?: string | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Gives numbers from 0 up to, not including, 1. Default: the system's dice. */
  readonly random?: Random | undefined;
  /** Told `chaos.injected`, as it happens. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const READERS = {
  rate: required(
    orGiven(number({ min: 0, max: 1, default: undefined })),
    "a number from 0 to 1, or a function",
  ),
  faults: list(readFault, { default: [] }),
  results: list((value) => value, { default: [] }),
  latency: orGiven(duration({ orInfinity: true, default: 0 })),
  disturb: callable<Work<unknown>, undefined>({ default: undefined }),
  enabled: orGiven(flag({ default: true })),
  when: callable<(attempt: Attempt) => boolean, () => boolean>({ default: () => true }),
  name: text({ default: "chaos" }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  random: callable<Random, Random>({ default: systemRandom }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof ChaosOptions, Reader<unknown>>;

/** Reads what is the same for every call, or given by a function for each. */
function orGiven<Value>(constant: Reader<Value>): Reader<(attempt: Attempt) => Value> {
  return (value, path) => {
    if (typeof value === "function") return value as (attempt: Attempt) => Value;
    const settled = constant(value, path);
    return () => settled;
  };
}

function readFault(value: unknown, path: string): ChaosFault {
  if (typeof value === "function" || value instanceof Error || isFault(value)) {
    return value as ChaosFault;
  }
  throw new OptionsError(
    path,
    `expected a fault with class, code and effect, an error, or a function, received ${show(value)}`,
  );
}

/**
 * Makes a policy that strikes a share of the calls: first they wait, then something is disturbed,
 * then they fail or get another result; where neither is given the work runs. So it shows, before an
 * outage does, whether retries, limits and fallbacks hold. It belongs innermost, next to the work.
 *
 * The same dice strike the same calls again: `seededDice("friday")`. For faults and latency apart from
 * each other, nest two. While `enabled` says no it costs next to nothing, so it can stay in place.
 *
 * @throws {OptionsError} At once, if there is nothing to inject, or an option is unknown or out of
 * range. A function that gives what is out of range makes the call reject with one.
 * @example
 * const slow = chaos({ rate: 0.05, latency: "3s", enabled: () => flags.chaos });
 * const bank = pipeline(retry(), timeout("2s"), slow);
 */
export function chaos(options: ChaosOptions): Policy {
  const rules = readOptions("chaos", options, READERS);
  const { name, enabled, when, rate, random, faults, results, disturb } = rules;
  const hasEnd = faults.length + results.length > 0;
  if (!hasEnd && options.latency === undefined && disturb === undefined) {
    throw new OptionsError("chaos", "expected faults, results, a latency or disturb to inject");
  }
  const strike = striker(rules);
  const told = {
    ...rules,
    rate: asGiven(options.rate, rate),
    latency: asGiven(options.latency, rules.latency),
    enabled: asGiven(options.enabled, enabled),
  };
  return Object.freeze<Policy>({
    ...place("chaos", told),
    name,
    run: async (work, given) => {
      const attempt = attemptOf(given);
      attempt.throwIfAborted();
      const isHit = enabled(attempt) && when(attempt) && isStruck(rate(attempt), random);
      const value = await (isHit ? strike(attempt, work) : attempt.start(work));
      return value;
    },
  });
}

/** Makes the function that runs the calls that are struck. */
function striker(rules: Settled<typeof READERS>) {
  const { name: policy, latency, disturb, clock, random } = rules;
  const tell = teller(rules.on);
  const ends = endsOf(rules, tell);
  return async <Value>(attempt: LazyAttempt, work: Work<Value>): Promise<Value> => {
    const latencyMs = checkLatency(latency(attempt));
    if (latencyMs > 0) {
      tell({ type: "chaos.injected", policy, injected: "latency", latencyMs });
      await waitUnder(attempt.source, latencyMs, clock);
    }
    if (disturb !== undefined) {
      tell({ type: "chaos.injected", policy, injected: "disturbance" });
      await attempt.start(disturb);
    }
    const end = drawOne(ends, random);
    // What a result is, only the caller knows.
    return attempt.start((end as Work<Value> | undefined) ?? work);
  };
}

/** How a call may end in place of the work. */
function endsOf({ name: policy, faults, results }: Settled<typeof READERS>, tell: Emit) {
  const failures = faults.map((fault): Work<never> => (attempt) => {
    const error = errorOf(fault, policy, attempt);
    tell({ type: "chaos.injected", policy, injected: "fault", error });
    throw error;
  });
  const answers = results.map((result): Work<unknown> => (attempt) => {
    tell({ type: "chaos.injected", policy, injected: "result" });
    return typeof result === "function" ? result(attempt) : result;
  });
  return [...failures, ...answers];
}

function errorOf(fault: ChaosFault, policy: string, attempt: Attempt): unknown {
  if (typeof fault === "function") return fault(attempt);
  return fault instanceof Error ? fault : new ChaosError(policy, fault);
}

function checkLatency(ms: unknown): number {
  // A timer takes NaN for 0, and nobody would notice that there is no latency.
  if (typeof ms === "number" && ms >= 0) return ms;
  const problem = `expected to give milliseconds >= 0, gave ${show(ms)}`;
  throw new OptionsError("chaos.latency", problem);
}
