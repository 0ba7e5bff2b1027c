/** What of a run is under way, by its events. Pure: no clock, no terminal. */

import type { EventType, HoldfastEvent } from "../../core/events.ts";
import { stepLabel } from "../../observe/step-label.ts";

/** A step, or its undo, that has begun and not ended. Moments are milliseconds since the epoch. */
export interface UnderWay {
  readonly label: string;
  readonly isUndo: boolean;
  readonly attempt: number;
  readonly startedAtMs: number;
  /** When the next attempt begins, while it waits for that. */
  readonly waitsUntilMs?: number;
}

/** See the header. */
export interface Live {
  /** In the order in which they began. */
  readonly underWay: readonly UnderWay[];
  /** How many tasks have come to their end. */
  readonly tasksDone: number;
}

/** Before anything has happened. */
export const QUIET: Live = { underWay: [], tasksDone: 0 };

/** What takes a step off; so does an undo that failed for good. */
const ENDS: ReadonlySet<EventType> = new Set<EventType>([
  "step.completed",
  "step.failed",
  "step.interrupted",
  "step.doubted",
  "undo.completed",
]);

/** What is under way after `event`. */
export function afterEvent(live: Live, event: HoldfastEvent): Live {
  const label = stepLabel(event.where);
  if (label === undefined) return afterTask(live, event);
  const { type, atMs } = event;
  if (type === "step.started" || type === "undo.started") {
    return put(live, { label, isUndo: type === "undo.started", attempt: 1, startedAtMs: atMs });
  }
  if (type === "attempt.started" && event.policy === undefined) {
    return attemptStarted(live, label, event);
  }
  if (type === "retry.scheduled") return waiting(live, label, event);
  const isOver = ENDS.has(type) || (type === "undo.failed" && event.isFinal);
  return isOver ? without(live, label) : live;
}

function afterTask(live: Live, { type, where }: HoldfastEvent): Live {
  const isEnd = type === "task.completed" || type === "task.failed";
  return isEnd && where.task !== undefined ? { ...live, tasksDone: live.tasksDone + 1 } : live;
}

/** The undo between two attempts has taken the step's own place. */
function attemptStarted(
  live: Live,
  label: string,
  { number, atMs }: Extract<HoldfastEvent, { readonly type: "attempt.started" }>,
): Live {
  const found = live.underWay.find((each) => each.label === label && !each.isUndo);
  const startedAtMs = found?.startedAtMs ?? atMs;
  return put(live, { label, isUndo: false, attempt: number, startedAtMs });
}

/** Only what the step's own retry says, or that of its undo, is about its next attempt. */
function waiting(
  live: Live,
  label: string,
  event: Extract<HoldfastEvent, { readonly type: "retry.scheduled" }>,
): Live {
  const { policy, number, waitMs, atMs } = event;
  const found = live.underWay.find((each) => each.label === label);
  const own = found?.isUndo === true ? `${label}: undo` : label;
  if (found === undefined || policy !== own) return live;
  return put(live, { ...found, attempt: number + 1, waitsUntilMs: atMs + waitMs });
}

function put(live: Live, step: UnderWay): Live {
  const isThere = live.underWay.some(({ label }) => label === step.label);
  const underWay = isThere
    ? live.underWay.map((each) => (each.label === step.label ? step : each))
    : [...live.underWay, step];
  return { ...live, underWay };
}

function without(live: Live, label: string): Live {
  return { ...live, underWay: live.underWay.filter((each) => each.label !== label) };
}
