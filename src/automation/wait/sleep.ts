/** `run.sleep`: a wait that outlives its process. */

import type { Clock } from "../../core/clock.ts";
import { findMs, DURATION_EXAMPLES, type Duration } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { show } from "../../core/show.ts";
import type { WaitPlan } from "./wait.ts";

/** @throws {OptionsError} When `length` is neither a length of time with an end nor a valid date. */
export function sleepPlan(name: string, length: Duration | Date, clock: Clock): WaitPlan {
  const untilMs = readUntil(length, `sleep "${name}"`);
  return {
    kind: "sleep",
    note: (nowMs) => ({ waitsFor: "time", untilMs: untilMs(nowMs) }),
    wait: ({ restMs, signal }) => clock.sleep(restMs, signal),
  };
}

/** When it ends, by when it begins: milliseconds since the Unix epoch. */
function readUntil(length: Duration | Date, path: string): (nowMs: number) => number {
  const atMs = length instanceof Date ? length.getTime() : undefined;
  const ms = atMs ?? findMs(length);
  if (ms === undefined || !Number.isFinite(ms)) {
    throw new OptionsError(
      path,
      `expected ${DURATION_EXAMPLES}, or a Date, received ${show(length)}`,
    );
  }
  return (nowMs) => (atMs === undefined ? nowMs + ms : Math.max(atMs, nowMs));
}
