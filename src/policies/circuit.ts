/**
 * The circuit breaker's rules as pure functions: no clock, no promises, no callbacks.
 * `circuit-breaker.ts` owns those, and asks here what to do.
 *
 *              the rule is broken                 pause over, one call begins
 *   closed ──────────────────────────────▶ open ──────────────────────────▶ half-open
 *      ▲                                     ▲                               │   │
 *      │                                     └────── enough probes fail ─────┘   │
 *      └──────────────────────────────────── enough probes succeed ──────────────┘
 *
 * Every change of state begins a new generation, and a call's end counts only in the generation that
 * it began in. So a slow call from before the opening decides nothing after it, and of several
 * failures that settle together the first alone sets the end of the pause.
 *
 * Each probe holds a lease. When it ends without an answer about the dependency, its place is free
 * again; when it never ends, its place is free when the lease is over, and its late end is dropped.
 */

import type { Outcome, WindowCounts } from "./outcome-window.ts";

/** How a breaker is held by hand: it refuses all; it only watches; it does not even count. */
export type Hold = "open" | "closed" | "off";

/** A call that is timed, or that probes. Moments are milliseconds by a clock that only grows. */
export interface Call {
  readonly generation: number;
  readonly startMs: number;
  /** The end of a probe's lease. */
  readonly leaseUntilMs: number;
}

/** What a call that was admitted is known by: its generation, where nothing else matters. */
export type Ticket = number | Call;

/** Where a circuit stands. */
export type Circuit = Closed | Open | HalfOpen;

/** Calls go through, and are counted. */
export interface Closed {
  readonly state: "closed";
  readonly generation: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly held: Exclude<Hold, "open"> | undefined;
}

/** Calls are refused, until the pause is over. */
export interface Open {
  readonly state: "open";
  readonly generation: number;
  /** `Infinity` when it is held open. */
  readonly untilMs: number;
  /** How long this pause is in all. */
  readonly pauseMs: number;
  /** How often it has opened since it was closed. */
  readonly openings: number;
}

/** Some calls probe, and the others are refused. */
export interface HalfOpen {
  readonly state: "half-open";
  readonly generation: number;
  readonly pauseMs: number;
  readonly openings: number;
  readonly probes: readonly Call[];
  /** Of probes, since it is half-open. */
  readonly successes: number;
  readonly failures: number;
  /** Whether what comes before the first probe is done. */
  readonly isHealed: boolean;
}

/** What opens a circuit that goes by a window; rates are shares from 0 to 1. */
export interface WindowLimits {
  readonly failures: number;
  readonly minimum: number;
  readonly rate: number;
  readonly slowRate: number;
}

/** What a circuit goes by; times are in milliseconds. */
export interface CircuitRules {
  /** Failures in a row that open it, where there is no window. */
  readonly failures: number;
  readonly limits: WindowLimits | undefined;
  /** How many may probe at once. */
  readonly probes: number;
  /** How many successful probes close it. */
  readonly successes: number;
  /** How many failed probes open it again. */
  readonly probeFailures: number;
  /** How long a probe may take. */
  readonly probeTimeout: number;
  /** Whether there is something to do before the first probe, and whether calls themselves probe. */
  readonly heals: boolean;
  readonly checks: boolean;
}

/** Where every circuit starts. */
export const CLOSED: Closed = Object.freeze(closed(0));

/** Closed, with nothing known. */
export function closed(generation: number, as?: Exclude<Hold, "open">): Closed {
  return { state: "closed", generation, failures: 0, held: as };
}

/** Held by hand, until it is let go. */
export function held(generation: number, as: Hold): Circuit {
  if (as !== "open") return closed(generation, as);
  return { state: "open", generation, untilMs: Infinity, pauseMs: 0, openings: 0 };
}

/** How it is held by hand, if it is. */
export function holdOf(circuit: Circuit): Hold | undefined {
  if (circuit.state === "closed") return circuit.held;
  return circuit.state === "open" && circuit.untilMs === Infinity ? "open" : undefined;
}

/** Open from now on for this long. */
export function opened(circuit: Circuit, nowMs: number, pauseMs: number): Open {
  const generation = circuit.generation + 1;
  const openings = openingsOf(circuit) + 1;
  return { state: "open", generation, untilMs: nowMs + pauseMs, pauseMs, openings };
}

/** Half-open from now on, with nobody probing yet. */
export function halfOpened(circuit: Circuit, rules: CircuitRules): HalfOpen {
  return {
    state: "half-open",
    generation: circuit.generation + 1,
    pauseMs: lastPauseMs(circuit),
    openings: openingsOf(circuit),
    probes: [],
    successes: 0,
    failures: 0,
    isHealed: !rules.heals,
  };
}

