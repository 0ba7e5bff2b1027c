/**
 * The journal in memory: for tests, and for automations that need not outlive their process. It
 * keeps the same promises as the one in a file, except that nothing is left when the process ends.
 */

import { JournalError, LeaseHeldError, LeaseLostError } from "../core/errors.ts";
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
import { readOptions } from "../core/options.ts";
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
  readRetention,
  readRun,
  readSharedFilter,
  readStep,
  readStepFilter,
  recordText,
  requireSameRun,
  statePrefix,
} from "./records.ts";

/** What is kept of a run. Records are text, so that nothing is shared with a caller. */
interface Entry {
  run: string;
  /** Which lock it keeps others from: none, once it has ended. */
  lock: string | undefined;
  fence: number;
  lease: Lease | undefined;
  /** By task and name, in the order in which they were first written. */
  readonly steps: Map<string, string>;
}

/**
 * Makes a journal without a file.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 */
export function memoryJournal(options: LeaseOptions = {}): Journal {
  return new MemoryJournal(readOptions("memoryJournal", options, LEASE_READERS));
}

type Settled = ReturnType<typeof readOptions<typeof LEASE_READERS>>;

class MemoryJournal implements Journal {
  readonly renewEveryMs: number;
  readonly #options: Settled;
  readonly #entries = new Map<string, Entry>();
  /** By lock: a claim reads no other run. */
  readonly #unfinished = new Map<string, Entry>();
  readonly #states = new Map<string, SharedValue>();
  #newestVersion = 0;
  #isClosed = false;

  constructor(options: Settled) {
    this.#options = options;
    this.renewEveryMs = renewEveryMs(options.lease);
  }

