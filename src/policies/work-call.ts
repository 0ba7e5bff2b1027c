/** The work itself being called: the innermost part of every call. */

import type { AbortListener, AbortSource } from "./abort-source.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import type { Work } from "./policy.ts";
import type { WorkWatch } from "./work-watch.ts";

/** Whoever waits for a call. Told once how it ended, by one of the two; neither may throw. */
export interface Caller<Value> {
  succeeded(value: Value): void;
  failed(error: unknown): void;
}

/** What stands inside a guard: the next one, or the work itself. */
export interface Inside {
  /** Begins one go at the work. Never throws; `caller` may be told before this answers. */
  begin<Value>(work: Work<Value>, attempt: LazyAttempt, caller: Caller<Value>): void;
}

/**
 * Calls the work. Tells how it ended, or as soon as the attempt is aborted that it was, even if the
 * work takes no notice.
 */
export const WORK: Inside = Object.freeze<Inside>({
  begin: (work, attempt, caller) => {
    const { source } = attempt;
    if (source?.isAborted) caller.failed(source.reason);
    else if (source === undefined || source.isWaitedFor) callWork(work, attempt, caller);
    // A limit that waits for the work itself tells of its own abort.
    else if (Object.is(source, caller)) callWork(work, attempt, caller);
    else callWork(work, attempt, new AbortableCall(source, caller));
  },
});

/** Calls `settling`, and tells `caller` how what it answers ended; what it throws at once is a failure. */
export function settleWith<Value>(
  settling: () => Value | PromiseLike<Value>,
  caller: Caller<Value>,
): void {
  let answer: Value | PromiseLike<Value>;
  try {
    answer = settling();
  } catch (error) {
    caller.failed(error);
    return;
  }
  tellOf(answer, caller);
}

function tellOf<Value>(answer: Value | PromiseLike<Value>, caller: Caller<Value>): void {
  Promise.resolve(answer).then(
    (value) => caller.succeeded(value),
    (error: unknown) => caller.failed(error),
  );
}

function callWork<Value>(work: Work<Value>, attempt: LazyAttempt, caller: Caller<Value>): void {
  const { watch } = attempt;
  watch?.began();
  const told = watch === undefined ? caller : new WatchedCall(watch, caller);
  // As `settleWith` does, without a function for it in every call.
  let answer: Value | PromiseLike<Value>;
  try {
    answer = work(attempt);
  } catch (error) {
    told.failed(error);
    return;
  }
  tellOf(answer, told);
}

/** A call that is over as soon as it is aborted. */
class AbortableCall<Value> implements Caller<Value> {
  readonly #source: AbortSource;
  readonly #caller: Caller<Value>;
  readonly #stop: AbortListener;
  #isOver = false;

  constructor(source: AbortSource, caller: Caller<Value>) {
    this.#source = source;
    this.#caller = caller;
    this.#stop = (reason) => this.failed(reason);
    source.listen(this.#stop);
  }

  succeeded(value: Value): void {
    if (this.#ends()) this.#caller.succeeded(value);
  }

  failed(error: unknown): void {
    if (this.#ends()) this.#caller.failed(error);
  }

  #ends(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#source.ignore(this.#stop);
    return true;
  }
}

/** Says when the work has really ended, whoever still waits for it. */
class WatchedCall<Value> implements Caller<Value> {
  readonly #watch: WorkWatch;
  readonly #caller: Caller<Value>;

  constructor(watch: WorkWatch, caller: Caller<Value>) {
    this.#watch = watch;
    this.#caller = caller;
  }

  succeeded(value: Value): void {
    this.#watch.ended();
    this.#caller.succeeded(value);
  }

  failed(error: unknown): void {
    this.#watch.ended();
    this.#caller.failed(error);
  }
}
