/**
 * The circuit breaker's rules as pure functions: no clock, no promises, no callbacks. `breaker.ts`
 * owns those, and asks here what to do.
 *
 *           failures in a row reach the limit       pause over, one call begins
 *   closed ──────────────────────────────────▶ open ──────────────────────────▶ half-open
 *      ▲                                         ▲                               │   │
 *      │                                         └──────── the probe fails ──────┘   │
 *      └──────────────────────────────────────── the probe succeeds ─────────────────┘
 *
 * Every change of state begins a new generation, and a call's end counts only in the generation that
 * it began in. So a slow call from before the opening decides nothing after it, and of several
 * failures that settle together the first alone sets the end of the pause.
 *
 * The probe holds a lease. When it ends without an answer about the dependency, its place is free
 * again; when it never ends, its place is free when the lease is over, and its late end is dropped.
 */

/** Where a circuit stands. Moments are milliseconds by a clock that only grows. */
export type Circuit =
  | {
      readonly state: "closed";
      readonly generation: number;
      /** Failures in a row. */
      readonly failures: number;
    }
  | { readonly state: "open"; readonly generation: number; readonly untilMs: number }
  | {
      readonly state: "half-open";
      readonly generation: number;
      /** The end of the probe's lease; `-Infinity` while nobody probes. */
      readonly leaseUntilMs: number;
    };

/** What a circuit goes by; times are in milliseconds. */
export interface CircuitRules {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open; more than 0. */
  readonly pause: number;
  /** How long a probe may take; more than 0. */
  readonly probeTimeout: number;
}

/** Where every circuit starts. */
export const CLOSED: Circuit = Object.freeze({ state: "closed", generation: 0, failures: 0 });

/** Whether a call may begin now. */
export function admits(circuit: Circuit, nowMs: number): boolean {
  switch (circuit.state) {
    case "closed":
      return true;
    case "open":
      return nowMs >= circuit.untilMs;
    case "half-open":
      return nowMs >= circuit.leaseUntilMs;
  }
}

/**
 * What is left of the pause, in milliseconds. While a probe runs nothing is: how long it takes nobody
 * knows, and it may end at any moment.
 */
export function pauseLeftMs(circuit: Circuit, nowMs: number): number {
  return circuit.state === "open" ? Math.max(0, circuit.untilMs - nowMs) : 0;
}

/** After a call has begun; only where the circuit admits it. */
export function begun(circuit: Circuit, nowMs: number, rules: CircuitRules): Circuit {
  if (circuit.state === "closed") return circuit;
  return {
    state: "half-open",
    generation: circuit.generation + 1,
    leaseUntilMs: nowMs + rules.probeTimeout,
  };
}

/** After a call that began in `generation` succeeded. */
export function succeeded(circuit: Circuit, generation: number, nowMs: number): Circuit {
  if (!counts(circuit, generation, nowMs)) return circuit;
  if (circuit.state === "closed" && circuit.failures === 0) return circuit;
  const isNew = circuit.state !== "closed";
  return { state: "closed", generation: generation + (isNew ? 1 : 0), failures: 0 };
}

/** After a call that began in `generation` failed by the dependency's fault. */
export function failed(
  circuit: Circuit,
  generation: number,
  nowMs: number,
  rules: CircuitRules,
): Circuit {
  if (!counts(circuit, generation, nowMs)) return circuit;
  if (circuit.state === "closed" && circuit.failures + 1 < rules.failures) {
    return { ...circuit, failures: circuit.failures + 1 };
  }
  return { state: "open", generation: generation + 1, untilMs: nowMs + rules.pause };
}

/** After a call that began in `generation` ended in a way that tells nothing about the dependency. */
export function ignored(circuit: Circuit, generation: number): Circuit {
  const isProbe = circuit.state === "half-open" && circuit.generation === generation;
  return isProbe ? { ...circuit, leaseUntilMs: -Infinity } : circuit;
}

function counts(circuit: Circuit, generation: number, nowMs: number): boolean {
  if (circuit.generation !== generation) return false;
  return circuit.state !== "half-open" || nowMs < circuit.leaseUntilMs;
}
