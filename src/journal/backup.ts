/** A copy of a journal, made while runs go on. */

import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { JournalError } from "../core/errors.ts";
import { flag, readOptions, required, text, type Reader } from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { draftOf, removeDraft, sweepDrafts } from "./drafts.ts";
import { openToRead, requireUsable, requireWholeLog } from "./sqlite-check.ts";
import { flush, requireNoLog } from "./sqlite-create.ts";
import { Damage, isFull, toJournalError } from "./sqlite-error.ts";
import { inspectJournal } from "./sqlite-inspect.ts";
import { readVersion, requireSchema, SCHEMA_VERSION } from "./sqlite-schema.ts";

/** How a backup is made. */
export interface BackupOptions {
  /** Whether it may replace a file that is there. Default false. */
  readonly force?: boolean | undefined;
}

const READERS = {
  force: flag({ default: false }),
} satisfies Record<keyof BackupOptions, Reader<unknown>>;

/** A backup that was made. */
export interface Backup {
  /** Its absolute path. */
  readonly file: string;
  readonly bytes: number;
  readonly runs: number;
  readonly steps: number;
}

const readFile = required(text({ default: undefined }), "the path of a file");

/** All pages in one go, so that it is one moment, and no writer makes it begin anew. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * Copies the journal in `file` to `target`, as it is at one moment. Runs go on meanwhile, and nobody
 * waits. The copy is checked as a whole, flushed, and has its name only then.
 *
 * Rejects with `JournalError` when the journal cannot be read or is damaged, when `target` is there
 * and `force` is not set, or when it cannot be written. Nothing is at `target` then that was not.
 */
export async function backupJournal(
  file: string,
  target: string,
  options: BackupOptions = {},
): Promise<Backup> {
  const { force } = readOptions("backupJournal", options, READERS);
  const from = resolve(readFile(file, "backupJournal.file"));
  const to = resolve(readFile(target, "backupJournal.target"));
  if (!force) requireNothingAt(to);
  requireOther(from, to);
  requireNoLog(to);
  try {
    requireUsable(from);
    requireWholeLog(from);
    return await copyWhole(from, to, force);
  } catch (error) {
    throw toJournalError(error, from);
  }
}

async function copyWhole(from: string, to: string, force: boolean): Promise<Backup> {
  sweepDrafts(to, systemClock.now());
  const draft = draftOf(to);
  try {
    makeEmpty(draft, to);
    await copyPages(from, draft, to);
    const { runs, steps } = checkCopy(draft, from);
    chmodSync(draft, 0o600);
    flush(draft);
    takeName(draft, to, force);
    flush(dirname(to));
    return { file: to, bytes: statSync(to).size, runs, steps };
  } finally {
    removeDraft(draft);
  }
}

function makeEmpty(draft: string, to: string): void {
  try {
    closeSync(openSync(draft, "wx", 0o600));
  } catch (error) {
    const { message } = error as Error;
    throw new JournalError(`The backup ${to} cannot be written: ${message}`, { cause: error });
  }
}

async function copyPages(from: string, draft: string, to: string): Promise<void> {
  const source = openToRead(from);
  try {
    // First: to read a journal takes some room on its own disk, which may be full as well.
    if (readVersion(source, from) === 0) throw new Damage("there is nothing in it");
    await backup(source, draft, { rate: ALL_PAGES }).catch((error: unknown) => {
      throw isFull(error) ? targetFull(to, error) : error;
    });
  } finally {
    source.close();
  }
}

function targetFull(to: string, cause: unknown): JournalError {
  return new JournalError(`The backup ${to} cannot be written: its disk is full`, { cause });
}

function checkCopy(draft: string, from: string): { runs: number; steps: number } {
  const copy = new DatabaseSync(draft);
  try {
    const isCurrent = readVersion(copy, from) === SCHEMA_VERSION;
    if (isCurrent) requireSchema(copy);
    const { runs, steps, damage } = inspectJournal(copy, isCurrent);
    const [first] = damage;
    if (first !== undefined) throw new Damage(first);
    return { runs, steps };
  } catch (error) {
    throw toJournalError(error, from);
  } finally {
    copy.close();
  }
}

/** A link never replaces what is there, a rename always does. */
function takeName(draft: string, to: string, force: boolean): void {
  if (force) return renameSync(draft, to);
  try {
    linkSync(draft, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") requireNothingAt(to);
    throw error;
  }
}

function requireOther(from: string, to: string): void {
  if (!existsSync(to) || !existsSync(from)) return;
  const own = ["", "-wal", "-shm"].map((end) => `${realpathSync(from)}${end}`);
  if (!own.includes(realpathSync(to))) return;
  throw new JournalError(
    `${to} is the journal itself, or its newest writes: name another file for its backup`,
  );
}

function requireNothingAt(to: string): void {
  if (lstatSync(to, { throwIfNoEntry: false }) === undefined) return;
  throw new JournalError(`${to} is there already: name another file, or say --force to replace it`);
}
