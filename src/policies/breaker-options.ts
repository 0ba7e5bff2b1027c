/** What a breaker can be told, and the rules that it is read into: one object for any number of them. */

import type { Classify } from "../classify/classify.ts";
import { isFault } from "../classify/is-fault.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { momentsOf } from "../core/haste.ts";
import {
  callable,
  duration,
  integer,
  part,
  readOptions,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { quietly } from "../core/quietly.ts";
import { reactions, type ReactionChanges, type Reactions } from "../core/reactions.ts";
import { systemClock, systemRandom } from "../core/system.ts";
import { backoffReader, constant, type Backoff } from "./backoff.ts";
import type { BreakerControl } from "./breaker-control.ts";
import { readWindow, type BreakerWindow, type WindowRules } from "./breaker-window.ts";
import type { CircuitRules } from "./circuit.ts";
import type { Attempt } from "./policy.ts";
import type { FaultOfResult } from "./fault-of-result.ts";
import { readClassify } from "./read-classify.ts";
import { teller } from "./tell.ts";

/** Looks after the dependency before calls do; `key` is the breaker's key, or its name. */
export type BreakerCheck = (attempt: Attempt, key: string) => unknown;

/** When a breaker opens, and for how long. */
export interface BreakerOptions {
  /** Failures in a row that open it. Default 5; at least 1. Not together with `window`. */
  readonly failures?: number | undefined;
  /** What it goes by in place of failures in a row. Default: none. */
  readonly window?: BreakerWindow | undefined;
  /**
   * How long it stays open before a call may probe: a length, or a backoff or list over the openings
   * since it was last closed. A Retry-After of the failure that opened it, up to five minutes, is a
   * lower bound. Default `"30s"`; a length is at least 1 ms.
   */
  readonly pause?: Duration | Backoff | readonly Duration[] | undefined;
  /** For so long after it was made it does not open. Default 0. */
  readonly warmUp?: Duration | undefined;
  /** How many calls may probe at once. Default 1; at most 1,000. */
  readonly probes?: number | undefined;
  /** How many successful probes close it. Default 1. */
  readonly successes?: number | undefined;
  /** How many failed probes open it again. Default 1. */
  readonly probeFailures?: number | undefined;
  /**
   * How long a probe holds its place when it does not end. Past it another call may probe, and the
   * late end is dropped; so it must be longer than a slow call. `probe` and `beforeProbe` are ended
   * then, and have failed. Default: the pause where that is a length, at least `"30s"`.
   */
  readonly probeTimeout?: Duration | undefined;
  /**
   * Asked in place of a caller's call: the dependency is well if this does not throw. The first call
   * after the pause starts it and waits for it; there is no timer. Default: that call itself probes.
   */
  readonly probe?: BreakerCheck | undefined;
  /** Awaited before the first probe after each pause, to heal. Where it throws, a probe has failed. */
  readonly beforeProbe?: BreakerCheck | undefined;
  /** What isolates it together with others; made by `breakerControl`. Default: none. */
  readonly control?: BreakerControl | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /**
   * Tells the fault that a value is, or `undefined` for a good one. The caller gets the value all the
   * same. Where it throws or answers what is no fault, the value is good. Default: every value is.
   */
  readonly faultOfResult?: FaultOfResult | undefined;
  /** Which classes count as failures of the dependency. Default: `REACTIONS`. */
  readonly reactions?: ReactionChanges<"breaker"> | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Gives numbers from 0 up to, not including, 1, for a pause with jitter. Default: the system's dice. */
  readonly random?: Random | undefined;
  /** Told the `breaker.…` events, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const DEFAULT_FAILURES = 5;
const DEFAULT_PAUSE_MS = 30_000;
/** A probe that is slower than the pause is short should still be heard. */
const LEAST_PROBE_MS = 30_000;

const readLength = duration({ min: 1, default: DEFAULT_PAUSE_MS });
const readBackoff = backoffReader({ default: constant(DEFAULT_PAUSE_MS) });

/** A length stays a number, so that `probeTimeout` can go by it. */
const readPause: Reader<number | Backoff> = (value, path) =>
  typeof value === "function" || Array.isArray(value)
    ? readBackoff(value, path)
    : readLength(value, path);

/** The readers of what a breaker can be told. */
export const BREAKER_READERS = {
  failures: integer({ min: 1, default: undefined }),
  window: readWindow,
  pause: readPause,
  warmUp: duration({ default: 0 }),
  probes: integer({ min: 1, max: 1_000, default: 1 }),
  successes: integer({ min: 1, default: 1 }),
  probeFailures: integer({ min: 1, default: 1 }),
  probeTimeout: duration({ min: 1, default: undefined }),
  probe: callable<BreakerCheck, undefined>({ default: undefined }),
  beforeProbe: callable<BreakerCheck, undefined>({ default: undefined }),
  control: part<BreakerControl, undefined>({ methods: ["isolate"], default: undefined }),
  classify: readClassify,
  faultOfResult: callable<FaultOfResult, undefined>({ default: undefined }),
  reactions: reactions("breaker"),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  random: callable<Random, Random>({ default: systemRandom }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof BreakerOptions, Reader<unknown>>;

/** What went wrong; without `error` where a value was judged, a call was slow, or a human opened it. */
export interface CircuitFailure {
  readonly fault?: Fault;
  readonly error?: unknown;
}

/** What any number of breakers share: nothing in it changes. */
export interface BreakerRules extends CircuitRules {
  /** Stands before the key in names and events; `undefined` where the key is the whole name. */
  readonly family: string | undefined;
  readonly window: WindowRules | undefined;
  /** From when on a call is slow; `Infinity` where none is. */
  readonly slowMs: number;
  /** What isolates it together with others, and what isolates this one alone, while that is so. */
  readonly control: BreakerControl | undefined;
  readonly own: BreakerControl | undefined;
  /** Whether a closed breaker admits a call whatever the time and whoever isolates. */
  readonly isDirect: boolean;
  /** Whether the success of a closed breaker that has not failed is more than a number. */
  readonly looksAtSuccesses: boolean;
  /** Whether something is run before a caller's call probes. */
  readonly isChecked: boolean;
  readonly warmUntilMs: number;
  /** Tells the pause of an opening, which is the first, second, … in a row, after a failure. */
  readonly pauseMs: (opening: number, previousMs: number, failure: CircuitFailure) => number;
  readonly probe: BreakerCheck | undefined;
  readonly beforeProbe: BreakerCheck | undefined;
  readonly classify: Classify;
  readonly findFault: FaultOfResult | undefined;
  readonly reactions: Reactions;
  /** How long something takes. */
  readonly clock: Clock;
  /** When the pause and the like are over. */
  readonly moments: Clock;
  readonly tell: Emit;
  /** Told after each change of what a breaker knows. */
  readonly changed: ((key: string) => void) | undefined;
}

/** Reads a breaker's options. @throws {OptionsError} For one that is unknown or out of range. */
export function readRules(owner: string, options: BreakerOptions): BreakerRules {
  return rulesOf(owner, readOptions(owner, options, BREAKER_READERS));
}

/** The options that rules were made of, settled. */
export function optionsOf(rules: BreakerRules): object {
  const { window, failures } = rules;
  const all = rules as object as Readonly<Record<string, unknown>>;
  const settled = Object.keys(BREAKER_READERS).map((name) => [name, all[name]]);
  return {
    ...Object.fromEntries(settled),
    window: window?.told,
    failures: window === undefined ? failures : undefined,
  };
}

/** The rules that options come to which were read by `BREAKER_READERS`. */
export function rulesOf(owner: string, settled: Settled<typeof BREAKER_READERS>): BreakerRules {
  const { pause, window, failures, clock, warmUp, faultOfResult } = settled;
  if (window !== undefined && failures !== undefined) {
    throw new OptionsError(
      `${owner}.failures`,
      "counts failures in a row, which a window takes the place of; give window.failures",
    );
  }
  const { probe, beforeProbe } = settled;
  const moments = momentsOf(clock);
  const slowMs = window?.slowMs ?? Infinity;
  const leastProbeMs = Math.max(typeof pause === "number" ? pause : 0, LEAST_PROBE_MS);
  return {
    ...settled,
    moments,
    family: undefined,
    failures: failures ?? DEFAULT_FAILURES,
    limits: window?.limits,
    warmUntilMs: warmUp === 0 ? -Infinity : moments.elapsed() + warmUp,
    pauseMs: pauses(pause, settled.random),
    probeTimeout: settled.probeTimeout ?? leastProbeMs,
    slowMs,
    own: undefined,
    isDirect: slowMs === Infinity && settled.control === undefined,
    looksAtSuccesses: window !== undefined || faultOfResult !== undefined,
    isChecked: probe !== undefined || beforeProbe !== undefined,
    heals: beforeProbe !== undefined,
    checks: probe !== undefined,
    findFault: faultOfResult && judge(faultOfResult),
    tell: teller(settled.on),
    changed: undefined,
  };
}

/** No server may keep a breaker open for longer by its Retry-After. */
const LONGEST_RETRY_AFTER_MS = 300_000;

/** Opens and ends are settled while a caller waits for its own error: nothing here may throw. */
function pauses(pause: number | Backoff, random: Random): BreakerRules["pauseMs"] {
  return (opening, previousMs, { fault, error }) => {
    const ask = typeof pause === "number" ? () => pause : pause;
    const drawnMs = quietly(() => ask({ retry: opening, random, previousMs, fault, error }));
    const isLength = typeof drawnMs === "number" && drawnMs >= 0 && drawnMs < Infinity;
    // Who named a time to come back is not probed before.
    const askedMs = Math.min(fault?.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
    return Math.max(isLength ? drawnMs : DEFAULT_PAUSE_MS, askedMs);
  };
}

function judge(faultOfResult: FaultOfResult) {
  return (value: unknown): Fault | undefined => {
    const answer = quietly(() => faultOfResult(value));
    return isFault(answer) ? answer : undefined;
  };
}
