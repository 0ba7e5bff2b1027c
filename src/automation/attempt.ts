/** One attempt at a step: intent, work, verification, and what its failure leaves in the journal. */

import { withAmbient } from "../core/context.ts";
import { pipeline } from "../policies/pipeline.ts";
import type { Attempt, Policy } from "../policies/policy.ts";
import { timeout } from "../policies/timeout.ts";
import type { Step } from "./step.ts";
import { attemptBegun, attemptFailed } from "./step-record.ts";
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
 * Makes one attempt, and answers a value that is verified and can be journaled. Rejects as the work
 * does; the failure is in the journal by then, unless the run is being cancelled and the work may
 * have taken effect: then nobody saw its end.
 */
export async function attemptStep(step: Step, call: AttemptCall): Promise<Storable> {
  const { world, signal } = step.scope;
  const { outer, number } = call;
  const before = step.record.effect;
  await step.write(attemptBegun(step.record, number, world.clock.now()));
  step.emit({ type: "attempt.started", number });
  let working: Promise<unknown> = Promise.resolve();
  try {
    const value = await withAmbient(step.ambientAt({ ...step.where, attempt: number }), () =>
      guardOf(step).run((inner) => {
        working = startWork(step, inner, number);
        return working;
      }, outer),
    );
    return await checked(step, value, number);
  } catch (error) {
    const late = await settled(step, working);
    if (signal.aborted && late !== undefined) return checked(step, late.value, number);
    if (!signal.aborted || step.classify(error).effect === "none") {
      await step.write(attemptFailed(step.record, step.endOf(error), before));
    }
    throw error;
  }
}

function guardOf({ settled: { timeout: limits, policy }, label, scope }: Step): Policy {
  const limit = timeout(limits.attempt, { name: label, clock: scope.world.clock });
  return policy === undefined ? limit : pipeline(limit, policy);
}

async function startWork(step: Step, inner: Attempt, number: number): Promise<unknown> {
  const { key } = step.record;
  return step.work({
    attempt: number,
    // Read through, for a signal is made only when somebody reads it.
    get signal() {
      return inner.signal;
    },
    deadline: inner.deadline,
    key,
    log: loggerAt(step.scope.world, { ...step.where, attempt: number }),
  });
}

async function checked(step: Step, value: unknown, number: number): Promise<Storable> {
  const { verify } = step.settled;
  if (verify !== undefined) {
    try {
      await verifyValue(verify, value, `Step "${step.label}"`);
    } catch (error) {
      step.emit({ type: "verify.failed", fault: step.classify(error), error });
      throw error;
    }
  }
  const stored = step.toStored(value);
  step.emit({ type: "attempt.succeeded", number });
  return { value, stored };
}

/** What the work answered after all, when it was abandoned and ends well within its grace. */
async function settled(
  step: Step,
  working: Promise<unknown>,
): Promise<{ readonly value: unknown } | undefined> {
  const { grace: graceMs } = step.settled;
  const isOver = new AbortController();
  const ended = working.then(
    (value) => ({ value }),
    () => undefined,
  );
  const patience = step.scope.world.clock.sleep(graceMs, isOver.signal).then(
    () => "abandoned" as const,
    () => undefined,
  );
  const first = await Promise.race([ended, patience]);
  isOver.abort();
  if (first !== "abandoned") return first;
  step.emit({ type: "attempt.abandoned", graceMs });
  return undefined;
}
