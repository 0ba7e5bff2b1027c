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
import type { SharedChange, SharedFilter, SharedValue } from "../core/shared-state.ts";
import {
  callable,
  duration,
  integer,
  readOptions,
  required,
  text,
  type Reader,
} from "../core/options.ts";
import { GroupCommit } from "./group-commit.ts";
import { KeptBallast, type BallastEvent } from "./kept-ballast.ts";
import { holderOf, LEASE_READERS, leaseState, renewEveryMs, type LeaseOptions } from "./lease.ts";
import { describeOwner } from "./owner.ts";
import {
  endOf,
  isUnfinished,
  nameOf,
  nameText,
  readFilter,
  readRetention,
  readRun,
  readSharedFilter,
  readStepFilter,
  requireSameRun,
  statePrefix,
} from "./records.ts";
import { holdChecksum, stateChecksum, type StateRow } from "./row-checksum.ts";
import { Damage, isRefusal, toJournalError } from "./sqlite-error.ts";
import { openJournalFile } from "./sqlite-file.ts";
import {
  holdColumns,
  requireFits,
  requireStepFits,
  runColumns,
  stepColumns,
  toLease,
  toRun,
  toSharedValue,
  toStep,
  type HoldColumns,
  type RecordRow,
  type RunColumns,
  type RunRow,
} from "./sqlite-rows.ts";
import { spaceOf, VACUUM_STEP, type Compaction } from "./sqlite-space.ts";
import {
  findRunRows,
  findStepRows,
  prepareStatements,
  rowLimit,
  type Statements,
} from "./sqlite-statements.ts";
import { findByBoth } from "./sqlite-twins.ts";

/** How a SQLite journal behaves. */
export interface SqliteJournalOptions extends LeaseOptions {
  /** How long to wait for another process that is writing. The event loop waits too. Default `"5s"`. */
  readonly busyTimeout?: Duration | undefined;
  /**
   * How many bytes of ballast are kept beside the file, `holdfast.ballast` beside `holdfast.db`, to be
   * given up when the disk is full; 0 for none. Made when a run begins. Default 1 MiB.
   */
  readonly ballast?: number | undefined;
  /** Is told when the ballast is given up, and when it is there again. Default: nobody is. */
  readonly on?: ((event: BallastEvent) => void) | undefined;
}

/** A journal in a file, which can also be made smaller. */
export interface SqliteJournal extends Journal {
  /** The ids of the runs that `prune` would delete, at most `limit`, without those that are held. */
  findPrunable(retention: Retention): Promise<readonly string[]>;
  /**
   * Gives the space of what was deleted back to the disk, in small steps between which others write.
   * A file whose first version was an older one's keeps it for what is written next.
   */
  compact(): Promise<Compaction>;
}

