/**
 * Locks that all runs of a journal share: a shared value each, written only over the version that
 * was read, so that of two runs one gets it.
 *
 * A run holds its locks, not the process: one that was killed keeps them until it has gone on or
 * ended.
 */

import { UNFINISHED, type RunRecord } from "../../core/journal.ts";
import type { SharedState, SharedValue } from "../../core/shared-state.ts";

/** Who holds a lock, as it stands in the shared value. */
export interface LockHolder {
  readonly runId: string;
  readonly automation: string;
  /** The step that took it, as people name it. */
  readonly step: string;
  /** That step's key. */
  readonly key: string;
  /** The fence of the process that took it: a former owner of the run that wakes up has a lower one. */
  readonly fence: number;
}

/** Which step frees a lock, and by which right. */
export interface Unlocking extends Pick<LockHolder, "key" | "fence"> {
  readonly lock: string;
  readonly atMs: number;
}

/** Where the lock of a name is kept. */
export function lockKey(lock: string): string {
  return `lock/${lock}`;
}

/** Who holds the lock by its shared value. */
export function holderIn({ value }: SharedValue): LockHolder {
  return JSON.parse(value) as LockHolder;
}

/**
 * Whether a lock may be taken: it was taken by this very step before the process died, or by a run
 * that has ended or is no longer known.
 *
 * @param run The holder's run, as far as the journal knows it.
 */
export function isTakeable(
  holder: LockHolder,
  { key }: Pick<LockHolder, "key">,
  run: RunRecord | undefined,
): boolean {
  return holder.key === key || run === undefined || !UNFINISHED.includes(run.status);
}

/** Frees a lock, when that step still holds it, and no later process of its run took it up. */
export async function unlock(
  shared: SharedState,
  { lock, key, fence, atMs }: Unlocking,
): Promise<void> {
  const found = await shared.readState(lockKey(lock));
  if (found === undefined) return;
  const holder = holderIn(found);
  if (holder.key !== key || holder.fence > fence) return;
  const { version } = found;
  await shared.writeState({ key: lockKey(lock), value: undefined, replaces: version, atMs });
}
