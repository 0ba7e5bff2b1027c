/** Time, as it is handed in. Nothing but `system.ts` reads the real one. */

/** Reads time and waits. Pass another one to test a ten-hour outage in a millisecond. */
export interface Clock {
  /** The time of day in milliseconds since the Unix epoch. It may jump; never use it for lengths. */
  now(): number;
  /** Milliseconds since some fixed moment. It only ever grows, also when the time of day is changed. */
  elapsed(): number;
  /**
   * Waits `ms` milliseconds, however many they are; `Infinity` waits until the signal aborts.
   * Rejects with the signal's reason once that aborts, and leaves no timer and no listener behind.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms` milliseconds. The answer cancels it; cancelling late does nothing. */
  after(ms: number, run: () => void): () => void;
  /**
   * Blocks the thread for `ms` milliseconds. A clock without it can time no synchronous retries.
   *
   * @throws {TypeError} Where the thread must not be blocked, as a page's own.
   */
  block?(ms: number): void;
  /**
   * Makes one timer to be set again and again, for what waits for many moments in their order. It is
   * at rest at first. A clock without it has a timer for each moment.
   */
  alarm?(ring: () => void): Alarm;
}

/** One timer that many share. It rings once each time that it was set. */
export interface Alarm {
  /** Rings after `ms` milliseconds, or a little earlier where that is too long for a timer. */
  set(ms: number): void;
  /** Whether the process stays alive for it; true after `set`. */
  keepAwake(isWanted: boolean): void;
}

/** The methods that make a clock, for reading options. */
export const CLOCK_METHODS = ["now", "elapsed", "sleep", "after"] as const;

/** `Clock.sleep` on top of `Clock.after`. */
export function sleepBy(
  after: Clock["after"],
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const cancel = after(ms, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    function stop(): void {
      cancel();
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}
