/**
 * Ten million calls through a pipeline: does the heap grow, is a listener or a timer left?
 *
 *     node --expose-gc --conditions=holdfast:source test/long/ten-million-calls.ts
 *
 * `--calls N` makes fewer; `--leak` keeps a little of each call, to show that it is seen. Prints one
 * line of JSON for each fiftieth of the calls, and at last the verdict. Ctrl-C ends it after the
 * fiftieth that is under way. Ends with 1 when something grew, was left, or ended as it should not.
 */

import { getEventListeners } from "node:events";
import { parseArgs } from "node:util";
import { closeForToday, mixedCalls } from "./mixed-calls.ts";
import { steadyGrowthOf } from "./trend.ts";

/** What was there after so many calls. */
interface Figures {
  readonly calls: number;
  /** What is in use after a collection of the garbage. */
  readonly heapBytes: number;
  /** On the signal that all calls share. */
  readonly listeners: number;
  /** Those that keep the process alive. */
  readonly timers: number;
  /** Calls that did not end as their kind does. */
  readonly unexpected: number;
  readonly seconds: number;
}

/** What came of it. */
interface Verdict extends Figures {
  /** How much the heap grew steadily with each call, without the first fifth: until then it warms up. */
  readonly bytesPerCall: number;
}

/** So many at once, as a busy server has. */
const BATCH = 1_000;
const CHUNKS = 50;
const WARM_UP_CHUNKS = 10;

/** The figures that are kept here take a tenth of that; the least that a call could leave is an object. */
const MOST_BYTES_PER_CALL = 1;

const { values } = parseArgs({
  options: { calls: { type: "string", default: "10000000" }, leak: { type: "boolean" } },
});
if (globalThis.gc === undefined) throw new Error("Start it with --expose-gc");

const stopped = new AbortController();
process.once("SIGINT", () => stopped.abort());
const { signal } = new AbortController();
const kept: object[] = [];
const all: Figures[] = [];
const chunk = Math.ceil(Number(values.calls) / CHUNKS);
let unexpected = 0;

await closeForToday();
for (let calls = chunk; calls <= chunk * CHUNKS && !stopped.signal.aborted; calls += chunk) {
  for (let left = chunk; left > 0; left -= BATCH) {
    const count = Math.min(left, BATCH);
    unexpected += await mixedCalls(count, signal);
    if (values.leak === true) kept.push(...Array.from({ length: count }, () => ({})));
  }
  all.push(await figuresAfter(calls));
  console.log(JSON.stringify(all.at(-1)));
}
const points = all
  .slice(WARM_UP_CHUNKS)
  .map(({ calls, heapBytes }) => ({ at: calls, value: heapBytes }));
const verdict: Partial<Verdict> = { ...all.at(-1), bytesPerCall: steadyGrowthOf(points) };
console.log(JSON.stringify(verdict));
process.exitCode = isWell(verdict) ? 0 : 1;

/** Also no, when it was stopped so early that there is no telling. */
function isWell({ bytesPerCall = NaN, listeners, timers, unexpected: wrong }: Partial<Verdict>) {
  const isNothingLeft = listeners === 0 && timers === 0;
  return bytesPerCall <= MOST_BYTES_PER_CALL && isNothingLeft && wrong === 0;
}

async function figuresAfter(calls: number): Promise<Figures> {
  // Twice: what a finalizer lets go of in the first is collected in the second.
  for (let round = 0; round < 2; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  return {
    calls,
    heapBytes: process.memoryUsage().heapUsed,
    listeners: getEventListeners(signal, "abort").length,
    timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length,
    unexpected,
    seconds: Math.round(process.uptime()),
  };
}
