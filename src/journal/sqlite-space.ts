/** How much room a journal takes. */

import type { DatabaseSync } from "node:sqlite";

/** What came of making a journal smaller. */
export interface Compaction {
  /** How long the file is now. */
  readonly bytes: number;
  /** How much was given back to the disk. */
  readonly freedBytes: number;
  /** How much in it waits to be written over. */
  readonly freeBytes: number;
}

/** Moves so few pages that other writers hardly wait: 2 MB. */
export const VACUUM_STEP = "PRAGMA incremental_vacuum(512)";

/** The space of a journal, as it will be when its log is written back. */
export function spaceOf(db: DatabaseSync): {
  readonly bytes: number;
  readonly freeBytes: number;
  readonly freePages: number;
} {
  const { pages, free, size } = db
    .prepare(
      `SELECT page_count AS pages, freelist_count AS free, page_size AS size
      FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    )
    .get() as { pages: number; free: number; size: number };
  return { bytes: pages * size, freeBytes: free * size, freePages: free };
}
