/** The live region as lines: one per step that is under way. Pure. */

import { formatMs } from "../../core/duration.ts";
import type { Live, UnderWay } from "./live-model.ts";
import { printable } from "../printable.ts";
import { fit } from "./width.ts";

/** More lines would push what has happened off a small screen. */
const MOST_LINES = 5;

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** What the lines are made for. */
export interface Sight {
  readonly nowMs: number;
  readonly columns: number;
  /** Counts the drawings. */
  readonly frame: number;
}

/** At most seven lines, none wider than the terminal but one column; none while nothing is under way. */
export function linesOf({ underWay, tasksDone }: Live, sight: Sight): string[] {
  if (underWay.length === 0) return [];
  const spinner = FRAMES[sight.frame % FRAMES.length] ?? "";
  const more = underWay.length - MOST_LINES;
  const lines = [
    ...underWay.slice(0, MOST_LINES).map((step) => `${spinner} ${lineOf(step, sight.nowMs)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...(tasksDone > 0 ? [`  ${tasksDone} ${tasksDone === 1 ? "task" : "tasks"} done`] : []),
  ];
  // A line of the full width would leave the cursor in no certain place.
  return lines.map((line) => fit(line, sight.columns - 1));
}

/** What changes stands first, for the end is what a narrow terminal loses. */
function lineOf(step: UnderWay, nowMs: number): string {
  const label = printable(step.label).replaceAll(/\s+/g, " ");
  const { attempt, waitsUntilMs, isUndo, startedAtMs } = step;
  const elapsed = seconds(nowMs - startedAtMs);
  const wait = waitsUntilMs === undefined ? "" : ` in ${seconds(waitsUntilMs - nowMs)}`;
  const number = attempt > 1 ? `, attempt ${attempt}${wait}` : "";
  return `${elapsed}${number}  ${isUndo ? "undoing " : ""}${label}`;
}

/** Whole seconds: tenths would only flicker. */
function seconds(ms: number): string {
  return ms < 1_000 ? "0 s" : formatMs(Math.floor(ms / 1_000) * 1_000);
}
