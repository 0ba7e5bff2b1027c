/** How a task ended, as data: a task that failed is an answer, not an exception. */

import type { Fault } from "../core/fault.ts";

/** A task that succeeded. */
export interface TaskSuccess<Value> {
  readonly ok: true;
  readonly name: string;
  readonly value: Value;
  /** How often the work ran. */
  readonly attempts: number;
  readonly durationMs: number;
  /** Whether a remedy cured the cause of a failure on the way. */
  readonly healed: boolean;
}

/** Whether a failed task's effects were taken back; `none` when there was nothing that could be. */
export type RollbackOutcome = "complete" | "incomplete" | "none";

/** A task that failed. */
export interface TaskFailure {
  readonly ok: false;
  readonly name: string;
  readonly fault: Fault;
  /**
   * What the work threw, the same object, or the error of a policy around it: with `attempts` 0 the
   * work did not even start, as after a `CircuitOpenError`.
   */
  readonly error: unknown;
  /** How often the work ran. */
  readonly attempts: number;
  readonly durationMs: number;
  readonly rollback: RollbackOutcome;
}

/** How a task ended. */
export type TaskResult<Value = unknown> = TaskSuccess<Value> | TaskFailure;
