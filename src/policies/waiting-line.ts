/** Calls that wait for their turn: the oldest or the newest first, and whoever cancels leaves at once. */

import { contextHere, type Context } from "../core/context.ts";
import type { AbortSource } from "./abort-source.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import { settleWith } from "./work-call.ts";

/** One call in the line. */
export interface Waiter<Ticket> {
  readonly ticket: Ticket;
  /** The context of the call: what concerns it is told there. */
  readonly context: Context;
  /** Leaves the line and starts the work at once, in the context of the call that waited. */
  begin(): void;
  /** Leaves the line with an error. */
  refuse(error: unknown): void;
}

/**
 * A linked list, so that whoever leaves from the middle costs no more than the first: a thousand
 * calls may be cancelled together.
 */
export class WaitingLine<Ticket> {
  readonly #cancelled: () => void;
  readonly #isNewestFirst: boolean;
  #first: Place<Ticket> | undefined;
  #last: Place<Ticket> | undefined;
  #size = 0;

  /** @param cancelled Called after a caller that cancelled has left. */
  constructor(cancelled: () => void, isNewestFirst = false) {
    this.#cancelled = cancelled;
    this.#isNewestFirst = isNewestFirst;
  }

  /** Whose turn it is next. */
  get first(): Waiter<Ticket> | undefined {
    return this.#first;
  }

  /** Who waits longest. */
  get oldest(): Waiter<Ticket> | undefined {
    return this.#isNewestFirst ? this.#last : this.#first;
  }

  get size(): number {
    return this.#size;
  }

  /** Everybody who is in the line now, in the order in which they go. */
  all(): readonly Waiter<Ticket>[] {
    const all: Waiter<Ticket>[] = [];
    for (let place = this.#first; place !== undefined; place = place.behind) all.push(place);
    return all;
  }

  /** Waits at its place in the line. Settles as `start` does, or with the error of a refusal or the abort's reason. */
  join<Value>(
    { source }: LazyAttempt,
    ticket: Ticket,
    start: () => Value | PromiseLike<Value>,
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      // The work is started there and not when the promise is heard: a call that is cancelled in
      // between would have taken its turn for nothing.
      const settle = (): void => settleWith(start, { succeeded: resolve, failed: reject });
      const place = new Place(this, ticket, { settle, reject });
      if (source !== undefined) place.leaveWith(source);
      this.#add(place);
    });
  }

  /** Somebody leaves. @internal */
  remove({ before, behind }: Place<Ticket>): void {
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    this.#size--;
  }

  /** Somebody who cancelled has left. @internal */
  cancelled(): void {
    this.#cancelled();
  }

  #add(place: Place<Ticket>): void {
    const before = this.#isNewestFirst ? undefined : this.#last;
    const behind = this.#isNewestFirst ? this.#first : undefined;
    place.before = before;
    place.behind = behind;
    if (before === undefined) this.#first = place;
    else before.behind = place;
    if (behind === undefined) this.#last = place;
    else behind.before = place;
    this.#size++;
  }
}

/** How a call that waited goes on. */
interface Continuation {
  readonly settle: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Methods and not functions of its own: many may wait. */
class Place<Ticket> implements Waiter<Ticket> {
  readonly ticket: Ticket;
  readonly context: Context = contextHere();
  readonly #line: WaitingLine<Ticket>;
  readonly #then: Continuation;
  #stopListening: (() => void) | undefined;
  before: Place<Ticket> | undefined;
  behind: Place<Ticket> | undefined;

  constructor(line: WaitingLine<Ticket>, ticket: Ticket, then: Continuation) {
    this.#line = line;
    this.ticket = ticket;
    this.#then = then;
  }

  /** Leaves the line as soon as this aborts. */
  leaveWith(source: AbortSource): void {
    const cancel = (reason: unknown): void => {
      this.refuse(reason);
      this.#line.cancelled();
    };
    source.listen(cancel);
    this.#stopListening = () => source.ignore(cancel);
  }

  begin(): void {
    this.#leave();
    this.context.runInAsyncScope(this.#then.settle);
  }

  refuse(error: unknown): void {
    this.#leave();
    this.#then.reject(error);
  }

  #leave(): void {
    this.#stopListening?.();
    this.#line.remove(this);
  }
}
