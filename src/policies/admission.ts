/**
 * Lets in as many calls at once as there are slots, and has the others wait: what `bulkhead` and
 * `adaptiveLimit` share. Who is next is decided in `permits.ts`, how long a slot is held in `slot.ts`.
 */

import type { Clock } from "../core/clock.ts";
import { BulkheadFullError } from "../core/errors.ts";
import type { BulkheadRefusal, Emit } from "../core/events.ts";
import { withoutStack } from "../core/without-stack.ts";
import type { AbortSource } from "./abort-source.ts";
import { attemptOf } from "./lazy-attempt.ts";
import { Permits, Place } from "./permits.ts";
import type { RunOptions, Work } from "./policy.ts";
import { Slot, type SlotOwner } from "./slot.ts";

/** What an admission goes by; times are in milliseconds. */
export interface AdmissionRules {
  readonly name: string;
  readonly limit: number;
  /** How many may wait. */
  readonly queue: number;
  /** How long one may wait. */
  readonly queueTimeout: number;
  readonly clock: Clock;
  readonly tell: Emit;
}

/** A call that waits for its slot. */
interface Waiter {
  /** When it has waited too long, by a clock that only grows. */
  readonly untilMs: number;
  /** Ends the wait: with a permit that was taken for it, or with why there is none. */
  readonly answer: (refusal?: BulkheadRefusal) => void;
}

/** The slots of one policy, shared by all calls through it. */
export class Admission implements SlotOwner {
  readonly #rules: AdmissionRules;
  readonly #permits: Permits<Waiter>;
  /** One timer for all that wait: all wait for the same length of time. */
  #cancelTimer: (() => void) | undefined;
  #abandoned = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(rules: AdmissionRules) {
    this.#rules = rules;
    this.#permits = new Permits(rules.limit, rules.queue);
  }

  get limit(): number {
    return this.#permits.limit;
  }

  get running(): number {
    return this.#permits.taken;
  }

  get queued(): number {
    return this.#permits.waiting;
  }

  get abandonedCount(): number {
    return this.#abandoned;
  }

  /** Runs `work` in a slot, at once or when its turn has come. */
  async run<Value>(
    work: Work<Value>,
    given: RunOptions | undefined,
    priority: number,
  ): Promise<Value> {
    const attempt = attemptOf(given);
    attempt.throwIfAborted();
    if (!this.#permits.tryTake()) {
      const refusal = await this.#wait(attempt.source, priority);
      // Told from here and not where it was decided, for this is where its caller is.
      if (refusal !== undefined) throw this.#refused(refusal);
    }
    const slot = new Slot(this);
    try {
      return await attempt.watched(slot).start(work);
    } finally {
      slot.callEnded();
    }
  }

  resize(limit: number): void {
    this.#permits.resize(limit);
    this.#moveOn();
  }

  /** Resolves when nothing runs and nothing waits. */
  async drained(): Promise<void> {
    if (this.#isIdle()) return;
    await (this.#drained ??= Promise.withResolvers()).promise;
  }

  abandoned(slot: Slot): void {
    const { name: policy, clock, tell } = this.#rules;
    slot.abandonedAtMs = clock.elapsed();
    this.#abandoned++;
    tell({ type: "bulkhead.abandoned", policy, abandoned: this.#abandoned, limit: this.limit });
  }

  freed({ abandonedAtMs }: Slot): void {
    this.#permits.giveBack();
    if (abandonedAtMs !== undefined) {
      const { name: policy, clock, tell } = this.#rules;
      const durationMs = clock.elapsed() - abandonedAtMs;
      this.#abandoned--;
      tell({ type: "bulkhead.reclaimed", policy, abandoned: this.#abandoned, durationMs });
    }
    this.#moveOn();
  }

  /** Waits in the queue. Resolves with a permit taken, or with a refusal; rejects when aborted. */
  #wait(source: AbortSource | undefined, priority: number): Promise<BulkheadRefusal | undefined> {
    const { clock, queueTimeout } = this.#rules;
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => {
        source?.ignore(leave);
        this.#permits.leave(place);
        reject(reason);
        this.#moveOn();
      };
      const answer = (refusal?: BulkheadRefusal): void => {
        source?.ignore(leave);
        resolve(refusal);
      };
      const place = new Place<Waiter>(
        { untilMs: clock.elapsed() + queueTimeout, answer },
        priority,
      );
      source?.listen(leave);
      const refused = this.#permits.enter(place);
      refused?.holder.answer(refused === place ? "queue is full" : "displaced");
      this.#watchQueue();
    });
  }

  #refused(reason: BulkheadRefusal): BulkheadFullError {
    const { name: policy, queueTimeout, tell } = this.#rules;
    const { limit, running, queued } = this;
    tell({ type: "bulkhead.rejected", policy, reason, limit, queued });
    const problem = {
      "queue is full": `is full: ${running} run and ${queued} wait`,
      displaced: "is full: a call of higher priority took the last place in its queue",
      "waited too long": `had no free slot within ${queueTimeout} ms`,
    }[reason];
    return withoutStack(() => new BulkheadFullError(policy, problem));
  }

  /** Hands the free permits on, and sees who may go home. */
  #moveOn(): void {
    for (let next = this.#permits.next(); next !== undefined; next = this.#permits.next()) {
      next.holder.answer();
    }
    this.#watchQueue();
    if (!this.#isIdle()) return;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #isIdle(): boolean {
    return this.#permits.taken === 0 && this.#permits.waiting === 0;
  }

  /** Keeps a timer while somebody waits, for whoever had waited longest when it was set. */
  #watchQueue(): void {
    const { clock, queueTimeout } = this.#rules;
    if (this.#permits.waiting === 0) {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
    } else if (this.#cancelTimer === undefined && queueTimeout < Infinity) {
      const untilMs = this.#permits
        .line()
        .reduce((soonest, { holder }) => Math.min(soonest, holder.untilMs), Infinity);
      this.#cancelTimer = clock.after(untilMs - clock.elapsed(), () => this.#refuseLate());
    }
  }

  #refuseLate(): void {
    const nowMs = this.#rules.clock.elapsed();
    this.#cancelTimer = undefined;
    for (const place of this.#permits.line()) {
      if (place.holder.untilMs > nowMs) continue;
      this.#permits.leave(place);
      place.holder.answer("waited too long");
    }
    this.#moveOn();
  }
}
