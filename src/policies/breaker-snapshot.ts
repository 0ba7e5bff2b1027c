/** What a breaker knows, as plain data that survives a restart of the process. */

import { OptionsError } from "../core/errors.ts";
import {
  duration,
  integer,
  list,
  oneOf,
  readOptions,
  required,
  type Reader,
} from "../core/options.ts";
import { show } from "../core/show.ts";
import type { WindowRules } from "./breaker-window.ts";
import {
  closed,
  held,
  holdOf,
  pauseLeftMs,
  type Circuit,
  type CircuitRules,
  type Hold,
} from "./circuit.ts";
import { CountWindow, TimeWindow, type OutcomeWindow, type WindowPart } from "./outcome-window.ts";

/**
 * What a breaker knows: a copy, of plain data that JSON keeps. It holds lengths of time and no
 * moments, for the clock that those are told by ends with its process.
 */
export interface BreakerSnapshot {
  readonly state: Circuit["state"];
  /** How it is held by hand, if it is. */
  readonly held?: Hold | undefined;
  /** Failures in a row; of probes, while half-open. */
  readonly failures?: number | undefined;
  /** Successful probes, while half-open. */
  readonly successes?: number | undefined;
  /** How often it has opened since it was closed. */
  readonly openings?: number | undefined;
  /** How long the last pause is in all, and what is left of it, in milliseconds. */
  readonly pauseMs?: number | undefined;
  readonly pauseLeftMs?: number | undefined;
  /** The last calls, the oldest first: 0 good, 1 failed, 2 slow, 3 both. */
  readonly outcomes?: string | undefined;
  /** The calls of the last while, part by part. */
  readonly parts?: readonly WindowPart[] | undefined;
}

/** Takes a snapshot. */
export function snapshotOf(
  circuit: Circuit,
  window: OutcomeWindow | undefined,
  nowMs: number,
): BreakerSnapshot {
  const hold = holdOf(circuit);
  return {
    state: circuit.state,
    ...(hold === undefined ? {} : { held: hold }),
    ...(hold === "open" ? {} : numbersOf(circuit, nowMs)),
    ...(window instanceof CountWindow ? { outcomes: window.toText() } : {}),
    ...(window instanceof TimeWindow ? { parts: window.toParts(nowMs) } : {}),
  };
}

function numbersOf(circuit: Circuit, nowMs: number): Partial<BreakerSnapshot> {
  if (circuit.state === "closed") return { failures: circuit.failures };
  const { openings, pauseMs } = circuit;
  if (circuit.state === "open") {
    return { openings, pauseMs, pauseLeftMs: pauseLeftMs(circuit, nowMs) };
  }
  const { successes, failures } = circuit;
  return { openings, pauseMs, successes, failures };
}

const count = integer({ min: 0, default: 0 });
const length = duration({ default: 0 });

const PART_READERS = {
  ageMs: length,
  calls: count,
  failures: count,
  slow: count,
} satisfies Record<keyof WindowPart, Reader<unknown>>;

/** A snapshot comes from a file: a list of a million would be read for as long. */
const MOST_OUTCOMES = 10_000;

const readOutcomes: Reader<string | undefined> = (value, path) => {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.length <= MOST_OUTCOMES && /^[0-3]*$/.test(value)) {
    return value;
  }
  throw new OptionsError(path, `expected digits from 0 to 3, received ${show(value)}`);
};

const READERS = {
  state: required(
    oneOf<Circuit["state"], undefined>(["closed", "open", "half-open"], { default: undefined }),
    '"closed", "open", "half-open"',
  ),
  held: oneOf<Hold, undefined>(["open", "closed", "off"], { default: undefined }),
  failures: count,
  successes: count,
  openings: count,
  pauseMs: length,
  pauseLeftMs: length,
  outcomes: readOutcomes,
  parts: list((value, path): WindowPart => readOptions(path, value, PART_READERS), {
    default: undefined,
  }),
} satisfies Record<keyof BreakerSnapshot, Reader<unknown>>;

/** Reads a snapshot, which may have come from a file. @throws {OptionsError} When it is none. */
export const readSnapshot: Reader<BreakerSnapshot> = (value, path) =>
  readOptions(path, value, READERS);

/** The circuit that a snapshot tells of, as a new generation. Who probed then is gone. */
export function circuitOf(
  snapshot: BreakerSnapshot,
  { generation, nowMs, rules }: { generation: number; nowMs: number; rules: CircuitRules },
): Circuit {
  const {
    failures = 0,
    successes = 0,
    openings = 0,
    pauseMs = 0,
    pauseLeftMs: leftMs = 0,
  } = snapshot;
  if (snapshot.held !== undefined) return held(generation, snapshot.held);
  switch (snapshot.state) {
    case "closed":
      return { ...closed(generation), failures };
    case "open":
      return { state: "open", generation, untilMs: nowMs + leftMs, pauseMs, openings };
    case "half-open": {
      const isHealed = !rules.heals;
      const probes: readonly never[] = [];
      return {
        state: "half-open",
        generation,
        pauseMs,
        openings,
        probes,
        successes,
        failures,
        isHealed,
      };
    }
  }
}

/** The window that a snapshot tells of; `undefined` where there is none, or one of the other kind. */
export function windowOf(
  { outcomes, parts }: BreakerSnapshot,
  window: WindowRules | undefined,
  nowMs: number,
): OutcomeWindow | undefined {
  if (window === undefined) return undefined;
  const { calls, shape } = window;
  if (calls !== undefined) {
    return outcomes === undefined ? undefined : CountWindow.fromText(calls, outcomes);
  }
  return parts === undefined ? undefined : TimeWindow.fromParts(shape, nowMs, parts);
}
