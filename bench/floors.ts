/**
 * The same jobs written by hand: no events, no options, no classes of failure, no caller's signal.
 * They are not designs but lower bounds, and tell what the machine itself takes.
 */

/** What the work is given here. */
export interface HandAttempt {
  readonly attempt: number;
  readonly signal: AbortSignal;
}

/** Work, as everything that is measured takes it. */
export type HandWork<Value> = (attempt: HandAttempt) => Promise<Value>;

/** Runs work under something. */
export type Guard = <Value>(work: HandWork<Value>) => Promise<Value>;

/** Where nobody aborts; nothing of ours reads it. */
const IDLE: HandAttempt = { attempt: 1, signal: new AbortController().signal };

/** Up to four attempts, none of them waited for. */
export const retryByHand: Guard = async (work) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt === 1 ? IDLE : { attempt, signal: IDLE.signal });
    } catch (error) {
      if (attempt >= ATTEMPTS) throw error;
    }
  }
};

/** Opens after five failures in a row. */
export function breakerByHand(pauseMs = PAUSE_MS, reject: () => Error = openError): Guard {
  let failures = 0;
  let openUntilMs = -Infinity;
  return async (work) => {
    if (failures >= FAILURES && performance.now() < openUntilMs) throw reject();
    try {
      const value = await work(IDLE);
      failures = 0;
      return value;
    } catch (error) {
      if (++failures >= FAILURES) openUntilMs = performance.now() + pauseMs;
      throw error;
    }
  };
}

/** A limit by a timer of its own; a signal is made when the work reads it. */
export function timeoutByHand<Value>(
  work: HandWork<Value>,
  { number = 1, limitMs = LIMIT_MS } = {},
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const attempt = new LazyAttempt(number);
    const timer = setTimeout(() => reject(attempt.abort()), limitMs);
    work(attempt).then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

/**
 * The same limit for all calls, so they are over in the order in which they began: one timer, for the
 * oldest, and none is started or stopped for a call that ends in time.
 */
export function timeoutByQueue(): Guard {
  const queue = new DeadlineQueue();
  return (work) =>
    new Promise((resolve, reject) => {
      const attempt = new LazyAttempt(1);
      const deadline = queue.add(() => reject(attempt.abort()));
      work(attempt).then(
        (value) => {
          queue.remove(deadline);
          resolve(value);
        },
        (error: unknown) => {
          queue.remove(deadline);
          reject(error as Error);
        },
      );
    });
}

/** The three, each a layer of its own. */
export function threeByHand(): Guard {
  const guarded = breakerByHand();
  return (work) =>
    retryByHand(({ attempt }) => guarded(() => timeoutByHand(work, { number: attempt })));
}

/** The three in one function. */
export function fusedByHand(limitMs = LIMIT_MS): Guard {
  let failures = 0;
  let openUntilMs = -Infinity;
  return async (work) => {
    for (let attempt = 1; ; attempt++) {
      if (failures >= FAILURES && performance.now() < openUntilMs) throw openError();
      try {
        const value = await timeoutByHand(work, { number: attempt, limitMs });
        failures = 0;
        return value;
      } catch (error) {
        if (++failures >= FAILURES) openUntilMs = performance.now() + PAUSE_MS;
        if (attempt >= ATTEMPTS) throw error;
      }
    }
  };
}

const ATTEMPTS = 4;
const FAILURES = 5;
const PAUSE_MS = 30_000;
const LIMIT_MS = 5_000;
/** Not the same, for Node starts a timer faster where one of the same length is waiting already. */
const QUEUE_LIMIT_MS = 6_000;

function openError(): Error {
  return new Error("The circuit is open");
}

class LazyAttempt implements HandAttempt {
  readonly attempt: number;
  #controller: AbortController | undefined;

  constructor(attempt: number) {
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  /** Aborts the signal, if anybody has it, and answers why. */
  abort(): Error {
    const reason = new Error("It took too long");
    this.#controller?.abort(reason);
    return reason;
  }
}

interface Deadline {
  readonly atMs: number;
  readonly expire: () => void;
}

class DeadlineQueue {
  /** The soonest first, for a set keeps the order. */
  readonly #deadlines = new Set<Deadline>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  add(expire: () => void): Deadline {
    const deadline = { atMs: performance.now() + QUEUE_LIMIT_MS, expire };
    this.#deadlines.add(deadline);
    if (this.#timer === undefined) this.#wait(QUEUE_LIMIT_MS);
    else if (this.#deadlines.size === 1) this.#timer.ref();
    return deadline;
  }

  remove(deadline: Deadline): void {
    this.#deadlines.delete(deadline);
    // The timer goes on for the next call, but keeps nobody awake.
    if (this.#deadlines.size === 0) this.#timer?.unref();
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#expire(), Math.ceil(ms));
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const deadline of this.#deadlines) {
      if (deadline.atMs > nowMs) return this.#wait(deadline.atMs - nowMs);
      this.#deadlines.delete(deadline);
      deadline.expire();
    }
  }
}
