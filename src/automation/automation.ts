/** What an automation is made of, as its author sees it. */

import type { Rule } from "../classify/classify.ts";
import type { Duration } from "../core/duration.ts";
import type { Effect } from "../core/fault.ts";
import type { Logger } from "../core/logger.ts";
import { callable, duration, integer, list, readOptions, required, text } from "../core/options.ts";
import type { Reader } from "../core/options.ts";
import { readPermissions, type Permissions } from "../core/permissions.ts";
import { reactions, type ReactionChanges } from "../core/reactions.ts";
import type { Remedy } from "../core/remedy.ts";
import type { StandardSchema } from "../core/standard-schema.ts";
import type { Attempt, Policy } from "../policies/policy.ts";
import type { RetryOptions } from "../policies/retry.ts";
import type { TaskFailure, TaskResult } from "../policies/task-result.ts";
import type { ChildOptions, ChildResult } from "./child/child.ts";
import type { Items, MapOptions, MapResult } from "./parallel/map-result.ts";
import type { Branches, BranchValues, ParallelOptions } from "./parallel/parallel.ts";
import type { ApprovalBy, ApprovalOptions, SignalOptions } from "./wait/signal.ts";
import type { CleanupContext, CleanupOptions } from "./cleanup.ts";
import type { Database, InTransaction } from "./resource/database.ts";
import type { FileContent } from "./resource/file-content.ts";
import type { FileOptions } from "./resource/file-step.ts";
import type { Lock, LockOptions } from "./resource/lock.ts";
import type { WrittenFile } from "./resource/replace-file.ts";
import { readRemedies } from "./remedies.ts";
import { readRequirements, type Requirements } from "./requirements.ts";
import { readSchedules, type ScheduleOptions } from "./schedule/schedule.ts";
import type { Temp, TempFileOptions, TempOptions } from "./resource/temp.ts";
import type { TransactionOptions } from "./resource/transaction.ts";
import { readSchema } from "./verify.ts";

/** What the work of a step is given. */
export interface StepContext extends Attempt {
  /**
   * The idempotency key: the same for every attempt and every resume of this step, and another one
   * when it is done again after it was undone. Fit for a file name or a URL.
   */
  readonly key: string;
  readonly log: Logger;
  /**
   * The share of the usual load that this attempt is to take on: 1, or less where a remedy such as
   * `outOfMemory` made it smaller.
   */
  readonly scale: number;
}

