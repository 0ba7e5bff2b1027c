/** The attempt that our own policies hand on: cheap to make, with a signal only where it is read. */

import { callerAbort, type AbortSource } from "./abort-source.ts";
import type { Attempt, Deadline, RunOptions, Work } from "./policy.ts";
import { WORK } from "./work-call.ts";
import type { WorkWatch } from "./work-watch.ts";

const NO_DEADLINE: Deadline = Object.freeze({ remainingMs: () => Infinity });

/** One go at the work. The getters stand on the class, so that `({ signal }) => …` reads them too. */
export class LazyAttempt implements Attempt {
  readonly attempt: number;
  readonly #source: AbortSource | undefined;
  readonly #deadline: Deadline;
  readonly #watch: WorkWatch | undefined;
  #idleSignal: AbortSignal | undefined;

  constructor(
    attempt: number,
    source: AbortSource | undefined,
    deadline: Deadline,
    watch?: WorkWatch,
  ) {
    this.attempt = attempt;
    this.#source = source;
    this.#deadline = deadline;
    this.#watch = watch;
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

  /** Who is told when work begins and when it has really ended. */
  get watch(): WorkWatch | undefined {
    return this.#watch;
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
    if (attempt === this.attempt) return this;
    return new LazyAttempt(attempt, this.#source, this.#deadline, this.#watch);
  }

  /** The same attempt under one more limit. */
  within(source: AbortSource, deadline: Deadline): LazyAttempt {
    return new LazyAttempt(this.attempt, source, deadline, this.#watch);
  }

  /** The same attempt, with one more who is told of the work. */
  watched(watch: WorkWatch): LazyAttempt {
    const outer = this.#watch;
    const both = outer === undefined ? watch : bothOf(outer, watch);
    return new LazyAttempt(this.attempt, this.#source, this.#deadline, both);
  }

  /**
   * Starts `work`. Settles as it does, or rejects with the reason as soon as this attempt is
   * aborted, even if the work takes no notice.
   *
   * @throws What the work throws at once, where nobody can abort it.
   */
  start<Value>(work: Work<Value>): Value | PromiseLike<Value> {
    if (this.#source === undefined && this.#watch === undefined) return work(this);
    return new Promise((resolve, reject) => {
      WORK.begin(work, this, { succeeded: resolve, failed: reject });
    });
  }
}

function bothOf(outer: WorkWatch, inner: WorkWatch): WorkWatch {
  return {
    began: () => {
      outer.began();
      inner.began();
    },
    ended: () => {
      inner.ended();
      outer.ended();
    },
  };
}

/** The attempt that a caller's options describe; one of our own is handed on as it is. */
export function attemptOf(options: RunOptions | undefined): LazyAttempt {
  if (options === undefined) return new LazyAttempt(1, undefined, NO_DEADLINE);
  if (options instanceof LazyAttempt) return options;
  const { attempt = 1, deadline = NO_DEADLINE } = options;
  // What is handed on to `fetch` comes here too, and may say null for none, as `fetch` allows.
  const signal = options.signal ?? undefined;
  return new LazyAttempt(attempt, signal && callerAbort(signal), deadline);
}
