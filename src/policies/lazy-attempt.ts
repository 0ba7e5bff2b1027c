/** The attempt that our own policies hand on: cheap to make, with a signal only where it is read. */

import { callerAbort, type AbortSource } from "./abort-source.ts";
import type { Attempt, Deadline, RunOptions, Work } from "./policy.ts";

const NO_DEADLINE: Deadline = Object.freeze({ remainingMs: () => Infinity });

/** One go at the work. The getters stand on the class, so that `({ signal }) => …` reads them too. */
export class LazyAttempt implements Attempt {
  readonly attempt: number;
  readonly #source: AbortSource | undefined;
  readonly #deadline: Deadline;
  #idleSignal: AbortSignal | undefined;

  constructor(attempt: number, source: AbortSource | undefined, deadline: Deadline) {
    this.attempt = attempt;
    this.#source = source;
    this.#deadline = deadline;
  }

  get signal(): AbortSignal {
    // One for each attempt: on a shared one the listeners of all calls would pile up.
    return this.#source?.signal ?? (this.#idleSignal ??= new AbortController().signal);
  }

  get deadline(): Deadline {
    return this.#deadline;
  }

  /** What may end it early; `undefined` when nobody can. */
  get source(): AbortSource | undefined {
    return this.#source;
  }

  /** Whether the caller cancelled, or a limit outside is over. */
  get isAborted(): boolean {
    return this.#source?.isAborted === true;
  }

  /** @throws The reason, when it was aborted. */
  throwIfAborted(): void {
    if (this.isAborted) throw this.#source?.reason;
  }

  /** The same call's attempt with another number. */
  numbered(attempt: number): LazyAttempt {
    return attempt === this.attempt ? this : new LazyAttempt(attempt, this.#source, this.#deadline);
  }

  /** The same attempt under one more limit. */
  within(source: AbortSource, deadline: Deadline): LazyAttempt {
    return new LazyAttempt(this.attempt, source, deadline);
  }

  /**
   * Starts `work`. Settles as it does, or rejects with the reason as soon as this attempt is
   * aborted, even if the work takes no notice.
   *
   * @throws What the work throws at once, or the reason when this was aborted before.
   */
  start<Value>(work: Work<Value>): Value | PromiseLike<Value> {
    if (this.#source === undefined) return work(this);
    this.throwIfAborted();
    return this.#race(work, this.#source);
  }

  #race<Value>(work: Work<Value>, source: AbortSource): Promise<Value> {
    return new Promise((resolve, reject) => {
      source.listen(reject);
      settleWith(
        () => work(this),
        (value) => {
          source.ignore(reject);
          resolve(value);
        },
        (error) => {
          source.ignore(reject);
          reject(error);
        },
      );
    });
  }
}

/** Starts `work` and calls one of the two when it settles; what it throws at once is a failure. */
export function settleWith<Value>(
  work: () => Value | PromiseLike<Value>,
  succeeded: (value: Value) => void,
  failed: (error: unknown) => void,
): void {
  try {
    Promise.resolve(work()).then(succeeded, failed);
  } catch (error) {
    failed(error);
  }
}

/** The attempt that a caller's options describe; one of our own is handed on as it is. */
export function attemptOf(options: RunOptions | undefined): LazyAttempt {
  if (options instanceof LazyAttempt) return options;
  const { attempt = 1, deadline = NO_DEADLINE } = options ?? {};
  // What is handed on to `fetch` comes here too, and may say null for none, as `fetch` allows.
  const signal = options?.signal ?? undefined;
  return new LazyAttempt(attempt, signal && callerAbort(signal), deadline);
}
