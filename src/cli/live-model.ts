/** What of a run is under way, by its events. Pure: no clock, no terminal. */

import type { HoldfastEvent } from "../core/events.ts";
import { stepLabel } from "../observe/step-label.ts";

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

/** What is under way after `event`. */
export function afterEvent(live: Live, event: HoldfastEvent): Live {
  const label = stepLabel(event.where);
  if (label === undefined) return afterTask(live, event);
  switch (event.type) {
    case "step.started":
      return put(live, { label, isUndo: false, attempt: 1, startedAtMs: event.atMs });
    case "undo.started":
      return put(live, { label, isUndo: true, attempt: 1, startedAtMs: event.atMs });
    case "attempt.started":
      return event.policy === undefined ? attemptStarted(live, label, event) : live;
    case "retry.scheduled":
      return waiting(live, label, event);
    case "step.completed":
    case "step.failed":
    case "step.interrupted":
    case "step.doubted":
    case "undo.completed":
      return without(live, label);
    case "undo.failed":
      return event.isFinal ? without(live, label) : live;
    default:
      return live;
  }
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
