/**
 * What is done when a task has ended, however it did: its cleanups, and letting go of its resources,
 * the last one first.
 *
 * They come before the task's end is written. Killed among them, the next start comes by the same
 * way to the same end, and does what is left.
 */

import { withAmbient } from "../core/context.ts";
import type { Duration } from "../core/duration.ts";
import type { EventDetails, Where } from "../core/events.ts";
import type { StepRecord } from "../core/journal.ts";
import type { Logger } from "../core/logger.ts";
import { duration, readOptions, type Reader } from "../core/options.ts";
import type { RollbackOutcome } from "../policies/task-result.ts";
import { timeout } from "../policies/timeout.ts";
import { stepLabel } from "./book.ts";
import { isForUndo, isHeld, letGo } from "./resource/held.ts";
import { releasingIn } from "./resource/holding.ts";
import type { Reason } from "./rollback.ts";
import type { Scope } from "./scope.ts";
import { newStep } from "./step-record.ts";
import { emit, loggerAt, redactedFailure, type World } from "./world.ts";

/** How a task or a scope ended. */
export interface Ending {
  readonly outcome: "succeeded" | "failed" | "cancelled";
  /** How its rollback went; missing when it succeeded. */
  readonly rollback?: RollbackOutcome | undefined;
  /** What it failed by. */
  readonly error?: unknown;
}

/** What a cleanup is given. It must bear that it is called again: it may be killed. */
export interface CleanupContext extends Ending {
  /** Aborts when it takes too long, and when the journal or the lease is lost. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** How a cleanup is bounded. */
export interface CleanupOptions {
  /** How long it may take. Default 1 minute. */
  readonly timeout?: Duration | undefined;
}

/** What is run when the task has ended. */
export interface Cleanup {
  readonly run: (context: CleanupContext) => unknown;
  readonly timeoutMs: number;
}

const READERS = {
  timeout: duration({ default: 60_000, min: 1 }),
} satisfies Record<keyof CleanupOptions, Reader<unknown>>;

/** `task.cleanup`. Resolves when it is written down. */
export async function addCleanup(
  scope: Scope,
  name: string,
  run: Cleanup["run"],
  options: CleanupOptions,
): Promise<void> {
  const { world } = scope;
  const { timeout: timeoutMs } = readOptions(`cleanup "${name}"`, options, READERS);
  const fullName = scope.claimName("cleanup", name);
  const recorded = scope.visit("cleanup", fullName);
  scope.keepCleanup(fullName, { run, timeoutMs });
  if (recorded !== undefined) return;
  await world.book.writeStep(
    newStep({
      runId: world.book.run.id,
      task: scope.name,
      name: fullName,
      kind: "cleanup",
      position: world.book.nextPosition(),
      hasUndo: false,
      atMs: world.clock.now(),
    }),
  );
}

/** The code of the fault of a run that somebody ended. */
const CANCELLED = "RUN_CANCELLED";

/** How a task ended that was rolled back for `reason`. */
export function failedEnding({ fault, error }: Reason, rollback: RollbackOutcome): Ending {
  return { outcome: fault.code === CANCELLED ? "cancelled" : "failed", rollback, error };
}

/**
 * Does all that was registered in `scope` and in the scopes inside it. What fails is told, and
 * decides nothing else. Rejects only when the journal fails.
 */
export async function cleanUp(scope: Scope, ending: Ending): Promise<void> {
  const left = scope.world.book
    .stepsOf(scope.name)
    .filter(({ name }) => name.startsWith(scope.prefix))
    .filter((record) => (isHeld(record) ? !staysFor(scope, ending, record) : isDue(record)));
  for (const record of left.toReversed()) {
    scope.world.halt.checkWritable();
    await cleanUpOne(scope, record, ending);
  }
}

/** What a completed scope did may still be taken back by its task, and what could not be, later. */
function staysFor({ prefix }: Scope, { outcome, rollback }: Ending, record: StepRecord): boolean {
  const isOpen = (prefix !== "" && outcome === "succeeded") || rollback === "incomplete";
  return isOpen && isForUndo(record);
}

function isDue({ kind, status }: StepRecord): boolean {
  return kind === "cleanup" && status === "begun";
}

async function cleanUpOne(scope: Scope, record: StepRecord, ending: Ending): Promise<void> {
  const { world } = scope;
  const { clock } = world;
  const where = { task: record.task, step: record.name };
  const startedAtMs = clock.elapsed();
  try {
    if (isHeld(record)) await letGo(record, releasingIn(world));
    else await runCleanup(scope, record, ending);
  } catch (error) {
    world.halt.checkWritable();
    const fault = scope.faultOf(error);
    const failure = redactedFailure(world, { fault, error });
    await world.book.writeStep({
      ...record,
      status: "failed",
      endedAtMs: clock.now(),
      ...failure,
    });
    emit(world, where, { type: "cleanup.failed", fault, error });
    return;
  }
  await world.book.writeStep({ ...record, status: "completed", endedAtMs: clock.now() });
  if (isHeld(record)) return;
  const durationMs = clock.elapsed() - startedAtMs;
  emit(world, where, { type: "cleanup.completed", durationMs });
}

async function runCleanup(scope: Scope, record: StepRecord, ending: Ending): Promise<void> {
  const { world } = scope;
  const label = stepLabel(record.task, record.name);
  const cleanup = scope.findCleanup(record.name);
  if (cleanup === undefined) throw new Error(`the code no longer comes to cleanup "${label}"`);
  const where = { task: record.task, step: record.name };
  const limit = timeout(cleanup.timeoutMs, { name: `${label}: cleanup`, clock: world.clock });
  await withAmbient(surroundingOf(world, scope, where), () =>
    limit.run(
      ({ signal }) => cleanup.run({ ...ending, signal, log: loggerAt(world, where) }),
      // Shielded from cancellation, as an undo is.
      { signal: world.halt.broken },
    ),
  );
}

/** What policies inside a cleanup say belongs to it; it has no steps of its own. */
function surroundingOf(world: World, scope: Scope, where: Where) {
  const stream = (details: EventDetails, at: Where) => emit(world, { ...where, ...at }, details);
  return { where, scope, stream };
}
