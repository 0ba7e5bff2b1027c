/** One call under `hedge`: its attempts, the timer for the next one, and how they failed. */

import type { Classify } from "../classify/classify.ts";
import type { Clock } from "../core/clock.ts";
import { VerificationError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { withoutStack } from "../core/without-stack.ts";
import { LimitAbort, type AbortSource } from "./abort-source.ts";
import { HedgeAnswer, type Ending, type LoserRules } from "./hedge-answer.ts";
import { holdAfter, mostTelling, type HedgeRules } from "./hedge-decision.ts";
import type { DelaySource } from "./hedge-delay.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import type { Work } from "./policy.ts";
import type { RetryAllowance, When } from "./retry-state.ts";

/** What `hedge` was told, read and settled. */
export interface HedgeParts extends HedgeRules, LoserRules {
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
  readonly abort: AttemptAbort;
}

/** Ends one attempt. Where the call is waited for, or waits for its attempts, so is the attempt. */
class AttemptAbort extends LimitAbort {
  readonly #outer: AbortSource | undefined;
  /** Until it has answered. What keeps our signal, as `fetch` does until the end of a body, keeps no answer. */
  #call: { readonly isWaiting: boolean } | undefined;

  constructor(outer: AbortSource | undefined, call: { readonly isWaiting: boolean }) {
    super();
    this.#outer = outer;
    this.#call = call;
  }

  override get isWaitedFor(): boolean {
    return this.#call?.isWaiting === true || this.#outer?.isWaitedFor === true;
  }

  /** The call has answered. */
  callEnded(): void {
    this.#call = undefined;
  }
}

interface Failed<Value> {
  readonly attempt: Begun;
  readonly fault: Fault;
  readonly error: unknown;
  /** How the attempt ended. */
  readonly ended: Ending<Value>;
  /** How the call ends with it: as the attempt did, or with what judging its result threw. */
  readonly ending: Ending<Value>;
}

/** The state of one call; all that the policy itself has is what it learned. */
export class HedgeRun<Value> extends HedgeAnswer<Value> {
  readonly #parts: HedgeParts;
  readonly #work: Work<Value>;
  readonly #outer: LazyAttempt;
  readonly #begun: Begun[] = [];
  readonly #running = new Set<Begun>();
  readonly #failures: Failed<Value>[] = [];
  /** No further attempt begins before; `Infinity` for none at all. */
  #heldUntilMs = -Infinity;
  #cancelTimer: (() => void) | undefined;
  /** The attempt that the call ends with: the body of its answer is to be read. */
  #kept: Begun | undefined;
  #isOver = false;

  constructor(parts: HedgeParts, work: Work<Value>, outer: LazyAttempt) {
    super(parts);
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
    return this.answer;
  }

  protected override get running(): number {
    return this.#running.size;
  }

  protected override answerDecided(): void {
    for (const { ended } of this.#failures) this.discard(ended);
  }

  protected override answerGiven(): void {
    this.#outer.source?.ignore(this.#cancel);
    for (const { abort } of this.#begun) abort.callEnded();
  }

  #begin(): void {
    const number = this.#begun.length + 1;
    const startedAtMs = this.#parts.clock.elapsed();
    const attempt = { number, startedAtMs, abort: new AttemptAbort(this.#outer.source, this) };
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
    const failed = this.#isOver ? undefined : this.#judge(attempt, value);
    // Also where whoever judged it ended the call.
    if (this.#isOver) this.#endedLate(attempt, { value });
    else if (failed !== undefined) this.#failed(failed);
    else this.#won(attempt, value);
  }

  #won(attempt: Begun, value: Value): void {
    const { name, delay, tell, lost } = this.#parts;
    const durationMs = this.#sinceMs();
    // A first attempt that lost takes at least as long. Left out, the slow ones would be missing, and
    // what is learned would fall until every call was hedged.
    if (this.#running.has(this.#begun[0] as Begun)) delay.learn(durationMs);
    this.#running.delete(attempt);
    this.#end(lost, { value }, attempt);
    const { number } = attempt;
    if (number > 1) tell({ type: "hedge.won", policy: name, number, durationMs });
  }

  #threw(attempt: Begun, error: unknown): void {
    if (!this.#isOver) this.#failed(this.#failure(attempt, error));
    else this.#endedLate(attempt, { error });
  }

  #endedLate(attempt: Begun, ending: Ending<Value>): void {
    this.#running.delete(attempt);
    this.endedLate(ending);
  }

  /** What is wrong with a result, if anything is. */
  #judge(attempt: Begun, value: Value): Failed<Value> | undefined {
    const { name, faultOfResult } = this.#parts;
    const ended = { value };
    try {
      const fault = faultOfResult?.(value);
      if (fault === undefined) return undefined;
      const error = withoutStack(() => new VerificationError(`Work under "${name}"`, fault.code));
      return { attempt, fault, error, ended, ending: ended };
    } catch (mistake) {
      return { ...this.#failure(attempt, mistake), ended };
    }
  }

  #failure(attempt: Begun, error: unknown): Failed<Value> {
    const ending = { error };
    return { attempt, fault: this.#parts.classify(error), error, ended: ending, ending };
  }

  #failed(failed: Failed<Value>): void {
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

  #tellFailed({ attempt, fault, error }: Failed<Value>): void {
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
      this.#end(mistake, { error: this.#beside(mistake, option) });
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

  #endAs({ ending, attempt }: Failed<Value>): void {
    this.#end(this.#parts.lost, ending, attempt);
  }

  readonly #cancel = (reason: unknown): void => {
    // It takes longer than that. Left out, calls that a limit ends would never make the delay longer.
    if (!this.#isOver && this.#running.has(this.#begun[0] as Begun)) {
      this.#parts.delay.learnAtLeast(this.#sinceMs());
    }
    if (this.#outer.source?.isWaitedFor !== true) {
      this.#kept = undefined;
      this.giveUp(reason);
    }
    this.#end(reason);
  };

  /** Ends all attempts but the one that the call ends with, if there is one. */
  #end(reason: unknown, ending?: Ending<Value>, kept = this.#kept): void {
    this.#isOver = true;
    this.#kept = kept;
    this.#cancelTimer?.();
    if (ending !== undefined) this.decide(ending);
    for (const attempt of this.#begun) {
      if (attempt !== kept) attempt.abort.abort(reason);
    }
    this.giveWhenDone();
  }

  /** Since the first attempt began. */
  #sinceMs(): number {
    return this.#parts.clock.elapsed() - (this.#begun[0] as Begun).startedAtMs;
  }
}
