/** Which of several servers starts the runs of ticks that are open: the rule. */

import type { Owner } from "../core/journal.ts";
import type { ScheduleState } from "./schedule/schedule-state.ts";

/** A server that has not been seen for this long does nothing more. */
const UNSEEN_MS = 60_000;

/** How often it says that it is there. */
const RENEW_MS = 20_000;

/** Who asks, and how it finds out about others. */
export interface Server {
  readonly server: Owner;
  readonly isGone: (owner: Owner) => boolean | undefined;
}

/** The state in which this server sees to the open ticks; `undefined` where nothing is to be written. */
export function seesTo(
  state: ScheduleState,
  { server, isGone }: Server,
  nowMs: number,
): { readonly state: ScheduleState } | undefined {
  const unseenMs = Math.abs(nowMs - state.seenAtMs);
  const isDue = isSame(state.server, server)
    ? unseenMs >= RENEW_MS
    : isGone(state.server) === true || unseenMs >= UNSEEN_MS;
  return isDue ? { state: { ...state, server, seenAtMs: nowMs } } : undefined;
}

/** Whether both are the same process. */
export function isSame(one: Owner, other: Owner): boolean {
  return (
    one.host === other.host &&
    one.bootId === other.bootId &&
    one.pidNamespace === other.pidNamespace &&
    one.pid === other.pid &&
    one.startTime === other.startTime
  );
}
