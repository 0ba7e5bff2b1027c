/** The progress lines: one per event that a human wants to see, as they happen. */

import { styleText } from "node:util";
import type { HoldfastEvent, Level, Sink } from "../core/events.ts";
import { levelOf } from "../observe/level.ts";
import { messageOf } from "../observe/message.ts";

type Style = Parameters<typeof styleText>[0];

const MARKS: Readonly<
  Record<Exclude<Level, "DEBUG">, { readonly mark: string; readonly style: Style }>
> = {
  INFO: { mark: "·", style: "dim" },
  WARNING: { mark: "!", style: "yellow" },
  ERROR: { mark: "✗", style: "red" },
  CRITICAL: { mark: "✗✗", style: ["bold", "red"] },
};

/** Events that are good news. */
const DONE = new Set([
  "step.completed",
  "task.completed",
  "run.completed",
  "undo.completed",
  "rollback.completed",
]);

/** Writes a line per event, the ones for debugging left out. */
export function progressLines(write: (text: string) => void, hasColours: boolean): Sink {
  return (event) => {
    const level = levelOf(event);
    if (level !== "DEBUG") write(`${lineOf(event, level, hasColours)}\n`);
  };
}

function lineOf(event: HoldfastEvent, level: Exclude<Level, "DEBUG">, hasColours: boolean): string {
  const isDone = DONE.has(event.type) && level === "INFO";
  const { mark, style } = isDone ? { mark: "✓", style: "green" as const } : MARKS[level];
  const paint = (how: Style, text: string) =>
    hasColours ? styleText(how, text, { validateStream: false }) : text;
  const text = messageOf(event).replaceAll(/\s*\n\s*/g, " ");
  return `${paint("dim", timeOf(event.atMs))} ${paint(style, mark.padEnd(2))} ${text}`;
}

/** The local time of day: `03:00:07`. */
function timeOf(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}
