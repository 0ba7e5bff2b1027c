/**
 * The journal in one SQLite file, for all processes of a machine.
 *
 * A write is on the disk before its promise resolves, and writes that are asked for together share
 * one commit. SQLite is synchronous: it answers in microseconds, except that a commit waits for the
 * disk, and any write for another process's, up to the busy timeout.
 */

import { resolve } from "node:path";
import type { DatabaseSync, StatementResultingChanges } from "node:sqlite";
import type { Duration } from "../core/duration.ts";
import { JournalError, LeaseHeldError, LeaseLostError, OptionsError } from "../core/errors.ts";
import type {
  Claim,
  Hold,
  Journal,
  Owner,
  RunFilter,
  RunRecord,
  StepRecord,
} from "../core/journal.ts";
import { duration, readOptions, required, text, type Reader } from "../core/options.ts";
import { GroupCommit } from "./group-commit.ts";
import {
  holderOf,
  LEASE_READERS,
  leaseState,
  renewEveryMs,
  type Lease,
  type LeaseOptions,
} from "./lease.ts";
import { describeOwner } from "./owner.ts";
import {
  isUnfinished,
  nameText,
  readFilter,
  readOwner,
  readRun,
  readStep,
  recordText,
  requireSameRun,
} from "./records.ts";
import { toJournalError } from "./sqlite-error.ts";
import { openJournalFile } from "./sqlite-file.ts";
import {
  findRunRecords,
  prepareStatements,
  type RunRow,
  type Statements,
} from "./sqlite-statements.ts";

/** How a SQLite journal behaves. */
export interface SqliteJournalOptions extends LeaseOptions {
  /** How long to wait for another process that is writing. The event loop waits too. Default `"5s"`. */
  readonly busyTimeout?: Duration | undefined;
}

const READERS = {
  ...LEASE_READERS,
  busyTimeout: duration({ default: 5_000 }),
} satisfies Record<keyof SqliteJournalOptions, Reader<unknown>>;

const readFile = required(text({ default: undefined }), "the path of a file");

/**
 * Opens the journal in `file`, and makes it and its directory, for this user alone, when they are
 * missing. The file must lie on a local disk.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @throws {JournalError} At once, if the file cannot be opened or made, is not a journal, is damaged,
 * or was written by a newer holdfast.
 */
export function sqliteJournal(file: string, options: SqliteJournalOptions = {}): Journal {
  const settled = readOptions("sqliteJournal", options, READERS);
  if (readFile(file, "sqliteJournal.file") === ":memory:") {
    throw new OptionsError("sqliteJournal.file", "expected a file; memoryJournal() keeps none");
  }
  return new SqliteJournal(resolve(file), settled);
}

type Settled = ReturnType<typeof readOptions<typeof READERS>>;

class SqliteJournal implements Journal {
  readonly renewEveryMs: number;
  readonly #file: string;
  readonly #options: Settled;
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #commits: GroupCommit;
  #isClosed = false;

  constructor(file: string, options: Settled) {
    this.#file = file;
    this.#options = options;
    this.renewEveryMs = renewEveryMs(options.lease);
    this.#db = openJournalFile(file, options.busyTimeout);
    try {
      this.#statements = prepareStatements(this.#db);
    } catch (error) {
      this.#db.close();
      throw toJournalError(error, file);
    }
    this.#commits = new GroupCommit(this.#db);
  }

