/** The sentences of what schedules do. */

import { formatMs } from "../core/duration.ts";
import type { EventType, HoldfastEvent } from "../core/events.ts";
import { show } from "../core/show.ts";

type ScheduleEventType = Extract<EventType, `schedule.${string}`>;

/** A sentence for each event of a schedule. */
export const SCHEDULE_SENTENCES: {
  readonly [Type in ScheduleEventType]: (
    event: Extract<HoldfastEvent, { readonly type: Type }>,
  ) => string;
} = {
  "schedule.fired": (event) =>
    `${tick(event)} became run ${event.where.runId ?? "?"}` +
    (event.lateMs < NOTED_MS ? "" : `, ${formatMs(event.lateMs)} late`),
  "schedule.ended": (event) =>
    `${run(event)} of ${name(event)} ended with ${event.exitCode} ` +
    `after ${formatMs(event.durationMs)}`,
  "schedule.missed": (event) =>
    `${automation(event)} missed ${ticks(event.count)} of ${show(event.schedule)}, ` +
    (event.count === 1
      ? at(event.fromMs)
      : `the first ${at(event.fromMs)} and the last ${at(event.toMs)}`) +
    (event.caughtUp === 0 ? "; none is caught up" : `; ${event.caughtUp} caught up`),
  "schedule.skipped": (event) => `${tick(event)} was skipped: ${event.reason}`,
  "schedule.queued": (event) => `${tick(event)} waits for the run under way`,
  "schedule.replaced": (event) =>
    `${run(event)} is being ended: it makes way for ${tick(event).replace("Tick", "tick")}`,
  "schedule.timed_out": (event) =>
    `${run(event)} of ${name(event)} is being ended: ` +
    `it did not end within ${formatMs(Number(event.limitMs))}`,
};

/** A delay that people would notice. */
const NOTED_MS = 2_000;

function automation(event: HoldfastEvent): string {
  return `Automation ${name(event)}`;
}

function name({ where }: HoldfastEvent): string {
  return show(where.automation ?? "?");
}

function run({ where }: HoldfastEvent): string {
  return where.runId === undefined ? "A run" : `Run ${where.runId}`;
}

function tick(event: HoldfastEvent & { readonly tickMs: number }): string {
  return `Tick ${at(event.tickMs)} of ${name(event)}`;
}

function ticks(count: number): string {
  return count === 1 ? "a tick" : `${count} ticks`;
}

/** In UTC, with the fraction of a second only where there is one. */
function at(atMs: number): string {
  return new Date(atMs).toISOString().replace(".000Z", "Z");
}
