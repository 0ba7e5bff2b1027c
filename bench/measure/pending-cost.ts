/** What many calls cost that are all under way at once. */

import type { Case } from "./compare.ts";
import { heapAfterCollection } from "./heap.ts";
import { burstFor, type Start } from "./own-loop.ts";
import { spreadOf } from "./statistics.ts";

/** Some libraries begin the work a little after the call, but none by more promises than this. */
const MOST_PROMISES = 100;

/** Bursts that together take less drown in the machine's noise. */
const BATCH_MS = 20;

/**
 * The time to begin one of `count` calls whose works do not end, and in a cell the bytes that it
 * holds meanwhile, the work's own promise included. Needs `--expose-gc`.
 */
export function pending(name: string, count: number, start: Start): Case {
  const burst = burstFor(name);
  const bytes: number[] = [];
  const begin = (field: Field, places: PromiseLike<unknown>[]): Promise<void> => {
    // A new one each time: what a library keeps for a signal must not go on into the next burst.
    burst(places, start, { work: field.work, signal: new AbortController().signal });
    return field.allBegun();
  };
  return {
    name,
    cost: async () => {
      bytes.push(await bytesOf(count, begin));
      let [ms, calls] = [0, 0];
      for (; ms < BATCH_MS; calls += count) ms += await elapsed(count, begin);
      return ms / calls;
    },
    cells: () => [spreadOf(bytes).median],
  };
}

type Begin = (field: Field, places: PromiseLike<unknown>[]) => Promise<void>;

async function elapsed(count: number, begin: Begin): Promise<number> {
  const [field, places] = fieldOf(count);
  const startedAtMs = performance.now();
  await begin(field, places);
  const ms = performance.now() - startedAtMs;
  await field.end(places);
  return ms;
}

async function bytesOf(count: number, begin: Begin): Promise<number> {
  const [field, places] = fieldOf(count);
  const before = heapAfterCollection();
  await begin(field, places);
  const bytes = (heapAfterCollection() - before) / count;
  await field.end(places);
  return bytes;
}

function fieldOf(count: number): [Field, PromiseLike<unknown>[]] {
  return [new Field(count), Array.from({ length: count }, () => NOTHING)];
}

const NOTHING: PromiseLike<unknown> = Promise.resolve();
const nobody = (): void => {};

/** Works that are under way until they are let go. */
class Field {
  readonly #ends: (() => void)[];
  #begun = 0;

  constructor(count: number) {
    this.#ends = Array.from({ length: count }, () => nobody);
  }

  readonly work = (): Promise<unknown> =>
    new Promise<void>((resolve) => {
      this.#ends[this.#begun++] = resolve;
    });

  /** Waits by promises alone: no timer may fire meanwhile, for limits would be over. */
  async allBegun(): Promise<void> {
    for (let promises = 0; this.#begun < this.#ends.length; promises++) {
      if (promises >= MOST_PROMISES) throw new Error(`only ${this.#begun} works have begun`);
      await NOTHING;
    }
  }

  /** Ends all works, and waits until the calls around them have ended too. */
  async end(calls: readonly PromiseLike<unknown>[]): Promise<void> {
    for (const end of this.#ends) end();
    await Promise.all(calls);
  }
}
