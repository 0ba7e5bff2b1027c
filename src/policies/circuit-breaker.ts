/** A circuit as a policy: its promises, and what it does before it lets calls probe. */

import { TimeoutError } from "../core/errors.ts";
import type { Breaker, BreakerAnswer } from "./breaker.ts";
import type { BreakerCheck, BreakerRules } from "./breaker-options.ts";
import type { Ticket } from "./circuit.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import { LiveCircuit, Refused } from "./live-circuit.ts";
import type { RunOptions, Work } from "./policy.ts";
import { runWithin } from "./time-limit.ts";

/** What `breaker` and `breakers` make. */
export class CircuitBreaker extends LiveCircuit implements Breaker {
  constructor(key: string, rules: BreakerRules) {
    super(key, rules);
    Object.freeze(this);
  }

  run<Value>(work: Work<Value>, given?: RunOptions): Promise<Value> {
    try {
      const attempt = attemptOf(given);
      attempt.throwIfAborted();
      if (this.rules.isChecked) return this.#runChecked(work, attempt);
      return this.#guard(this.admit(), work, attempt);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async tryRun<Value>(work: Work<Value>, given?: RunOptions): Promise<BreakerAnswer<Value>> {
    const attempt = attemptOf(given);
    attempt.throwIfAborted();
    const ticket = this.rules.isChecked ? await this.#admitChecked(attempt) : this.tryAdmit();
    if (ticket instanceof Refused) return ticket;
    return { isAdmitted: true, value: await this.#guard(ticket, work, attempt) };
  }

  admit(): Ticket {
    return this.#orThrow(this.tryAdmit());
  }

  async #guard<Value>(ticket: Ticket, work: Work<Value>, attempt: LazyAttempt): Promise<Value> {
    try {
      const value = await attempt.start(work);
      this.succeeded(ticket, value);
      return value;
    } catch (error) {
      if (attempt.isAborted) this.ignored(ticket);
      else this.failed(ticket, error);
      throw error;
    }
  }

  async #runChecked<Value>(work: Work<Value>, attempt: LazyAttempt): Promise<Value> {
    const ticket = this.#orThrow(await this.#admitChecked(attempt));
    return this.#guard(ticket, work, attempt);
  }

  #orThrow(ticket: Ticket | Refused): Ticket {
    if (ticket instanceof Refused) throw this.refusal(ticket);
    return ticket;
  }

  /** Admits a call once all is done that comes before it. Each turn of the loop is one check. */
  async #admitChecked(attempt: LazyAttempt): Promise<Ticket | Refused> {
    const { probe, beforeProbe } = this.rules;
    for (;;) {
      const ticket = this.tryAdmit();
      const { circuit } = this;
      if (ticket instanceof Refused || circuit.state !== "half-open") return ticket;
      const check = circuit.isHealed ? probe : beforeProbe;
      if (check === undefined) return ticket;
      const isWell = await this.#check(ticket, check, attempt);
      if (isWell && circuit.isHealed) this.count(ticket);
      else if (isWell) this.healed(ticket);
    }
  }

  /** Runs a check; one that fails is a probe that failed. Rejects when the caller went away. */
  async #check(ticket: Ticket, check: BreakerCheck, attempt: LazyAttempt): Promise<boolean> {
    const { probeTimeout: limitMs, clock, classify } = this.rules;
    const expired = (): Error => new TimeoutError(`The check of "${this.name}"`, limitMs);
    try {
      await runWithin({ limitMs, clock, expired }, attempt, (limited) => check(limited, this.key));
      return true;
    } catch (error) {
      if (attempt.isAborted) {
        this.ignored(ticket);
        throw error;
      }
      this.count(ticket, { fault: classify(error), error });
      return false;
    }
  }
}
