/**
 * One run's page in the journal: what is recorded of it, and the only way to write to it.
 *
 * A failure of the journal is no failure of a step. So a write that fails halts the whole run: it
 * is remembered here, and thrown by whatever is tried afterwards.
 */

import type { Claim, Hold, Journal, RunRecord, StepRecord } from "../core/journal.ts";
import type { SharedState } from "../core/shared-state.ts";
import { decodeValue } from "../journal/codec.ts";
import { cancelKey, readCancelRequest, type CancelRequest } from "./cancel-request.ts";

/** The name of the run's own task. */
export const OWN_TASK = "";

/** A step as people name it: `task/step`, or `step` in the run's own task. */
export function stepLabel(task: string, step: string): string {
  if (step === "") return task === OWN_TASK ? "the run itself" : task;
  return task === OWN_TASK ? step : `${task}/${step}`;
}

/** See the header. */
export class Book {
  readonly #journal: Journal;
  readonly #hold: Hold;
  /** By task and step; tasks themselves have an empty name. */
  readonly #tasks = new Map<string, Map<string, StepRecord>>();
  readonly #visited = new Set<string>();
  readonly #onFailure: (error: unknown) => void;
  #run: RunRecord;
  #position: number;

  /** @param onFailure Is told when the journal could not be written. */
  constructor(journal: Journal, claim: Claim, onFailure: (error: unknown) => void) {
    this.#journal = journal;
    this.#hold = claim.hold;
    this.#run = claim.run;
    this.#onFailure = onFailure;
    for (const step of claim.steps) this.#keep(step);
    this.#position = claim.steps.reduce((last, { position }) => Math.max(last, position), 0);
  }

  get run(): RunRecord {
    return this.#run;
  }

  /** Grows with every owner of the run. */
  get fence(): number {
    return this.#hold.fence;
  }

  /** The values that all runs of the journal share. They are not fenced. */
  get shared(): SharedState {
    return this.#journal;
  }

  /** Another run. */
  findRun(id: string): Promise<RunRecord | undefined> {
    return this.#journal.findRun(id);
  }

  /** The next place in the order of steps. */
  nextPosition(): number {
    return ++this.#position;
  }

  /** What is recorded of a step, or of a task (`name` is empty then). The code has reached it by now. */
  visit(task: string, name: string): StepRecord | undefined {
    this.#visited.add(place(task, name));
    return this.#recorded(task, name);
  }

  /** As `visit`, without having been reached. */
  find(task: string, name: string): StepRecord | undefined {
    return this.#recorded(task, name);
  }

  /** The code need not come to the steps of a task whose names begin with `prefix`. */
  visitUnder(task: string, prefix: string): void {
    for (const { name } of this.stepsOf(task)) {
      if (name.startsWith(prefix)) this.#visited.add(place(task, name));
    }
  }

  /** What is recorded of a task and its steps and was not reached by the code, in order. */
  unvisited(task: string): readonly StepRecord[] {
    return this.stepsOf(task).filter(({ name }) => !this.#visited.has(place(task, name)));
  }

  /** Whether the run's own task is being rolled back, or was: then nothing new is begun. */
  get isRollingBack(): boolean {
    const status = this.#recorded(OWN_TASK, "")?.status;
    return status === "rolling back" || status === "failed";
  }

  /** What is recorded as the value of a step or task. A damaged one is a failure of the journal. */
  readValue({ value }: StepRecord): unknown {
    try {
      return decodeValue(value ?? "");
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
  }

  /** The recorded steps of a task, in order. */
  stepsOf(task: string): readonly StepRecord[] {
    return [...(this.#tasks.get(task)?.values() ?? [])]
      .filter(({ kind }) => kind !== "task")
      .toSorted((a, b) => a.position - b.position);
  }

  /** Whether anything is recorded of a task. */
  hasTask(task: string): boolean {
    return this.#tasks.has(task);
  }

  /** Whether a task is recorded as succeeded. */
  isCompleted(task: string): boolean {
    return this.#recorded(task, "")?.status === "completed";
  }

  /** The recorded tasks that the code did not reach. */
  unvisitedTasks(): readonly string[] {
    return [...this.#tasks.keys()].filter(
      (task) => task !== OWN_TASK && !this.#visited.has(place(task, "")),
    );
  }

  /** Writes a step. Resolves when it is on disk. */
  async writeStep(record: StepRecord): Promise<StepRecord> {
    await this.#write(() => this.#journal.writeStep(this.#hold, record));
    this.#keep(record);
    return record;
  }

  /** Changes the run's own record. */
  async writeRun(change: Partial<RunRecord>): Promise<void> {
    const changed = { ...this.#run, ...change };
    await this.#write(() => this.#journal.writeRun(this.#hold, changed));
    this.#run = changed;
  }

  /** Whether somebody wants the run to end. A failure does not halt the run by itself. */
  async findCancelRequest(): Promise<CancelRequest | undefined> {
    return readCancelRequest(await this.#journal.readState(cancelKey(this.#run.id)));
  }

  /** Prolongs the lease. A failure does not halt the run by itself. */
  renew(): Promise<void> {
    return this.#journal.renew(this.#hold);
  }

  /** Gives the lease back. */
  release(): Promise<void> {
    return this.#journal.release(this.#hold);
  }

  #recorded(task: string, name: string): StepRecord | undefined {
    return this.#tasks.get(task)?.get(name);
  }

  #keep(record: StepRecord): void {
    const steps = this.#tasks.get(record.task);
    if (steps === undefined) this.#tasks.set(record.task, new Map([[record.name, record]]));
    else steps.set(record.name, record);
  }

  async #write(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
  }
}

function place(task: string, name: string): string {
  return JSON.stringify([task, name]);
}
