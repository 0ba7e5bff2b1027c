/** Runs a task: it succeeds as a whole, or is rolled back as a whole. */

import { classifier } from "../classify/classify.ts";
import { withAmbient } from "../core/context.ts";
import type { EventDetails, Where } from "../core/events.ts";
import { ReplayMismatchError, UndoFailedError } from "../core/errors.ts";
import type { StepRecord } from "../core/journal.ts";
import type { RollbackOutcome, TaskResult } from "../policies/task-result.ts";
import { OWN_TASK, stepLabel } from "./book.ts";
import { unlessStuck } from "./cancel/cancelled-body.ts";
import { cleanUp, failedEnding } from "./cleanup.ts";
import { noteUnreached } from "./dry-run.ts";
import { reviveError } from "./revive.ts";
import { rollBack, unreached, type Reason } from "./rollback.ts";
import { Scope } from "./scope.ts";
import { newStep, stepFailed, wasHealed } from "./step-record.ts";
import { toStorable } from "./storable.ts";
import { emit, redactedFailure, runOf, type World } from "./world.ts";

/** A task that is to be run. */
export interface TaskPlan {
  /** Empty for the run's own task. */
  readonly name: string;
  readonly body: (scope: Scope) => unknown;
  /** Given when it must be rolled back whatever the journal says. */
  readonly rollBackFor?: Reason | undefined;
  /** Whether undos that failed in an earlier rollback of it are tried again. Default false. */
  readonly undoesAgain?: boolean;
  /** Whether what it did stays, though it runs only to come to the tasks in it. Default false. */
  readonly isKept?: boolean;
}

/** Runs it, or answers from the journal. Rejects only when the run halts. */
export async function runTask<Value>(world: World, plan: TaskPlan): Promise<TaskResult<Value>> {
  return new TaskRunner(world, plan).run() as Promise<TaskResult<Value>>;
}

/** Writes down that a task is not run, for another one failed. Does nothing where that is recorded. */
export async function skipTask(world: World, task: string, reason: Reason): Promise<void> {
  const { book, clock } = world;
  const recorded = book.visit(task, "");
  emit(world, { task }, { type: "task.skipped", ...reason });
  if (recorded !== undefined) return;
  const record = newStep({
    runId: book.run.id,
    task,
    name: "",
    kind: "task",
    position: book.nextPosition(),
    hasUndo: false,
    atMs: clock.now(),
  });
  await book.writeStep(
    stepFailed(record, { atMs: clock.now(), ...redactedFailure(world, reason) }),
  );
}

/** Writes that the run's own task is rolled back: from here on, no start of the run goes forward. */
export function decideRollback(world: World, reason: Reason): Promise<void> {
  return new TaskRunner(world, { name: OWN_TASK, body: () => undefined }).turnBackFor(reason);
}

class TaskRunner {
  readonly #world: World;
  readonly #plan: TaskPlan;
  readonly #startedAtMs: number;
  #record: StepRecord | undefined;

  constructor(world: World, plan: TaskPlan) {
    this.#world = world;
    this.#plan = plan;
    this.#startedAtMs = world.clock.elapsed();
    this.#record = world.book.visit(plan.name, "");
  }

