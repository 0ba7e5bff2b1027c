/**
 * One circuit at its work: who begins, what each call's end comes to, and what is told of it. The
 * rules are in `circuit.ts`; the promises around it are in `circuit-breaker.ts`.
 *
 * There may be 100,000 of them, one for each key. So what they share is in one object, methods stand
 * on the prototype, and what only a circuit that failed needs is made when it fails.
 */

import { CircuitOpenError, RejectedError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import { oneOf, required } from "../core/options.ts";
import { withoutStack } from "../core/without-stack.ts";
import type { BreakerStatus } from "./breaker.ts";
import { CountedControl, type Isolation } from "./breaker-control.ts";
import type { BreakerRules, CircuitFailure } from "./breaker-options.ts";
import {
  circuitOf,
  readSnapshot,
  snapshotOf,
  windowOf,
  type BreakerSnapshot,
} from "./breaker-snapshot.ts";
import { emptyWindow } from "./breaker-window.ts";
import * as rule from "./circuit.ts";
import type { Circuit, Hold, Ticket } from "./circuit.ts";
import type { Outcome, OutcomeWindow } from "./outcome-window.ts";

/** A call that was not admitted, as an answer. */
export class Refused {
  readonly isAdmitted = false;
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    this.retryAfterMs = retryAfterMs;
  }
}

const SLOW_CALL: Fault = Object.freeze({ class: "degraded", code: "SLOW_CALL", effect: "unknown" });

const readHold = required(
  oneOf<Hold, undefined>(["open", "closed", "off"], { default: undefined }),
  '"open", "closed", "off"',
);

/** A circuit with its clock and its voice. */
export class LiveCircuit {
  readonly #key: string;
  #rules: BreakerRules;
  #circuit: Circuit = rule.CLOSED;
  /** Made with the first outcome. */
  #window: OutcomeWindow | undefined;
  /** The failure that opened it last. */
  #lastFailure: unknown;
  // Numbers that V8 keeps in place: an object for them would take more, even where it is rare.
  #succeeded = 0;
  #failed = 0;
  #ignored = 0;
  #late = 0;
  #rejected = 0;

  constructor(key: string, rules: BreakerRules) {
    this.#key = key;
    this.#rules = rules;
  }

  get key(): string {
    return this.#key;
  }

  get name(): string {
    const { family } = this.#rules;
    return family === undefined ? this.#key : `${family}/${this.#key}`;
  }

  get rules(): BreakerRules {
    return this.#rules;
  }

  get circuit(): Circuit {
    return this.#circuit;
  }

  get state(): Circuit["state"] {
    return this.isIsolated ? "open" : this.#circuit.state;
  }

  get isIsolated(): boolean {
    const { own, control } = this.#rules;
    return own !== undefined || control?.isIsolated === true;
  }