/** How often it has opened since it was closed. */
export function openingsOf(circuit: Circuit): number {
  return circuit.state === "closed" ? 0 : circuit.openings;
}

/** How long the last pause was in all; 0 before the first. */
export function lastPauseMs(circuit: Circuit): number {
  return circuit.state === "closed" ? 0 : circuit.pauseMs;
}

/** Whether a call may begin now. */
export function admits(circuit: Circuit, nowMs: number, rules: CircuitRules): boolean {
  if (circuit.state === "closed") return true;
  if (circuit.state === "open") return nowMs >= circuit.untilMs;
  // Two would heal the same thing at once.
  const places = circuit.isHealed ? rules.probes : 1;
  return running(circuit, nowMs).length < places;
}

/**
 * What is left of the pause, in milliseconds. While probes run nothing is: how long they take nobody
 * knows, and they may end at any moment.
 */
export function pauseLeftMs(circuit: Circuit, nowMs: number): number {
  return circuit.state === "open" ? Math.max(0, circuit.untilMs - nowMs) : 0;
}

/** A call through a closed circuit that is timed. */
export function timed({ generation }: Closed, startMs: number): Call {
  return { generation, startMs, leaseUntilMs: Infinity };
}

/** A probe that begins now, and the circuit after that; only where that admits it. */
export function probing(
  circuit: Open | HalfOpen,
  startMs: number,
  rules: CircuitRules,
): { readonly next: HalfOpen; readonly probe: Call } {
  const half = circuit.state === "open" ? halfOpened(circuit, rules) : circuit;
  // A check is ended by its limit and has failed then, which must still count.
  const isCheck = rules.checks || !half.isHealed;
  const leaseMs = rules.probeTimeout * (isCheck ? 2 : 1);
  const probe = { generation: half.generation, startMs, leaseUntilMs: startMs + leaseMs };
  return { next: { ...half, probes: [...running(half, startMs), probe] }, probe };
}

/** Whether the end of this call still counts. */
export function isCurrent(
  circuit: Circuit,
  ticket: Ticket,
  nowMs: number,
): circuit is Closed | HalfOpen {
  const generation = typeof ticket === "number" ? ticket : ticket.generation;
  if (generation !== circuit.generation) return false;
  return circuit.state === "closed" || isProbe(circuit, ticket, nowMs);
}

/** Whether this call is a probe whose lease still runs. */
export function isProbe(circuit: Circuit, ticket: Ticket, nowMs: number): circuit is HalfOpen {
  return circuit.state === "half-open" && running(circuit, nowMs).includes(ticket as Call);
}

function running({ probes }: HalfOpen, nowMs: number): readonly Call[] {
  return probes.filter(({ leaseUntilMs }) => nowMs < leaseUntilMs);
}

/** After a call that is current ended; a slow probe shows no recovery. */
export function ended(
  circuit: Closed | HalfOpen,
  ticket: Ticket,
  { isFailure, isSlow }: Outcome,
): Closed | HalfOpen {
  if (circuit.state === "half-open") {
    const isBad = isFailure || isSlow;
    return {
      ...withoutProbe(circuit, ticket),
      successes: circuit.successes + (isBad ? 0 : 1),
      failures: circuit.failures + (isBad ? 1 : 0),
    };
  }
  if (isFailure) return { ...circuit, failures: circuit.failures + 1 };
  return circuit.failures === 0 ? circuit : { ...circuit, failures: 0 };
}

/** After a call ended in a way that tells nothing about the dependency. */
export function ignored(circuit: Circuit, ticket: Ticket): Circuit {
  return circuit.state === "half-open" ? withoutProbe(circuit, ticket) : circuit;
}

/** After what comes before the first probe was done; the next call probes. */
export function healed(circuit: HalfOpen, ticket: Ticket): HalfOpen {
  return { ...withoutProbe(circuit, ticket), isHealed: true };
}

function withoutProbe(circuit: HalfOpen, ticket: Ticket): HalfOpen {
  return { ...circuit, probes: circuit.probes.filter((probe) => probe !== ticket) };
}

/** Whether a circuit after a bad end opens; `counts` is what is in its window, if it goes by one. */
export function isBroken(
  circuit: Closed | HalfOpen,
  counts: WindowCounts | undefined,
  rules: CircuitRules,
): boolean {
  if (circuit.state === "half-open") return circuit.failures >= rules.probeFailures;
  if (circuit.held !== undefined) return false;
  const { limits } = rules;
  if (limits === undefined || counts === undefined) return circuit.failures >= rules.failures;
  const { calls, failures, slow } = counts;
  if (failures >= limits.failures) return true;
  if (calls < limits.minimum) return false;
  return failures / calls >= limits.rate || slow / calls >= limits.slowRate;
}