  async run(): Promise<TaskResult<unknown>> {
    this.#world.halt.check();
    const recorded = this.#recordedResult();
    if (recorded !== undefined) return recorded;
    const reason = this.#recordedReason() ?? this.#plan.rollBackFor;
    const scope = new Scope(this.#world, this.#plan.name, reason);
    emit(this.#world, this.#where, { type: "task.started" });
    if (this.#plan.isKept === true) return this.#revisit(scope);
    if (reason !== undefined) await this.turnBackFor(reason);
    else if (this.#plan.name !== OWN_TASK) await this.#write({ status: "begun" });
    const outcome = await this.#outcome(scope);
    this.#world.halt.check();
    if ("result" in outcome) return outcome.result;
    return this.#rollBack(scope, scope.reason ?? scope.reasonOf(outcome.error));
  }

  /** Written before anything is taken back: killed from here on, the next start does not go forward. */
  async turnBackFor(reason: Reason): Promise<void> {
    if (this.#record?.status === "rolling back") return;
    await this.#write({ status: "rolling back", ...redactedFailure(this.#world, reason) });
  }

  get #where() {
    return { task: this.#plan.name };
  }

  /** Runs the body to come to the tasks in it, and takes back nothing of its own. */
  async #revisit(scope: Scope): Promise<TaskResult<unknown>> {
    await this.#outcome(scope);
    this.#world.halt.check();
    const { name } = this.#plan;
    const durationMs = this.#durationMs();
    const lost = unreached(scope).map((record) => stepLabel(record.task, record.name));
    if (lost.length === 0) {
      const healed = wasHealed(this.#world.book.stepsOf(name));
      return { ok: true, name, value: undefined, attempts: 0, durationMs, healed };
    }
    const error = new UndoFailedError(lost, scope.reason?.error);
    emit(this.#world, this.#where, { type: "rollback.failed", steps: lost, error });
    const fault = classifier([])(error);
    return { ok: false, name, fault, error, attempts: 0, durationMs, rollback: "incomplete" };
  }

  /** Runs the body to its end, and everything that it began. */
  async #outcome(
    scope: Scope,
  ): Promise<{ readonly result: TaskResult<unknown> } | { readonly error: unknown }> {
    const surrounding = {
      where: { ...runOf(this.#world), ...this.#where },
      stream: (details: EventDetails, at: Where) =>
        emit(this.#world, { ...this.#where, ...at }, details),
      scope,
      isDryRun: this.#world.dryRun !== undefined,
    };
    try {
      const body = withAmbient(surrounding, async () => this.#plan.body(scope));
      const value = await unlessStuck(scope, body);
      const unawaited = await scope.quiet();
      await scope.catchUp();
      this.#world.halt.check();
      // It was run only to come to the undos, or did not mind that the run was cancelled.
      if (scope.reason !== undefined) throw scope.reason.error;
      if (unawaited !== undefined) throw unawaited.error;
      scope.checkNothingLost();
      this.#checkReached(scope);
      return { result: await this.#complete(scope, value) };
    } catch (error) {
      noteUnreached(this.#world, this.#plan.name || this.#world.book.run.automation, error);
      await scope.turnBack(error);
      await scope.quiet();
      return { error };
    }
  }

  /** A step that is recorded and was not asked for is an effect that the code knows nothing of. */
  #checkReached({ name }: Scope): void {
    const { book, halt } = this.#world;
    const missed = [
      ...book.unvisited(name).map((record) => stepLabel(record.task, record.name)),
      ...(name === OWN_TASK ? book.unvisitedTasks() : []),
    ];
    if (missed.length === 0) return;
    const { id, automation } = book.run;
    const error = new ReplayMismatchError(
      id,
      `Run ${id} recorded ${missed.map((label) => `"${label}"`).join(", ")}, which the code of "${automation}" no longer has`,
    );
    halt.stop(error);
    throw error;
  }

  async #complete(scope: Scope, value: unknown): Promise<TaskResult<unknown>> {
    const { name } = this.#plan;
    const { redactor, clock } = this.#world;
    // What the function of a child answers is what its parent is told.
    const isOwn = name === OWN_TASK && this.#world.book.run.parentId === undefined;
    // What is unknown in a dry run cannot be written, and nobody reads it.
    const isKept = !isOwn && this.#world.dryRun === undefined;
    const stored = !isKept ? undefined : toStorable(redactor, value, `The value of task "${name}"`);
    scope.close();
    await cleanUp(scope, { outcome: "succeeded" });
    if (!isOwn) {
      await this.#write({ status: "completed", value: stored, endedAtMs: clock.now() });
    }
    const durationMs = this.#durationMs();
    emit(this.#world, this.#where, { type: "task.completed", durationMs, replayed: false });
    const healed = wasHealed(this.#world.book.stepsOf(name));
    return { ok: true, name, value, attempts: scope.attemptCount, durationMs, healed };
  }

  async #rollBack(scope: Scope, reason: Reason): Promise<TaskResult<unknown>> {
    const { fault, error } = reason;
    await this.turnBackFor(reason);
    const rollback = await rollBack(scope, reason);
    await cleanUp(scope, failedEnding(reason, rollback));
    await this.#write({
      status: "failed",
      undo: UNDO_OF[rollback],
      endedAtMs: this.#world.clock.now(),
    });
    const durationMs = this.#durationMs();
    emit(this.#world, this.#where, { type: "task.failed", durationMs, fault, error });
    return {
      ok: false,
      name: this.#plan.name,
      fault,
      error,
      attempts: scope.attemptCount,
      durationMs,
      rollback,
    };
  }

  #recordedReason(): Reason | undefined {
    const { status, fault, error } = this.#record ?? {};
    const isFailed = status === "rolling back" || status === "failed";
    if (!isFailed || fault === undefined || error === undefined) return undefined;
    return { fault, error: reviveError(error, fault) };
  }

  #recordedResult(): TaskResult<unknown> | undefined {
    const { name } = this.#plan;
    const record = this.#record;
    // The run's own function runs again even so: only it tells which tasks there are, and how they count.
    if (name === OWN_TASK) return undefined;
    if (record?.status !== "completed" && record?.status !== "failed") return undefined;
    if (this.#plan.undoesAgain === true && record.undo === "failed") return undefined;
    const steps = this.#world.book.stepsOf(name);
    const attempts = steps.reduce((sum, step) => sum + step.attempts.length, 0);
    // The time of day may have been set back meanwhile.
    const durationMs = Math.max(0, (record.endedAtMs ?? 0) - record.startedAtMs);
    if (record.status === "completed") {
      emit(this.#world, this.#where, { type: "task.completed", durationMs, replayed: true });
      return {
        ok: true,
        name,
        value: this.#world.book.readValue(record),
        attempts,
        durationMs,
        healed: wasHealed(steps),
      };
    }
    const fault = record.fault ?? { class: "unknown", code: "UNKNOWN", effect: "unknown" };
    const error = reviveError(
      record.error ?? { type: "Error", message: `Task "${name}" failed` },
      fault,
    );
    const rollback = OUTCOME_OF[record.undo] ?? "none";
    return { ok: false, name, fault, error, attempts, durationMs, rollback };
  }

  async #write(change: Partial<StepRecord>): Promise<void> {
    const { book, clock } = this.#world;
    this.#record ??= newStep({
      runId: book.run.id,
      task: this.#plan.name,
      name: "",
      kind: "task",
      position: book.nextPosition(),
      hasUndo: false,
      atMs: clock.now(),
    });
    this.#record = await book.writeStep({ ...this.#record, ...change });
  }

  #durationMs(): number {
    return this.#world.clock.elapsed() - this.#startedAtMs;
  }
}

/** How a task's record keeps the outcome of its rollback. */
const UNDO_OF = { complete: "done", incomplete: "failed", none: "none" } as const;
const OUTCOME_OF: Readonly<Record<string, RollbackOutcome>> = {
  done: "complete",
  failed: "incomplete",
};
