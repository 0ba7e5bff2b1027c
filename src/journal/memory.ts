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
  RunFilter,
  RunRecord,
  StepRecord,
} from "../core/journal.ts";
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
  readFilter,
  readRun,
  readStep,
  recordText,
  requireSameRun,
} from "./records.ts";

/** What is kept of a run. Records are text, so that nothing is shared with a caller. */
interface Entry {
  run: string;
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
  #isClosed = false;

  constructor(options: Settled) {
    this.#options = options;
    this.renewEveryMs = renewEveryMs(options.lease);
  }

  async claim(run: RunRecord, owner: Owner): Promise<Claim> {
    this.#requireOpen();
    const found = this.#unfinished(run.automation);
    if (found !== undefined) return this.#takeUp(found, owner);
    if (this.#entries.has(run.id)) throw new JournalError(`There is a run ${run.id} already`);
    const entry = {
      run: recordText(run),
      fence: 1,
      lease: this.#leaseFor(owner),
      steps: new Map(),
    };
    this.#entries.set(run.id, entry);
    return { hold: { runId: run.id, fence: 1 }, run: readRun(entry.run), isNew: true, steps: [] };
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
    const other = isUnfinished(run) ? this.#unfinished(run.automation) : undefined;
    if (other !== undefined && other !== entry) {
      throw new JournalError(`Another run of "${run.automation}" is unfinished`);
    }
    entry.run = recordText(run);
  }

  async writeStep(hold: Hold, step: StepRecord): Promise<void> {
    requireSameRun(hold.runId, step.runId);
    const { entry } = this.#held(hold);
    entry.steps.set(JSON.stringify([step.task, step.name]), recordText(step));
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
    const { automation, status, limit } = readFilter(filter);
    this.#requireOpen();
    return (
      [...this.#entries.values()]
        .map(({ run }) => readRun(run))
        .filter((run) => automation === undefined || run.automation === automation)
        .filter((run) => status === undefined || run.status === status)
        // Of two that started at once, the later written is first.
        .toReversed()
        .toSorted((a, b) => b.startedAtMs - a.startedAtMs)
        .slice(0, limit)
    );
  }

  async readSteps(runId: string): Promise<readonly StepRecord[]> {
    this.#requireOpen();
    const entry = this.#entries.get(runId);
    return entry === undefined ? [] : stepsOf(entry);
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
      steps: stepsOf(entry),
    };
  }

  #leaseFor(owner: Owner): Lease {
    return {
      owner: { ...owner },
      renewedAtMs: this.#options.clock.now(),
      lengthMs: this.#options.lease,
    };
  }

  #unfinished(automation: string): Entry | undefined {
    return [...this.#entries.values()].find(({ run }) => {
      const record = readRun(run);
      return record.automation === automation && isUnfinished(record);
    });
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

function stepsOf({ steps }: Entry): readonly StepRecord[] {
  return [...steps.values()].map(readStep).toSorted((a, b) => a.position - b.position);
}
