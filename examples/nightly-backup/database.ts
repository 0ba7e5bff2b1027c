/** A snapshot of a SQLite database that may be in use. */

import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { contentOf, flushDirectory, type Content } from "./files.ts";

/** How many pages are copied at a time. In between, others can write, which starts the copy anew. */
const PAGES_AT_A_TIME = 4_096;

/**
 * Copies `database` to `path` by SQLite's own backup: copying its files would tear them apart from
 * their write-ahead log. The snapshot is one file, put in its place when it is whole.
 */
export async function snapshotDatabase(
  database: string,
  path: string,
  signal: AbortSignal,
): Promise<Content> {
  const partial = `${path}.partial`;
  await mkdir(dirname(path), { recursive: true });
  await rm(partial, { force: true });
  using source = new DatabaseSync(database, { readOnly: true });
  await backup(source, partial, { rate: PAGES_AT_A_TIME });
  signal.throwIfAborted();
  leaveWriteAheadLog(partial);
  await flush(partial);
  await rename(partial, path);
  await flushDirectory(dirname(path));
  return contentOf(path, signal);
}

/** Throws unless SQLite finds the database at `path` whole. */
export function checkDatabase(path: string): void {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("PRAGMA integrity_check").all();
  const problems = rows
    .map((row) => String(row["integrity_check"]))
    .filter((line) => line !== "ok");
  if (problems.length > 0) throw new Error(problems.join("; "));
}

async function flush(path: string): Promise<void> {
  await using handle = await open(path, "r+");
  await handle.sync();
}

/** A copy of a database with a write-ahead log would make one of its own wherever it is opened. */
function leaveWriteAheadLog(path: string): void {
  using database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = DELETE");
}
