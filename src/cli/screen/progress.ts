/** The progress lines: one per event that a human wants to see, as they happen. */

import type { Sink } from "../../core/events.ts";
import { levelOf } from "../../observe/level.ts";
import { headlineOf, messageOf, reasonOf } from "../../observe/message.ts";
import { isToldElsewhere, progressLine } from "./progress-line.ts";

/**
 * Writes a line per event. Left out are those for debugging, those that the next line or the summary
 * tells as well, and in all but critical lines a failure that the line before told.
 */
export function progressLines(write: (text: string) => void, hasColours: boolean): Sink {
  let told: string | undefined;
  return (event) => {
    const { type, atMs } = event;
    // Every attempt is told why it failed, also when it is for the same reason as the one before.
    if (type === "attempt.started") told = undefined;
    const level = levelOf(event);
    // The summary begins with how the run was completed.
    if (level === "DEBUG" || type === "run.completed" || isToldElsewhere(event)) return;
    const reason = reasonOf(event);
    const isTold = reason !== undefined && reason === told && level !== "CRITICAL";
    const text = isTold ? headlineOf(event) : messageOf(event);
    told = reason ?? told;
    write(progressLine({ type, level, atMs, text }, hasColours));
  };
}
