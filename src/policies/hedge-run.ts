/** One call under `hedge`: its attempts, the timer for the next one, and how they failed. */

import type { Classify } from "../classify/classify.ts";
import type { Clock } from "../core/clock.ts";
import { VerificationError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { withoutStack } from "../core/without-stack.ts";
import { LimitAbort, type AbortSource } from "./abort-source.ts";
import { holdAfter, mostTelling, type HedgeRules } from "./hedge-decision.ts";
import type { DelaySource } from "./hedge-delay.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import type { Work } from "./policy.ts";
import type { RetryAllowance, When } from "./retry-state.ts";

/** What `hedge` was told, read and settled. */
export interface HedgeParts extends HedgeRules {
  readonly name: string;
  readonly attempts: number;
  readonly delay: DelaySource;
  readonly when: When;
  readonly faultOfResult: ((value: unknown) => Fault | undefined) | undefined;
  readonly classify: Classify;
  readonly budget: RetryAllowance | undefined;
  readonly clock: Clock;
  readonly tell: Emit;
  /** What the attempts are aborted with that came too late. */
  readonly lost: unknown;
}

interface Begun {
  /** From 1. */
  readonly number: number;
  readonly startedAtMs: number;
  readonly abort: LimitAbort;
}

/** Ends one attempt. Where the call is waited for, so is the attempt. */
class AttemptAbort extends LimitAbort {
  readonly #outer: AbortSource | undefined;

  constructor(outer: AbortSource | undefined) {
    super();
    this.#outer = outer;
  }

  override get isWaitedFor(): boolean {
    return this.#outer?.isWaitedFor === true;
  }
}

interface Failed {
  readonly attempt: Begun;
  readonly fault: Fault;
  readonly error: unknown;
  /** Ends the call as this attempt ended: with its error, or with its result that is not good. */
  readonly settle: () => void;
}

/** The state of one call; all that the policy itself has is what it learned. */
export class HedgeRun<Value> {
  readonly #parts: HedgeParts;
  readonly #work: Work<Value>;
  readonly #outer: LazyAttempt;
  readonly #answer = Promise.withResolvers<Value>();
  readonly #begun: Begun[] = [];
  readonly #running = new Set<Begun>();
  readonly #failures: Failed[] = [];
  /** No further attempt begins before; `Infinity` for none at all. */
  #heldUntilMs = -Infinity;
  #cancelTimer: (() => void) | undefined;
  /** What was answered after the call was asked to end. */
  #lateAnswer: (() => void) | undefined;
  #isOver = false;

  constructor(parts: HedgeParts, work: Work<Value>, outer: LazyAttempt) {
    this.#parts = parts;
    this.#work = work;
    this.#outer = outer;
  }

  async run(): Promise<Value> {
    this.#outer.throwIfAborted();
    this.#parts.budget?.deposit();
    this.#outer.source?.listen(this.#cancel);
    this.#begin();
    this.#scheduleNext();
    return this.#answer.promise;
  }

  #begin(): void {
    const number = this.#begun.length + 1;
    const startedAtMs = this.#parts.clock.elapsed();
    const attempt = { number, startedAtMs, abort: new AttemptAbort(this.#outer.source) };
    this.#begun.push(attempt);
    this.#running.add(attempt);
    const inner = this.#outer.within(attempt.abort, this.#outer.deadline).numbered(number);
    const { watch } = inner;
    watch?.began();
    // What the work throws at once comes later too: the next attempt is to be decided once only.
    Promise.try(this.#work, inner).then(
      (value) => {
        watch?.ended();
        this.#answered(attempt, value);
      },
      (error: unknown) => {
        watch?.ended();
        this.#threw(attempt, error);
      },
    );
  }

  /** Begins one more attempt beside those that run, if there is budget for it. */
  readonly #hedge = (): void => {
    const { name, budget, tell } = this.#parts;
    const isPaid = budget === undefined || this.#ask("budget", () => budget.withdraw());
    if (this.#isOver) return;
    if (!isPaid) {
      // That only stops what has not begun: those that run may still answer.
      this.#heldUntilMs = Infinity;
      return;
    }
    this.#begin();
    const { length: number } = this.#begun;
    tell({ type: "hedge.started", policy: name, number, afterMs: this.#sinceMs() });
    this.#scheduleNext();
  };

  #scheduleNext(): void {
    const { attempts, repeatable, delay } = this.#parts;
    const number = this.#begun.length + 1;
    if (number > attempts || !repeatable) return;
    const delayMs = this.#ask("delay", () => delay.before(number));
    if (delayMs !== undefined) this.#schedule(delayMs);
  }

  /** Begins the next attempt after a wait, and not while it is held back. */
  #schedule(waitMs: number): void {
    const { attempts, clock } = this.#parts;
    this.#cancelTimer?.();
    if (this.#isOver || this.#begun.length >= attempts) return;
    const leftMs = Math.max(waitMs, this.#heldUntilMs - clock.elapsed());
    if (leftMs <= 0) this.#hedge();
    else if (leftMs < Infinity) this.#cancelTimer = clock.after(leftMs, this.#hedge);
  }

  #answered(attempt: Begun, value: Value): void {
    if (this.#isOver) {
      this.#lateAnswer ??= () => this.#answer.resolve(value);
      this.#settledLate(attempt, this.#lateAnswer);
      return;
    }
    const failed = this.#judge(attempt, value);
    if (failed !== undefined) {
      this.#failed(failed);
      return;
    }
    const { name, delay, tell, lost } = this.#parts;
    const durationMs = this.#sinceMs();
    // A first attempt that lost takes at least as long. Left out, the slow ones would be missing, and
    // what is learned would fall until every call was hedged.
    if (this.#running.has(this.#begun[0] as Begun)) delay.learn(durationMs);
    this.#answer.resolve(value);
    this.#end(lost, attempt);
    const { number } = attempt;
    if (number > 1) tell({ type: "hedge.won", policy: name, number, durationMs });
  }

  #threw(attempt: Begun, error: unknown): void {
    if (!this.#isOver) this.#failed(this.#failure(attempt, error));
    else this.#settledLate(attempt, this.#lateAnswer ?? (() => this.#answer.reject(error)));
  }

  /** A call that was asked to end, and has not been answered yet, is over when its last attempt is. */
  #settledLate(attempt: Begun, settle: () => void): void {
    this.#running.delete(attempt);
    if (this.#running.size === 0) settle();
  }

  /** What is wrong with a result, if anything is. */
  #judge(attempt: Begun, value: Value): Failed | undefined {
    const { name, faultOfResult } = this.#parts;
    try {
      const fault = faultOfResult?.(value);
      if (fault === undefined) return undefined;
      const error = withoutStack(() => new VerificationError(`Work under "${name}"`, fault.code));
      return { attempt, fault, error, settle: () => this.#answer.resolve(value) };
    } catch (mistake) {
      return this.#failure(attempt, mistake);
    }
  }

  #failure(attempt: Begun, error: unknown): Failed {
    const fault = this.#parts.classify(error);
    return { attempt, fault, error, settle: () => this.#answer.reject(error) };
  }

  #failed(failed: Failed): void {
    const { when } = this.#parts;
    this.#running.delete(failed.attempt);
    this.#failures.push(failed);
    this.#tellFailed(failed);
    const { error, fault, attempt } = failed;
    const holdMs = holdAfter(
      this.#failures.map((each) => each.fault),
      this.#parts,
    );
    const goesOn =
      holdMs !== undefined && this.#ask("when", () => when(error, fault, attempt.number));
    // Where the answer ended the call, by an abort or a mistake, what follows changes nothing.
    if (goesOn) this.#replace(holdMs);
    else this.#endAs(failed);
  }

  /** The next attempt takes the place of one that failed, if there is one and it may begin now. */
  #replace(holdMs: number): void {
    const { clock } = this.#parts;
    if (holdMs > 0) this.#heldUntilMs = Math.max(this.#heldUntilMs, clock.elapsed() + holdMs);
    this.#schedule(0);
    // To wait while nothing is under way is for `retry`.
    if (this.#running.size === 0) this.#endAs(mostTelling(this.#failures));
  }

  #tellFailed({ attempt, fault, error }: Failed): void {
    const { name, clock, tell } = this.#parts;
    const { number, startedAtMs } = attempt;
    const durationMs = clock.elapsed() - startedAtMs;
    tell({ type: "attempt.failed", policy: name, number, durationMs, fault, error });
  }

  /** Asks a function of the user's. One that throws ends the call, and hides no failure. */
  #ask<Answer>(option: "budget" | "delay" | "when", ask: () => Answer): Answer | undefined {
    try {
      return ask();
    } catch (mistake) {
      this.#answer.reject(this.#beside(mistake, option));
      this.#end(mistake);
      return undefined;
    }
  }

  #beside(mistake: unknown, option: string): unknown {
    const failure = this.#failures.at(-1);
    if (failure === undefined || failure.error === mistake) return mistake;
    return new AggregateError(
      [mistake, failure.error],
      `The ${option} of "${this.#parts.name}" threw after a failure; both are in errors`,
    );
  }

  #endAs({ settle, attempt }: Failed): void {
    settle();
    this.#end(this.#parts.lost, attempt);
  }

  readonly #cancel = (reason: unknown): void => {
    const { source } = this.#outer;
    // It takes longer than that. Left out, calls that a limit ends would never make the delay longer.
    if (this.#running.has(this.#begun[0] as Begun)) {
      this.#parts.delay.learnAtLeast(this.#sinceMs());
    }
    if (source?.isWaitedFor !== true) this.#answer.reject(reason);
    this.#end(reason);
  };

  /** Ends all attempts but the one that the call ends with: the body of its answer is to be read. */
  #end(reason: unknown, kept?: Begun): void {
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#outer.source?.ignore(this.#cancel);
    for (const attempt of this.#begun) {
      if (attempt !== kept) attempt.abort.abort(reason);
    }
  }

  /** Since the first attempt began. */
  #sinceMs(): number {
    return this.#parts.clock.elapsed() - (this.#begun[0] as Begun).startedAtMs;
  }
}
