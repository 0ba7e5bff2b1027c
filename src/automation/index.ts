/** `holdfast/automation`: automations made of steps, and running them from code. */

export {
  automation,
  isAutomation,
  type Automation,
  type AutomationOptions,
  type ReadOptions,
  type Reconciled,
  type Run,
  type ScopeOptions,
  type StepContext,
  type StepOptions,
  type StepRetry,
  type Task,
  type TaskOptions,
  type UndoContext,
} from "./automation.ts";
export type { ChildOptions, ChildResult } from "./child/child.ts";
export type { Items, MapFailure, MapOptions, MapResult } from "./parallel/map-result.ts";
export type { Branch, Branches, BranchValues, ParallelOptions } from "./parallel/parallel.ts";
export type { Approval, ApprovalBy, ApprovalOptions, SignalOptions } from "./wait/signal.ts";
export { sendSignal, type SentSignal } from "./wait/signals.ts";
export type { CleanupContext, CleanupOptions, Ending } from "./cleanup.ts";
export type {
  Database,
  InTransaction,
  Isolation,
  QueryClient,
  QueryPool,
  SqliteDatabase,
} from "./resource/database.ts";
export { cancelRun, type CancelOptions, type CancelOutcome } from "./cancel/cancel.ts";
export { execute, type ExecuteOptions } from "./execute.ts";
export type { PlannedStep } from "./dry-run.ts";
export type { FileOptions } from "./resource/file-step.ts";
export type { Lock, LockOptions } from "./resource/lock.ts";
export type { TaskEnd } from "./outcome.ts";
export type { FileContent } from "./resource/file-content.ts";
export { replaceFile, type ReplaceFileOptions, type WrittenFile } from "./resource/replace-file.ts";
export type { Rehearsal, RehearsalPlace } from "./rehearsal.ts";
export type { Requirements } from "./requirements.ts";
export type { RunResult } from "./run.ts";
export type { ScheduleOptions } from "./schedule/schedule.ts";
export type { Temp, TempFileOptions, TempOptions } from "./resource/temp.ts";
export type { TransactionOptions } from "./resource/transaction.ts";
export type { Choice } from "./claim/unfinished.ts";
export type { Decision } from "./world.ts";
export type { Logger, LogMethod } from "../core/logger.ts";
export type { Permissions } from "../core/permissions.ts";
export type { Size } from "../core/size.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "../core/standard-schema.ts";
export type { TaskResult } from "../policies/task-result.ts";
