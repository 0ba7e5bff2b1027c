/** Takes one step's effect back: journaled, retried, and shielded from cancellation. */

import { withAmbient, type Ambient } from "../core/context.ts";
import { AutomationError } from "../core/errors.ts";
import { retry } from "../policies/retry.ts";
import { timeout } from "../policies/timeout.ts";
import type { Attempt } from "../policies/policy.ts";
import type { UndoContext } from "./automation.ts";
import { lateEnd } from "./grace.ts";
import { factsOf } from "./interference.ts";
import type { Step } from "./step.ts";
import { undoBegun, undoEnded } from "./step-record.ts";
import { loggerAt, redactedFailure, type World } from "./world.ts";

/** `refused`: there was nothing to take back, and nobody to take it back from. */
export type UndoOutcome = "undone" | "refused";

/**
 * Undoes `step`. Rejects with what the undo threw last when it stays failed, and when work that was
 * left behind still runs, for what that does from now on is not taken back.
 */
export async function undoStep(step: Step, world: World): Promise<UndoOutcome> {
  const { clock } = world;
  const startedAtMs = clock.elapsed();
  step.emit({ type: "undo.started" });
  try {
    await attemptUndos(step, world);
    checkNothingRuns(step);
  } catch (error) {
    if (isRefusal(step, error)) return refused(step, world);
    await step.write(undoEnded(step.record, "failed", { atMs: clock.now() }));
    step.emit({ type: "undo.failed", isFinal: true, fault: step.classify(error), error });
    throw error;
  }
  await step.write(undoEnded(step.record, "done", { atMs: clock.now() }));
  step.emit({ type: "undo.completed", durationMs: clock.elapsed() - startedAtMs });
  return "undone";
}

/** Who refused the work before anything happened refuses the undo too. */
function isRefusal(step: Step, error: unknown): boolean {
  return step.record.effect === "none" && step.classify(error).effect === "none";
}

async function refused(step: Step, world: World): Promise<"refused"> {
  await step.write(undoEnded(step.record, "registered", { atMs: world.clock.now() }));
  loggerAt(world, step.where).warning(
    `The undo of "${step.label}" was refused, as its work was; nothing is said to have happened`,
  );
  return "refused";
}

async function attemptUndos(step: Step, world: World): Promise<void> {
  const { undo, undoRetry } = step.settled;
  if (undo === undefined) throw new Error(`step "${step.label}" has no undo`);
  const { clock, random, halt } = world;
  const name = undoName(step);
  const policy = retry({ ...undoRetry, name, classify: step.classify, clock, random });
  const before = step.record.undoAttempts.at(-1)?.number ?? 0;
  const attempt = (outer: Attempt) =>
    attemptUndo(step, world, { undo, outer, number: before + outer.attempt });
  await withAmbient(ambientOf(step), () => policy.run(attempt, { signal: halt.broken }));
}

interface UndoAttempt {
  readonly undo: (context: UndoContext<unknown>) => unknown;
  readonly outer: Attempt;
  /** Counts those before a resume too. */
  readonly number: number;
}

async function attemptUndo(step: Step, world: World, attempt: UndoAttempt): Promise<void> {
  const { undo, outer, number } = attempt;
  const { clock, interference } = world;
  await step.write(undoBegun(step.record, number, clock.now()));
  const limit = timeout(step.settled.undoTimeout, { name: undoName(step), clock });
  let undoing: Promise<unknown> | undefined;
  try {
    await limit.run(({ signal }) => {
      const own = async () => undo(contextOf(step, world, signal));
      undoing = interference?.aroundUndo(factsOf(step), own) ?? own();
      return undoing;
    }, outer);
  } catch (error) {
    if (undoing !== undefined && (await endedWell(step, undoing))) return;
    const fault = step.classify(error);
    const end = { atMs: clock.now(), ...redactedFailure(world, { fault, error }) };
    await step.write(undoEnded(step.record, "begun", end));
    step.emit({ type: "undo.failed", isFinal: false, fault, error });
    throw error;
  }
}

/** Waits for an undo that took too long within the grace, so that two of them do not meet. */
async function endedWell(step: Step, undoing: Promise<unknown>): Promise<boolean> {
  const end = await lateEnd(step, undoing);
  if (end === "running") step.leaveBehind(undoing);
  return typeof end === "object";
}

function checkNothingRuns({ label, isStillRunning }: Step): void {
  if (!isStillRunning) return;
  throw new AutomationError(
    `Work or undo of "${label}" was left behind and still runs: what it does from now on is not taken back`,
  );
}

function undoName({ label }: Step): string {
  return `${label}: undo`;
}

function contextOf(step: Step, world: World, signal: AbortSignal): UndoContext<unknown> {
  const { key, status, value, effect } = step.record;
  return {
    key,
    ...(value === undefined ? {} : { value: world.book.readValue(step.record) }),
    effect: status === "completed" ? "complete" : effect,
    signal,
    log: loggerAt(world, step.where),
  };
}

/** The undo tells of its own failed attempts; what the retry around it says of them would be said twice. */
function ambientOf(step: Step): Ambient {
  return {
    ...step.ambientAt(step.where),
    stream: (details) => {
      if (details.type !== "attempt.failed" && details.type !== "retry.stopped") step.emit(details);
    },
  };
}
