/** The progress lines: one per event that a human wants to see, as they happen. */

import { styleText } from "node:util";
import type { HoldfastEvent, Level, Sink } from "../core/events.ts";
import { levelOf } from "../observe/level.ts";
import { headlineOf, messageOf, reasonOf } from "../observe/message.ts";
import { stepLabel } from "../observe/step-label.ts";
import { printable } from "./printable.ts";

type Style = Parameters<typeof styleText>[0];

type ShownLevel = Exclude<Level, "DEBUG">;

const MARKS: Readonly<Record<ShownLevel, { readonly mark: string; readonly style: Style }>> = {
  INFO: { mark: "·", style: "dim" },
  WARNING: { mark: "!", style: "yellow" },
  ERROR: { mark: "✗", style: "red" },
  CRITICAL: { mark: "✗✗", style: ["bold", "red"] },
};

/** Events that are good news. */
const DONE = new Set(["step.completed", "task.completed", "undo.completed", "rollback.completed"]);

/**
 * Writes a line per event. Left out are those for debugging, those that the next line or the summary
 * tells as well, and in all but critical lines a failure that the line before told.
 */
export function progressLines(write: (text: string) => void, hasColours: boolean): Sink {
  const paint = hasColours
    ? (style: Style, text: string) => styleText(style, text, { validateStream: false })
    : (_: Style, text: string) => text;
  let told: string | undefined;
  return (event) => {
    // Every attempt is told why it failed, also when it is for the same reason as the one before.
    if (event.type === "attempt.started") told = undefined;
    const level = levelOf(event);
    if (level === "DEBUG" || isToldElsewhere(event)) return;
    const reason = reasonOf(event);
    const isTold = reason !== undefined && reason === told && level !== "CRITICAL";
    const text = isTold ? headlineOf(event) : messageOf(event);
    told = reason ?? told;
    const isDone = DONE.has(event.type) && level === "INFO";
    const { mark, style } = isDone ? { mark: "✓", style: "green" as const } : MARKS[level];
    const time = paint("dim", timeOf(event.atMs));
    write(
      `${time} ${paint(style, mark.padEnd(2))} ${printable(text).replaceAll(/\s*\n\s*/g, " ")}\n`,
    );
  };
}

function isToldElsewhere(event: HoldfastEvent): boolean {
  // The summary begins with it.
  if (event.type === "run.completed") return true;
  // The run's own task begins and ends with the run.
  if (event.type.startsWith("task.")) return event.where.task === undefined;
  // The failed attempt, or how the step or the undo ended, is the next line.
  const isHalfTheStory =
    event.type === "retry.recovered" ||
    event.type === "retry.stopped" ||
    event.type === "timeout.expired";
  return isHalfTheStory && isOfStepItself(event);
}

/** Whether the policy that speaks is the step's own, not one within its work. */
function isOfStepItself({
  policy,
  where,
}: Extract<HoldfastEvent, { readonly policy: string }>): boolean {
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