  get admits(): boolean {
    return !this.isIsolated && rule.admits(this.#circuit, this.#nowMs(), this.#rules);
  }

  get retryAfterMs(): number {
    return this.isIsolated ? Infinity : rule.pauseLeftMs(this.#circuit, this.#nowMs());
  }

  /** Whether nothing is lost when it is forgotten. */
  get isBlank(): boolean {
    const circuit = this.#circuit;
    if (circuit.state !== "closed" || circuit.held !== undefined) return false;
    if (this.#rules.own !== undefined) return false;
    const { failures = 0, slow = 0 } = this.#window?.counts(this.#nowMs()) ?? {};
    return circuit.failures + failures + slow === 0;
  }

  /** Lets a call begin, or answers that it may not. */
  tryAdmit(): Ticket | Refused {
    const circuit = this.#circuit;
    const rules = this.#rules;
    // A closed circuit does not go by time, and reading it would cost as much as all the rest.
    if (circuit.state === "closed" && rules.isDirect) return circuit.generation;
    if (this.isIsolated) return this.#refuse(Infinity);
    if (circuit.state === "closed" && rules.slowMs === Infinity) return circuit.generation;
    const startMs = rules.clock.elapsed();
    if (circuit.state === "closed") return rule.timed(circuit, startMs);
    const nowMs = this.#nowMs();
    if (!rule.admits(circuit, nowMs, rules)) {
      return this.#refuse(rule.pauseLeftMs(circuit, nowMs));
    }
    const { next, probe } = rule.probing(circuit, startMs, rules);
    this.#set(next);
    if (circuit.state === "open") rules.tell({ type: "breaker.half_opened", policy: this.name });
    return probe;
  }

  /** Makes the error of a refusal. */
  refusal({ retryAfterMs }: Refused): CircuitOpenError {
    // What a human does has no failure for a cause.
    const cause = retryAfterMs === Infinity ? undefined : this.#lastFailure;
    return withoutStack(() => new CircuitOpenError(this.name, retryAfterMs, cause));
  }

  succeeded(ticket: Ticket, value?: unknown): void {
    const circuit = this.#circuit;
    const isCalm = circuit.state === "closed" && circuit.failures === 0;
    if (isCalm && ticket === circuit.generation && !this.#rules.looksAtSuccesses) {
      this.#succeeded++;
      return;
    }
    const fault = this.#rules.findFault?.(value);
    if (fault === undefined) this.count(ticket);
    else this.#judge(ticket, { fault });
  }

  failed(ticket: Ticket, error: unknown): void {
    if (error instanceof RejectedError) this.ignored(ticket);
    else this.#judge(ticket, { fault: this.#rules.classify(error), error });
  }

  ignored(ticket: Ticket): void {
    this.#ignored++;
    this.#circuit = rule.ignored(this.#circuit, ticket);
  }

  /** Notes that what comes before the first probe is done. */
  healed(ticket: Ticket): void {
    const circuit = this.#circuit;
    if (rule.isProbe(circuit, ticket, this.#nowMs())) this.#set(rule.healed(circuit, ticket));
  }

  /** Counts the end of a call: a success where there is no failure. */
  count(ticket: Ticket, failure?: CircuitFailure): void {
    const isFailure = failure !== undefined;
    if (isFailure) this.#failed++;
    else this.#succeeded++;
    const circuit = this.#circuit;
    const nowMs = this.#nowMs();
    if (!rule.isCurrent(circuit, ticket, nowMs)) {
      this.#late++;
      return;
    }
    const isSlow = typeof ticket !== "number" && nowMs - ticket.startMs > this.#rules.slowMs;
    const outcome = { isFailure, isSlow };
    const next = rule.ended(circuit, ticket, outcome);
    this.#record(outcome, nowMs);
    if ((isFailure || isSlow) && this.#breaks(next, nowMs)) {
      this.#open(failure ?? { fault: SLOW_CALL });
    } else if (next.state === "half-open" && next.successes >= this.#rules.successes) {
      this.close();
    } else {
      this.#set(next);
    }
  }

  open(): void {
    this.#open({});
  }

  halfOpen(): void {
    this.#set(rule.halfOpened(this.#circuit, this.#rules));
    this.#rules.tell({ type: "breaker.half_opened", policy: this.name });
  }

  close(): void {
    const before = this.#circuit;
    this.#begin(rule.closed(before.generation + 1));
    if (before.state !== "closed" || before.held !== undefined) {
      this.#rules.tell({ type: "breaker.closed", policy: this.name });
    }
  }

  hold(as: Hold): void {
    const hold = readHold(as, "breaker.hold");
    this.#begin(rule.held(this.#circuit.generation + 1, hold));
    this.#rules.tell({ type: "breaker.held", policy: this.name, hold });
  }

  isolate(): Isolation {
    return (this.#rules.own ?? this.#ownControl()).isolate();
  }

  status(): BreakerStatus {
    const circuit = this.#circuit;
    const nowMs = this.#nowMs();
    return {
      name: this.name,
      state: this.state,
      held: this.isIsolated ? "open" : rule.holdOf(circuit),
      retryAfterMs: this.retryAfterMs,
      failures: circuit.state === "open" ? 0 : circuit.failures,
      openings: rule.openingsOf(circuit),
      window: this.#window?.counts(nowMs),
      totals: {
        succeeded: this.#succeeded,
        failed: this.#failed,
        ignored: this.#ignored,
        late: this.#late,
        rejected: this.#rejected,
      },
    };
  }

  snapshot(): BreakerSnapshot {
    return snapshotOf(this.#circuit, this.#window, this.#nowMs());
  }

  restore(snapshot: BreakerSnapshot): void {
    const rules = this.#rules;
    const settled = readSnapshot(snapshot, "breaker.restore");
    const [generation, nowMs] = [this.#circuit.generation + 1, rules.moments.elapsed()];
    const window = windowOf(settled, rules.window, rules.clock.elapsed());
    this.#begin(circuitOf(settled, { generation, nowMs, rules }), window);
  }

  /** While it is isolated alone it has rules of its own: a field would make each of 100,000 larger. */
  #ownControl(): CountedControl {
    const { name } = this;
    const shared = this.#rules;
    const own = new CountedControl(name, (type) => {
      this.#rules = type === "breaker.isolated" ? { ...shared, own, isDirect: false } : shared;
      shared.changed?.(this.#key);
      shared.tell({ type, policy: name });
    });
    return own;
  }

  #refuse(retryAfterMs: number): Refused {
    this.#rejected++;
    this.#rules.tell({ type: "breaker.rejected", policy: this.name, retryAfterMs });
    return new Refused(retryAfterMs);
  }

  /** Counts a failure, unless it tells nothing about the dependency. */
  #judge(ticket: Ticket, failure: CircuitFailure & { readonly fault: Fault }): void {
    const { fault } = failure;
    const { breaker: reaction } = this.#rules.reactions[fault.class];
    const isFailure =
      reaction === "counts" || (reaction === "unless refused" && fault.effect !== "none");
    if (isFailure) this.count(ticket, failure);
    else this.ignored(ticket);
  }

  #record(outcome: Outcome, nowMs: number): void {
    const circuit = this.#circuit;
    const { window } = this.#rules;
    if (window === undefined || circuit.state !== "closed" || circuit.held === "off") return;
    this.#window ??= emptyWindow(window, nowMs);
    this.#window.record(outcome, nowMs);
  }

  #breaks(next: rule.Closed | rule.HalfOpen, nowMs: number): boolean {
    const { warmUntilMs, moments } = this.#rules;
    // Most have no such time, and need not ask what time it is. A probe that fails is no warming up.
    const isWarming = warmUntilMs > -Infinity && moments.elapsed() < warmUntilMs;
    if (isWarming && next.state === "closed") return false;
    return rule.isBroken(next, this.#window?.counts(nowMs), this.#rules);
  }

  #open(failure: CircuitFailure): void {
    const circuit = this.#circuit;
    const { moments, tell } = this.#rules;
    const openings = rule.openingsOf(circuit) + 1;
    const pauseMs = this.#rules.pauseMs(openings, rule.lastPauseMs(circuit), failure);
    this.#begin(rule.opened(circuit, moments.elapsed(), pauseMs));
    this.#lastFailure = failure.error;
    tell({ type: "breaker.opened", policy: this.name, pauseMs, ...failure });
  }

  /** Begins anew: what was known before is forgotten. */
  #begin(circuit: Circuit, window?: OutcomeWindow): void {
    this.#window = window;
    this.#lastFailure = undefined;
    this.#set(circuit);
  }

  #set(circuit: Circuit): void {
    this.#circuit = circuit;
    this.#rules.changed?.(this.#key);
  }

  /** Now, where the circuit goes by it: callers wait for the end of a pause; all else is lengths of time. */
  #nowMs(): number {
    const { window, clock, moments } = this.#rules;
    const { state } = this.#circuit;
    if (state === "open") return moments.elapsed();
    return state === "closed" && window === undefined ? 0 : clock.elapsed();
  }
}
