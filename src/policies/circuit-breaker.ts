/** A circuit as a policy: the calls through it, and what it does before it lets calls probe. */

import { TimeoutError } from "../core/errors.ts";
import type { Breaker, BreakerAnswer } from "./breaker.ts";
import { optionsOf, type BreakerCheck, type BreakerRules } from "./breaker-options.ts";
import type { Ticket } from "./circuit.ts";
import { GUARDS, nested, runInside, type Guard, type Guarded } from "./guard.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import { LiveCircuit, Refused } from "./live-circuit.ts";
import type { RunOptions, Work } from "./policy.ts";
import { TimeLimit } from "./time-limit.ts";
import { WORK, type Caller, type Inside } from "./work-call.ts";
import { place, PLACES, type Placed, type Said } from "./order.ts";

/** What breakers say of themselves: made when one is first asked, for there may be 100,000 of them. */
const said = new WeakMap<CircuitBreaker, readonly Said[]>();

/** What `breaker` and `breakers` make. */
export class CircuitBreaker extends LiveCircuit implements Breaker, Guard, Guarded, Placed {
  constructor(key: string, rules: BreakerRules) {
    super(key, rules);
    Object.freeze(this);
  }

  get [GUARDS](): readonly Guard[] {
    return [this];
  }

  get [PLACES](): readonly Said[] {
    const known = said.get(this);
    if (known !== undefined) return known;
    const { [PLACES]: places } = place("breaker", () => ({
      name: this.name,
      ...optionsOf(this.rules),
    }));
    said.set(this, places);
    return places;
  }

  run<Value>(work: Work<Value>, given?: RunOptions): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.begin(WORK, work, attemptOf(given), { succeeded: resolve, failed: reject });
    });
  }

  async tryRun<Value>(work: Work<Value>, given?: RunOptions): Promise<BreakerAnswer<Value>> {
    const attempt = attemptOf(given);
    attempt.throwIfAborted();
    const ticket = this.rules.isChecked ? await this.#admitChecked(attempt) : this.tryAdmit();
    if (ticket instanceof Refused) return ticket;
    const value = await new Promise<Value>((resolve, reject) => {
      const call = new GuardedCall(this, ticket, attempt, { succeeded: resolve, failed: reject });
      WORK.begin(work, attempt, call);
    });
    return { isAdmitted: true, value };
  }

  begin<Value>(
    inside: Inside,
    work: Work<Value>,
    attempt: LazyAttempt,
    caller: Caller<Value>,
  ): void {
    if (attempt.isAborted) caller.failed(attempt.source?.reason);
    else if (this.rules.isChecked) this.#beginChecked(inside, work, attempt, caller);
    else {
      const ticket = this.tryAdmit();
      if (ticket instanceof Refused) caller.failed(this.refusal(ticket));
      else inside.begin(work, attempt, new GuardedCall(this, ticket, attempt, caller));
    }
  }

  #beginChecked<Value>(
    inside: Inside,
    work: Work<Value>,
    attempt: LazyAttempt,
    caller: Caller<Value>,
  ): void {
    this.#admitChecked(attempt).then(
      (ticket) => {
        if (ticket instanceof Refused) caller.failed(this.refusal(ticket));
        else inside.begin(work, attempt, new GuardedCall(this, ticket, attempt, caller));
      },
      (error: unknown) => caller.failed(error),
    );
  }

  admit(): Ticket {
    const ticket = this.tryAdmit();
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
    const { probeTimeout, clock, classify } = this.rules;
    const expired = (): Error => new TimeoutError(`The check of "${this.name}"`, probeTimeout);
    const limited = nested([new TimeLimit({ limitMs: probeTimeout, clock, expired })]);
    try {
      await runInside(limited, (inner) => check(inner, this.key), attempt);
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

/** One call that was admitted. */
class GuardedCall<Value> implements Caller<Value> {
  readonly #circuit: LiveCircuit;
  readonly #ticket: Ticket;
  readonly #attempt: LazyAttempt;
  readonly #caller: Caller<Value>;

  constructor(circuit: LiveCircuit, ticket: Ticket, attempt: LazyAttempt, caller: Caller<Value>) {
    this.#circuit = circuit;
    this.#ticket = ticket;
    this.#attempt = attempt;
    this.#caller = caller;
  }

  succeeded(value: Value): void {
    this.#circuit.succeeded(this.#ticket, value);
    this.#caller.succeeded(value);
  }

  failed(error: unknown): void {
    if (this.#attempt.isAborted) this.#circuit.ignored(this.#ticket);
    else this.#circuit.failed(this.#ticket, error);
    this.#caller.failed(error);
  }
}
