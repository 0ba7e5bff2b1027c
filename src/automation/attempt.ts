/** One attempt at a step: intent, work, verification, and what its failure leaves in the journal. */

import { withAmbient } from "../core/context.ts";
import type { Attempt } from "../policies/policy.ts";
import { timeout } from "../policies/timeout.ts";
import { lateEnd } from "./grace.ts";
import type { Step } from "./step.ts";
import { attemptBegun, attemptFailed, type AttemptEnd } from "./step-record.ts";
import { verifyValue } from "./verify.ts";
import { loggerAt } from "./world.ts";

/** Which attempt it is, and what the policies around it handed in. */
export interface AttemptCall {
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
  const attempt = new RunningAttempt(step, number);
  try {
    return await withAmbient(step.ambientAt({ ...step.where, attempt: number }), () =>
      attempt.run(outer),
    );
  } catch (error) {
    const late = await attempt.lateAnswer();
    if (late !== undefined) return late.value;
    const end = attempt.endOf(error);
    if (!world.halt.signal.aborted || end.fault.effect === "none") {
      await step.write(attemptFailed(step.record, end, before));
    }
    throw error;
  }
}

class RunningAttempt {
  readonly #step: Step;
  readonly #number: number;
  /** Work and verification; missing until the work has begun. */
  #working: Promise<Storable> | undefined;
  #hasBegun = false;

  constructor(step: Step, number: number) {
    this.#step = step;
    this.#number = number;
  }

  /** Makes the attempt under its time limit, which holds for the verification too. */
  run(outer: Attempt): Promise<Storable> {
    const { settled, label, scope } = this.#step;
    const limit = timeout(settled.timeout.attempt, { name: label, clock: scope.world.clock });
    return limit.run((inner) => {
      this.#working = this.#produce(inner);
      return this.#working;
    }, outer);
  }

  /** What it answers after all. Work that a policy never let begin has no answer. */
  async lateAnswer(): Promise<{ readonly value: Storable } | undefined> {
    if (!this.#hasBegun || this.#working === undefined) return undefined;
    const end = await lateEnd(this.#step, this.#working);
    if (end === "running") this.#step.leaveBehind(this.#working);
    return typeof end === "object" ? end : undefined;
  }

  /** How it failed, as it is recorded. */
  endOf(error: unknown): AttemptEnd {
    const end = this.#step.endOf(error);
    return this.#hasBegun ? end : { ...end, fault: { ...end.fault, effect: "none" } };
  }

  async #produce(inner: Attempt): Promise<Storable> {
    const { policy } = this.#step.settled;
    const begin = (given: Attempt) => this.#begin(given);
    const value = await (policy === undefined ? begin(inner) : policy.run(begin, inner));
    return this.#checked(value);
  }

  async #begin(given: Attempt): Promise<unknown> {
    this.#hasBegun = true;
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
    });
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
