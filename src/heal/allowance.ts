/**
 * Whether a remedy may act on a target now: the rule about budget, cool-down and lock, as it is kept
 * for all processes together. Pure: no clock, no store.
 */

import { formatMs } from "../core/duration.ts";
import type { Owner } from "../core/journal.ts";
import type { Remedy } from "../core/remedy.ts";

/** What all processes know of a remedy and its target. Moments are milliseconds since the Unix epoch. */
export interface TargetState {
  /** Who acts on it now. */
  readonly holder?: TargetHolder | undefined;
  /** When it was acted on, at least as far back as the budget counts. */
  readonly actedAtMs: readonly number[];
  /** When the last action ended. Missing while it goes on, and when its end was not seen. */
  readonly leftAtMs?: number | undefined;
  /** When the last healing that cured it ended. */
  readonly healedAtMs?: number | undefined;
}

/** Who acts on a target, and until when at most. */
export interface TargetHolder {
  readonly owner: Owner;
  /** Tells healings of one process apart. */
  readonly token: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A remedy's limits. */
export type Limits = Pick<Remedy, "budget" | "coolDownMs" | "limitMs">;

/** Nothing is known of it yet. */
export const UNTOUCHED: TargetState = { actedAtMs: [] };

/**
 * The state as it was written; nothing is known where nothing was, or where it is not what we write: it
 * is written over then, for what nobody can read would forbid to act for ever.
 */
export function readTargetState(text: string | undefined): TargetState {
  if (text === undefined) return UNTOUCHED;
  try {
    const state = JSON.parse(text) as Partial<TargetState> | null;
    return isTargetState(state) ? state : UNTOUCHED;
  } catch {
    return UNTOUCHED; // Cut off, or somebody else's.
  }
}

function isTargetState(state: Partial<TargetState> | null): state is TargetState {
  if (typeof state !== "object" || state === null) return false;
  const { actedAtMs, leftAtMs, healedAtMs, holder } = state;
  return (
    Array.isArray(actedAtMs) &&
    actedAtMs.every(Number.isFinite) &&
    [leftAtMs ?? 0, healedAtMs ?? 0].every(Number.isFinite) &&
    (holder === undefined || isHolder(holder))
  );
}

function isHolder(holder: Partial<TargetHolder> | null): boolean {
  if (typeof holder !== "object" || holder === null) return false;
  const { owner, token, fromMs, untilMs } = holder;
  const isOwned = typeof owner === "object" && owner !== null && typeof token === "string";
  return isOwned && Number.isFinite(fromMs) && Number.isFinite(untilMs);
}

/** Who acts on it now and may go on with it. @param isGone Whether a process has certainly ended. */
export function holderAt(
  { holder }: TargetState,
  nowMs: number,
  isGone: (owner: Owner) => boolean | undefined,
): TargetHolder | undefined {
  if (holder === undefined) return undefined;
  if (!isWithin(holder.fromMs, nowMs, holder.untilMs - holder.fromMs)) return undefined;
  return isGone(holder.owner) === true ? undefined : holder;
}

/** Why it must not act now. */
export interface Refusal {
  /** In words. */
  readonly because: string;
  /** Whether its budget is spent: time alone will not cure what it is for, and a human is needed. */
  readonly isExhausted: boolean;
}

/** Why it must not act now; `undefined` when it may. */
export function refusalAt(
  { actedAtMs, leftAtMs }: TargetState,
  { budget, coolDownMs }: Omit<Limits, "limitMs">,
  nowMs: number,
): Refusal | undefined {
  const recent = actedAtMs.filter((atMs) => isWithin(atMs, nowMs, budget.withinMs));
  if (recent.length >= budget.times) {
    const because = `its budget is spent: it acted ${times(recent.length)} within ${formatMs(budget.withinMs)}`;
    return { because, isExhausted: true };
  }
  const latest = leftAtMs ?? actedAtMs.at(-1);
  if (latest === undefined || !isWithin(latest, nowMs, coolDownMs)) return undefined;
  const because = `it acted ${formatMs(Math.max(0, nowMs - latest))} ago, and leaves it alone for ${formatMs(coolDownMs)}`;
  return { because, isExhausted: false };
}

/** In either direction: the time of day may have been set back, and must not lock it out for long. */
function isWithin(atMs: number, nowMs: number, lengthMs: number): boolean {
  return Math.abs(nowMs - atMs) < lengthMs;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

/** It is held by somebody. */
export function heldBy(state: TargetState, holder: TargetHolder): TargetState {
  return { ...state, holder };
}

/** So many are kept at least: of two with one target one may have a larger budget. */
const FEWEST_KEPT = 100;

/** It is being acted on: counted before, for the process may die while it acts. */
export function actedOn(state: TargetState, { budget }: Limits, nowMs: number): TargetState {
  const { leftAtMs: _, ...rest } = state;
  return {
    ...rest,
    actedAtMs: [...state.actedAtMs, nowMs].slice(-Math.max(budget.times, FEWEST_KEPT)),
  };
}

/** How a healing of the target ended. Moments are milliseconds since the Unix epoch. */
export interface TargetEnd {
  /** When it ended to act, if it did act. */
  readonly leftAtMs?: number | undefined;
  /** When it was cured, if it was. */
  readonly healedAtMs?: number | undefined;
}

/** It is let go. */
export function letGo(state: TargetState, end: TargetEnd): TargetState {
  const { holder: _, ...rest } = state;
  return { ...rest, ...end };
}
