/** What is remembered of a schedule: a shared value, so that a restart and other servers go on from it. */

import { JournalError } from "../../core/errors.ts";
import type { Owner } from "../../core/journal.ts";
import type { Schedule } from "./schedule.ts";

/** See the header. Moments are milliseconds since the Unix epoch. */
export interface ScheduleState {
  /** Grows when a field changes its meaning. */
  readonly schema: 1;
  /** What it went by; when that is another, the schedule begins anew. */
  readonly timetable: string;
  /** Seeds the dice of its jitter. */
  readonly seed: string;
  /** Every tick up to here is dealt with, or stands in `open`. */
  readonly handledMs: number;
  /** The ticks whose runs are still to begin, the oldest first. */
  readonly open: readonly number[];
  /** Who sees to them, and when it last said so. */
  readonly server: Owner;
  readonly seenAtMs: number;
  /** How many ticks were missed in all, and when it was last told. */
  readonly missed: number;
  readonly missedAtMs?: number | undefined;
}

/** The key of a schedule's shared value. */
export function scheduleKey(automation: string, schedule: string): string {
  return `schedule/${automation}/${schedule}`;
}

/** What tells a timetable from a changed one. */
export function timetableOf({ cron, every, timezone }: Schedule): string {
  return cron === undefined ? `every ${every}` : `${cron} ${timezone}`;
}

/** A schedule that is seen for the first time, or is another now, has missed nothing. */
export function newState(
  schedule: Schedule,
  {
    nowMs,
    seed,
    server,
  }: { readonly nowMs: number; readonly seed: string; readonly server: Owner },
): ScheduleState {
  return {
    schema: 1,
    timetable: timetableOf(schedule),
    seed,
    handledMs: nowMs,
    open: [],
    server,
    seenAtMs: nowMs,
    missed: 0,
  };
}

/**
 * A state that is further ahead than this was written under a wrong clock. Waiting for the real one to
 * get there might take years.
 */
const MOST_AHEAD_MS = 25 * 3_600_000;

/** Whether the schedule goes on from this state. An hour that comes twice is not lived twice. */
export function continues(state: ScheduleState, schedule: Schedule, nowMs: number): boolean {
  return state.timetable === timetableOf(schedule) && state.handledMs - nowMs <= MOST_AHEAD_MS;
}

/** @throws {JournalError} When it was written by a newer holdfast, or by something else. */
export function readScheduleState(key: string, text: string): ScheduleState {
  const state = parse(text) as ScheduleState | null | undefined;
  if (state?.schema === 1) return state;
  throw new JournalError(
    `The state of a schedule cannot be read: ${key}; was it a newer holdfast?`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
