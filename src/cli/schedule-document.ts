/** The schedules of a file as data that may go from process to process, and into the journal. */

import type { Automation } from "../automation/automation.ts";
import type { Schedule } from "../automation/schedule/schedule.ts";

/** A schedule for programs. */
export interface ScheduleDocument {
  readonly name: string;
  readonly cron?: string | undefined;
  readonly everyMs?: number | undefined;
  readonly timezone: string;
  readonly jitterMs: number;
  readonly catchUp: Schedule["catchUp"];
  /** `null` for any time. */
  readonly withinMs: number | null;
  readonly overlap: Schedule["overlap"];
  /** `null` for none. */
  readonly timeoutMs: number | null;
}

/** An automation's schedules for programs. */
export interface AutomationDocument {
  readonly automation: string;
  /** Its absolute path. */
  readonly file: string;
  readonly schedules: readonly ScheduleDocument[];
}

/** The input stays where it is: it may be large, and is nobody else's. */
export function documentOf({ name, settled }: Automation<never>, file: string): AutomationDocument {
  return { automation: name, file, schedules: settled.schedule.map(toDocument) };
}

function toDocument(schedule: Schedule): ScheduleDocument {
  const { name, cron, every, timezone, jitter, catchUp, within, overlap, timeout } = schedule;
  return {
    name,
    cron,
    everyMs: every,
    timezone,
    jitterMs: jitter,
    catchUp,
    withinMs: finite(within),
    overlap,
    timeoutMs: finite(timeout),
  };
}

/** JSON has no infinity. */
function finite(ms: number): number | null {
  return ms === Infinity ? null : ms;
}

/** The schedule that `document` tells of, without its input. */
export function scheduleOf(document: ScheduleDocument): Schedule {
  const { name, cron, everyMs, timezone, jitterMs, catchUp, withinMs, overlap, timeoutMs } =
    document;
  return {
    name,
    cron,
    every: everyMs,
    timezone,
    jitter: jitterMs,
    catchUp,
    within: withinMs ?? Infinity,
    overlap,
    timeout: timeoutMs ?? Infinity,
    input: {},
  };
}
