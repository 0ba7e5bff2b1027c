/**
 * A journal whose loss does not stop the command: a backup that runs matters more than the record of
 * it. What can no longer be written is told once, and left out.
 */

import { JournalError } from "../../core/errors.ts";
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
} from "../../core/journal.ts";
import type { SharedChange, SharedFilter, SharedValue } from "../../core/shared-state.ts";

/** What becomes of it when the store fails. */
export interface Patience {
  /** Kept in memory instead, for a run that could not be written at all. */
  readonly instead: Journal;
  /** Whether the failure is to be borne now. A lock that cannot be had is no reason to go on. */
  readonly isBorne: () => boolean;
  /** Is told once. */
  readonly lost: (error: JournalError) => void;
}

/** See the header. */
export class PatientJournal implements Journal {
  readonly #patience: Patience;
  #store: Journal;
  #isLost = false;

  constructor(store: Journal, patience: Patience) {
    this.#store = store;
    this.#patience = patience;
  }

  get renewEveryMs(): number {
    return this.#store.renewEveryMs;
  }

  async claim(run: RunRecord, owner: Owner, steps?: readonly StepRecord[]): Promise<Claim> {
    const claim = await this.#try(() => this.#store.claim(run, owner, steps), undefined);
    if (claim !== undefined) return claim;
    this.#store = this.#patience.instead;
    this.#isLost = false;
    return this.#store.claim(run, owner, steps);
  }

  claimRun(runId: string, owner: Owner): Promise<Claim | undefined> {
    return this.#try(() => this.#store.claimRun(runId, owner), undefined);
  }

  renew(hold: Hold): Promise<void> {
    return this.#try(() => this.#store.renew(hold), undefined);
  }

  release(hold: Hold): Promise<void> {
    return this.#try(() => this.#store.release(hold), undefined);
  }

  writeRun(hold: Hold, run: RunRecord): Promise<void> {
    return this.#try(() => this.#store.writeRun(hold, run), undefined);
  }

  writeStep(hold: Hold, step: StepRecord): Promise<void> {
    return this.#try(() => this.#store.writeStep(hold, step), undefined);
  }

  findRun(runId: string): Promise<RunRecord | undefined> {
    return this.#try(() => this.#store.findRun(runId), undefined);
  }

  findHolder(runId: string): Promise<Owner | undefined> {
    return this.#try(() => this.#store.findHolder(runId), undefined);
  }

  findRuns(filter?: RunFilter): Promise<readonly RunRecord[]> {
    return this.#try(() => this.#store.findRuns(filter), []);
  }

  readSteps(runId: string, filter?: StepFilter): Promise<readonly StepRecord[]> {
    return this.#try(() => this.#store.readSteps(runId, filter), []);
  }

  prune(retention: Retention): Promise<readonly string[]> {
    return this.#try(() => this.#store.prune(retention), []);
  }

  readState(key: string): Promise<SharedValue | undefined> {
    return this.#try(() => this.#store.readState(key), undefined);
  }

  readStates(filter: SharedFilter): Promise<readonly SharedValue[]> {
    return this.#try(() => this.#store.readStates(filter), []);
  }

  writeState(change: SharedChange): Promise<boolean> {
    return this.#try(() => this.#store.writeState(change), true);
  }

  close(): Promise<void> {
    return this.#try(() => this.#store.close(), undefined);
  }

  async #try<Value>(work: () => Promise<Value>, otherwise: Value): Promise<Value> {
    if (this.#isLost) return otherwise;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof JournalError) || !this.#patience.isBorne()) throw error;
      this.#isLost = true;
      this.#patience.lost(error);
      return otherwise;
    }
  }
}
