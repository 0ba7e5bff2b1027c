/** One limit on one call: the part that `timeout` and the total limit of `retry` share. */

import { contextHere, type Context } from "../core/context.ts";
import type { Clock } from "../core/clock.ts";
import { deadlinesOf, timerEach, type Deadlines, type Limited } from "../core/deadline-queue.ts";
import { LimitAbort, type AbortListener } from "./abort-source.ts";
import type { Guard } from "./guard.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import type { Deadline, Work } from "./policy.ts";
import type { Caller, Inside } from "./work-call.ts";

/** What a limit goes by. */
export interface TimeLimitParts {
  readonly limitMs: number;
  readonly clock: Clock;
  /** Whether the call is waited for once the limit is over: its work is only asked to end then. */
  readonly isWaitedFor?: boolean | undefined;
  /** Whether hardly any other call has a limit of this length: it has a timer of its own then. */
  readonly isOneOfAKind?: boolean | undefined;
  /** Tells that the limit is over and makes the error for it. */
  readonly expired: () => unknown;
  /** Told when work that went on after the limit has settled, with how long it went on. */
  readonly outlived?: ((lateMs: number) => void) | undefined;
}

/**
 * A limit on whatever is inside. The caller is told as soon as the limit is over, with the limit's
 * error, or the attempt is aborted, with its reason. The signal that the work was given aborts with
 * the same, before the caller is told, and never otherwise. No timer and no listener is left once the
 * caller has been told.
 */
export class TimeLimit implements Guard {
  readonly parts: TimeLimitParts;
  readonly deadlines: Deadlines;

  constructor(parts: TimeLimitParts) {
    this.parts = parts;
    const { limitMs, clock, isOneOfAKind } = parts;
    this.deadlines = (isOneOfAKind === true ? timerEach : deadlinesOf)(clock, limitMs);
  }

  begin<Value>(
    inside: Inside,
    work: Work<Value>,
    attempt: LazyAttempt,
    caller: Caller<Value>,
  ): void {
    const call = this.limit(attempt, caller);
    if (call !== undefined) inside.begin(work, call.attempt, call);
  }

  /** Begins the limit of a call; or tells the caller that it was aborted before. */
  limit<Value>(outer: LazyAttempt, caller: Caller<Value>): LimitedCall<Value> | undefined {
    if (outer.isAborted) {
      caller.failed(outer.source?.reason);
      return undefined;
    }
    const call = this.call(outer, caller);
    this.deadlines.add(call);
    return call;
  }

  protected call<Value>(outer: LazyAttempt, caller: Caller<Value>): LimitedCall<Value> {
    return new LimitedCall(this, outer, caller);
  }
}

/** One call: the abort of what is inside, its deadline, and whoever waits for it. */
export class LimitedCall<Value> extends LimitAbort implements Caller<Value>, Deadline, Limited {
  readonly #limit: TimeLimit;
  readonly #outer: LazyAttempt;
  /** Until it is told. What keeps our signal, as `fetch` does until the end of a body, keeps no answer. */
  #caller: Caller<Value> | undefined;
  readonly #context: Context = contextHere();
  readonly #stop: AbortListener | undefined;
  /** For the end of the limit. */
  #isWaiting = true;
  /** The limit's error, once it is over. */
  #expiredAs: unknown;
  endsAtMs = Infinity;
  before: Limited | undefined;
  after: Limited | undefined;

  constructor(limit: TimeLimit, outer: LazyAttempt, caller: Caller<Value>) {
    super();
    this.#limit = limit;
    this.#outer = outer;
    this.#caller = caller;
    if (outer.source === undefined) return;
    const { source } = outer;
    this.#stop = (reason) => {
      if (source.isWaitedFor) this.abort(reason);
      else this.#stopWith(reason);
    };
    source.listen(this.#stop);
  }

  /** The attempt as it is inside the limit. */
  get attempt(): LazyAttempt {
    return this.#outer.within(this, this);
  }

  override get isWaitedFor(): boolean {
    // Once the caller has been told nobody waits any more.
    return (
      this.#caller !== undefined &&
      (this.#isCooperative || this.#outer.source?.isWaitedFor === true)
    );
  }

  succeeded(value: Value): void {
    const caller = this.#end();
    if (caller === undefined) this.#settledLate();
    else caller.succeeded(value);
  }

  failed(error: unknown): void {
    const caller = this.#end();
    if (caller !== undefined) caller.failed(this.isAborted ? withCause(this.reason, error) : error);
    // What its own abort ended was not late.
    else if (error !== this.#expiredAs) this.#settledLate();
  }

  /** The sooner of the outer deadline and this one. */
  remainingMs(): number {
    const ownMs = Math.max(0, this.endsAtMs - this.#limit.parts.clock.elapsed());
    return Math.min(ownMs, this.#outer.deadline.remainingMs());
  }

  expire(): void {
    this.#isWaiting = false;
    // The timer is another call's, perhaps: what follows belongs to this one.
    this.#context.runInAsyncScope(() => {
      const reason = (this.#expiredAs = this.#limit.parts.expired());
      // Whoever heard of it may have cancelled the call.
      if (this.#caller === undefined) return;
      if (this.#isCooperative) this.abort(reason);
      else this.#stopWith(reason);
    });
  }

  get #isCooperative(): boolean {
    return this.#limit.parts.isWaitedFor === true;
  }

  /** Ends the call, and answers who is to be told of it; `undefined` when it was over. */
  #end(): Caller<Value> | undefined {
    const caller = this.#caller;
    if (caller === undefined) return undefined;
    this.#caller = undefined;
    if (this.#isWaiting) this.#limit.deadlines.remove(this);
    if (this.#stop !== undefined) this.#outer.source?.ignore(this.#stop);
    return caller;
  }

  /** What is inside learns it first: whoever is told next may begin anew. */
  #stopWith(reason: unknown): void {
    const caller = this.#end();
    if (caller === undefined) return;
    this.abort(reason);
    caller.failed(reason);
  }

  #settledLate(): void {
    const { clock, outlived } = this.#limit.parts;
    if (this.#expiredAs !== undefined) outlived?.(clock.elapsed() - this.endsAtMs);
  }
}

/** The limit's error, with what the work said when it was asked to end, where that says more. */
function withCause(reason: unknown, error: unknown): unknown {
  if (error !== reason && reason instanceof Error) {
    Object.defineProperty(reason, "cause", { value: error, configurable: true, writable: true });
  }
  return reason;
}
