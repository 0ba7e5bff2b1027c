/**
 * Steps that are asked for together are written together: one round trip and one commit serve 64
 * runs as well as one.
 *
 * One batch is under way at a time, and the next gathers meanwhile. So the order in which the records
 * of a step were asked for is the order in which they are written, also when a batch is repeated.
 */

import { JournalError, LeaseLostError } from "../../core/errors.ts";
import { nameOf } from "../records.ts";
import { stepColumns, stepKey, type StepRow } from "./columns.ts";
import { isRefusal } from "./errors.ts";
import type { Row } from "./pool.ts";
import { Turns } from "./turns.ts";

/** So much is written at once at most. */
const MAX_ROWS = 256;
const MAX_CHARACTERS = 8_000_000;

interface Pending {
  readonly row: StepRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Runs `writeSteps` with these parameters, and answers its rows. */
export type WriteSteps = (values: unknown[]) => Promise<readonly Row[]>;

/** See the header. */
export class StepWriter {
  readonly #write: WriteSteps;
  /** Whoever awaits the writes bounds it. */
  #queue: Pending[] = [];
  #isWriting = false;
  readonly #turns = new Turns();

  constructor(write: WriteSteps) {
    this.#write = write;
  }

  /** Resolves when the row is committed. Rejects alone where only this one is refused. */
  add(row: StepRow): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ row, resolve, reject });
    if (!this.#isWriting) {
      this.#isWriting = true;
      // What is asked for in the same turn of the event loop goes with it.
      setImmediate(() => void this.#drain());
    }
    return this.#turns.noted(promise);
  }

  /** Resolves when all that was asked for by now has settled. */
  settled(): Promise<void> {
    return this.#turns.settled();
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, batchSize(this.#queue));
      await this.#settle(batch);
    }
    this.#isWriting = false;
  }

  /** Never rejects. */
  async #settle(batch: readonly Pending[]): Promise<void> {
    try {
      const written = await this.#write(batchValues(batch.map(({ row }) => row)));
      settleAll(batch, written);
    } catch (error) {
      const isDivisible = batch.length > 1 && isRefusal((error as Error).cause);
      if (isDivisible) for (const pending of batch) await this.#settle([pending]);
      else for (const { reject } of batch) reject(error);
    }
  }
}

function batchSize(queue: readonly Pending[]): number {
  let characters = 0;
  const tooMuch = queue.findIndex(({ row }, index) => {
    characters += row.columns.reduce<number>((sum, value) => sum + sizeOf(value), 0);
    return index === MAX_ROWS || characters > MAX_CHARACTERS;
  });
  return tooMuch === -1 ? queue.length : Math.max(1, tooMuch);
}

function sizeOf(value: unknown): number {
  return typeof value === "string" ? value.length : 0;
}

function batchValues(rows: readonly StepRow[]): unknown[] {
  const holds = new Map(rows.map(({ runId, fence }) => [holdKey(runId, fence), { runId, fence }]));
  const held = [...holds.values()];
  return [held.map(({ runId }) => runId), held.map(({ fence }) => fence), ...stepColumns(rows)];
}

function holdKey(id: unknown, fence: unknown): string {
  return JSON.stringify([id, Number(fence)]);
}

function settleAll(batch: readonly Pending[], rows: readonly Row[]): void {
  const written = new Map(rows.map((row) => [holdKey(row["id"], row["fence"]), row["written"]]));
  for (const [key, group] of Map.groupBy(batch, ({ row }) => holdKey(row.runId, row.fence))) {
    const wanted = new Set(group.map(({ row }) => stepKey(row))).size;
    for (const { row, resolve, reject } of group) {
      const count = written.get(key);
      if (count === undefined) reject(new LeaseLostError(nameOf(row.runId)));
      else if (Number(count) < wanted) reject(overtaken(row));
      else resolve();
    }
  }
}

function overtaken({ runId }: StepRow): JournalError {
  return new JournalError(
    `Run ${nameOf(runId)} has newer records of its steps under the same hold: only one process at a time may use a hold`,
  );
}
