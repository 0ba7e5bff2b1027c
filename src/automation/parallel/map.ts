/**
 * `run.map`: each item is a task of its own. Items are taken as they come, and of those that have
 * ended nothing is kept but their numbers and the first failures: the rest is in the journal.
 *
 * On a resume each item is looked up by its key, until all that are recorded were met.
 */

import { AutomationError, OptionsError, ReplayMismatchError } from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { StepRecord } from "../../core/journal.ts";
import { show } from "../../core/show.ts";
import type { TaskResult } from "../../policies/task-result.ts";
import type { Task } from "../automation.ts";
import { KeySet } from "./key-set.ts";
import { checkKind } from "../kind.ts";
import { PatientIterator } from "./patient-iterator.ts";
import {
  itemsEndOf,
  itemTask,
  keyOfItem,
  MapTally,
  readMapOptions,
  type Items,
  type MapOptions,
  type MapResult,
  type MapSum,
  type SettledMap,
} from "./map-result.ts";
import { checkName } from "../names.ts";
import { onAbort } from "../cancel/on-abort.ts";
import { exitCodeOf, type Tally } from "../outcome.ts";
import type { Scope } from "../scope.ts";
import { Slots } from "./slots.ts";
import { newStep, stepCompleted } from "../step-record.ts";
import { toStorable } from "../storable.ts";
import { runTask } from "../task.ts";
import { emit, type World } from "../world.ts";

/** How often a map tells how far it is, in milliseconds. */
const PROGRESS_MS = 10_000;

/** A map that is to be run. */
export interface MapCall<Item, Value> {
  readonly name: string;
  readonly items: Items<Item>;
  readonly work: (item: Item, task: Task) => Value | PromiseLike<Value>;
  readonly options: MapOptions<Item> | undefined;
}

/** What a map is part of. */
export interface MapHost {
  readonly world: World;
  /** The run's own task. */
  readonly own: Scope;
  /** Counts the run's tasks. */
  readonly tally: Tally;
  /** Whether undos of items that failed in an earlier rollback are tried again. */
  readonly undoesAgain: boolean;
}

/** Runs it, or answers from the journal. Rejects when the run halts or the items cannot be gone through. */
export async function runMap<Item, Value>(
  host: MapHost,
  call: MapCall<Item, Value>,
): Promise<MapResult<Value>> {
  return new MapRunner<Item, Value>(host, call).run();
}

class MapRunner<Item, Value> {
  readonly #world: World;
  readonly #own: Scope;
  readonly #runTally: Tally;
  readonly #undoesAgain: boolean;
  readonly #call: MapCall<Item, Value>;
  readonly #settled: SettledMap;
  readonly #startedAtMs: number;
  readonly #tally = new MapTally();
  readonly #keys = new KeySet();
  readonly #slots: Slots;
  readonly #underWay = new Set<Promise<void>>();
  /** How many items an earlier start left in the journal, and how many of them were met again. */
  #recorded = 0;
  #met = 0;
  #failure: { readonly error: unknown } | undefined;
  #toldAtMs: number;

  constructor({ world, own, tally, undoesAgain }: MapHost, call: MapCall<Item, Value>) {
    this.#world = world;
    this.#own = own;
    this.#runTally = tally;
    this.#undoesAgain = undoesAgain;
    this.#call = call;
    this.#settled = readMapOptions(call.name, call.options ?? {});
    this.#slots = new Slots(this.#settled.concurrency);
    this.#startedAtMs = world.clock.elapsed();
    this.#toldAtMs = this.#startedAtMs;
  }

