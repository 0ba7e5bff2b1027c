/**
 * A clock for tests that jumps from timer to timer, so that a ten-hour outage takes a millisecond.
 *
 * Between two timers everything that can go on without time does: promises, `setImmediate` and
 * operations on real files. That needs `setImmediate`, which waits for the event loop and for no
 * length of time. What cannot be seen from here is a socket: work that talks to a real server under
 * a time limit belongs on the system's clock, or its limit is over before the answer comes.
 */

import { sleepBy, type Clock } from "../core/clock.ts";
import { contextHere } from "../core/context.ts";
import { type Duration } from "../core/duration.ts";
import { duration, integer, readOptions, required, type Reader } from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { trace } from "./trace.ts";

/** Where a virtual clock starts, and when it gives up. */
export interface VirtualClockOptions {
  /** The time of day at the start, in milliseconds since the Unix epoch. Default: 1 January 2026, UTC. */
  readonly startAtMs?: number | undefined;
  /** How long real input and output may take, in real time, before it counts as stuck. Default `"2s"`. */
  readonly patience?: Duration | undefined;
  /** How many timers one `settle` or `advance` may fire: a loop without an end ends. Default a million. */
  readonly maxTimers?: number | undefined;
}

const READERS = {
  startAtMs: integer({ min: 0, default: 1_767_225_600_000 }),
  patience: duration({ default: 2_000 }),
  maxTimers: integer({ min: 1, default: 1_000_000 }),
} satisfies Record<keyof VirtualClockOptions, Reader<unknown>>;

const readLength = required(duration({ default: undefined }), "a length of time");

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/**
 * Time that stands still until it is told to move.
 *
 * @example
 * const clock = new VirtualClock();
 * await clock.settle(() => clock.sleep(36_000_000));
 * clock.elapsed(); // 36_000_000, and no time has passed
 */
export class VirtualClock implements Clock {
  /** The soonest first; of those at one moment, the one that was made first. */
  readonly #timers: Timer[] = [];
  readonly #sleeps: number[] = [];
  readonly #patienceMs: number;
  readonly #maxTimers: number;
  #wallMs: number;
  #elapsedMs = 0;

  /** @throws {OptionsError} When an option is unknown or out of range. */
  constructor(options: VirtualClockOptions = {}) {
    const settled = readOptions("virtualClock", options, READERS);
    this.#wallMs = settled.startAtMs;
    this.#patienceMs = settled.patience;
    this.#maxTimers = settled.maxTimers;
  }

  /** The time of day in milliseconds since the Unix epoch; `jumpWallClock` moves it alone. */
  now(): number {
    return this.#wallMs + this.#elapsedMs;
  }

  /** Milliseconds since the clock was made. */
  elapsed(): number {
    return this.#elapsedMs;
  }

  /** Every wait that `sleep` was asked for, in milliseconds, in order; also those that were cut short. */
  get sleeps(): readonly number[] {
    return this.#sleeps;
  }

  /** How many timers and sleeps are waiting now. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Waits until the clock has moved on by `ms`. Rejects with the signal's reason once that aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.#sleeps.push(ms);
    return sleepBy((lengthMs, run) => this.after(lengthMs, run), ms, signal);
  }

  /**
   * Moves the clock on by `ms` at once: timers on the way are late, as they are when a thread is blocked.
   *
   * @throws {OptionsError} When `ms` is no finite number, or negative: time does not go back.
   */
  block(ms: number): void {
    readLength(ms, "block");
    this.#sleeps.push(ms);
    this.#elapsedMs += ms;
  }