  async claim(run: RunRecord, owner: Owner, steps: readonly StepRecord[] = []): Promise<Claim> {
    this.#requireOpen();
    for (const step of steps) requireSameRun(run.id, step.runId);
    const found = this.#unfinished.get(lockOf(run));
    if (found !== undefined) return this.#takeUp(found, owner);
    if (this.#entries.has(run.id)) throw new JournalError(`There is a run ${run.id} already`);
    const entry: Entry = {
      run: "",
      lock: undefined,
      fence: 1,
      lease: this.#leaseFor(owner),
      steps: new Map(steps.map((step) => [stepKey(step), recordText(step)])),
    };
    this.#keep(entry, run);
    this.#entries.set(run.id, entry);
    const hold = { runId: run.id, fence: 1 };
    return { hold, run: readRun(entry.run), isNew: true, steps: outsideMaps(entry) };
  }

  async claimRun(runId: string, owner: Owner): Promise<Claim | undefined> {
    this.#requireOpen();
    const entry = this.#entries.get(runId);
    return entry === undefined ? undefined : this.#takeUp(entry, owner);
  }

  async renew(hold: Hold): Promise<void> {
    const { entry, lease } = this.#held(hold);
    entry.lease = this.#leaseFor(lease.owner);
  }

  async release({ runId, fence }: Hold): Promise<void> {
    this.#requireOpen();
    const entry = this.#entries.get(runId);
    if (entry?.fence === fence) entry.lease = undefined;
  }

  async writeRun(hold: Hold, run: RunRecord): Promise<void> {
    requireSameRun(hold.runId, run.id);
    const { entry } = this.#held(hold);
    const other = isUnfinished(run) ? this.#unfinished.get(lockOf(run)) : undefined;
    if (other !== undefined && other !== entry) {
      throw new JournalError(`Another run of "${lockOf(run)}" is unfinished`);
    }
    this.#keep(entry, run);
  }

  async writeStep(hold: Hold, step: StepRecord): Promise<void> {
    requireSameRun(hold.runId, step.runId);
    const { entry } = this.#held(hold);
    entry.steps.set(stepKey(step), recordText(step));
  }

  async findRun(runId: string): Promise<RunRecord | undefined> {
    this.#requireOpen();
    const entry = this.#entries.get(runId);
    return entry === undefined ? undefined : readRun(entry.run);
  }

  async findHolder(runId: string): Promise<Owner | undefined> {
    this.#requireOpen();
    const { clock, isGone } = this.#options;
    const holder = holderOf(this.#entries.get(runId)?.lease, clock.now(), isGone);
    return holder === undefined ? undefined : { ...holder };
  }

  async findRuns(filter: RunFilter = {}): Promise<readonly RunRecord[]> {
    const { automation, status, id, lock, parentId, limit } = readFilter(filter);
    this.#requireOpen();
    return [...this.#entries.values()]
      .map(({ run }) => readRun(run))
      .filter((run) => automation === undefined || run.automation === automation)
      .filter((run) => status === undefined || run.status === status)
      .filter((run) => id === undefined || run.id.startsWith(id) || run.id.endsWith(id))
      .filter((run) => lock === undefined || (lockOf(run) === lock && isUnfinished(run)))
      .filter((run) => parentId === undefined || run.parentId === parentId)
      .toReversed()
      .slice(0, limit);
  }

  async readSteps(runId: string, filter: StepFilter = {}): Promise<readonly StepRecord[]> {
    const { task, map, kind, after, limit } = readStepFilter(filter);
    this.#requireOpen();
    const entry = this.#entries.get(runId);
    if (entry === undefined) return [];
    const steps = task === undefined && map === undefined ? outsideMaps(entry) : stepsOf(entry);
    return steps
      .filter((step) => task === undefined || step.task === task)
      .filter((step) => map === undefined || step.map === map)
      .filter((step) => kind === undefined || step.kind === kind)
      .filter(({ position }) => after === undefined || position > after)
      .slice(0, limit);
  }

  async prune(retention: Retention): Promise<readonly string[]> {
    const { endedBeforeMs, keep, limit } = readRetention(retention);
    this.#requireOpen();
    const seen = new Map<string, number>();
    const runs = await this.findRuns({ limit: Infinity });
    const unfinished = new Set(runs.filter(isUnfinished).map(({ id }) => id));
    const pruned = runs
      .filter((run) => !isUnfinished(run))
      .filter(({ automation }) => {
        const newer = seen.get(automation) ?? 0;
        seen.set(automation, newer + 1);
        return newer >= keep;
      })
      .filter(({ endedAtMs = Infinity }) => endedAtMs < endedBeforeMs)
      .filter(({ id, parentId = "" }) => this.#isFree(id) && !unfinished.has(parentId))
      .toSorted((a, b) => (a.endedAtMs ?? 0) - (b.endedAtMs ?? 0))
      .slice(0, limit)
      .map(({ id }) => id);
    for (const id of pruned) this.#delete(id);
    return pruned;
  }

  async readState(key: string): Promise<SharedValue | undefined> {
    this.#requireOpen();
    return this.#states.get(key);
  }

  async readStates(filter: SharedFilter): Promise<readonly SharedValue[]> {
    const { prefix, after, limit } = readSharedFilter(filter);
    this.#requireOpen();
    return [...this.#states.values()]
      .filter(({ key }) => key.startsWith(prefix) && inOrder(key, after) > 0)
      .toSorted((a, b) => inOrder(a.key, b.key))
      .slice(0, limit);
  }

  async writeState({ key, value, replaces, atMs }: SharedChange): Promise<boolean> {
    this.#requireOpen();
    if (replaces !== undefined && replaces !== (this.#states.get(key)?.version ?? 0)) return false;
    this.#states.delete(key);
    if (value === undefined) return true;
    const version = ++this.#newestVersion;
    this.#states.set(key, Object.freeze({ key, value, version, writtenAtMs: atMs }));
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #takeUp(entry: Entry, owner: Owner): Claim {
    const run = readRun(entry.run);
    const nowMs = this.#options.clock.now();
    const state = leaseState(entry.lease, nowMs, this.#options.isGone);
    if (entry.lease !== undefined && state !== "free") {
      if (state === "ahead") entry.lease = { ...entry.lease, renewedAtMs: nowMs };
      throw new LeaseHeldError(run.id, run.automation, describeOwner(entry.lease.owner));
    }
    entry.fence++;
    entry.lease = this.#leaseFor(owner);
    return {
      hold: { runId: run.id, fence: entry.fence },
      run,
      isNew: false,
      steps: outsideMaps(entry),
    };
  }

  #leaseFor(owner: Owner): Lease {
    return {
      owner: { ...owner },
      renewedAtMs: this.#options.clock.now(),
      lengthMs: this.#options.lease,
    };
  }

  #keep(entry: Entry, run: RunRecord): void {
    if (entry.lock !== undefined) this.#unfinished.delete(entry.lock);
    entry.run = recordText(run);
    entry.lock = isUnfinished(run) ? lockOf(run) : undefined;
    if (entry.lock !== undefined) this.#unfinished.set(entry.lock, entry);
  }

  #isFree(runId: string): boolean {
    const { clock, isGone } = this.#options;
    return leaseState(this.#entries.get(runId)?.lease, clock.now(), isGone) === "free";
  }

  #delete(runId: string): void {
    this.#entries.delete(runId);
    const prefix = statePrefix(runId);
    for (const key of this.#states.keys()) if (key.startsWith(prefix)) this.#states.delete(key);
  }

  #held({ runId, fence }: Hold): { readonly entry: Entry; readonly lease: Lease } {
    this.#requireOpen();
    const entry = this.#entries.get(runId);
    if (entry?.lease === undefined || entry.fence !== fence) throw new LeaseLostError(runId);
    return { entry, lease: entry.lease };
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new JournalError("The journal in memory is closed");
  }
}

/** By the bytes that a column would hold, as SQLite compares them. */
function inOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(nameText(a)), Buffer.from(nameText(b)));
}

function stepKey({ task, name }: StepRecord): string {
  return JSON.stringify([task, name]);
}

function outsideMaps(entry: Entry): readonly StepRecord[] {
  return stepsOf(entry).filter(({ map }) => map === undefined);
}

function stepsOf({ steps }: Entry): readonly StepRecord[] {
  return [...steps.values()].map(readStep).toSorted((a, b) => a.position - b.position);
}