  async claim(run: RunRecord, owner: Owner): Promise<Claim> {
    const columns = { id: nameText(run.id), ...runColumns(run) };
    const ownerText = JSON.stringify(owner);
    const { id: runId } = run;
    return this.#write(() => {
      const { automation, record } = columns;
      const found = this.#statements.findUnfinished.get({ automation }) as RunRow | undefined;
      if (found !== undefined) return this.#takeUp(found, ownerText);
      this.#statements.insertRun.run({ ...columns, owner: ownerText, ...this.#freshLease() });
      return { hold: { runId, fence: 1 }, run: readRun(record), isNew: true, steps: [] };
    });
  }

  async renew({ runId, fence }: Hold): Promise<void> {
    const held = { id: nameText(runId), fence };
    await this.#write(() => {
      requireChange(this.#statements.renew.run({ ...held, ...this.#freshLease() }), runId);
    });
  }

  async release({ runId, fence }: Hold): Promise<void> {
    const held = { id: nameText(runId), fence };
    await this.#write(() => {
      this.#statements.release.run(held);
    });
  }

  async writeRun({ runId, fence }: Hold, run: RunRecord): Promise<void> {
    requireSameRun(runId, run.id);
    const row = { id: nameText(runId), fence, ...runColumns(run) };
    await this.#write(() => requireChange(this.#statements.updateRun.run(row), runId));
  }

  async writeStep({ runId, fence }: Hold, step: StepRecord): Promise<void> {
    requireSameRun(runId, step.runId);
    const row = { id: nameText(runId), fence, ...stepColumns(step) };
    await this.#write(() => requireChange(this.#statements.upsertStep.run(row), runId));
  }

  async findRun(runId: string): Promise<RunRecord | undefined> {
    return this.#read(() => {
      const row = this.#statements.findRun.get({ id: nameText(runId) });
      return row === undefined ? undefined : readRun(row["record"] as string);
    });
  }

  async findHolder(runId: string): Promise<Owner | undefined> {
    return this.#read(() => {
      const row = this.#statements.findRun.get({ id: nameText(runId) }) as RunRow | undefined;
      const { clock, isGone } = this.#options;
      return row === undefined ? undefined : holderOf(leaseOf(row), clock.now(), isGone);
    });
  }

  async findRuns(filter: RunFilter = {}): Promise<readonly RunRecord[]> {
    const settled = readFilter(filter);
    return this.#read(() => findRunRecords(this.#db, settled).map(readRun));
  }

  async readSteps(runId: string): Promise<readonly StepRecord[]> {
    return this.#read(() => this.#stepsOf(runId));
  }

  /** The last process to close the file also empties the files beside it into it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#commits.flush();
    this.#isClosed = true;
    try {
      this.#db.close();
    } catch (error) {
      throw toJournalError(error, this.#file);
    }
  }

  /** Hands an unfinished run to a new owner, once it is free. */
  #takeUp(found: RunRow, owner: string): Claim {
    // Reads all before anything is written, so that a damaged record leaves the run to be claimed.
    const run = readRun(found.record);
    const steps = this.#stepsOf(run.id);
    this.#requireFree(run, leaseOf(found));
    const id = nameText(run.id);
    const fence = found.fence + 1;
    this.#statements.takeOver.run({ id, fence, owner, ...this.#freshLease() });
    return { hold: { runId: run.id, fence }, run, isNew: false, steps };
  }

  #requireFree(run: RunRecord, lease: Lease | undefined): void {
    const nowMs = this.#options.clock.now();
    const state = leaseState(lease, nowMs, this.#options.isGone);
    if (lease === undefined || state === "free") return;
    if (state === "ahead") {
      this.#statements.setRenewal.run({ id: nameText(run.id), renewedAtMs: nowMs });
    }
    throw new LeaseHeldError(run.id, run.automation, describeOwner(lease.owner));
  }

  #freshLease(): { renewedAtMs: number; leaseMs: number } {
    return { renewedAtMs: this.#options.clock.now(), leaseMs: this.#options.lease };
  }

  #stepsOf(runId: string): readonly StepRecord[] {
    const rows = this.#statements.findSteps.all({ id: nameText(runId) });
    return rows.map(({ record }) => readStep(record as string));
  }

  async #write<Value>(write: () => Value): Promise<Value> {
    this.#requireOpen();
    try {
      return await this.#commits.add(write);
    } catch (error) {
      throw toJournalError(error, this.#file);
    }
  }

  #read<Value>(read: () => Value): Value {
    this.#requireOpen();
    // So that a read sees every write that was asked for before it.
    this.#commits.flush();
    try {
      return read();
    } catch (error) {
      throw toJournalError(error, this.#file);
    }
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new JournalError(`Journal ${this.#file} is closed`);
  }
}

function runColumns(run: RunRecord) {
  return {
    automation: nameText(run.automation),
    status: run.status,
    isUnfinished: isUnfinished(run) ? 1 : 0,
    startedAtMs: run.startedAtMs,
    record: recordText(run),
  };
}

function stepColumns(step: StepRecord) {
  return {
    task: nameText(step.task),
    name: nameText(step.name),
    position: step.position,
    record: recordText(step),
  };
}

function leaseOf(row: RunRow): Lease | undefined {
  if (row.owner === null) return undefined;
  return {
    owner: readOwner(row.owner),
    renewedAtMs: row.renewed_at_ms ?? 0,
    lengthMs: row.lease_ms ?? 0,
  };
}

/** A write that changed no row had no hold. */
function requireChange({ changes }: StatementResultingChanges, runId: string): void {
  if (changes === 0) throw new LeaseLostError(runId);
}
