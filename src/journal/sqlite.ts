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
  Retention,
  RunFilter,
  RunRecord,
  StepFilter,
  StepRecord,
} from "../core/journal.ts";
import { lockOf } from "../core/journal.ts";
import type { SharedChange, SharedFilter, SharedValue } from "../core/shared-state.ts";
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
  nameOf,
  nameText,
  readFilter,
  readOwner,
  readRetention,
  readRun,
  readSharedFilter,
  readStep,
  readStepFilter,
  recordText,
  requireSameRun,
  statePrefix,
} from "./records.ts";
import { toJournalError } from "./sqlite-error.ts";
import { openJournalFile } from "./sqlite-file.ts";
import {
  endOf,
  findRunRecords,
  findStepRecords,
  prepareStatements,
  rowLimit,
  type LeaseRow,
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

  async claim(run: RunRecord, owner: Owner, steps: readonly StepRecord[] = []): Promise<Claim> {
    for (const step of steps) requireSameRun(run.id, step.runId);
    const columns = { id: nameText(run.id), ...runColumns(run) };
    const ownerText = JSON.stringify(owner);
    const stepRows = steps.map(stepColumns);
    const { id: runId } = run;
    return this.#write(() => {
      const { id, lock, record } = columns;
      const found = this.#statements.findUnfinished.get({ lock }) as RunRow | undefined;
      if (found !== undefined) return this.#takeUp(found, ownerText);
      this.#statements.insertRun.run({ ...columns, owner: ownerText, ...this.#freshLease() });
      for (const row of stepRows) this.#statements.upsertStep.run({ id, fence: 1, ...row });
      const hold = { runId, fence: 1 };
      return { hold, run: readRun(record), isNew: true, steps: this.#stepsOf(runId) };
    });
  }

  async claimRun(runId: string, owner: Owner): Promise<Claim | undefined> {
    const ownerText = JSON.stringify(owner);
    return this.#write(() => {
      const found = this.#statements.findRun.get({ id: nameText(runId) }) as RunRow | undefined;
      return found === undefined ? undefined : this.#takeUp(found, ownerText);
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

  async readSteps(runId: string, filter: StepFilter = {}): Promise<readonly StepRecord[]> {
    const settled = readStepFilter(filter);
    return this.#read(() => findStepRecords(this.#db, runId, settled).map(readStep));
  }

  async prune(retention: Retention): Promise<readonly string[]> {
    const { endedBeforeMs, keep, limit } = readRetention(retention);
    return this.#write(() => {
      const pruned: string[] = [];
      for (const row of this.#statements.findPrunable.iterate({ endedBeforeMs, keep })) {
        if (pruned.length >= limit) break;
        if (this.#isFree(row as unknown as LeaseRow)) pruned.push(row["id"] as string);
      }
      for (const id of pruned) this.#delete(id);
      return pruned.map(nameOf);
    });
  }

  async readState(key: string): Promise<SharedValue | undefined> {
    return this.#read(() => {
      const row = this.#statements.findState.get({ key: nameText(key) }) as StateRow | undefined;
      return row === undefined ? undefined : toSharedValue(row);
    });
  }

  async readStates(filter: SharedFilter): Promise<readonly SharedValue[]> {
    const { prefix, after, limit } = readSharedFilter(filter);
    const range = {
      prefix: nameText(prefix),
      end: endOf(nameText(prefix)),
      after: nameText(after),
    };
    return this.#read(() => {
      const rows = this.#statements.findStates.all({ ...range, limit: rowLimit(limit) });
      return rows.map((row) => toSharedValue(row as unknown as StateRow));
    });
  }

  async writeState({ key: name, value, replaces, atMs }: SharedChange): Promise<boolean> {
    const key = nameText(name);
    return this.#write(() => {
      const found = this.#statements.findState.get({ key }) as StateRow | undefined;
      if (replaces !== undefined && replaces !== (found?.version ?? 0)) return false;
      this.#statements.deleteState.run({ key });
      if (value !== undefined) this.#statements.insertState.run({ key, value, atMs });
      return true;
    });
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

  #isFree(row: LeaseRow): boolean {
    const { clock, isGone } = this.#options;
    return leaseState(leaseOf(row), clock.now(), isGone) === "free";
  }

  #delete(id: string): void {
    const prefix = nameText(statePrefix(nameOf(id)));
    this.#statements.deleteSteps.run({ id });
    this.#statements.deleteStates.run({ prefix, end: endOf(prefix) });
    this.#statements.deleteRun.run({ id });
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
    lock: nameText(lockOf(run)),
    parentId: run.parentId === undefined ? null : nameText(run.parentId),
    status: run.status,
    isUnfinished: isUnfinished(run) ? 1 : 0,
    startedAtMs: run.startedAtMs,
    endedAtMs: run.endedAtMs ?? null,
    record: recordText(run),
  };
}

function stepColumns(step: StepRecord) {
  return {
    task: nameText(step.task),
    name: nameText(step.name),
    map: step.map === undefined ? null : nameText(step.map),
    position: step.position,
    record: recordText(step),
  };
}

function leaseOf(row: LeaseRow): Lease | undefined {
  if (row.owner === null) return undefined;
  return {
    owner: readOwner(row.owner),
    renewedAtMs: row.renewed_at_ms ?? 0,
    lengthMs: row.lease_ms ?? 0,
  };
}

interface StateRow {
  readonly version: number;
  readonly key: string;
  readonly value: string;
  readonly written_at_ms: number;
}

function toSharedValue({ key, value, version, written_at_ms: writtenAtMs }: StateRow): SharedValue {
  return { key: nameOf(key), value, version, writtenAtMs };
}

/** A write that changed no row had no hold. */
function requireChange({ changes }: StatementResultingChanges, runId: string): void {
  if (changes === 0) throw new LeaseLostError(runId);
}
