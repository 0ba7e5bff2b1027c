/** What one call costs: its time, and the memory that it leaves to the collector. */

import type { Case } from "./harness.ts";
import { spreadOf } from "./statistics.ts";

/** Makes one call; what it answers or rejects with is awaited. */
export type Call = () => PromiseLike<unknown>;

type Loop = (times: number) => Promise<void>;

/** A batch shorter than this drowns in the machine's noise. */
const BATCH_MS = 20;

/** Memory is counted in chunks that fit into the nursery as it is at first: 1 MiB. */
const CHUNK_BYTES = 400_000;
const CHUNKS = 60;

/** The time of one call, as a case. Finds the size of its batch, and warms up, at its first turn. */
export function timed(name: string, call: Call): Case {
  const loop = loopOf(name, call);
  let size: number | undefined;
  return {
    name,
    cost: async () => {
      size ??= await batchSize(loop);
      return (await elapsed(loop, size)) / size;
    },
  };
}

/** The same with the bytes of one call in a cell. Needs `--expose-gc`. */
export async function timedWithBytes(name: string, call: Call): Promise<Case> {
  const bytes = await bytesPerCall(name, call);
  return { ...timed(name, call), cells: () => [bytes] };
}

async function batchSize(loop: Loop): Promise<number> {
  for (let size = 1; ; size *= 2) {
    const ms = await elapsed(loop, size);
    if (ms >= BATCH_MS) return Math.max(1, Math.round((size * BATCH_MS) / ms));
  }
}

async function elapsed(loop: Loop, times: number): Promise<number> {
  const startedAtMs = performance.now();
  await loop(times);
  return performance.now() - startedAtMs;
}

/**
 * The median over chunks, each begun on a heap that was just collected: where the collector comes in
 * between all the same, the chunk is one that the median passes over.
 */
async function bytesPerCall(name: string, call: Call): Promise<number> {
  const loop = loopOf(`${name}, bytes`, call);
  await loop(20_000);
  const size = await bytesOf(loop, 100);
  const calls = Math.max(10, Math.floor(CHUNK_BYTES / Math.max(100, size)));
  const bytes: number[] = [];
  for (let index = 0; index < CHUNKS; index++) bytes.push(await bytesOf(loop, calls));
  return spreadOf(bytes).median;
}

/** The bytes of one of `calls`. */
async function bytesOf(loop: Loop, calls: number): Promise<number> {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  await loop(calls);
  return (process.memoryUsage().heapUsed - before) / calls;
}

/**
 * A loop of its own for each case. One that all share would call so many functions from one place
 * that the compiler gives up on it, and the cheapest would pay most.
 */
function loopOf(name: string, call: Call): Loop {
  const body = `return async (times) => { for (let i = 0; i < times; i++) await call(); } // ${name}`;
  // oxlint-disable-next-line typescript/no-implied-eval -- only so is it compiled anew, and not shared
  return (new Function("call", body) as (call: Call) => Loop)(call);
}
