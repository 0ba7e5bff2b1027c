/**
 * Which run did another one again. The mark is written before the new run is, so that no moment is left
 * at which both could take back the same steps; a mark whose run never came to be says nothing.
 */

import type { Journal } from "../core/journal.ts";

function markKey(runId: string): string {
  return `run/${runId}/retried-by`;
}

/** The run that did `runId` again. */
export async function findRetryOf(journal: Journal, runId: string): Promise<string | undefined> {
  const mark = await journal.readState(markKey(runId));
  if (mark === undefined) return undefined;
  const run = await journal.findRun(mark.value);
  return run?.retryOf?.runId === runId ? run.id : undefined;
}

/** Says that `newId` does `runId` again. To be called under a hold of `runId`. */
export async function markRetried(
  journal: Journal,
  runId: string,
  mark: { readonly newId: string; readonly atMs: number },
): Promise<void> {
  await journal.writeState({ key: markKey(runId), value: mark.newId, atMs: mark.atMs });
}
