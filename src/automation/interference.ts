/**
 * The way into a run for `holdfast rehearse`: asked around each step's work and around each undo.
 *
 * It is handed to `executeUnder` by code alone. No option, variable or file of a user leads here, and a
 * run without one asks nobody.
 */

import type { Clock } from "../core/clock.ts";
import { isStandardSchema } from "../core/standard-schema.ts";
import { stepLabel } from "./book.ts";
import type { Step } from "./step.ts";
import type { Verify } from "./verify.ts";
import type { WaitNote } from "./wait/wait.ts";

/** What a step is, as its code declares it. */
export interface StepFacts {
  /** As people name it: `task/step`, or `step` in the run's own task. */
  readonly label: string;
  /** Empty for the run's own task. */
  readonly task: string;
  readonly kind: "step" | "read";
  readonly hasUndo: boolean;
  readonly hasVerify: boolean;
  /** Whether the verify is given the value: one that takes none looks at the world alone. */
  readonly verifiesValue: boolean;
  readonly hasReconcile: boolean;
  readonly isRepeatable: boolean;
  /** How long one attempt may take, in milliseconds. */
  readonly limitMs: number;
}

/** What is waited for: a time, a signal or an approval. */
export interface WaitFacts extends Pick<WaitNote, "waitsFor"> {
  /** As people name it. */
  readonly label: string;
}

/** Stands around what has an effect. Whatever it answers or throws counts as the work's own end. */
export interface Interference {
  /** The id of a new run, so that every rehearsal makes the same keys. */
  readonly runId: string;
  /** By which the time limits of attempts are kept. Default: the run's clock. */
  readonly limitClock?: Clock | undefined;
  aroundWork(
    step: StepFacts,
    signal: () => AbortSignal,
    work: () => Promise<unknown>,
  ): Promise<unknown>;
  aroundUndo(step: StepFacts, undo: () => Promise<unknown>): Promise<unknown>;
  /** @param wait Waits for at most so many milliseconds. */
  aroundWait(wait: WaitFacts, waitAtMost: (ms: number) => Promise<unknown>): Promise<unknown>;
}

/** The same for a child, whose steps are named with its name before theirs. */
export function interferenceIn(child: string, outer: Interference): Interference {
  const inside = (step: StepFacts): StepFacts => ({
    ...step,
    label: stepLabel(child, step.label),
    task: stepLabel(child, step.task),
  });
  return {
    ...outer,
    aroundWork: (step, signal, work) => outer.aroundWork(inside(step), signal, work),
    aroundUndo: (step, undo) => outer.aroundUndo(inside(step), undo),
    aroundWait: ({ label, waitsFor }, waitAtMost) =>
      outer.aroundWait({ label: stepLabel(child, label), waitsFor }, waitAtMost),
  };
}

/** What `step` is. */
export function factsOf({ label, scope, settled }: Step): StepFacts {
  return {
    label,
    task: scope.name,
    // A scope does no work, and its undo is as a step's.
    kind: settled.kind === "read" ? "read" : "step",
    hasUndo: settled.undo !== undefined,
    hasVerify: settled.verify !== undefined,
    verifiesValue: takesValue(settled.verify),
    hasReconcile: settled.reconcile !== undefined,
    isRepeatable: settled.repeatable,
    limitMs: settled.timeout.attempt,
  };
}

function takesValue(verify: Verify | undefined): boolean {
  return isStandardSchema(verify) || (verify !== undefined && verify.length > 0);
}
