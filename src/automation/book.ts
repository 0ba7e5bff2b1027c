/**
 * One run's page in the journal: what is recorded of it, and the only way to write to it.
 *
 * A failure of the journal is no failure of a step. So a write that fails halts the whole run: it
 * is remembered here, and thrown by whatever is tried afterwards. Of a map's items those that are
 * under way are in memory, and no others.
 */

import type { Claim, Hold, Journal, RunRecord, StepRecord } from "../core/journal.ts";
import type { SharedState, SharedValue } from "../core/shared-state.ts";
import { decodeValue } from "../journal/codec.ts";
import { cancelKey, readCancelRequest, type CancelRequest } from "./cancel/cancel-request.ts";

/** The name of the run's own task. */
export const OWN_TASK = "";

/** A step as people name it: `task/step`, or `step` in the run's own task. */
export function stepLabel(task: string, step: string): string {
  if (step === "") return task === OWN_TASK ? "the run itself" : task;
  return task === OWN_TASK ? step : `${task}/${step}`;
}

/** How many records of a map's items are in memory at once. */
const PAGE = 500;

/** See the header. */
export class Book {
  readonly #journal: Journal;
  readonly #hold: Hold;
  /** By task and step; tasks themselves have an empty name. */
  readonly #tasks = new Map<string, Map<string, StepRecord>>();
  readonly #visited = new Set<string>();
  /** The items of maps that are under way: their tasks, and which map's they are. */
  readonly #items = new Map<string, string>();
  readonly #onFailure: (error: unknown) => void;
  #run: RunRecord;
  #position = 0;

  /** @param onFailure Is told when the journal could not be written. */
  constructor(journal: Journal, claim: Claim, onFailure: (error: unknown) => void) {
    this.#journal = journal;
    this.#hold = claim.hold;
    this.#run = claim.run;
    this.#onFailure = onFailure;
    for (const step of claim.steps) this.#keep(step);
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
      .filter(({ name }) => name !== "")
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

  /** Takes up what is recorded of a map's item. Answers whether anything is. */
  async openItem(task: string, map: string, mayBeRecorded: boolean): Promise<boolean> {
    this.#items.set(task, map);
    if (!mayBeRecorded) return false;
    const records = await this.#try(() => this.#journal.readSteps(this.#run.id, { task }));
    for (const record of records) this.#keep(record);
    return records.length > 0;
  }

  /** Forgets an item that has ended: a map may have more than fit into memory. */
  closeItem(task: string): void {
    for (const name of this.#tasks.get(task)?.keys() ?? []) this.#visited.delete(place(task, name));
    this.#visited.delete(place(task, ""));
    this.#tasks.delete(task);
    this.#items.delete(task);
  }

  /** The map whose item the task is, as long as that is under way. */
  mapOf(task: string): string | undefined {
    return this.#items.get(task);
  }

  /** @yields The records of the tasks of a map's items, in the order in which they were begun. */
  async *itemsOf(map: string): AsyncGenerator<StepRecord, void> {
    for (let after: number | undefined; ;) {
      const filter = { map, kind: "task", after, limit: PAGE } as const;
      const page = await this.#try(() => this.#journal.readSteps(this.#run.id, filter));
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)?.position;
    }
  }

  /** How many items of a map are recorded. What is begun from now on comes after them. */
  async countItems(map: string): Promise<number> {
    let count = 0;
    for await (const { position } of this.itemsOf(map)) {
      this.#position = Math.max(this.#position, position);
      count++;
    }
    return count;
  }

  /** A value that was shared with the run from outside. */
  readState(key: string): Promise<SharedValue | undefined> {
    return this.#try(() => this.#journal.readState(key));
  }

  /** The recorded maps that have not ended. */
  openMaps(): readonly StepRecord[] {
    return [...this.#tasks.values()].flatMap((records) => {
      const head = records.get("");
      return head?.kind === "map" && head.status === "begun" ? [head] : [];
    });
  }

  /** Writes a step. Resolves when it is on disk. */
  async writeStep(record: StepRecord): Promise<StepRecord> {
    const map = this.#items.get(record.task);
    const written = map === undefined ? record : { ...record, map };
    await this.#try(() => this.#journal.writeStep(this.#hold, written));
    this.#keep(written);
    return written;
  }

  /** Changes the run's own record. */
  async writeRun(change: Partial<RunRecord>): Promise<void> {
    const changed = { ...this.#run, ...change };
    await this.#try(() => this.#journal.writeRun(this.#hold, changed));
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
    this.#position = Math.max(this.#position, record.position);
    const steps = this.#tasks.get(record.task);
    if (steps === undefined) this.#tasks.set(record.task, new Map([[record.name, record]]));
    else steps.set(record.name, record);
  }

  async #try<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
  }
}

function place(task: string, name: string): string {
  return JSON.stringify([task, name]);
}
