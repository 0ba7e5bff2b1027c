/** Tells of calls that take long, and ends none of them. */

import type { Clock } from "../core/clock.ts";
import { contextHere, type Context } from "../core/context.ts";
import { deadlinesOf, type Deadlines, type Limited } from "../core/deadline-queue.ts";
import type { Guard } from "./guard.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import type { Work } from "./policy.ts";
import type { Caller, Inside } from "./work-call.ts";

/** What a watch goes by. */
export interface SlowWatchParts {
  /** From when on a call is slow, in milliseconds. */
  readonly slowMs: number;
  readonly clock: Clock;
  /** Tells that a call is slow. Must not throw. */
  readonly tellSlow: () => void;
}

/**
 * Has a guard's calls told of that are slow, once each, while they go on. It is no limit: what is inside
 * sees neither an abort nor a deadline of it. No timer is left once the caller has been told.
 */
export class SlowWatch implements Guard {
  readonly #watched: Guard;
  readonly #deadlines: Deadlines;
  readonly #tellSlow: () => void;

  constructor(watched: Guard, { slowMs, clock, tellSlow }: SlowWatchParts) {
    this.#watched = watched;
    this.#deadlines = deadlinesOf(clock, slowMs);
    this.#tellSlow = tellSlow;
  }

  begin<Value>(
    inside: Inside,
    work: Work<Value>,
    attempt: LazyAttempt,
    caller: Caller<Value>,
  ): void {
    const call = new PerhapsSlowCall(this.#deadlines, this.#tellSlow, caller);
    this.#deadlines.add(call);
    this.#watched.begin(inside, work, attempt, call);
  }
}

class PerhapsSlowCall<Value> implements Caller<Value>, Limited {
  readonly #deadlines: Deadlines;
  readonly #tellSlow: () => void;
  readonly #caller: Caller<Value>;
  readonly #context: Context = contextHere();
  #isSlow = false;
  endsAtMs = Infinity;
  before: Limited | undefined;
  after: Limited | undefined;

  constructor(deadlines: Deadlines, tellSlow: () => void, caller: Caller<Value>) {
    this.#deadlines = deadlines;
    this.#tellSlow = tellSlow;
    this.#caller = caller;
  }

  expire(): void {
    this.#isSlow = true;
    // The timer is another call's, perhaps: what is told belongs to this one.
    this.#context.runInAsyncScope(this.#tellSlow);
  }

  succeeded(value: Value): void {
    this.#ends();
    this.#caller.succeeded(value);
  }

  failed(error: unknown): void {
    this.#ends();
    this.#caller.failed(error);
  }

  #ends(): void {
    if (!this.#isSlow) this.#deadlines.remove(this);
  }
}
