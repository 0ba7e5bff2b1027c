/** One work under way that several callers wait for. */

import { asyncLocal } from "../core/context.ts";
import { LimitAbort, type AbortListener, type AbortSource } from "./abort-source.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import type { Deadline } from "./policy.ts";
import { settleWith } from "./work-call.ts";

/** One caller that waits. */
interface Seat<Value> {
  readonly deadline: Deadline;
  readonly source: AbortSource | undefined;
  readonly leave: AbortListener;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** The shared calls whose work the code that runs now belongs to. */
const surrounding = asyncLocal<ReadonlySet<unknown>>();

/** Ends the work. Whoever is waited for waits for it until it has ended. */
class FlightAbort extends LimitAbort {
  readonly #seats: ReadonlySet<Pick<Seat<never>, "source">>;

  constructor(seats: ReadonlySet<Pick<Seat<never>, "source">>) {
    super();
    this.#seats = seats;
  }

  override get isWaitedFor(): boolean {
    return this.#seats.values().some(({ source }) => source?.isWaitedFor === true);
  }
}

/**
 * A shared call. Each caller may leave it: by its own abort, or when its own limit is over. The work
 * is aborted when the last one has left, with the reason that the last one had, and never otherwise.
 * As long as it lasts, the work has the time of the caller that has most.
 */
export class Flight<Value> {
  /** When it was begun, by the clock of whoever keeps it. */
  readonly begunAtMs: number;
  readonly #seats = new Set<Seat<Value>>();
  readonly #abort = new FlightAbort(this.#seats);
  readonly #ended: () => void;
  readonly #deadline: Deadline = Object.freeze({ remainingMs: () => this.#remainingMs() });

  /** @param ended Called before the callers are answered: from then on there is nothing to join. */
  constructor(begunAtMs: number, ended: () => void) {
    this.begunAtMs = begunAtMs;
    this.#ended = ended;
  }

  /** Whether whoever asks is part of the work, and would wait for itself. */
  get isAround(): boolean {
    return surrounding.find()?.has(this) === true;
  }

  /**
   * Settles as the work does, or rejects with the reason as soon as the caller is aborted. A caller
   * that was only asked to end waits for the work if nobody else does.
   */
  join({ source, deadline }: LazyAttempt): Promise<Value> {
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => this.#leave(seat, reason);
      const seat: Seat<Value> = { source, deadline, leave, resolve, reject };
      this.#seats.add(seat);
      source?.listen(leave);
    });
  }

  /** Starts the work. `first` is whose call it is; what ends that call does not end the work. */
  begin(first: LazyAttempt, work: (shared: LazyAttempt) => Value | PromiseLike<Value>): void {
    const { watch } = first;
    const around = new Set(surrounding.find()).add(this);
    watch?.began();
    settleWith(
      () => surrounding.run(around, () => work(first.within(this.#abort, this.#deadline))),
      {
        succeeded: (value) => {
          watch?.ended();
          this.#settle(({ resolve }) => resolve(value));
        },
        failed: (error) => {
          watch?.ended();
          this.#settle(({ reject }) => reject(error));
        },
      },
    );
  }

  /** What the caller who waits longest has left; `Infinity` while nobody waits. */
  #remainingMs(): number {
    if (this.#seats.size === 0) return Infinity;
    let mostMs = 0;
    for (const { deadline } of this.#seats) mostMs = Math.max(mostMs, deadline.remainingMs());
    return mostMs;
  }

  #leave(seat: Seat<Value>, reason: unknown): void {
    seat.source?.ignore(seat.leave);
    const isLast = this.#seats.size === 1;
    if (!isLast || seat.source?.isWaitedFor !== true) {
      this.#seats.delete(seat);
      seat.reject(reason);
    }
    if (!isLast) return;
    this.#ended();
    this.#abort.abort(reason);
  }

  #settle(answer: (seat: Seat<Value>) => void): void {
    this.#ended();
    for (const seat of this.#seats) {
      seat.source?.ignore(seat.leave);
      answer(seat);
    }
    this.#seats.clear();
  }
}
