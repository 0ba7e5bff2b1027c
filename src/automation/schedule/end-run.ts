/** Ends a run that runs in a process of its own: it is asked first, and killed last. */

import type { Clock } from "../../core/clock.ts";
import type { Journal } from "../../core/journal.ts";
import { cancelKey, type CancelRequest } from "../cancel/cancel-request.ts";
import type { Child } from "./serving.ts";

/** How long each means is given, in milliseconds. */
export interface EndWithin {
  /** To a run that was asked to cancel itself: that takes its undos. */
  readonly cancelMs: number;
  /** To one that was sent SIGTERM. */
  readonly terminateMs: number;
}

/** Undos may take minutes, and SIGTERM does not stop those that run. */
export const END_WITHIN: EndWithin = { cancelMs: 60_000, terminateMs: 60_000 };

/** Asks a run to cancel itself. Whoever runs it looks there. */
export async function requestCancel(
  journal: Journal,
  runId: string,
  { reason, atMs }: { readonly reason: string; readonly atMs: number },
): Promise<void> {
  const request: CancelRequest = { by: "holdfast serve", atMs, reason };
  await journal.writeState({ key: cancelKey(runId), value: JSON.stringify(request), atMs });
}

/** Resolves when the process has ended, or was sent SIGKILL. Never rejects. */
export async function endRun(run: {
  readonly child: Child;
  readonly runId: string;
  readonly reason: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly within: EndWithin;
}): Promise<void> {
  const { child, runId, reason, journal, clock, within } = run;
  // A journal that fails takes no request; the signals need none.
  await requestCancel(journal, runId, { reason, atMs: clock.now() }).catch(() => undefined);
  if (await endsWithin(child, within.cancelMs, clock)) return;
  child.signal("SIGTERM");
  if (await endsWithin(child, within.terminateMs, clock)) return;
  child.signal("SIGKILL");
}

/** Whether a process ends within so many milliseconds. */
export async function endsWithin(child: Child, ms: number, clock: Clock): Promise<boolean> {
  const controller = new AbortController();
  const ended = child.ended.then(() => true);
  const over = clock.sleep(ms, controller.signal).then(
    () => false,
    () => true,
  );
  const isOver = await Promise.race([ended, over]);
  controller.abort();
  return isOver;
}
