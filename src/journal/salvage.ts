/**
 * Saves what can be read of a damaged journal into a new one.
 *
 * It works on a copy. What SQLite can still read is taken first, then what stands in its pages and is
 * no longer reached; either only where its checksum holds, or, in a journal of the first version, which
 * has none, where record and columns agree. Leases are left out.
 */

import { copyFileSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { JournalError } from "../core/errors.ts";
import type { RunRecord, StepRecord } from "../core/journal.ts";
import { required, text } from "../core/options.ts";
import { isUnfinished, nameOf, nameText, readRun, readStep } from "./records.ts";
import { holdChecksum, type StateRow } from "./row-checksum.ts";
import { fillJournal, placeWhole, requireNoLog } from "./sqlite-create.ts";
import { Damage, toJournalError } from "./sqlite-error.ts";
import { findRows, type Cell } from "./sqlite-pages.ts";
import { runColumns, stepColumns, toRun, toSharedValue, toStep } from "./sqlite-rows.ts";
import { logDamageOf } from "./sqlite-check.ts";

/** What was saved, and what was not. */
export interface Salvage {
  /** The absolute path of the new journal. */
  readonly file: string;
  readonly runs: number;
  readonly steps: number;
  readonly values: number;
  /** Rows that were found and are not as they were written. */
  readonly unreadable: number;
  /** Commits that stand in the log after its broken frame, at least. */
  readonly lostCommits: number;
  /** Steps that were left out, for their run was not found. */
  readonly orphans: number;
  /** The unfinished runs that were saved: the next start would go on with them. */
  readonly unfinished: readonly string[];
  /** Runs whose steps are not numbered throughout: some may be lost, or were never written. */
  readonly incomplete: readonly string[];
}

const readFile = required(text({ default: undefined }), "the path of a file");

/**
 * Writes all that can be read of the journal in `file` into a new one in `target`. Never touches
 * `file`, nor the files beside it. **Not while this process has `file` open itself**: reading it would
 * let go of its locks.
 *
 * @throws {JournalError} When `file` cannot be read at all, or `target` is there or cannot be written.
 */
export function saveJournal(file: string, target: string): Salvage {
  const from = resolve(readFile(file, "saveJournal.file"));
  const to = resolve(readFile(target, "saveJournal.target"));
  if (existsSync(to)) throw new JournalError(`${to} is there already: name another file`);
  requireNoLog(to);
  const place = placeBeside(to);
  try {
    const lostCommits = logDamageOf(from)?.commits ?? 0;
    const rows = readAll(copyOf(from, place));
    const written = { ...rows, ...writeAll(rows, to) };
    const { runs, steps, values, unreadable, orphans } = written;
    return {
      file: to,
      runs: runs.size,
      steps: steps.size - orphans,
      values: values.size,
      unreadable,
      lostCommits,
      orphans,
      unfinished: [...runs.values()]
        .filter(({ run }) => isUnfinished(run))
        .map(({ run }) => run.id),
      incomplete: incompleteRuns(rows),
    };
  } catch (error) {
    throw toJournalError(error, from);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function placeBeside(to: string): string {
  try {
    return mkdtempSync(join(dirname(to), ".holdfast-save-"));
  } catch (error) {
    const { message } = error as Error;
    throw new JournalError(`${to} cannot be written: ${message}`, { cause: error });
  }
}

interface Rows {
  readonly runs: Map<string, { readonly run: RunRecord; readonly fence: number }>;
  readonly steps: Map<string, StepRecord>;
  readonly values: Map<string, StateRow & { readonly checksum: number }>;
  unreadable: number;
}

function copyOf(from: string, place: string): string {
  const copy = join(place, "copy.db");
  // SQLite keeps its log beside the file itself, not beside a link to it.
  const real = realpathSync(from);
  copyFileSync(real, copy);
  if (existsSync(`${real}-wal`)) copyFileSync(`${real}-wal`, `${copy}-wal`);
  return copy;
}

function readAll(copy: string): Rows {
  const rows: Rows = { runs: new Map(), steps: new Map(), values: new Map(), unreadable: 0 };
  try {
    readByTrees(copy, rows);
  } catch {
    // Its trees cannot be read, or not all of them. The pages are, as they are.
  }
  // Those that were read by now are newer than whatever else stands in a page.
  for (const cells of findRows(readFileSync(copy))) keepRawRow(rows, cells);
  return rows;
}

const TABLES = ["runs", "steps", "state"] as const;

/** Closing it writes the log back into the copy, as far as SQLite can read it. */
function readByTrees(copy: string, rows: Rows): void {
  const db = new DatabaseSync(copy);
  try {
    for (const table of TABLES) {
      const read = db.prepare(`SELECT * FROM ${table} NOT INDEXED`);
      try {
        for (const row of read.iterate()) keepIfWhole(rows, Object.values(row) as Cell[]);
      } catch {
        // The rest of this table may stand in pages that are not reached.
      }
    }
  } finally {
    db.close();
  }
}

/** One that is not as it was written is met again in its page, and counted there. */
function keepIfWhole(rows: Rows, cells: readonly Cell[]): void {
  try {
    keepRow(rows, cells);
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
  }
}

/** In a page, a row has its number in front, and nothing in the column that stands for it. */
function keepRawRow(rows: Rows, [number = null, inItsPlace, ...rest]: readonly Cell[]): void {
  if (inItsPlace !== null) return;
  try {
    keepRow(rows, [number, ...rest]);
  } catch {
    // Whatever stands there, it is not what was written.
    rows.unreadable++;
  }
}

/** @throws {Damage} When the row is not as it was written. */
function keepRow(rows: Rows, [number = null, ...rest]: readonly Cell[]): void {
  if (rest.length === RUN_CELLS) keepRun(rows, rest);
  else if (rest.length === STEP_CELLS) keepStep(rows, rest);
  else if (rest.length === STATE_CELLS) keepValue(rows, Number(number), rest);
  else if (rest.length === OLD_RUN_CELLS) keepOldRun(rows, rest);
  else if (rest.length === OLD_STEP_CELLS) keepOldStep(rows, rest);
}

/** How many columns the tables have, beside their numbers. */
const [RUN_CELLS, STEP_CELLS, STATE_CELLS] = [15, 7, 4];
/** The same of the first version. */
const [OLD_RUN_CELLS, OLD_STEP_CELLS] = [10, 5];

function keepRun({ runs }: Rows, cells: readonly Cell[]): void {
  const run = toRun({ record: String(cells[14]), checksum: Number(cells[8]) });
  if (!runs.has(run.id)) runs.set(run.id, { run, fence: Number(cells[10]) });
}

function keepStep({ steps }: Rows, cells: readonly Cell[]): void {
  const row = { record: String(cells[6]), checksum: Number(cells[5]) };
  const step = toStep(row, nameOf(String(cells[0])));
  const key = JSON.stringify([step.runId, step.task, step.name]);
  if (!steps.has(key)) steps.set(key, step);
}

function keepOldRun({ runs }: Rows, cells: readonly Cell[]): void {
  const run = parsed(() => readRun(String(cells[5])));
  requireAgreement([run.id, run.automation, run.status], cells);
  if (!runs.has(run.id)) runs.set(run.id, { run, fence: Number(cells[6]) });
}

function keepOldStep({ steps }: Rows, cells: readonly Cell[]): void {
  const step = parsed(() => readStep(String(cells[4])));
  requireAgreement([step.runId, step.task, step.name], cells);
  const key = JSON.stringify([step.runId, step.task, step.name]);
  if (!steps.has(key)) steps.set(key, step);
}

function parsed<Record>(read: () => Record): Record {
  try {
    return read();
  } catch (error) {
    throw new Damage("a record cannot be read", { cause: error });
  }
}

/** The first columns of a row say what its record says. */
function requireAgreement(names: readonly string[], cells: readonly Cell[]): void {
  const agree = names.every((name, column) => nameText(name) === cells[column]);
  if (!agree) throw new Damage("a record is not that of its row");
}

function keepValue({ values }: Rows, version: number, cells: readonly Cell[]): void {
  const [key = "", value = "", written = 0, checksum = 0] = cells;
  const row = {
    version,
    key: String(key),
    value: String(value),
    written_at_ms: Number(written),
    checksum: Number(checksum),
  };
  toSharedValue(row);
  if (!values.has(row.key)) values.set(row.key, row);
}

function writeAll({ runs, steps, values }: Rows, to: string): { readonly orphans: number } {
  let orphans = 0;
  const isPlaced = placeWhole(to, (draft) => {
    fillJournal(draft);
    const db = new DatabaseSync(draft);
    try {
      db.exec("BEGIN");
      for (const { run, fence } of runs.values()) insertRun(db, run, fence + 1);
      for (const step of steps.values()) {
        if (runs.has(step.runId)) insertStep(db, step);
        else orphans++;
      }
      for (const row of values.values()) insertValue(db, row);
      db.exec("COMMIT");
    } finally {
      db.close();
    }
  });
  if (!isPlaced) throw new JournalError(`${to} is there already: name another file`);
  return { orphans };
}

function insertRun(db: DatabaseSync, run: RunRecord, fence: number): void {
  const row = runColumns(run);
  db.prepare(
    `INSERT INTO runs (id, automation, lock, parent_id, status, is_unfinished, started_at_ms,
      ended_at_ms, checksum, hold_checksum, fence, record)
    VALUES (:id, :automation, :lock, :parentId, :status, :isUnfinished, :startedAtMs, :endedAtMs,
      :checksum, :holdChecksum, :fence, :record)`,
  ).run({ ...row, fence, holdChecksum: holdChecksum(row.id, fence, null) });
}

function insertStep(db: DatabaseSync, step: StepRecord): void {
  db.prepare(
    `INSERT INTO steps (run_id, task, name, map, position, checksum, record)
    VALUES (:id, :task, :name, :map, :position, :checksum, :record)`,
  ).run({ id: nameText(step.runId), ...stepColumns(step) });
}

function insertValue(db: DatabaseSync, row: StateRow & { readonly checksum: number }): void {
  db.prepare(
    `INSERT INTO state (version, key, value, written_at_ms, checksum)
    VALUES (:version, :key, :value, :written_at_ms, :checksum)`,
  ).run({ ...row });
}

/** Steps are numbered from 1, in the order in which they are begun. */
function incompleteRuns({ runs, steps }: Rows): string[] {
  const byRun = Map.groupBy(steps.values(), ({ runId }) => runId);
  return [...runs.keys()].filter((id) => {
    const own = byRun.get(id) ?? [];
    const last = own.reduce((most, { position }) => Math.max(most, position), 0);
    return new Set(own.map(({ position }) => position)).size < last;
  });
}
