/**
 * A part of a task that succeeds or is taken back as a whole, while its task goes on.
 *
 * Its steps are steps of the task, under names of their own (`scope/step`), so what becomes of the
 * task becomes of them. Its own record says how far it is, as the task's does: begun, rolling back,
 * failed or completed.
 */

import { withAmbient } from "../core/context.ts";
import { AutomationError } from "../core/errors.ts";
import type { StepRecord } from "../core/journal.ts";
import type { ScopeOptions, Task } from "./automation.ts";
import { cleanUp, failedEnding } from "./cleanup.ts";
import { reviveError } from "./revive.ts";
import { rollBack, type Reason } from "./rollback.ts";
import type { Scope } from "./scope.ts";
import type { Step } from "./step.ts";
import { readScopeOptions } from "./step-options.ts";
import { redactedFailure } from "./world.ts";

/** Deeper than anybody reads. */
const MAX_DEPTH = 8;

/** What is to be run. */
export interface ScopeCall {
  readonly name: string;
  readonly body: (task: Task) => unknown;
  readonly options: ScopeOptions<never>;
}

/** `task.scope`. Rejects with what the body threw, when its steps are undone. */
export async function runNested(parent: Scope, call: ScopeCall): Promise<unknown> {
  if (parent.depth >= MAX_DEPTH) {
    throw new AutomationError(`Scope "${call.name}" is more than ${MAX_DEPTH} deep`);
  }
  const settled = readScopeOptions(call.name, call.options);
  // It does no work by itself: it is there for its record, and for the undo that replaces the others.
  const step = parent.addStep(call.name, () => undefined, settled);
  return new NestedRunner(parent, step, call.body).run();
}

class NestedRunner {
  readonly #parent: Scope;
  readonly #step: Step;
  readonly #body: ScopeCall["body"];
  readonly #startedAtMs: number;

  constructor(parent: Scope, step: Step, body: ScopeCall["body"]) {
    this.#parent = parent;
    this.#step = step;
    this.#body = body;
    this.#startedAtMs = parent.world.clock.elapsed();
  }

  get #record(): StepRecord {
    return this.#step.record;
  }

  get #world() {
    return this.#parent.world;
  }

  async run(): Promise<unknown> {
    const step = this.#step;
    step.checkKind();
    if (!step.isRecorded && this.#parent.beginsNothing) throw this.#parent.endOfRecord;
    const scope = this.#parent.nest(`${this.#record.name}/`, recordedReason(this.#record));
    if (this.#isReplaced) return this.#answerFor(scope);
    if (!step.isRecorded) await step.write(this.#record);
    if (this.#record.status === "begun") {
      step.emit({ type: "step.started", hasUndo: step.settled.undo !== undefined });
    }
    try {
      return await this.#complete(scope, await this.#perform(scope));
    } catch (error) {
      return this.#afterFailure(scope, error);
    }
  }

  /** It is finished, and has an undo in place of those of its steps: nobody has to come to them again. */
  get #isReplaced(): boolean {
    return this.#step.settled.undo !== undefined && this.#record.status === "completed";
  }

  #answerFor(scope: Scope): unknown {
    scope.isReplaced = true;
    this.#world.book.visitUnder(scope.name, scope.prefix);
    return this.#answer();
  }

  #answer(): unknown {
    this.#step.emit({ type: "step.replayed", outcome: "completed" });
    return this.#world.book.readValue(this.#record);
  }

  /** Runs the body to its end, and everything that it began. */
  async #perform(scope: Scope): Promise<unknown> {
    const surrounding = { ...this.#step.ambientAt({ task: scope.name }), scope };
    const value = await withAmbient(surrounding, async () => this.#body(scope));
    const unawaited = await scope.quiet();
    await scope.catchUp();
    this.#world.halt.check();
    // It was run only to come to its undos; where it had completed, the body around it goes on.
    if (scope.isRollingBack && this.#record.status !== "completed") throw scope.endOfRecord;
    if (unawaited !== undefined) throw unawaited.error;
    scope.checkNothingLost();
    return value;
  }

  async #complete(scope: Scope, value: unknown): Promise<unknown> {
    if (this.#record.status === "completed") {
      scope.close();
      return this.#answer();
    }
    const stored = this.#world.dryRun === undefined ? this.#step.toStored(value) : undefined;
    scope.close();
    await cleanUp(scope, { outcome: "succeeded" });
    const endedAtMs = this.#world.clock.now();
    await this.#step.write({ ...this.#record, status: "completed", value: stored, endedAtMs });
    scope.isReplaced = this.#isReplaced;
    this.#step.emit({ type: "step.completed", durationMs: this.#durationMs(), attempts: 1 });
    return value;
  }

  async #afterFailure(scope: Scope, error: unknown): Promise<unknown> {
    await scope.turnBack(error);
    await scope.quiet();
    this.#world.halt.check();
    const { status } = this.#record;
    // Whether or not its body comes to its end on the way to the undos, it had succeeded.
    if (status === "completed" && this.#parent.isRollingBack) return this.#answer();
    const reason = recordedReason(this.#record) ?? scope.reasonOf(error);
    // Its task takes back all that was done, in one order.
    if (this.#parent.isRollingBack && recordedReason(this.#record) === undefined) throw error;
    if (status !== "failed") await this.#rollBack(scope, reason);
    throw this.#step.failedBy(reason.error);
  }

  async #rollBack(scope: Scope, reason: Reason): Promise<void> {
    const world = this.#world;
    const failure = redactedFailure(world, reason);
    if (this.#record.status !== "rolling back") {
      await this.#step.write({ ...this.#record, status: "rolling back", ...failure });
    }
    const rollback = await rollBack(scope, reason);
    await cleanUp(scope, failedEnding(reason, rollback));
    await this.#step.write({
      ...this.#record,
      status: "failed",
      // What could not be taken back is for its task to see to.
      effect: rollback === "incomplete" ? "partial" : "none",
      endedAtMs: world.clock.now(),
    });
    const { fault, error } = reason;
    const durationMs = this.#durationMs();
    this.#step.emit({ type: "step.failed", durationMs, attempts: 1, fault, error });
  }

  #durationMs(): number {
    return this.#world.clock.elapsed() - this.#startedAtMs;
  }
}

/** Why a scope is being taken back or was, by its record. */
function recordedReason({ status, fault, error }: StepRecord): Reason | undefined {
  const isFailed = status === "rolling back" || status === "failed";
  if (!isFailed || fault === undefined || error === undefined) return undefined;
  return { fault, error: reviveError(error, fault) };
}
