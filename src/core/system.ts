/**
 * The real clock, dice and network: the only place that touches timers, the time of day, chance or the
 * global `fetch`.
 */

import { sleepBy, type Alarm, type Clock } from "./clock.ts";

/** Timers take at most a signed 32-bit number of milliseconds; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a clock of few bytes has: lengths and waits. */
export type PlainClock = Pick<Clock, "elapsed" | "after">;

/** The machine's clock, no more of it than `holdfast/lean` takes. */
export const plainClock: PlainClock = { elapsed: () => performance.now(), after };

/**
 * The machine's clock. Long waits are waited in pieces. Marked as pure, for bundlers leave out only what
 * surely does nothing when it is made.
 */
export const systemClock: Clock = /* @__PURE__ */ Object.freeze({
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleepBy(after, ms, signal),
  after,
  alarm: (ring: () => void) => new SystemAlarm(ring),
  block: (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
});

/**
 * The machine's clock, for what is not worth staying awake for: its timers do not keep the process
 * alive. A wait under it may never end.
 */
export const backgroundClock: Clock = /* @__PURE__ */ Object.freeze({
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleepBy(afterAsleep, ms, signal),
  after: afterAsleep,
});

function afterAsleep(ms: number, run: () => void): () => void {
  return after(ms, run, letSleep);
}

function after(ms: number, run: () => void, begun?: (timer: unknown) => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  // Node drops the fraction of a millisecond and may fire up to one early: then a circuit that opens
  // again after exactly this wait would turn its caller away.
  let leftMs = ms > 0 ? Math.ceil(ms) + 1 : 0;
  function wait(): void {
    const pieceMs = Math.min(leftMs, LONGEST_TIMER_MS);
    leftMs -= pieceMs;
    timer = setTimeout(leftMs > 0 ? wait : run, pieceMs);
    begun?.(timer);
  }
  wait();
  return () => clearTimeout(timer);
}

class SystemAlarm implements Alarm {
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  set(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#ring, Math.min(Math.ceil(ms), LONGEST_TIMER_MS));
  }

  keepAwake(isWanted: boolean): void {
    if (isWanted) (this.#timer as NodeTimer | undefined)?.ref?.();
    else letSleep(this.#timer);
  }
}

/** A timer of Node, Deno or Bun. Those of browsers are numbers: no page stays open for one. */
interface NodeTimer {
  ref?(): void;
  unref?(): void;
}

function letSleep(timer: unknown): void {
  (timer as NodeTimer | undefined)?.unref?.();
}

/** A number from 0 up to, not including, 1; not for secrets. */
export const systemRandom: () => number = () => Math.random();

/** The runtime's own `fetch`, or what fits in its place. */
export type Fetch = typeof globalThis.fetch;

/** The `fetch` that is global when it is called: a test or a tracer may have put another one there. */
export const systemFetch: Fetch = (input, init) => fetch(input, init);
