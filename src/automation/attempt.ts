/** One attempt at a step: intent, work, verification, and what its failure leaves in the journal. */

import { withAmbient } from "../core/context.ts";
import { AutomationError } from "../core/errors.ts";
import type { Effect } from "../core/fault.ts";
import { scaleAfter } from "../heal/heal.ts";
import type { Attempt } from "../policies/policy.ts";
import { timeout } from "../policies/timeout.ts";
import { lateEnd } from "./grace.ts";
import { factsOf } from "./interference.ts";
import type { Step } from "./step.ts";
import { attemptBegun, attemptFailed, healingsOf, worseEffect } from "./step-record.ts";
import { verifyValue } from "./verify.ts";
import { loggerAt } from "./world.ts";

/** Which attempt it is, and what the policies around it handed in. */
interface AttemptCall {
  readonly outer: Attempt;
  /** Counts all attempts at the step, those before a resume included. */
  readonly number: number;
}

/** A value, and as it stands in the journal. */
export interface Storable {
  readonly value: unknown;
  readonly stored: string;
}

/**
 * Makes one attempt, and answers a value that is verified and can be journaled. A value that comes
 * within the grace after a time limit or an abort counts: it tells what happened.
 *
 * Rejects as the work does; the failure is in the journal by then, unless the run is being cancelled
 * and the work may have taken effect: then nobody saw its end.
 */
export async function attemptStep(step: Step, { outer, number }: AttemptCall): Promise<Storable> {
  const { world } = step.scope;
  const before = step.record.effect;
  await step.write(attemptBegun(step.record, number, world.clock.now()));
  step.emit({ type: "attempt.started", number });
  step.newest = undefined;
  const attempt = new RunningAttempt(step, number);
  try {
    const value = await withAmbient(step.ambientAt({ ...step.where, attempt: number }), () =>
      attempt.run(outer),
    );
    attempt.leaveRest();
    return value;
  } catch (error) {
    const late = await attempt.lateAnswer();
    if (late !== undefined) return late.value;
    step.newest = { error, effect: attempt.effectBy(error) };
    const end = step.endOf(error);
    if (!world.halt.signal.aborted || end.fault.effect === "none") {
      await step.write(attemptFailed(step.record, end, before));
    }
    throw error;
  }
}

/** One beginning of the work; policies around it may begin it several times. */
interface Begun {
  readonly given: Attempt;
  readonly working: Promise<unknown>;
  end?: {
    /** Whether it had been told to end by then. */
    readonly wasAborted: boolean;
    readonly effect: Effect;
  };
}

class RunningAttempt {
  readonly #step: Step;
  readonly #number: number;
  readonly #begun: Begun[] = [];
  /** What the policy around the work answers. */
  #producing: Promise<unknown> | undefined;
  #checking: Promise<Storable> | undefined;
  #isOver = false;
  #isLeftBehind = false;

  constructor(step: Step, number: number) {
    this.#step = step;
    this.#number = number;
  }

  /** Makes the attempt under its time limit, which holds for the verification too. */
  run(outer: Attempt): Promise<Storable> {
    const { settled, label, scope } = this.#step;
    const { timeout: limits, policy } = settled;
    const { interference, clock } = scope.world;
    const limit = timeout(limits.attempt, {
      name: label,
      clock: interference?.limitClock ?? clock,
    });
    const begin = (given: Attempt) => this.#begin(given);
    return limit.run(async (inner) => {
      this.#producing = policy === undefined ? begin(inner) : policy.run(begin, inner);
      return this.#check(await this.#producing);
    }, outer);
  }

  /**
   * What it answers after all, when its work was aborted and ends well within the grace. Work that
   * does not end is left behind.
   */
  async lateAnswer(): Promise<{ readonly value: Storable } | undefined> {
    this.#isOver = true;
    const end = await lateEnd(this.#step, this.#end());
    this.#isLeftBehind = end === "running";
    this.leaveRest();
    return typeof end === "object" ? end : undefined;
  }

  /** Leaves behind what was begun and still runs. */
  leaveRest(): void {
    for (const { working, end } of this.#begun) {
      if (end === undefined) this.#step.leaveBehind(working);
    }
  }

  /** How much happened, by all that was begun: what the policy around it threw may tell of the last only. */
  effectBy(error: unknown): Effect {
    if (this.#begun.length === 0) return "none";
    return this.#begun
      .map(({ end }) => end?.effect ?? "unknown")
      .reduce(worseEffect, this.#step.classify(error).effect);
  }

  async #end(): Promise<Storable> {
    await Promise.allSettled(this.#begun.map(({ working }) => working));
    const last = this.#begun.at(-1);
    if (last?.end?.wasAborted !== true) throw new Error("it was not aborted, and failed by itself");
    const { given, working } = last;
    const value = await this.#producing?.catch((error: unknown) => {
      // The policy says no more than that it was aborted, and the work answered.
      if (error === given.signal.reason) return working;
      throw error;
    });
    return this.#check(value);
  }

  async #begin(given: Attempt): Promise<unknown> {
    if (this.#isOver) throw new AutomationError(`The attempt at "${this.#step.label}" is over`);
    const working = this.#work(given);
    const begun: Begun = { given, working };
    this.#begun.push(begun);
    const settle = (effect: Effect) => {
      begun.end = { wasAborted: given.signal.aborted, effect };
    };
    working.then(
      () => settle("partial"),
      (error: unknown) => settle(this.#step.classify(error).effect),
    );
    return working;
  }

  #work(given: Attempt): Promise<unknown> {
    const { interference } = this.#step.scope.world;
    const work = () => this.#ownWork(given);
    // A child has no work but that of its own steps, which are asked about.
    if (interference === undefined || this.#step.settled.kind === "child") return work();
    return interference.aroundWork(factsOf(this.#step), () => given.signal, work);
  }

  async #ownWork(given: Attempt): Promise<unknown> {
    const { record, scope, where, work } = this.#step;
    return work({
      attempt: this.#number,
      // Read through, for a signal is made only when somebody reads it.
      get signal() {
        return given.signal;
      },
      deadline: given.deadline,
      key: record.key,
      log: loggerAt(scope.world, { ...where, attempt: this.#number }),
      scale: scaleAfter(healingsOf(record)),
    });
  }

  #check(value: unknown): Promise<Storable> {
    if (this.#isLeftBehind) throw new AutomationError("nobody waits for it any more");
    this.#checking ??= this.#checked(value);
    return this.#checking;
  }

  async #checked(value: unknown): Promise<Storable> {
    const { settled, label } = this.#step;
    if (settled.verify !== undefined) {
      try {
        await verifyValue(settled.verify, value, `Step "${label}"`);
      } catch (error) {
        this.#step.emit({ type: "verify.failed", fault: this.#step.classify(error), error });
        throw error;
      }
    }
    const stored = this.#step.toStored(value);
    this.#step.emit({ type: "attempt.succeeded", number: this.#number });
    return { value, stored };
  }
}
