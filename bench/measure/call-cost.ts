/** What one call costs: its time, and the memory that it leaves to the collector. */

import type { Case } from "./compare.ts";
import { heapAfterCollection, heapUsed } from "./heap.ts";
import { loopFor, type Call, type Loop } from "./own-loop.ts";
import { spreadOf } from "./statistics.ts";

/** A batch shorter than this drowns in the machine's noise. */
const BATCH_MS = 20;

/** Memory is counted in chunks that fit into the nursery as it is at first: 1 MiB. */
const CHUNK_BYTES = 400_000;
const CHUNKS = 60;

/** The time of one call, as a case. Finds the size of its batch, and warms up, at its first turn. */
export function timed(name: string, call: Call): Case {
  const loop = loopFor(name);
  let size: number | undefined;
  const batch = (times: number): Promise<number> => elapsed(loop, call, times);
  return {
    name,
    cost: async () => {
      size ??= await batchSize(batch);
      return (await batch(size)) / size;
    },
  };
}

/** The same with the bytes of one call in a cell. Needs `--expose-gc`. */
export async function timedWithBytes(name: string, call: Call): Promise<Case> {
  const bytes = await bytesPerCall(name, call);
  return { ...timed(name, call), cells: () => [bytes] };
}

/** The time of one call of many that are begun together, and wait for each other. */
export function timedTogether(name: string, call: Call, count: number): Case {
  const together = timed(name, () => Promise.all(Array.from({ length: count }, call)));
  return { name, cost: async () => (await together.cost()) / count };
}

/**
 * The time of a call whose subject remembers the calls before: `make` makes one anew, which is not
 * timed, before more than `most` calls have gone through it.
 */
export function timedAnew(name: string, make: () => Promise<Call>, most: number): Case {
  const loop = loopFor(name);
  let size: number | undefined;
  let call: Call | undefined;
  let left = 0;
  const batch = async (times: number): Promise<number> => {
    if (call === undefined || left < times) [call, left] = [await make(), most];
    left -= times;
    return elapsed(loop, call, times);
  };
  return {
    name,
    cost: async () => {
      size ??= await batchSize(batch, most);
      let [ms, calls] = [0, 0];
      do {
        ms += await batch(size);
        calls += size;
      } while (ms < BATCH_MS && size === most);
      return ms / calls;
    },
  };
}

/** How many calls take as long as a batch should, but no more than `most`. */
async function batchSize(
  batch: (times: number) => Promise<number>,
  most = Infinity,
): Promise<number> {
  for (let size = 1; ; size *= 2) {
    if (size >= most) return most;
    const ms = await batch(size);
    if (ms >= BATCH_MS) return Math.max(1, Math.round((size * BATCH_MS) / ms));
  }
}

async function elapsed(loop: Loop, call: Call, times: number): Promise<number> {
  const startedAtMs = performance.now();
  await loop(call, times);
  return performance.now() - startedAtMs;
}

/**
 * The median over chunks, each begun on a heap that was just collected: where the collector comes in
 * between all the same, the chunk is one that the median passes over.
 */
async function bytesPerCall(name: string, call: Call): Promise<number> {
  const loop = loopFor(`${name}, bytes`);
  await loop(call, 20_000);
  const size = await bytesOf(loop, call, 100);
  const calls = Math.max(10, Math.floor(CHUNK_BYTES / Math.max(100, size)));
  const bytes: number[] = [];
  for (let index = 0; index < CHUNKS; index++) bytes.push(await bytesOf(loop, call, calls));
  return spreadOf(bytes).median;
}

async function bytesOf(loop: Loop, call: Call, times: number): Promise<number> {
  const before = heapAfterCollection();
  await loop(call, times);
  return (heapUsed() - before) / times;
}
