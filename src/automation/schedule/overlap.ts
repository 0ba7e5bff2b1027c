/** What a tick does while its automation still runs: the rule. */

import type { Schedule } from "./schedule.ts";

/** How the automation stands when a tick comes. */
export interface Standing extends Pick<Schedule, "overlap"> {
  readonly isRunning: boolean;
  /** Whether an earlier tick waits already. */
  readonly isWaiting: boolean;
  /** Whether that is because all missed ticks are being caught up: then the new one comes after them. */
  readonly isCatchingUp: boolean;
}

/** Start its run, skip the tick, let it wait, or end what runs and start it then. */
export type Overlapping = "start" | "skip" | "wait" | "replace";

/** Decides. */
export function overlapOf({ overlap, isRunning, isWaiting, isCatchingUp }: Standing): Overlapping {
  if (isCatchingUp) return "wait";
  if (!isRunning && !isWaiting) return "start";
  if (overlap === "replace") return "replace";
  return overlap === "queue" && !isWaiting ? "wait" : "skip";
}