const READERS = {
  ...LEASE_READERS,
  busyTimeout: duration({ default: 5_000 }),
  ballast: integer({ min: 0, max: 2 ** 30, default: 2 ** 20 }),
  on: callable<(event: BallastEvent) => void, undefined>({ default: undefined }),
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
export function sqliteJournal(file: string, options: SqliteJournalOptions = {}): SqliteJournal {
  const settled = readOptions("sqliteJournal", options, READERS);
  if (readFile(file, "sqliteJournal.file") === ":memory:") {
    throw new OptionsError("sqliteJournal.file", "expected a file; memoryJournal() keeps none");
  }
  return new FileJournal(resolve(file), settled);
}

type Settled = ReturnType<typeof readOptions<typeof READERS>>;

/** The most steps that one commit of `prune` deletes, unless one run has more. */
const PRUNED_STEPS = 2_000;

class FileJournal implements SqliteJournal {
  readonly renewEveryMs: number;
  readonly #file: string;
  readonly #options: Settled;
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #commits: GroupCommit;
  /** The runs that were claimed here and not released, which their user bounds. */
  readonly #claimed = new Set<string>();
  readonly #ballast: KeptBallast;
  #isClosed = false;

  constructor(file: string, options: Settled) {
    this.#file = file;
    this.#options = options;
    this.renewEveryMs = renewEveryMs(options.lease);
    const { busyTimeout, clock, isGone } = options;
    this.#db = openJournalFile(file, { busyTimeoutMs: busyTimeout, clock, isGone });
    try {
      this.#statements = prepareStatements(this.#db);
    } catch (error) {
      this.#db.close();
      throw toJournalError(error, file);
    }
    this.#ballast = new KeptBallast(this.#db, file, { bytes: options.ballast, on: options.on });
    this.#commits = new GroupCommit(this.#db, () => this.#ballast.release());
  }

  async claim(run: RunRecord, owner: Owner, steps: readonly StepRecord[] = []): Promise<Claim> {
    for (const step of steps) requireSameRun(run.id, step.runId);
    const { id: runId } = run;
    const columns = runColumns(run);
    const { id, lock, record } = columns;
    const ownerText = JSON.stringify(owner);
    const stepRows = steps.map(stepColumns);
    this.#ballast.keep();
    return this.#write(() => {
      const found = this.#statements.findUnfinished.get({ lock }) as RunRow | undefined;
      if (found !== undefined) {
        return this.#takeUp(requireFits(toRun(found), { lock: nameOf(lock) }), found, ownerText);
      }
      this.#insertRun({ ...columns, ...holdColumns(id, 1, ownerText) });
      for (const row of stepRows) this.#statements.upsertStep.run({ id, fence: 1, ...row });
      this.#claimed.add(runId);
      const claim = { hold: { runId, fence: 1 }, run: readRun(record), isNew: true };
      return { ...claim, steps: this.#stepsOf(runId) };
    });
  }

  async claimRun(runId: string, owner: Owner): Promise<Claim | undefined> {
    const ownerText = JSON.stringify(owner);
    this.#ballast.keep();
    return this.#write(() => {
      const found = this.#rowOf(runId);
      return found === undefined ? undefined : this.#takeUp(toRun(found, runId), found, ownerText);
    });
  }

  async renew({ runId, fence }: Hold): Promise<void> {
    const held = { id: nameText(runId), fence };
    if (this.#ballast.isReleased) this.#ballast.keep();
    await this.#write(() => {
      requireChange(this.#statements.renew.run({ ...held, ...this.#freshLease() }), runId);
    });
  }

  async release({ runId, fence }: Hold): Promise<void> {
    const id = nameText(runId);
    const held = { id, fence, holdChecksum: holdChecksum(id, fence, null) };
    this.#claimed.delete(runId);
    await this.#write(() => void this.#statements.release.run(held));
  }

  async writeRun({ runId, fence }: Hold, run: RunRecord): Promise<void> {
    requireSameRun(runId, run.id);
    const row = { fence, ...runColumns(run) };
    await this.#write(() => requireChange(this.#statements.updateRun.run(row), runId));
  }

  async writeStep({ runId, fence }: Hold, step: StepRecord): Promise<void> {
    requireSameRun(runId, step.runId);
    const row = { id: nameText(runId), fence, ...stepColumns(step) };
    await this.#write(() => requireChange(this.#statements.upsertStep.run(row), runId));
  }

  async findRun(runId: string): Promise<RunRecord | undefined> {
    return this.#read(() => {
      const row = this.#rowOf(runId);
      return row === undefined ? undefined : toRun(row, runId);
    });
  }

  async findHolder(runId: string): Promise<Owner | undefined> {
    return this.#read(() => {
      const row = this.#rowOf(runId);
      const { clock, isGone } = this.#options;
      return row === undefined ? undefined : holderOf(toLease(runId, row), clock.now(), isGone);
    });
  }

  async findRuns(filter: RunFilter = {}): Promise<readonly RunRecord[]> {
    const settled = readFilter(filter);
    return this.#read(() =>
      findRunRows(this.#db, settled).map((row) => requireFits(toRun(row), settled)),
    );
  }

  async readSteps(runId: string, filter: StepFilter = {}): Promise<readonly StepRecord[]> {
    const settled = readStepFilter(filter);
    return this.#read(() => {
      // Once for all pages of an answer; for whoever holds the run, when it was claimed.
      const isFirst = settled.after === undefined;
      if (isFirst && !this.#claimed.has(runId)) this.#requireSameSteps(runId);
      const rows = findStepRows(this.#db, runId, settled);
      return rows.map((row) => requireStepFits(toStep(row, runId), settled));
    });
  }

  async findPrunable(retention: Retention): Promise<readonly string[]> {
    const { endedBeforeMs, keep, limit } = readRetention(retention);
    return this.#read(() => {
      const found: string[] = [];
      for (const { id } of this.#statements.findPrunable.iterate({ endedBeforeMs, keep })) {
        if (found.length >= limit) break;
        if (this.#isPrunable(nameOf(id as string), endedBeforeMs)) found.push(nameOf(id as string));
      }
      return found;
    });
  }

  async prune(retention: Retention): Promise<readonly string[]> {
    const { endedBeforeMs } = readRetention(retention);
    // Found without keeping writers waiting, and looked at again when nobody else writes.
    const found = await this.findPrunable(retention);
    return this.#write(() => {
      const pruned: string[] = [];
      let steps = 0;
      for (const runId of found) {
        if (!this.#isPrunable(runId, endedBeforeMs)) continue;
        steps += this.#delete(runId);
        pruned.push(runId);
        if (steps >= PRUNED_STEPS) break;
      }
      return pruned;
    });
  }

  async compact(): Promise<Compaction> {
    const before = this.#read(() => spaceOf(this.#db));
    for (let free = before.freePages; free > 0;) {
      const left = await this.#write(() => {
        this.#db.exec(VACUUM_STEP);
        return spaceOf(this.#db).freePages;
      });
      if (left >= free) break;
      free = left;
    }
    return this.#read(() => {
      // The file becomes shorter when its log is written back into it.
      this.#db.exec("PRAGMA wal_checkpoint(PASSIVE)");
      const { bytes, freeBytes } = spaceOf(this.#db);
      return { bytes, freedBytes: Math.max(0, before.bytes - bytes), freeBytes };
    });
  }

  async readState(key: string): Promise<SharedValue | undefined> {
    return this.#read(() => {
      const row = this.#stateOf(nameText(key));
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
      return rows.map((row) => toSharedValue(row as unknown as CheckedState));
    });
  }

  async writeState({ key: name, value, replaces, atMs }: SharedChange): Promise<boolean> {
    const key = nameText(name);
    return this.#write(() => {
      const found = this.#stateOf(key);
      if (replaces !== undefined && replaces !== (found?.version ?? 0)) return false;
      this.#statements.deleteState.run({ key });
      if (value !== undefined) {
        const { version } = this.#statements.nextVersion.get() as { version: number };
        const row = { version, key, value: nameText(value), written_at_ms: atMs };
        this.#statements.insertState.run({ ...row, checksum: stateChecksum(row) });
      }
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
  #takeUp(run: RunRecord, row: RunRow, owner: string): Claim {
    // Reads all before anything is written, so that a damaged record leaves the run to be claimed.
    const steps = this.#stepsOf(run.id);
    this.#requireFree(run, row);
    const fence = row.fence + 1;
    const held = holdColumns(nameText(run.id), fence, owner);
    this.#statements.takeOver.run({ ...held, ...this.#freshLease() });
    this.#claimed.add(run.id);
    return { hold: { runId: run.id, fence }, run, isNew: false, steps };
  }

  #insertRun(columns: RunColumns & HoldColumns): void {
    const { fence: _, ...row } = columns;
    try {
      this.#statements.insertRun.run({ ...row, ...this.#freshLease() });
    } catch (error) {
      const isTwin = isRefusal(error) && String(error).includes("runs.lock");
      throw isTwin ? new Damage("the index of unfinished runs lacks one") : error;
    }
  }

  #requireFree(run: RunRecord, row: RunRow): void {
    const nowMs = this.#options.clock.now();
    const lease = toLease(run.id, row);
    const state = leaseState(lease, nowMs, this.#options.isGone);
    if (lease === undefined || state === "free") return;
    if (state === "ahead") {
      this.#statements.setRenewal.run({ id: nameText(run.id), renewedAtMs: nowMs });
    }
    throw new LeaseHeldError(run.id, run.automation, describeOwner(lease.owner));
  }

  #rowOf(runId: string): RunRow | undefined {
    const id = nameText(runId);
    const { findRun, findRunTwin } = this.#statements;
    return findByBoth(this.#db, {
      find: () => findRun.get({ id }) as RunRow | undefined,
      findTwin: () => findRunTwin.get({ id }),
      lack: "the index of runs lacks one",
    });
  }

  #stateOf(key: string): CheckedState | undefined {
    const { findState, findStateTwin } = this.#statements;
    return findByBoth(this.#db, {
      find: () => findState.get({ key }) as CheckedState | undefined,
      findTwin: () => findStateTwin.get({ key }),
      lack: "the index of shared values lacks one",
    });
  }

  /** By its own record, whatever the index says: an unfinished run is never deleted. */
  #isPrunable(runId: string, endedBeforeMs: number): boolean {
    const row = this.#rowOf(runId);
    if (row === undefined) return false;
    const { clock, isGone } = this.#options;
    const run = toRun(row, runId);
    const hasEnded = !isUnfinished(run) && (run.endedAtMs ?? Infinity) < endedBeforeMs;
    if (!hasEnded || this.#hasUnfinishedParent(run)) return false;
    return leaseState(toLease(runId, row), clock.now(), isGone) === "free";
  }

  #hasUnfinishedParent({ parentId }: RunRecord): boolean {
    const parent = parentId === undefined ? undefined : this.#rowOf(parentId);
    return parent !== undefined && isUnfinished(toRun(parent, parentId));
  }

  /** Answers how many steps it had. */
  #delete(runId: string): number {
    const id = nameText(runId);
    const prefix = nameText(statePrefix(runId));
    const { changes } = this.#statements.deleteSteps.run({ id });
    this.#statements.deleteStates.run({ prefix, end: endOf(prefix) });
    this.#statements.deleteRun.run({ id });
    return Number(changes);
  }

  #freshLease(): { renewedAtMs: number; leaseMs: number } {
    return { renewedAtMs: this.#options.clock.now(), leaseMs: this.#options.lease };
  }

  #stepsOf(runId: string): readonly StepRecord[] {
    this.#requireSameSteps(runId);
    const rows = this.#statements.findSteps.all({ id: nameText(runId) });
    return rows.map((row) => toStep(row as unknown as RecordRow, runId));
  }

  /** A step that an index lacks, or has in another place, would be done again. */
  #requireSameSteps(runId: string): void {
    const counts = this.#statements.compareSteps.get({ id: nameText(runId) }) ?? {};
    if (new Set(Object.values(counts)).size === 1) return;
    throw new Damage(`the steps of run ${runId} are not all found`);
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

type CheckedState = StateRow & { readonly checksum: number };

/** A write that changed no row had no hold. */
function requireChange({ changes }: StatementResultingChanges, runId: string): void {
  if (changes === 0) throw new LeaseLostError(runId);
}