  async run(): Promise<MapResult<Value>> {
    const { book, halt } = this.#world;
    const { name } = this.#call;
    const recorded = book.visit(name, "");
    if (recorded !== undefined) checkKind(this.#world, recorded, "map");
    const hasEnded = recorded?.status === "completed";
    const isTakenUp = this.#undoesAgain && recorded?.undo === "failed";
    if (hasEnded && !isTakenUp) return this.#replay(recorded);
    if (recorded === undefined && this.#own.beginsNothing) throw this.#own.endOfRecord;
    emit(this.#world, this.#where, { type: "map.started" });
    const record = recorded ?? (await this.#begin());
    if (recorded !== undefined) this.#recorded = await book.countItems(name);
    await this.#goThrough();
    halt.check();
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#checkMet();
    if (this.#own.isRollingBack && !hasEnded) throw this.#own.endOfRecord;
    return this.#complete(record);
  }

  get #where() {
    return { task: this.#call.name, map: this.#call.name };
  }

  /** Whether no item is begun any more that was not begun before. */
  get #isCutShort(): boolean {
    return this.#tally.failed >= this.#settled.maxFailures;
  }

  get #isStopping(): boolean {
    return this.#isCutShort || this.#own.isRollingBack;
  }

  get #isOver(): boolean {
    if (this.#failure !== undefined || this.#world.halt.halted.aborted) return true;
    return this.#isStopping && this.#met >= this.#recorded;
  }

  #begin(): Promise<StepRecord> {
    const { book, clock } = this.#world;
    const record = newStep({
      runId: book.run.id,
      task: this.#call.name,
      name: "",
      kind: "map",
      position: book.nextPosition(),
      hasUndo: false,
      atMs: clock.now(),
    });
    return book.writeStep(record);
  }

  /** Begins item after item, and waits for those that were begun. */
  async #goThrough(): Promise<void> {
    const items = new PatientIterator(this.#call.items, `map "${this.#call.name}"`);
    const stopWaiting = this.#stopWaitingFor(items);
    try {
      for (let index = 0; !this.#isOver; index++) {
        const next = await items.next();
        if (next.done === true) break;
        await this.#slots.enter();
        if (this.#isOver) break;
        this.#start(next.value, index);
      }
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      stopWaiting();
      items.close();
      await Promise.all(this.#underWay);
    }
  }

  /** Whoever gives the items may wait for something that never comes, and nobody needs any more. */
  #stopWaitingFor(items: PatientIterator<Item>): () => void {
    const unlinkHalt = onAbort(this.#world.halt.halted, () => items.giveUp());
    const unlinkOwn = onAbort(this.#own.signal, () => {
      if (this.#isOver) items.giveUp();
    });
    return () => {
      unlinkHalt();
      unlinkOwn();
    };
  }

  #start(item: Item, index: number): void {
    const running = this.#perform(item, index)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#underWay.delete(running);
        this.#slots.leave();
      });
    this.#underWay.add(running);
  }

  async #perform(item: Item, index: number): Promise<void> {
    const { book } = this.#world;
    const { name, work } = this.#call;
    const key = this.#keyOf(item, index);
    const task = itemTask(name, key);
    try {
      const isRecorded = await book.openItem(task, name, this.#met < this.#recorded);
      if (isRecorded) this.#met++;
      else if (this.#isStopping) return;
      const result = await runTask<Value>(this.#world, {
        name: task,
        body: (scope) => work(item, scope),
        rollBackFor: this.#own.reason,
        undoesAgain: this.#undoesAgain,
      });
      this.#count(key, result);
    } finally {
      book.closeItem(task);
    }
  }

  #keyOf(item: Item, index: number): string {
    const { key: choose } = this.#settled;
    const { name } = this.#call;
    const key = choose === undefined ? String(index) : choose(item, index);
    if (typeof key !== "string") {
      throw new OptionsError(
        `map "${name}".key`,
        `expected text for item ${index}, received ${show(key)}`,
      );
    }
    checkName(this.#world, "task", itemTask(name, key));
    if (choose === undefined || this.#keys.add(key)) return key;
    throw new AutomationError(
      `Map "${name}" has two items with the key "${key}"; each needs its own`,
    );
  }

  #count(key: string, result: TaskResult): void {
    const { mayFail } = this.#settled;
    let isKept = false;
    if (result.ok) this.#tally.succeed();
    else isKept = this.#tally.fail(key, result, exitCodeOf(result, this.#world.reactions));
    this.#runTally.addItem({ result, mayFail }, isKept);
    const nowMs = this.#world.clock.elapsed();
    if (nowMs - this.#toldAtMs < PROGRESS_MS) return;
    this.#toldAtMs = nowMs;
    emit(this.#world, this.#where, { type: "map.progressed", tasks: this.#tally.count });
  }

  /** An item that is recorded and did not come again is an effect that the code knows nothing of. */
  #checkMet(): void {
    const missed = this.#recorded - this.#met;
    if (missed <= 0) return;
    const { book, halt } = this.#world;
    const { id, automation } = book.run;
    const error = new ReplayMismatchError(
      id,
      `Run ${id} recorded ${missed} items of map "${this.#call.name}" that the code of "${automation}" no longer has`,
    );
    halt.stop(error);
    throw error;
  }

  async #complete(record: StepRecord): Promise<MapResult<Value>> {
    const { book, clock, redactor } = this.#world;
    const { name } = this.#call;
    const sum = this.#tally.sum(this.#isCutShort);
    const stored = toStorable(redactor, redactor.value(sum), `The outcome of map "${name}"`);
    const isLeft = sum.exitCodes.includes(EXIT.rollbackIncomplete);
    await book.writeStep({
      ...stepCompleted(record, stored, clock.now()),
      undo: isLeft ? "failed" : "none",
    });
    const durationMs = clock.elapsed() - this.#startedAtMs;
    const failures = this.#tally.failures.map(({ key, result }) => {
      const { fault, error, rollback } = result;
      return { key, fault, error, rollback };
    });
    return this.#result(sum, failures, { durationMs, replayed: false });
  }

  #replay(record: StepRecord): MapResult<Value> {
    const { name } = this.#call;
    const sum = this.#world.book.readValue(record) as MapSum;
    const end = itemsEndOf(name, sum, this.#settled.mayFail);
    this.#runTally.addItems(end);
    const failures = end.failures.map(({ name: task, fault, error, rollback }) => {
      return { key: keyOfItem(name, task), fault, error, rollback };
    });
    const durationMs = (record.endedAtMs ?? record.startedAtMs) - record.startedAtMs;
    return this.#result(sum, failures, { durationMs, replayed: true });
  }

  #result(
    { succeeded, failed, isCutShort }: MapSum,
    failures: MapResult["failures"],
    { durationMs, replayed }: { readonly durationMs: number; readonly replayed: boolean },
  ): MapResult<Value> {
    const total = succeeded + failed;
    const tasks = { succeeded, total };
    emit(this.#world, this.#where, { type: "map.completed", durationMs, tasks, replayed });
    return {
      name: this.#call.name,
      ok: failed === 0,
      succeeded,
      failed,
      total,
      isCutShort,
      failures,
      durationMs,
      values: () => this.#values(),
    };
  }

  async *#values(): AsyncGenerator<readonly [string, Value], void> {
    const { book } = this.#world;
    const { name } = this.#call;
    for await (const record of book.itemsOf(name)) {
      if (record.status !== "completed") continue;
      yield [keyOfItem(name, record.task), book.readValue(record) as Value];
    }
  }
}
