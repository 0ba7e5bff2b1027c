/**
 * Which moments a schedule names: its ticks, in milliseconds since the Unix epoch.
 *
 * Cron expressions are croner's. When clocks are put forward, a tick whose hour and minute have no
 * wildcard and that falls into the gap comes at its end; when they are put back, it comes the first
 * time only. Ticks with a wildcard go by: none in the gap, and both times in the hour that is repeated. So
 * does Vixie cron: cron(8), Debian, "Notes".
 */

import { OptionsError } from "../../core/errors.ts";
import { formatMs } from "../../core/duration.ts";
import type { Schedule } from "./schedule.ts";

/** The ticks of a schedule. */
export interface Timetable {
  /** The first tick after a moment; `Infinity` when there is none. */
  readonly next: (afterMs: number) => number;
  /** The last tick before a moment; `-Infinity` when there is none. */
  readonly previous: (beforeMs: number) => number;
}

/** The parts of a schedule that say when its ticks are. */
export type Times = Pick<Schedule, "name" | "cron" | "every" | "timezone" | "jitter">;

/**
 * The timetable of a schedule.
 *
 * Rejects with `OptionsError` when its expression cannot be read or never comes true after `nowMs`, and
 * when its jitter would let one tick reach the next.
 */
export async function readTimetable(times: Times, nowMs: number): Promise<Timetable> {
  const { name, cron, every, timezone, jitter } = times;
  if (cron === undefined) return everyTimetable(every ?? Infinity);
  const path = `schedule "${name}"`;
  const timetable = await cronTimetable(cron, timezone, path);
  if (timetable.next(nowMs) === Infinity) {
    throw new OptionsError(`${path}.cron`, `never comes true: ${JSON.stringify(cron)}`);
  }
  const gapMs = smallestGapMs(timetable, nowMs);
  if (jitter >= gapMs) {
    throw new OptionsError(
      `${path}.jitter`,
      `expected less than the ${formatMs(gapMs)} between two ticks, received ${formatMs(jitter)}`,
    );
  }
  return timetable;
}

/** Counted from the epoch, so that all who serve it agree, and a restart moves nothing. */
export function everyTimetable(everyMs: number): Timetable {
  const stepMs = Math.round(everyMs);
  return {
    next: (afterMs) => (Math.floor(afterMs / stepMs) + 1) * stepMs,
    previous: (beforeMs) => (Math.ceil(beforeMs / stepMs) - 1) * stepMs,
  };
}

/** Loaded when it is used: running an automation does not need it. */
async function cronTimetable(cron: string, timezone: string, path: string): Promise<Timetable> {
  const { Cron } = await import("croner");
  try {
    const job = new Cron(cron, { timezone, mode: "5-part", fixedTimeRule: "no-wildcard" });
    return {
      next: (afterMs) => job.nextRun(new Date(afterMs))?.getTime() ?? Infinity,
      // It takes no notice of parts of a second.
      previous: (beforeMs) =>
        job.previousRuns(1, new Date(Math.ceil(beforeMs / 1_000) * 1_000))[0]?.getTime() ??
        -Infinity,
    };
  } catch (error) {
    const problem = (error as Error).message.replace(/^CronPattern: /, "");
    throw new OptionsError(`${path}.cron`, problem);
  }
}

/** Enough for the densest part of a day to be among them. */
const LOOKED_AT = 50;

function smallestGapMs(timetable: Timetable, nowMs: number): number {
  let smallestMs = Infinity;
  let tickMs = timetable.next(nowMs);
  for (let count = 0; count < LOOKED_AT && tickMs < Infinity; count++) {
    const nextMs = timetable.next(tickMs);
    smallestMs = Math.min(smallestMs, nextMs - tickMs);
    tickMs = nextMs;
  }
  return smallestMs;
}