/** What an undo is given. It must bear that nothing happened, and that it is called again. */
export interface UndoContext<Value> {
  /** The key that the work was given. */
  readonly key: string;
  /** What the work answered; missing when the attempt failed or its end was not seen. */
  readonly value?: Value | undefined;
  /** How much of the work happened. */
  readonly effect: "complete" | Effect;
  /**
   * Aborts when the undo takes too long, and when the journal or the lease is lost: a rollback is
   * shielded from cancellation.
   */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** What `reconcile` finds out: it happened and answered this, it did not happen, or that cannot be told. */
export type Reconciled<Value> = { readonly value: Value } | "absent" | "unknown";

/** How a step is guarded. */
export interface StepOptions<Value> {
  /**
   * Whether the value is good: a predicate (`false` is bad, anything else is good), a function that
   * throws, or any Standard Schema. Not asked again when the value is answered from the journal,
   * nor when `reconcile` found it.
   */
  readonly verify?: ((value: Value) => unknown) | StandardSchema | undefined;
  /** Takes the effect back. Also makes the step repeatable, by undoing before the next attempt. */
  readonly undo?: ((context: UndoContext<Value>) => unknown) | undefined;
  /** Finds out whether an attempt whose end nobody saw took effect. */
  readonly reconcile?:
    | ((context: {
        readonly key: string;
        readonly signal: AbortSignal;
      }) => Reconciled<Value> | PromiseLike<Reconciled<Value>>)
    | undefined;
  /**
   * What it would answer, in a dry run: there the work is not done. Must have no effect. Default: nobody
   * knows, and what looks into the value is not reached.
   */
  readonly plan?:
    | ((context: Pick<StepContext, "signal" | "log">) => Value | PromiseLike<Value>)
    | undefined;
  /** Whether the work may simply be done again. Default: true when `retry` is given, else false. */
  readonly repeatable?: boolean | undefined;
  /** How it is retried. Default: four attempts, by the fault's class, as far as it is repeatable. */
  readonly retry?: StepRetry | undefined;
  /**
   * What may cure the cause of a failure, asked in order before the automation's own remedies. What is
   * healed earns an attempt more, beside those of `retry`, as far as the step is repeatable.
   * Default: nothing.
   */
  readonly heal?: readonly Remedy[] | undefined;
  /** Time limits. Default: 10 minutes an attempt, no limit in all. */
  readonly timeout?:
    | {
        readonly attempt?: Duration | undefined;
        readonly total?: Duration | undefined;
      }
    | undefined;
  /** Any further policy around each attempt, such as a breaker shared by several steps. */
  readonly policy?: Policy<Value> | undefined;
  /** Rules asked before the automation's and the built-in ones. */
  readonly classify?: readonly Rule[] | undefined;
  /** How an undo that fails is retried. Default: five attempts, whatever the class, up to 10 s apart. */
  readonly undoRetry?: StepRetry | undefined;
  /** How long one attempt at the undo may take. Default 5 minutes. */
  readonly undoTimeout?: Duration | undefined;
  /** How long work that was aborted may take to end before it is given up. Default 5 s. */
  readonly grace?: Duration | undefined;
}

/** The part of `retry`'s options that makes sense for a step. */
export type StepRetry = Pick<
  RetryOptions,
  "attempts" | "backoff" | "maxRetryAfter" | "when" | "reactions"
>;

/** How a read is guarded: it has no effect, so there is nothing to undo or to reconcile. */
export type ReadOptions<Value> = Pick<
  StepOptions<Value>,
  "verify" | "retry" | "heal" | "timeout" | "policy" | "classify" | "grace"
>;

/** How a scope is undone once it is complete. */
export interface ScopeOptions<Value> extends Pick<StepOptions<Value>, "undoRetry" | "undoTimeout"> {
  /**
   * Takes the completed scope back, in place of the undos of its steps. Before it has completed, those
   * are run. Default: the undos of its steps.
   */
  readonly undo?: ((context: UndoContext<Value>) => unknown) | undefined;
}

/** The unit that succeeds or is rolled back as a whole. */
export interface Task {
  readonly name: string;
  /** Aborts when the run is cancelled or the task has failed. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /**
   * Does work that has an effect, once: after a resume a finished step answers from the journal.
   * The value must survive the journal (JSON, and Date, Map, Set, bigint, bytes).
   *
   * Rejects with the work's own error when it stays failed.
   */
  step<Value>(
    name: string,
    work: (context: StepContext) => Value | PromiseLike<Value>,
    options?: StepOptions<Value>,
  ): Promise<Value>;
  /** Does work that has no effect: it is repeatable. Its value is journaled too. */
  read<Value>(
    name: string,
    work: (context: StepContext) => Value | PromiseLike<Value>,
    options?: ReadOptions<Value>,
  ): Promise<Value>;
  /**
   * Runs functions, in an array or by name, so many at a time. Rejects with the first failure, and
   * begins none after it.
   */
  parallel<const Work extends Branches>(
    work: Work,
    options?: ParallelOptions,
  ): Promise<BranchValues<Work>>;
  /** Waits for a length of time, or until a moment. A resume waits for what is left of it. */
  sleep(name: string, length: Duration | Date): Promise<void>;
  /**
   * Waits for what `holdfast signal` or `sendSignal` sends under this name, before or while it waits.
   * Rejects with `TimeoutError` when nothing comes in time, `InputError` when it does not fit `schema`.
   */
  waitForSignal<Value = unknown>(name: string, options?: SignalOptions<Value>): Promise<Value>;
  /**
   * Waits for a human's decision by `holdfast approve`. Rejects with `ApprovalRejectedError` when it
   * is a no, and with `TimeoutError` when there is none in time, unless the options say otherwise.
   */
  approval<const Options extends ApprovalOptions = ApprovalOptions & { onReject?: "fail" }>(
    name: string,
    options?: Options,
  ): Promise<ApprovalBy<Options>>;
  /**
   * Runs `body` as a part of the task that is taken back as a whole: when it throws, its own steps are
   * undone first, and then the promise rejects with that error, which may be caught. When it completes,
   * its steps are undone with the task's, or by `undo` in place of theirs. Up to 8 deep.
   */
  scope<Value>(
    name: string,
    body: (task: Task) => Value | PromiseLike<Value>,
    options?: ScopeOptions<Value>,
  ): Promise<Value>;
  /**
   * Registers what is done when the task has ended, after its rollback, the last one first. A kill
   * does not prevent it; it is not done while the run is interrupted and will be taken up again. One
   * that fails is told, and decides nothing else. Resolves when it is written down.
   */
  cleanup(
    name: string,
    run: (context: CleanupContext) => unknown,
    options?: CleanupOptions,
  ): Promise<void>;
  /**
   * A step that makes or replaces the file at `path`, as a whole or not at all. Its value is where it
   * is, how long, and its sum. Undone by putting back what was there before, or by removing it.
   */
  file(
    name: string,
    path: string,
    produce: (context: StepContext) => FileContent | PromiseLike<FileContent>,
    options?: FileOptions,
  ): Promise<WrittenFile>;
  /**
   * A directory that a resume finds again with what is in it; removed when its block is left (`await
   * using`), and with the task at the latest.
   */
  tempDirectory(name: string, options?: TempOptions): Promise<Temp>;
  /** As `tempDirectory`, an empty file. */
  tempFile(name: string, options?: TempFileOptions): Promise<Temp>;
  /**
   * A lock that all runs of the journal share. Held by the run until its block is left (`await using`),
   * and until the task has ended at the latest; a run that was killed keeps it. Rejects with
   * `LockHeldError` when another one holds it for longer than `wait`. Not re-entrant.
   */
  lock(name: string, options?: LockOptions): Promise<Lock>;
  /**
   * A step that is a transaction of `node:sqlite`, or of a client or a pool of `pg`. It commits when
   * `work` answers and is taken back when that throws or is aborted; a kill between the commit and the
   * journal does not do it twice.
   */
  transaction<Db extends Database, Value>(
    name: string,
    database: Db,
    work: (database: InTransaction<Db>, context: StepContext) => Value | PromiseLike<Value>,
    options?: TransactionOptions<Db, Value>,
  ): Promise<Value>;
}

/** How a task counts. */
export interface TaskOptions {
  /** Whether the run may succeed when this task failed. Default false. */
  readonly mayFail?: boolean | undefined;
  /**
   * Names of tasks that were declared before: it begins when all of them have ended. When one of them
   * failed it is not run, and its result has the code `DEPENDENCY_FAILED`. Default: none.
   */
  readonly after?: readonly string[] | undefined;
}

/** One execution. Its own steps form its own task. */
export interface Run<Input = Record<string, unknown>> extends Task {
  readonly id: string;
  readonly automation: string;
  readonly input: Input;
  /** Whether an earlier start of this run was cut off. */
  readonly isResumed: boolean;
  /**
   * Runs `body` as a task. Never rejects for a failed task, which is rolled back by then; rejects
   * when the run is cancelled, stops in doubt, or its journal fails.
   */
  task<Value>(
    name: string,
    body: (task: Task) => Value | PromiseLike<Value>,
    options?: TaskOptions,
  ): Promise<TaskResult<Value>>;
  /**
   * Runs `work` for each item, as a task of its own: it succeeds, or is rolled back, as a whole. Never
   * rejects for failed items. Memory does not grow with their number.
   */
  map<Item, Value>(
    name: string,
    items: Items<Item>,
    work: (item: Item, task: Task) => Value | PromiseLike<Value>,
    options?: MapOptions<Item>,
  ): Promise<MapResult<Value>>;
  /**
   * Runs another automation in a run of its own, which is cancelled, killed and resumed with this one.
   * Counts as a task, and never rejects for a child that failed.
   */
  child(
    name: string,
    automation: Automation<never>,
    input?: unknown,
    options?: ChildOptions,
  ): Promise<ChildResult>;
}

/** What holds for all runs of an automation. */
export interface AutomationOptions<Input = Record<string, unknown>> {
  /** What must be there before the first step. */
  readonly requires?: Requirements | undefined;
  /**
   * What it may touch, and nothing else: the command line starts it in a process of its own then, which
   * is kept to that. `execute` does not. Default: no limit.
   */
  readonly permissions?: Permissions | undefined;
  /** Checks the input, and makes what `run.input` is. Default: any object. */
  readonly input?: StandardSchema<Input> | undefined;
  /** When `holdfast serve` runs it. Default: never. */
  readonly schedule?: ScheduleOptions | readonly ScheduleOptions[] | undefined;
  /**
   * What this version of the code is called: `"2"`. Where it is given, a run that was cut off is resumed
   * by the same version without asking, however the code has changed; another version asks.
   * Default: none, and any change of the code asks.
   */
  readonly version?: string | undefined;
  /** How old a run that was cut off may be and still be resumed without asking. Default 36 hours. */
  readonly resumeWithin?: Duration | undefined;
  /** How many tasks run at a time, children among them; further ones wait. Default 16. */
  readonly concurrency?: number | undefined;
  /** How often one run is resumed without asking. Default 10. */
  readonly maxResumes?: number | undefined;
  /** Rules asked before the built-in ones. */
  readonly classify?: readonly Rule[] | undefined;
  /** What may cure the cause of a failure of any step; its own remedies are asked first. Default: nothing. */
  readonly heal?: readonly Remedy[] | undefined;
  /** How often steps are retried by class, and what a class of faults exits with. Default: `REACTIONS`. */
  readonly reactions?: ReactionChanges<"retries" | "firstRetry" | "exitCode"> | undefined;
}

const READERS = {
  requires: readRequirements,
  permissions: readPermissions,
  input: readSchema,
  schedule: readSchedules,
  version: text({ default: undefined }),
  resumeWithin: duration({ default: 36 * 3_600_000, orInfinity: true }),
  concurrency: integer({ min: 1, default: 16 }),
  maxResumes: integer({ min: 0, default: 10, orInfinity: true }),
  classify: list(required(callable<Rule, undefined>({ default: undefined }), "a rule"), {
    default: [],
  }),
  heal: readRemedies,
  reactions: reactions("retries", "firstRetry", "exitCode"),
} satisfies Record<keyof AutomationOptions, Reader<unknown>>;

/** The program of an automation: what `holdfast run` finds as a file's default export. */
export interface Automation<Input = Record<string, unknown>> {
  readonly name: string;
  /** @internal */
  readonly settled: ReturnType<typeof settle>;
  /** @internal */
  readonly main: (run: Run<Input>) => unknown;
  /**
   * How its run ends by a failure of its own task, where that says more than the fault's class: what
   * `holdfast exec` exits with is the command's own code.
   *
   * @internal
   */
  readonly endOf?: ((failure: TaskFailure) => OwnEnd | undefined) | undefined;
  readonly [AUTOMATION]: true;
}

/** An end that an automation gives its run. `cancelled` is one that did nothing, and need not. @internal */
export interface OwnEnd {
  readonly status: "failed" | "cancelled";
  readonly exitCode: number;
}

/**
 * Marks automations, also those of another copy of the package. No entry exports it; the published
 * declarations need it all the same, for `Automation` names it.
 */
export const AUTOMATION: unique symbol = Symbol.for("holdfast.automation") as never;

function settle(name: string, options: object) {
  return readOptions(`automation "${name}"`, options, READERS);
}

type Main<Input> = (run: Run<Input>) => unknown;

/**
 * Makes an automation. Nothing runs yet: `holdfast run` or `execute` does that.
 *
 * @throws {OptionsError} At once, for an empty name or an option that is unknown or out of range.
 */
export function automation<Input = Record<string, unknown>>(
  name: string,
  options: AutomationOptions<Input>,
  main: Main<Input>,
): Automation<Input>;
export function automation(name: string, main: Main<Record<string, unknown>>): Automation;
export function automation<Input>(
  name: string,
  ...rest: [AutomationOptions<Input>, Main<Input>] | [Main<Input>]
): Automation<Input> {
  const [options, main] = rest.length === 1 ? [{}, rest[0]] : rest;
  required(text({ default: undefined }), "a name")(name, "automation.name");
  required(callable({ default: undefined }), "the automation's function")(
    main,
    `automation "${name}"`,
  );
  return Object.freeze({ name, settled: settle(name, options), main, [AUTOMATION]: true as const });
}

/** Whether `value` was made by `automation`. */
export function isAutomation(value: unknown): value is Automation<never> {
  return typeof value === "object" && value !== null && AUTOMATION in value;
}
