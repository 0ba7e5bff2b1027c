/** A limit that only stops waiting: the work never hears of it, and goes on to its own end. */

import type { AbortListener } from "./abort-source.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import { LimitedCall, TimeLimit } from "./time-limit.ts";
import type { Caller } from "./work-call.ts";

/**
 * A limit that tells the caller when it is over, and aborts nothing. What is inside has the signal from
 * outside, the same object: so the caller's own abort reaches it as long as it runs, also when the caller
 * has been told, and no listener of ours is needed for that.
 */
export class DetachingLimit extends TimeLimit {
  protected override call<Value>(outer: LazyAttempt, caller: Caller<Value>): LimitedCall<Value> {
    return new DetachedCall(this, outer, caller);
  }
}

/** A call whose inside is aborted by whoever is outside of the limit alone. */
class DetachedCall<Value> extends LimitedCall<Value> {
  readonly #outside: LazyAttempt;

  constructor(limit: TimeLimit, outside: LazyAttempt, caller: Caller<Value>) {
    super(limit, outside, caller);
    this.#outside = outside;
  }

  override get isAborted(): boolean {
    return this.#outside.isAborted;
  }

  override get reason(): unknown {
    return this.#outside.source?.reason;
  }

  override get signal(): AbortSignal {
    return this.#outside.signal;
  }

  /** Whoever is inside listens to the outside itself: this one hears of nothing after its limit. */
  override listen(listener: AbortListener): void {
    this.#outside.source?.listen(listener);
  }

  override ignore(listener: AbortListener): void {
    this.#outside.source?.ignore(listener);
  }

  /** Only the outside aborts it. */
  override abort(): void {}
}
