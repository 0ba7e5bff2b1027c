/**
 * Lets in as many calls at once as there are slots, and has the others wait: what `bulkhead` and
 * `adaptiveLimit` share. Who is next is decided in `permits.ts`, how long a slot is held in `slot.ts`.
 */

import type { Clock } from "../core/clock.ts";
import { deadlinesOf, type Deadlines, type Limited } from "../core/deadline-queue.ts";
import { BulkheadFullError } from "../core/errors.ts";
import type { BulkheadRefusal, Emit } from "../core/events.ts";
import { withoutStack } from "../core/without-stack.ts";
import type { AbortSource } from "./abort-source.ts";
import { attemptOf } from "./lazy-attempt.ts";
import { priorityOf } from "./level.ts";
import type { Load } from "./load-shedding.ts";
import { Permits, Place } from "./permits.ts";
import type { RunOptions, Work } from "./policy.ts";
import type { SharedPriorities } from "./prioritizer.ts";
import type { Queueing } from "./queue-order.ts";
import { Slot, type SlotOwner } from "./slot.ts";

/** What an admission goes by; times are in milliseconds. */
export interface AdmissionRules {
  readonly name: string;
  readonly limit: number;
  /** How many may wait. */
  readonly queue: number;
  readonly queueing: Queueing;
  /** How long one may wait. */
  readonly queueTimeout: number;
  /** Says who may wait while too many do, here or elsewhere. */
  readonly prioritizer: SharedPriorities | undefined;
  readonly clock: Clock;
  readonly tell: Emit;
}

/** How much a call matters: its level or priority, and whose it is, where that is known. */
export interface Standing {
  readonly level: number;
  readonly user: string | undefined;
}

/** A call that waits for its slot, under the limit that all have who wait. */
interface Waiter extends Limited {
  /** Ends the wait: with a permit that was taken for it, or with why there is none. */
  answer(refusal?: BulkheadRefusal): void;
}

const NOT_LIMITED = { endsAtMs: Infinity, before: undefined, after: undefined };

/** The slots of one policy, shared by all calls through it. */
export class Admission implements SlotOwner, Load {
  readonly #rules: AdmissionRules;
  readonly #permits: Permits<Waiter>;
  readonly #deadlines: Deadlines;
  #abandoned = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(rules: AdmissionRules) {
    this.#rules = rules;
    this.#permits = new Permits(rules.limit, rules.queue, rules.queueing);
    this.#deadlines = deadlinesOf(rules.clock, rules.queueTimeout);
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

  get maxQueued(): number {
    return this.#rules.queue;
  }

  get abandonedCount(): number {
    return this.#abandoned;
  }

  /** Runs `work` in a slot, at once or when its turn has come. */
  async run<Value>(
    work: Work<Value>,
    given: RunOptions | undefined,
    standing: Standing,
  ): Promise<Value> {
    const attempt = attemptOf(given);
    attempt.throwIfAborted();
    if (!this.#permits.tryTake()) {
      const refusal = this.#mayWait(standing)
        ? await this.#wait(attempt.source, priorityOf(standing.level))
        : "level too low";
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
    const { name: policy, clock, tell } = this.#rules;
    this.#permits.giveBack();
    if (abandonedAtMs === undefined) return this.#moveOn();
    const durationMs = clock.elapsed() - abandonedAtMs;
    this.#abandoned--;
    // First those that wait: a listener that calls would be before them all.
    this.#moveOn();
    tell({ type: "bulkhead.reclaimed", policy, abandoned: this.#abandoned, durationMs });
  }

  #mayWait({ level, user }: Standing): boolean {
    return this.#rules.prioritizer?.admits(this, level, user) !== false;
  }

  /** Waits in the queue. Resolves with a permit taken, or with a refusal; rejects when aborted. */
  #wait(source: AbortSource | undefined, priority: number): Promise<BulkheadRefusal | undefined> {
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => {
        reject(reason);
        this.#deadlines.remove(waiter);
        this.#leave(place);
      };
      const waiter: Waiter = {
        ...NOT_LIMITED,
        expire: () => {
          source?.ignore(leave);
          resolve("waited too long");
          this.#leave(place);
        },
        answer: (refusal) => {
          source?.ignore(leave);
          this.#deadlines.remove(waiter);
          resolve(refusal);
        },
      };
      const place = new Place(waiter, priority);
      const refused = this.#permits.enter(place);
      if (refused === place) return resolve("queue is full");
      refused?.holder.answer("displaced");
      source?.listen(leave);
      return this.#deadlines.add(waiter);
    });
  }

  #leave(place: Place<Waiter>): void {
    this.#permits.leave(place);
    this.#moveOn();
  }

  #refused(reason: BulkheadRefusal): BulkheadFullError {
    const { name: policy, queueTimeout, queueing, tell } = this.#rules;
    const { limit, running, queued } = this;
    tell({ type: "bulkhead.rejected", policy, reason, limit, queued });
    const problem = {
      "queue is full": `is full: ${running} run and ${queued} wait`,
      displaced: `is full: a ${queueing.refusesOldest ? "newer call" : "call of higher priority"} took its place in the queue`,
      "level too low": "is full: only calls of a higher level may wait while so many do",
      "waited too long": `had no free slot within ${queueTimeout} ms`,
    }[reason];
    return withoutStack(() => new BulkheadFullError(policy, problem));
  }

  /** Hands the free permits on, and tells whoever waits for the end when this is it. */
  #moveOn(): void {
    for (let next = this.#permits.next(); next !== undefined; next = this.#permits.next()) {
      next.holder.answer();
    }
    if (!this.#isIdle()) return;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #isIdle(): boolean {
    return this.#permits.taken === 0 && this.#permits.waiting === 0;
  }
}