  /**
   * Calls `run` once when the clock has moved on by `ms`; a negative length is zero, as it is for
   * the system's timers. The answer cancels it.
   *
   * @throws {Error} When `ms` is not a number. The system would fire at once: a hot loop.
   */
  after(ms: number, run: () => void): () => void {
    if (typeof ms !== "number" || Number.isNaN(ms)) {
      throw new Error(`A wait must be a number of milliseconds, received ${String(ms)}`);
    }
    const context = contextHere();
    const timer: Timer = {
      atMs: this.#elapsedMs + Math.max(0, ms),
      run: () => context.runInAsyncScope(run),
    };
    const index = this.#timers.findLastIndex((other) => other.atMs <= timer.atMs);
    this.#timers.splice(index + 1, 0, timer);
    trace(`a wait of ${ms} ms on a virtual clock, begun`, () => this.#timers.includes(timer));
    return () => {
      const place = this.#timers.indexOf(timer);
      if (place >= 0) this.#timers.splice(place, 1);
    };
  }

  /**
   * Plays `work` to its end, jumping from timer to timer, and answers or rejects as it does. Timers
   * that it leaves behind stay in `pending`.
   *
   * Rejects with an error that says so, rather than hang, when the work waits for something that is
   * not this clock for longer than `patience`, or when `maxTimers` were fired and it goes on.
   */
  async settle<Value>(work: () => Value | PromiseLike<Value>): Promise<Value> {
    const running = Promise.try(work);
    let isSettled = false;
    const settled = (): void => void (isSettled = true);
    running.then(settled, settled);

    for (let fired = 0; ;) {
      await this.#quiet(() => isSettled);
      if (isSettled) return running;
      if (this.#fireNext(Number.MAX_VALUE, fired)) fired++;
      else if (!(await this.#somethingHappens(() => isSettled || this.#nextAtMs() < Infinity)))
        throw new Error(this.#stuckMessage());
    }
  }

  /**
   * Moves the clock on by a length of time and fires the timers on the way. Rejects with an error when
   * `maxTimers` were fired and more are on the way.
   *
   * @throws {OptionsError} Rejects with it when the length is none, or has no end.
   */
  async advance(length: Duration): Promise<void> {
    const untilMs = this.#elapsedMs + readLength(length, "advance");
    for (let fired = 0; ; fired++) {
      await this.#quiet(() => false);
      if (!this.#fireNext(untilMs, fired)) break;
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
  }

  /** Sets the time of day forward, or back with a negative number; timers and `elapsed` take no notice. */
  jumpWallClock(ms: number): void {
    this.#wallMs += ms;
  }

  #nextAtMs(): number {
    return this.#timers[0]?.atMs ?? Infinity;
  }

  /** Fires the timer that is next, if that is on the way; `fired` is how many were. */
  #fireNext(untilMs: number, fired: number): boolean {
    if (this.#nextAtMs() > untilMs) return false;
    this.#checkBound(fired);
    const timer = this.#timers.shift() as Timer;
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.atMs);
    timer.run();
    return true;
  }

  /** Lets go on what goes on by itself, until nothing does, `isOver`, or patience has run out. */
  async #quiet(isOver: () => boolean): Promise<void> {
    await nextTurn();
    if (isOver() || !isBusy()) return;
    await this.#somethingHappens(() => isOver() || !isBusy());
  }

  /** Waits in real time until `hasHappened`; false when patience ran out first. */
  async #somethingHappens(hasHappened: () => boolean): Promise<boolean> {
    const startMs = systemClock.elapsed();
    for (let turn = 0; !hasHappened(); turn++) {
      if (systemClock.elapsed() - startMs >= this.#patienceMs) return false;
      // Many turns are over in a moment; after those, the processor is left to others.
      await (turn < 100 ? nextTurn() : systemClock.sleep(1));
    }
    return true;
  }

  #checkBound(fired: number): void {
    if (fired < this.#maxTimers) return;
    throw new Error(`The work goes on after ${this.#maxTimers} timers: it seems to wait in a loop`);
  }

  #stuckMessage(): string {
    const endless =
      this.pending === 0 ? "no timer is" : `only waits without an end (${this.pending}) are`;
    return `The work waits for something that is not the virtual clock: it has not settled, and ${endless} pending`;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Whether promises, immediates or operations on files or names are under way in this process. */
function isBusy(): boolean {
  return process
    .getActiveResourcesInfo()
    .some((resource) => resource === "Immediate" || resource.includes("Req"));
}
