/**
 * Makes a journal whole, or not at all: it is filled under a name of its own, flushed, and only then
 * linked to its place. So a file that is empty or too short never is a journal that another process
 * is about to fill: it is damage.
 */

import { closeSync, fsyncSync, linkSync, lstatSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { JournalError } from "../core/errors.ts";
import { draftOf, removeDraft } from "./drafts.ts";
import { migrate } from "./sqlite-schema.ts";

/**
 * Makes an empty journal where there is nothing. Of processes that do so at once, one does. Missing
 * directories are made for this user alone, and so is the file.
 *
 * @throws {JournalError} When the journal is gone, and its newest writes are still there.
 */
export function createJournalFile(file: string): void {
  const made = mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // First: it only ever comes to be beside a journal, so where it is found the journal must be too.
  const hasLog = hasContent(`${file}-wal`);
  if (isThere(file)) return;
  if (hasLog) throw new JournalError(goneMessage(file));
  placeWhole(file, (draft) => fillJournal(draft));
  if (made !== undefined) flushFrom(dirname(file), dirname(made));
}

/**
 * Makes `file` by `fill`, which is handed the path of an empty file for this user alone. Answers
 * whether it is this one: not when there was something by then, which stays.
 */
export function placeWhole(file: string, fill: (draft: string) => void): boolean {
  const draft = draftOf(file);
  try {
    closeSync(openSync(draft, "wx", 0o600));
    fill(draft);
    flush(draft);
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && isThere(file)) return false;
    throw error;
  } finally {
    removeDraft(draft);
    flush(dirname(file));
  }
}

/** Writes the tables of a journal into an empty file. */
export function fillJournal(draft: string): void {
  const db = new DatabaseSync(draft);
  try {
    // Nobody sees it before it is flushed as a whole. Space is given back by `compact`.
    db.exec(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA auto_vacuum = INCREMENTAL",
    );
    migrate(db, draft);
    db.exec("PRAGMA journal_mode = WAL");
  } finally {
    db.close();
  }
}

/** Has a file, or the names in a directory, on the disk. */
export function flush(path: string): void {
  // Windows opens no directories, and keeps their names by itself.
  if (process.platform === "win32" && statSync(path).isDirectory()) return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Flushes the directories from `directory` up to `last`: new ones have their names in older ones. */
function flushFrom(directory: string, last: string): void {
  for (let path = directory; path !== last && path !== dirname(path);) {
    path = dirname(path);
    flush(path);
  }
}

/**
 * Refuses a place beside which a log lies: SQLite would read it into whatever is put there.
 *
 * @throws {JournalError} When it has content.
 */
export function requireNoLog(file: string): void {
  if (!hasContent(`${file}-wal`)) return;
  throw new JournalError(
    `${file}-wal is there, the newest writes of another journal, and would be read into ${file}: move it away, or name another file`,
  );
}

function goneMessage(file: string): string {
  return `Journal ${file} is gone, and its newest writes (${file}-wal) are still there: put the file back, or a backup of it without that one; to begin a new journal, move ${file}-wal away`;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
