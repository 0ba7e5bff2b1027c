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
      const [first, bytesOfEach] = await measured(count, begin, heapAfterCollection);
      bytes.push(bytesOfEach);
      let [ms, calls] = [first, count];
      for (; ms < BATCH_MS; calls += count) ms += (await measured(count, begin, uncounted))[0];
      return ms / calls;
    },
    cells: () => [spreadOf(bytes).median],
  };
}

/** What a burst took, in milliseconds, and the bytes that each of its calls holds. */
async function measured(
  count: number,
  begin: (field: Field, places: PromiseLike<unknown>[]) => Promise<void>,
  heapBytes: () => number,
): Promise<[ms: number, bytes: number]> {
  const field = new Field(count);
  const places = Array.from({ length: count }, () => NOTHING);
  const before = heapBytes();
  const startedAtMs = performance.now();
  await begin(field, places);
  const ms = performance.now() - startedAtMs;
  const bytes = (heapBytes() - before) / count;
  await field.end(places);
  return [ms, bytes];
}

/** Where only the time counts: collecting takes longer than a small burst. */
const uncounted = (): number => NaN;

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
