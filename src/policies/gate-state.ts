/**
 * The gate's rules as pure functions: no clock, no promises, no callbacks. `gate-keeper.ts` owns
 * those, and asks here what to do.
 *
 *            a refusal that names a wait            the wait is over, one call begins
 *   open ──────────────────────────────▶ closed ──────────────────────────────▶ opening
 *    ▲                                     ▲                                     │   │
 *    │                                     └───────── another refusal ───────────┘   │
 *    └──────────────────────── a call was let in, and nobody waits ──────────────────┘
 *
 * A server says when to come back, not how many may. So one call goes first, and each that is let in
 * makes room for two: 1, 2, 4, 8 at once, until the next refusal. Source: the slow start of Van
 * Jacobson, "Congestion Avoidance and Control", SIGCOMM 1988. Coming back spread over some time by
 * chance would ask for a number that nobody knows, and would go on asking after the next refusal.
 *
 * A call that went first and does not end must not hold up the others for ever: when none has ended
 * for `probeTimeout`, one more goes. Calls of an earlier opening make no room in this one.
 */

/** Where a gate stands. Moments are milliseconds by a clock that only grows. */
export interface GateState {
  readonly state: "open" | "closed" | "opening";
  /** Grows with each closing. */
  readonly generation: number;
  /** How many calls may begin now. */
  readonly room: number;
  /** When one may begin though there is no room: at the end of the wait, or of a probe's time. */
  readonly untilMs: number;
}

/** Where every gate starts. */
export const OPEN: GateState = Object.freeze({
  state: "open",
  generation: 0,
  room: Infinity,
  untilMs: -Infinity,
});

/** Whether a call may begin now. */
export function admits(gate: GateState, nowMs: number): boolean {
  return gate.room > 0 || nowMs >= gate.untilMs;
}

/** What is left of the wait, in milliseconds; 0 while it opens, for how long that takes nobody knows. */
export function waitLeftMs(gate: GateState, nowMs: number): number {
  return gate.state === "closed" ? Math.max(0, gate.untilMs - nowMs) : 0;
}

/** After a call has begun; only where the gate admits it. */
export function begun(gate: GateState, nowMs: number, probeTimeoutMs: number): GateState {
  if (gate.state === "open") return gate;
  const { generation } = gate;
  const room = Math.max(0, gate.room - 1);
  return { state: "opening", generation, room, untilMs: nowMs + probeTimeoutMs };
}

/** After a call that began in `generation` was let in: its own room is free again, and one more. */
export function letIn(gate: GateState, generation: number): GateState {
  return withRoom(gate, generation, 2);
}

/** After a call that began in `generation` ended in a way that tells nothing: its room is free again. */
export function ignored(gate: GateState, generation: number): GateState {
  return withRoom(gate, generation, 1);
}

/** After a refusal that names a wait: it may make the wait longer, never shorter. */
export function refused(gate: GateState, untilMs: number): GateState {
  if (gate.state === "closed") return untilMs > gate.untilMs ? { ...gate, untilMs } : gate;
  return { state: "closed", generation: gate.generation + 1, room: 0, untilMs };
}

/** Once a call was let in and nobody waits. */
export function opened({ generation }: GateState): GateState {
  return { ...OPEN, generation };
}

function withRoom(gate: GateState, generation: number, more: number): GateState {
  const isOfThis = gate.state === "opening" && gate.generation === generation;
  return isOfThis ? { ...gate, room: gate.room + more } : gate;
}
