/** The calls before one gate: who goes, who waits, who is turned away. The rules are in `gate-state.ts`. */

import type { Classify } from "../classify/classify.ts";
import type { Clock } from "../core/clock.ts";
import { RateLimitedError, RejectedError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { momentsOf } from "../core/haste.ts";
import { withoutStack } from "../core/without-stack.ts";
import {
  admits,
  begun,
  ignored,
  letIn,
  OPEN,
  opened,
  refused,
  waitLeftMs,
  type GateState,
} from "./gate-state.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import type { RunOptions, Work } from "./policy.ts";
import { teller } from "./tell.ts";
import { WaitingLine, type Waiter } from "./waiting-line.ts";

/** What a gate was told, read and settled; times are in milliseconds. */
export interface GateParts {
  readonly name: string;
  readonly max: number;
  readonly wait: number;
  readonly queue: number;
  readonly probeTimeout: number;
  readonly classify: Classify;
  readonly clock: Clock;
  readonly on: Emit | undefined;
}

/** How long a call waits. */
interface Patience {
  /** Then it is turned away. */
  readonly untilMs: number;
  /** Its deadline: read once, for asking is the caller's code. */
  readonly deadlineAtMs: number;
}

/** One gate, shared by all calls through one policy. */
export class GateKeeper {
  readonly #parts: GateParts;
  readonly #tell: Emit;
  readonly #moments: Clock;
  readonly #line = new WaitingLine<Patience>(() => this.#setTimer());
  #gate: GateState = OPEN;
  /** The refusal that closed it last. */
  #refusal: unknown;
  #isServing = false;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#tell = teller(parts.on);
    this.#moments = momentsOf(parts.clock);
  }

  get state(): GateState["state"] {
    return this.#gate.state;
  }

  get waiting(): number {
    return this.#line.size;
  }

  async run<Value>(work: Work<Value>, given: RunOptions | undefined): Promise<Value> {
    const attempt = attemptOf(given);
    attempt.throwIfAborted();
    // An open gate does not go by time, and nobody waits before it.
    if (this.#gate.state === "open") return this.#go(work, attempt, 0);
    const { clock, wait, queue } = this.#parts;
    const nowMs = clock.elapsed();
    if (this.#line.size === 0 && this.#admits()) return this.#go(work, attempt, nowMs);
    const deadlineAtMs = nowMs + attempt.deadline.remainingMs();
    const patience = { untilMs: nowMs + wait, deadlineAtMs };
    if (this.#line.size >= queue || !this.#isWorthwhile(patience, this.#leftMs())) {
      const retryAfterMs = Math.ceil(this.#leftMs());
      this.#tellRejected(retryAfterMs);
      throw this.#rejection(retryAfterMs);
    }
    const waiting = this.#line.join(attempt, patience, () =>
      this.#go(work, attempt, clock.elapsed()),
    );
    if (this.#line.size === 1) this.#setTimer();
    return waiting;
  }

  /** Starts the work, and learns from how it ends. */
  async #go<Value>(work: Work<Value>, attempt: LazyAttempt, nowMs: number): Promise<Value> {
    this.#gate = begun(this.#gate, nowMs, this.#parts.probeTimeout);
    const { generation } = this.#gate;
    try {
      const value = await attempt.start(work);
      this.#letIn(generation);
      return value;
    } catch (error) {
      this.#learn(generation, error, attempt);
      throw error;
    }
  }

  #learn(generation: number, error: unknown, attempt: LazyAttempt): void {
    if (attempt.isAborted || error instanceof RejectedError) {
      this.#gate = ignored(this.#gate, generation);
      this.#serve();
      return;
    }
    const fault = this.#parts.classify(error);
    const { retryAfterMs = 0 } = fault;
    if (retryAfterMs > 0) this.#close(Math.min(retryAfterMs, this.#parts.max), fault, error);
    // Whatever else went wrong, the server did not tell it to stay away.
    else this.#letIn(generation);
  }

  #letIn(generation: number): void {
    const before = this.#gate;
    this.#gate = letIn(before, generation);
    if (this.#gate === before) return;
    this.#serve();
    if (this.#line.size > 0 || this.#gate.state !== "opening") return;
    this.#gate = opened(this.#gate);
    this.#tell({ type: "gate.opened", policy: this.#parts.name });
  }

  #close(waitMs: number, fault: Fault, error: unknown): void {
    const before = this.#gate;
    this.#gate = refused(before, this.#moments.elapsed() + waitMs);
    if (this.#gate === before) return;
    this.#refusal = error;
    if (before.state !== "closed") {
      this.#tell({ type: "gate.closed", policy: this.#parts.name, waitMs, fault, error });
    }
    const leftMs = this.#leftMs();
    this.#turnAway(this.#line.all().filter(({ ticket }) => !this.#isWorthwhile(ticket, leftMs)));
    this.#setTimer();
  }

  /** Whether a call should wait: the gate may admit it before its patience or its time is over. */
  #isWorthwhile({ untilMs, deadlineAtMs }: Patience, leftMs: number): boolean {
    const nowMs = this.#parts.clock.elapsed();
    const beginsAtMs = nowMs + leftMs;
    return nowMs < untilMs && beginsAtMs <= untilMs && beginsAtMs < deadlineAtMs;
  }

  /** Lets go who may go, and turns away whose patience is over: all wait equally long, the first longest. */
  #serve(): void {
    // Work that ends at once comes here from within: the loop below goes on for it, or the calls of a
    // long line would each stand on the stack of the one before.
    if (this.#isServing) return;
    this.#isServing = true;
    for (let { first } = this.#line; first !== undefined; { first } = this.#line) {
      if (this.#admits()) first.begin();
      else if (this.#parts.clock.elapsed() >= first.ticket.untilMs) this.#turnAway([first]);
      else break;
    }
    this.#isServing = false;
    this.#setTimer();
  }

  /** Refuses calls that wait: first all of them, for a listener may come back to the gate. */
  #turnAway(leaving: readonly Waiter<Patience>[]): void {
    const retryAfterMs = Math.ceil(this.#leftMs());
    for (const waiter of leaving) waiter.refuse(this.#rejection(retryAfterMs));
    for (const { context } of leaving) {
      context.runInAsyncScope(() => this.#tellRejected(retryAfterMs));
    }
  }

  /** One timer, for the first in the line; none when nobody waits. */
  #setTimer(): void {
    const { first } = this.#line;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (first === undefined) return;
    const clock = this.#clock;
    const waitMs = this.#gate.untilMs - clock.elapsed();
    const patienceMs = first.ticket.untilMs - this.#parts.clock.elapsed();
    const serve = (): void => this.#serve();
    this.#cancelTimer = clock.after(Math.max(0, Math.min(waitMs, patienceMs)), serve);
  }

  #admits(): boolean {
    return admits(this.#gate, this.#clock.elapsed());
  }

  /** While it opens, calls wait for the ends of others: that is no wait which a test may skip. */
  get #clock(): Clock {
    return this.#gate.state === "closed" ? this.#moments : this.#parts.clock;
  }

  #leftMs(): number {
    return waitLeftMs(this.#gate, this.#clock.elapsed());
  }

  #rejection(retryAfterMs: number): RateLimitedError {
    const what = `Gate "${this.#parts.name}"`;
    const cause = this.#refusal;
    return withoutStack(() => new RateLimitedError(what, retryAfterMs, { cause }));
  }

  #tellRejected(retryAfterMs: number): void {
    this.#tell({ type: "gate.rejected", policy: this.#parts.name, retryAfterMs });
  }
}
