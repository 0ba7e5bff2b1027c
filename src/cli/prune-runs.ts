/** Deletes finished runs that have been kept for long enough, and their logs. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Journal, Retention } from "../core/journal.ts";
import type { World } from "./command.ts";

/** What stays. */
export interface Kept {
  /** Runs that ended so many milliseconds ago, or less. */
  readonly olderThanMs: number;
  /** So many of the newest finished runs of each automation, whatever their age. */
  readonly keep: number;
}

const DAY_MS = 86_400_000;

/** A quarter of a year, and of what runs once a month more than a year. */
export const DEFAULT_KEPT: Kept = { olderThanMs: 90 * DAY_MS, keep: 20 };

/** Runs that are deleted by one commit, so that others need not wait long. */
const BATCH = 100;

/** The runs that are deleted at the end of another one: more than one run adds. */
const AT_END = 20;

/** How the journal is asked. */
export function retentionOf({ olderThanMs, keep }: Kept, world: World, limit = BATCH): Retention {
  return { endedBeforeMs: world.clock.now() - olderThanMs, keep, limit };
}

/** Deletes all of them, and answers how many. */
export async function pruneAll(journal: Journal, kept: Kept, world: World): Promise<number> {
  const retention = retentionOf(kept, world);
  for (let count = 0; ;) {
    const pruned = await journal.prune(retention);
    if (pruned.length === 0) return count;
    await removeLogs(pruned, world);
    count += pruned.length;
  }
}

/**
 * Deletes a few, by the defaults, unless `HOLDFAST_PRUNE` is `off`. Never rejects: what became of the
 * run is told already.
 */
export async function pruneAtEnd(journal: Journal, world: World): Promise<void> {
  if (world.env["HOLDFAST_PRUNE"] === "off") return;
  try {
    await removeLogs(await journal.prune(retentionOf(DEFAULT_KEPT, world, AT_END)), world);
  } catch {
    // They are still there for the next time, and holdfast prune tells why.
  }
}

async function removeLogs(runIds: readonly string[], world: World): Promise<void> {
  if (runIds.length === 0) return;
  const logs = await world.logDirectory();
  for (const id of runIds) rmSync(join(logs, `${id}.jsonl`), { force: true });
}
