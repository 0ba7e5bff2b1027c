/** One line of progress: the time, a mark, a sentence. */

import { styleText } from "node:util";
import type { EventType, Level, Where } from "../../core/events.ts";
import { stepLabel } from "../../observe/step-label.ts";
import { printable } from "../printable.ts";

type Style = Parameters<typeof styleText>[0];

const MARKS: Readonly<Record<Level, { readonly mark: string; readonly style: Style }>> = {
  DEBUG: { mark: " ", style: "dim" },
  INFO: { mark: "·", style: "dim" },
  WARNING: { mark: "!", style: "yellow" },
  ERROR: { mark: "✗", style: "red" },
  CRITICAL: { mark: "✗✗", style: ["bold", "red"] },
};

/** Events that are good news. */
const DONE: ReadonlySet<string> = new Set<EventType>([
  "step.completed",
  "task.completed",
  "undo.completed",
  "rollback.completed",
]);

/** What a line tells. */
export interface Told {
  /** The type of the event; what is no event of ours has another. */
  readonly type: string;
  readonly level: Level;
  readonly atMs: number;
  readonly text: string;
}

/** The line, with its end. */
export function progressLine({ type, level, atMs, text }: Told, hasColours: boolean): string {
  const paint = (style: Style, part: string) =>
    hasColours ? styleText(style, part, { validateStream: false }) : part;
  const isDone = DONE.has(type) && level === "INFO";
  const { mark, style } = isDone ? { mark: "✓", style: "green" as const } : MARKS[level];
  const sentence = printable(text).replaceAll(/\s*\n\s*/g, " ");
  return `${paint("dim", timeOf(atMs))} ${paint(style, mark.padEnd(2))} ${sentence}\n`;
}

/** Whether the next line, or the end of the run, tells it as well. */
export function isToldElsewhere(event: {
  readonly type: string;
  readonly where: Where;
  readonly policy?: string | undefined;
}): boolean {
  const { type, where, policy } = event;
  // The run's own task begins and ends with the run.
  if (type.startsWith("task.")) return where.task === undefined;
  // The failed attempt, or how the step or the undo ended, is the next line.
  const isHalfTheStory =
    type === "retry.recovered" || type === "retry.stopped" || type === "timeout.expired";
  if (!isHalfTheStory || policy === undefined) return false;
  // Of the step's own policy, not of one within its work.
  const label = stepLabel(where);
  return label !== undefined && (policy === label || policy.startsWith(`${label}: `));
}

/** The local time of day: `03:00:07`. */
function timeOf(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}
