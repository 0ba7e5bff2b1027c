/**
 * A circuit as shared state keeps it: plain data under a key, read strictly, in moments of the time of
 * day. What is damaged, or from another version, counts as closed: a breaker that cannot be read must
 * not keep work from being done.
 */

import {
  integer,
  list,
  number,
  oneOf,
  readOptions,
  required,
  type Reader,
} from "../core/options.ts";
import { CLOSED, closed, type Call, type Circuit } from "./circuit.ts";

const count = required(integer({ min: 0, default: undefined }), "a count");
const moment = required(
  number({ min: 0, max: Number.MAX_SAFE_INTEGER, default: undefined }),
  "a moment",
);

const CALL_READERS = {
  generation: count,
  startMs: moment,
  leaseUntilMs: moment,
} satisfies Record<keyof Call, Reader<unknown>>;

const READERS = {
  state: required(oneOf(["closed", "open", "half-open"], { default: undefined }), "a state"),
  generation: count,
  failures: integer({ min: 0, default: 0 }),
  successes: integer({ min: 0, default: 0 }),
  openings: integer({ min: 0, default: 0 }),
  untilMs: number({ min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 }),
  pauseMs: number({ min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 }),
  probes: list((value, path): Call => readOptions(path, value, CALL_READERS), { default: [] }),
};

/** The circuit as text. */
export function circuitToText(circuit: Circuit): string {
  const { state, generation } = circuit;
  if (state === "closed") return JSON.stringify({ state, generation, failures: circuit.failures });
  if (state === "open") return JSON.stringify(circuit);
  const { isHealed: _, ...kept } = circuit;
  return JSON.stringify(kept);
}

/**
 * The circuit that `text` tells of. Where the clock was set back meanwhile, nothing lasts longer from
 * now on than it was to last in all.
 */
export function circuitFromText(text: string | undefined, nowMs: number): Circuit {
  const kept = text === undefined ? undefined : read(text);
  if (kept === undefined) return CLOSED;
  const { generation, failures, successes, openings, pauseMs } = kept;
  switch (kept.state) {
    case "closed":
      return { ...closed(generation), failures };
    case "open": {
      const untilMs = Math.min(kept.untilMs, nowMs + pauseMs);
      return { state: "open", generation, untilMs, pauseMs, openings };
    }
    case "half-open": {
      // A probe from the future would keep its place until then.
      const probes = kept.probes.filter(({ startMs }) => startMs <= nowMs);
      const counts = { openings, successes, failures };
      return { state: "half-open", generation, pauseMs, ...counts, probes, isHealed: true };
    }
  }
}

function read(text: string) {
  try {
    return readOptions("circuit", JSON.parse(text), READERS);
  } catch {
    return undefined;
  }
}

/** The probe of `circuit` that is `call`: reading it made another object. */
export function probeIn(circuit: Circuit, call: Call): Call {
  const probes = circuit.state === "half-open" ? circuit.probes : [];
  return probes.find(({ startMs, leaseUntilMs }) => isSame([startMs, leaseUntilMs], call)) ?? call;
}

function isSame([startMs, leaseUntilMs]: readonly [number, number], call: Call): boolean {
  return startMs === call.startMs && leaseUntilMs === call.leaseUntilMs;
}
