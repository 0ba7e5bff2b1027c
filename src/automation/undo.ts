/** Takes one step's effect back: journaled, retried, and shielded from cancellation. */

import { withAmbient, type Ambient } from "../core/context.ts";
import { decodeValue } from "../journal/codec.ts";
import { pipeline } from "../policies/pipeline.ts";
import { retry } from "../policies/retry.ts";
import { timeout } from "../policies/timeout.ts";
import type { UndoContext } from "./automation.ts";
import type { Step } from "./step.ts";
import { undoBegun, undoEnded } from "./step-record.ts";
import { loggerAt, redactedSummary, type World } from "./world.ts";

/** Undoes `step`. Rejects with what the undo threw last when it stays failed. */
export async function undoStep(step: Step, world: World): Promise<void> {
  const { undo, undoRetry, undoTimeout } = step.settled;
  if (undo === undefined) throw new Error(`step "${step.label}" has no undo`);
  const { clock, random } = world;
  const startedAtMs = clock.elapsed();
  const name = `${step.label}: undo`;
  const policy = pipeline(
    retry({ ...undoRetry, name, classify: step.classify, clock, random }),
    timeout(undoTimeout, { name, clock }),
  );
  step.emit({ type: "undo.started" });
  const before = step.record.undoAttempts.at(-1)?.number ?? 0;
  try {
    await withAmbient(ambientOf(step), () =>
      policy.run(async ({ attempt, signal }) => {
        await step.write(undoBegun(step.record, before + attempt, clock.now()));
        await attemptUndo(step, world, () => undo(contextOf(step, world, signal)));
      }),
    );
  } catch (error) {
    world.halt.checkWritable();
    await step.write(undoEnded(step.record, "failed", { atMs: clock.now() }));
    step.emit({ type: "undo.failed", isFinal: true, fault: step.classify(error), error });
    throw error;
  }
  await step.write(undoEnded(step.record, "done", { atMs: clock.now() }));
  step.emit({ type: "undo.completed", durationMs: clock.elapsed() - startedAtMs });
}

async function attemptUndo(step: Step, world: World, undo: () => unknown): Promise<void> {
  try {
    await undo();
  } catch (error) {
    const fault = step.classify(error);
    const end = { atMs: world.clock.now(), fault, error: redactedSummary(world, error) };
    await step.write(undoEnded(step.record, "begun", end));
    step.emit({ type: "undo.failed", isFinal: false, fault, error });
    throw error;
  }
}

function contextOf(step: Step, world: World, signal: AbortSignal): UndoContext<unknown> {
  const { key, status, value, effect } = step.record;
  return {
    key,
    ...(value === undefined ? {} : { value: decodeValue(value) }),
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
