/** One attempt at a step: intent, work, verification, and what its failure leaves in the journal. */

import { withAmbient } from "../core/context.ts";
import { AutomationError } from "../core/errors.ts";
import type { Attempt } from "../policies/policy.ts";
import { timeout } from "../policies/timeout.ts";
import { lateEnd } from "./grace.ts";
import type { Step } from "./step.ts";
import { attemptBegun, attemptFailed } from "./step-record.ts";
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
  step.refusedBy = undefined;
  const attempt = new RunningAttempt(step, number);
  try {
    return await withAmbient(step.ambientAt({ ...step.where, attempt: number }), () =>
      attempt.run(outer),
    );
  } catch (error) {
    const late = await attempt.lateAnswer();
    if (late !== undefined) return late.value;
    if (!attempt.hasBegun) step.refusedBy = { error };
    const end = step.endOf(error);
    if (!world.halt.signal.aborted || end.fault.effect === "none") {
      await step.write(attemptFailed(step.record, end, before));
    }
    throw error;
  }
}

class RunningAttempt {
  readonly #step: Step;
  readonly #number: number;
  /** What the work was given and answers; policies around it may begin it several times. */
  readonly #begun: { readonly given: Attempt; readonly working: Promise<unknown> }[] = [];
  #checking: Promise<Storable> | undefined;
  #isOver = false;

  constructor(step: Step, number: number) {
    this.#step = step;
    this.#number = number;
  }

  get hasBegun(): boolean {
    return this.#begun.length > 0;
  }

  /** Makes the attempt under its time limit, which holds for the verification too. */
  run(outer: Attempt): Promise<Storable> {
    const { settled, label, scope } = this.#step;
    const { timeout: limits, policy } = settled;
    const limit = timeout(limits.attempt, { name: label, clock: scope.world.clock });
    const begin = (given: Attempt) => this.#begin(given);
    return limit.run(
      async (inner) =>
        this.#check(await (policy === undefined ? begin(inner) : policy.run(begin, inner))),
      outer,
    );
  }

  /**
   * What it answers after all, when its work was aborted and ends well within the grace. Work that
   * does not end is left behind.
   */
  async lateAnswer(): Promise<{ readonly value: Storable } | undefined> {
    this.#isOver = true;
    const end = await lateEnd(this.#step, this.#end());
    if (end === "running") for (const { working } of this.#begun) this.#step.leaveBehind(working);
    return typeof end === "object" ? end : undefined;
  }

  async #end(): Promise<Storable> {
    await Promise.allSettled(this.#begun.map(({ working }) => working));
    const last = this.#begun.at(-1);
    // Where nothing was aborted, it failed by itself, or a policy refused what it answered.
    if (!last?.given.signal.aborted) throw new Error("there is no late answer");
    return this.#checking ?? this.#check(await last.working);
  }

  async #begin(given: Attempt): Promise<unknown> {
    if (this.#isOver) throw new AutomationError(`The attempt at "${this.#step.label}" is over`);
    const working = this.#work(given);
    this.#begun.push({ given, working });
    return working;
  }

  async #work(given: Attempt): Promise<unknown> {
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

  #check(value: unknown): Promise<Storable> {
    this.#checking = this.#checked(value);
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
