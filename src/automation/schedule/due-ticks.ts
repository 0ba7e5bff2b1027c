/** Which ticks are due, which of them were missed, and which of those are caught up: the rules. */

import { seededDice } from "../../core/dice.ts";
import type { Schedule } from "./schedule.ts";
import type { Timetable } from "./timetable.ts";

/** More are not looked at, nor counted: a year of seconds must not hold a start up. */
export const MOST_TICKS = 1_000;

/** More are not caught up. */
export const MOST_CAUGHT_UP = 100;

/**
 * When the run of a tick begins. The delay is drawn by dice that are seeded with the tick: a restart
 * does not draw another one. `seed` is the journal's own, so that machines with one each do not begin
 * at one moment all together.
 */
export function momentOf(tickMs: number, jitterMs: number, seed: string): number {
  return jitterMs === 0
    ? tickMs
    : tickMs + Math.floor(seededDice(`${seed} ${tickMs}`)() * jitterMs);
}

/** What is asked of a timetable. */
export interface Span {
  /** Ticks up to here are dealt with. */
  readonly afterMs: number;
  readonly nowMs: number;
  readonly jitterMs: number;
  readonly seed: string;
}

/** The ticks that are due, the oldest first; of very many, the newest. */
export function dueTicks(timetable: Timetable, { afterMs, nowMs, jitterMs, seed }: Span): number[] {
  const ticks: number[] = [];
  let tickMs = timetable.previous(nowMs + 1);
  while (tickMs > afterMs && ticks.length < MOST_TICKS) {
    if (momentOf(tickMs, jitterMs, seed) <= nowMs) ticks.push(tickMs);
    tickMs = timetable.previous(tickMs);
  }
  return ticks.reverse();
}

/** What becomes of ticks that are due. */
export interface Judged {
  /** The tick that is on time. */
  readonly onTime: number | undefined;
  /** Ticks at which nobody was there, the oldest first. */
  readonly missed: readonly number[];
  /** Those of them that are run now. */
  readonly caughtUp: readonly number[];
}

/** What decides about ticks that are due. */
export interface Lateness extends Pick<Schedule, "catchUp" | "within" | "jitter"> {
  readonly nowMs: number;
  /** How late a tick may be looked at and still be on time. */
  readonly graceMs: number;
}

/**
 * Only the newest of the ticks can be on time: whoever finds several was not there at the others. One
 * that is on time stands for those before it, unless all are to be caught up.
 */
export function judgeTicks(ticks: readonly number[], lateness: Lateness): Judged {
  const { graceMs, catchUp, within } = lateness;
  const newest = ticks.at(-1);
  const isOnTime = newest !== undefined && lateMs(newest, lateness) <= graceMs;
  const onTime = isOnTime ? newest : undefined;
  const missed = isOnTime ? ticks.slice(0, -1) : ticks;
  const young = missed.filter((tickMs) => lateMs(tickMs, lateness) <= within);
  switch (catchUp) {
    case "none":
      return { onTime, missed, caughtUp: [] };
    case "last":
      return { onTime, missed, caughtUp: onTime === undefined ? young.slice(-1) : [] };
    case "all":
      return { onTime, missed, caughtUp: young.slice(-MOST_CAUGHT_UP) };
  }
}

/** How late a tick is, were its jitter the longest possible. */
export function lateMs(
  tickMs: number,
  { nowMs, jitter }: Pick<Lateness, "nowMs" | "jitter">,
): number {
  return nowMs - tickMs - jitter;
}
