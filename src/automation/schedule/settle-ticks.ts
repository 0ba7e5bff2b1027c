/** What becomes of the ticks of one schedule that are due: the rule, without journal or clock. */

import type { EventDetails } from "../../core/events.ts";
import type { Owner } from "../../core/journal.ts";
import { judgeTicks, MOST_CAUGHT_UP } from "./due-ticks.ts";
import { overlapOf } from "./overlap.ts";
import type { ScheduleState } from "./schedule-state.ts";
import type { Schedule } from "./schedule.ts";

/** How things stand when ticks are due. */
export interface Circumstances {
  readonly schedule: Schedule;
  readonly nowMs: number;
  readonly graceMs: number;
  /** Whether the automation runs now, wherever that is. */
  readonly isRunning: boolean;
  /** Whether that is the run of a tick that was caught up. */
  readonly isBehind: boolean;
  /** Who asks, and sees to the ticks that are open where nobody else does. */
  readonly server: Owner;
}

/** What is remembered and told then. */
export interface Settlement {
  readonly state: ScheduleState;
  readonly tell: readonly EventDetails[];
  /** Whether the run that runs now is to be ended. */
  readonly replaces: boolean;
}

/** @param ticks At least one, the oldest first. */
export function settleTicks(
  state: ScheduleState,
  ticks: readonly number[],
  circumstances: Circumstances,
): Settlement {
  const { schedule, nowMs, graceMs, server } = circumstances;
  const judged = judgeTicks(ticks, { ...schedule, nowMs, graceMs });
  const missed = missedEvents(judged.missed, judged.caughtUp.length, schedule.name);
  const waiting = [...state.open, ...judged.caughtUp];
  const placed = place(waiting, judged.onTime, circumstances);
  const isOthers = state.open.length > 0;
  return {
    state: {
      ...state,
      handledMs: ticks.at(-1) ?? state.handledMs,
      open: placed.open,
      ...(isOthers ? {} : { server, seenAtMs: nowMs }),
      missed: state.missed + judged.missed.length,
      missedAtMs: judged.missed.length > 0 ? nowMs : state.missedAtMs,
    },
    tell: [...missed, ...placed.tell],
    replaces: placed.replaces,
  };
}

/** Tells of ticks at which no run began. */
export function missedEvents(
  missed: readonly number[],
  caughtUp: number,
  schedule: string,
): EventDetails[] {
  const [fromMs] = missed;
  const toMs = missed.at(-1);
  if (fromMs === undefined || toMs === undefined) return [];
  return [{ type: "schedule.missed", schedule, count: missed.length, fromMs, toMs, caughtUp }];
}

interface Placed extends Pick<Settlement, "tell" | "replaces"> {
  readonly open: readonly number[];
}

/** Puts the tick that is on time to those that wait, in their place, or nowhere. */
function place(
  waiting: readonly number[],
  tickMs: number | undefined,
  { schedule: { name: schedule, overlap, catchUp }, isRunning, isBehind }: Circumstances,
): Placed {
  if (tickMs === undefined) return bounded(waiting, schedule);
  const isWaiting = waiting.length > 0;
  const isCatchingUp = catchUp === "all" && (isWaiting || isBehind);
  switch (overlapOf({ overlap, isRunning, isWaiting, isCatchingUp })) {
    case "start":
      return bounded([...waiting, tickMs], schedule);
    case "wait": {
      const placed = bounded([...waiting, tickMs], schedule);
      return { ...placed, tell: [...placed.tell, { type: "schedule.queued", schedule, tickMs }] };
    }
    case "replace": {
      const tell = waiting.map((each) => skipped(schedule, each, "a newer tick replaced it"));
      return { open: [tickMs], tell, replaces: isRunning };
    }
    case "skip": {
      const reason = isWaiting ? "a tick waits already" : "it still runs";
      return { open: waiting, tell: [skipped(schedule, tickMs, reason)], replaces: false };
    }
  }
}

function bounded(open: readonly number[], schedule: string): Placed {
  const dropped = open.slice(0, -MOST_CAUGHT_UP);
  const tell = dropped.map((each) => skipped(schedule, each, "too many ticks wait"));
  return { open: open.slice(-MOST_CAUGHT_UP), tell, replaces: false };
}

type Skipped = Extract<EventDetails, { readonly type: "schedule.skipped" }>;

function skipped(schedule: string, tickMs: number, reason: Skipped["reason"]): Skipped {
  return { type: "schedule.skipped", schedule, tickMs, reason };
}
