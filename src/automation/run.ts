/** One execution: its own task, the tasks in it, and how it ends in the journal. */

import { classifier } from "../classify/classify.ts";
import { InDoubtError, RequirementError } from "../core/errors.ts";
import type { TaskCount } from "../core/events.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { Fault } from "../core/fault.ts";
import { UNFINISHED, type RunRecord, type RunStatus } from "../core/journal.ts";
import type { TaskFailure, TaskResult } from "../policies/task-result.ts";
import type { Automation, Run } from "./automation.ts";
import { OWN_TASK } from "./book.ts";
import { cancelledBy, isCancellation } from "./cancel/cancel-request.ts";
import { tellOfRequest, watchForCancel } from "./cancel/cancel-watch.ts";
import type { Claimed } from "./claim/claim-run.ts";
import { exitCodeOfCancellation } from "./cancel/cancellation.ts";
import type { ChildResult } from "./child/child.ts";
import { checkRequirements } from "./check-requirements.ts";
import { planned, type PlannedStep } from "./dry-run.ts";
import { keepLease } from "./claim/heartbeat.ts";
import { Tally, type TaskEnd } from "./outcome.ts";
import type { Reason } from "./rollback.ts";
import type { Scope } from "./scope.ts";
import { Siblings } from "./parallel/siblings.ts";
import { decideRollback, runTask } from "./task.ts";
import type { Choice } from "./claim/unfinished.ts";
import { emit, type World } from "./world.ts";

/** How a run ended. */
export interface RunResult {
  readonly runId: string;
  readonly automation: string;
  /** `interrupted` and `in doubt` are unfinished: the next start takes the run up. */
  readonly status: Exclude<RunStatus, "running" | "abandoned">;
  /** What `holdfast run` exits with. */
  readonly exitCode: number;
  /** The first 1,000 tasks; of the items of maps those that failed, at most 100 of each map. */
  readonly tasks: readonly TaskEnd[];
  /** Of all tasks, a map's items and children among them. */
  readonly count: TaskCount;
  readonly durationMs: number;
  /** What a dry run would have done, the first 1,000; missing in any other. */
  readonly plan?: readonly PlannedStep[] | undefined;
  /** What ended the run, where it did not succeed. */
  readonly error?: unknown;
}

/** What an execution needs beside its world. */
export interface RunParts<Input> {
  readonly input: Input;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly renewEveryMs: number;
  /** The record that a new run would have: what the code is now. */
  readonly wanted: Pick<RunRecord, "codeHash" | "version" | "file">;
  readonly choice: Choice;
  /** Whether it had ended, and what its rollback left is undone once more. */
  readonly hasEnded: boolean;
  /** What a new run took over from the one that it does again. */
  readonly retried: Claimed<unknown>["retried"];
}

type End = Pick<RunResult, "status" | "exitCode" | "error"> & { readonly fault?: Fault };

const ON_REQUEST: Reason = {
  fault: { class: "fatal", code: "ROLLBACK_REQUESTED", effect: "partial" },
  error: new Error("the run was rolled back on request"),
};

/** What a run that was taken up again says of its end. */
const NOT_ENDED = {
  status: "running",
  endedAtMs: undefined,
  exitCode: undefined,
  tasks: undefined,
} as const;

/** See the header. */
export class RunExecution<Input> {
  readonly #world: World;
  readonly #automation: Automation<Input>;
  readonly #parts: RunParts<Input>;
  readonly #tally: Tally;
  readonly #startedAtMs: number;
  /** Given when its unfinished tasks are rolled back whatever they did. */
  #rollBackFor: Reason | undefined;
  #isOwnKept = false;

  constructor(world: World, automation: Automation<Input>, parts: RunParts<Input>) {
    this.#world = world;
    this.#automation = automation;
    this.#parts = parts;
    this.#tally = new Tally(world.reactions);
    this.#startedAtMs = world.clock.elapsed();
  }

  /** Runs to the end. Rejects when the journal or the lease failed, or the journal does not fit the code. */
  async run(): Promise<RunResult> {
    const stopHeartbeat = keepLease(this.#world, this.#parts.renewEveryMs);
    let stopWatching = () => {};
    try {
      await this.#begin();
      if (this.#rollBackFor === undefined) stopWatching = watchForCancel(this.#world);
      const end = await this.#outcome();
      const result = await this.#end(end);
      const isMismatch = this.#world.halt.kind === "stopped" && end.status === "interrupted";
      if (isMismatch) throw end.error;
      return result;
    } finally {
      stopHeartbeat();
      stopWatching();
      // What ended the run matters more than giving the lease back, which runs out by itself.
      await this.#world.book.release().catch(() => undefined);
    }
  }

  get #isResumed(): boolean {
    return this.#parts.choice !== "fresh";
  }

  async #begin(): Promise<void> {
    const { book } = this.#world;
    const { file, resumes } = book.run;
    if (!this.#isResumed) {
      emit(this.#world, {}, { type: "run.started", ...(file === undefined ? {} : { file }) });
      this.#tellOfRetry();
      return;
    }
    const { wanted, choice, hasEnded } = this.#parts;
    if (choice === "rollback") this.#rollBackFor = ON_REQUEST;
    if (hasEnded) await this.#reopen(ON_REQUEST);
    // Where it is now: it may have been moved.
    const { codeHash, version, file: path = file } = wanted;
    await book.writeRun({ ...NOT_ENDED, resumes: resumes + 1, codeHash, version, file: path });
    emit(this.#world, {}, { type: "run.resumed", resumes: resumes + 1 });
    await this.#heedRequest();
  }

  /** Written before the run is unfinished again: should it be cut off then, nothing goes forward. */
  async #reopen(reason: Reason): Promise<void> {
    const { book } = this.#world;
    // The run failed by one of its tasks: what it did itself had come to a good end.
    this.#isOwnKept = book.run.status !== "abandoned" && !book.isRollingBack;
    if (!this.#isOwnKept) await decideRollback(this.#world, reason);
  }

  /** A request that came while nobody ran the run, or just before its owner died. */
  async #heedRequest(): Promise<void> {
    const { book } = this.#world;
    const request = await book.findCancelRequest();
    if (request === undefined) return;
    tellOfRequest(this.#world, request);
    const error = cancelledBy(book.run.id, request);
    this.#rollBackFor = { error, fault: classifier(this.#world.rules)(error) };
  }

  #tellOfRetry(): void {
    const { retried } = this.#parts;
    if (retried === undefined) return;
    const { of, from, count: takenOver, undone } = retried;
    emit(this.#world, {}, { type: "run.retried", of, from, takenOver, undone });
  }

  async #outcome(): Promise<End> {
    try {
      const lack = await this.#unmetRequirement();
      if (lack !== undefined) return lack;
      const own = await runTask(this.#world, {
        name: OWN_TASK,
        body: (scope) => this.#automation.main(this.#runFor(scope)),
        rollBackFor: this.#rollBackFor,
        isKept: this.#isOwnKept,
      });
      this.#countOwn(own);
      const { exitCode, failure } = this.#tally;
      if (exitCode === EXIT.ok) return { status: "succeeded", exitCode };
      const status = !own.ok && isCancellation(own.error) ? "cancelled" : "failed";
      const given = own.ok ? undefined : this.#automation.endOf?.(own);
      const end = given ?? { status, exitCode };
      return { ...end, ...(failure === undefined ? {} : pickFailure(failure)) };
    } catch (error) {
      return this.#haltedEnd(error);
    }
  }

  /** A run that was taken up again keeps what it did until its requirements are met. */
  async #unmetRequirement(): Promise<End | undefined> {
    const { halt, book, clock } = this.#world;
    // What was begun is taken back whatever lacks: often that is why it failed.
    if (this.#rollBackFor !== undefined || book.isRollingBack) return undefined;
    try {
      const { env } = this.#parts;
      await checkRequirements(this.#automation.settled.requires, {
        env,
        clock,
        signal: halt.signal,
      });
      return undefined;
    } catch (error) {
      halt.check();
      const fault = classifier([])(error);
      emit(this.#world, {}, { type: "requirement.failed", fault, error });
      const result = {
        ok: false,
        name: OWN_TASK,
        fault,
        error,
        attempts: 0,
        durationMs: 0,
        rollback: "none",
      } as const;
      this.#tally.addOwn({ result, mayFail: false });
      const { exitCode } = this.#tally;
      return { status: this.#isResumed ? "interrupted" : "failed", exitCode, error, fault };
    }
  }

  /** The run's own task counts when it did something, failed, or is all there is. */
  #countOwn(result: TaskResult<unknown>): void {
    const steps = this.#world.book.stepsOf(OWN_TASK);
    // A child counts by itself.
    const didSomething = steps.some(({ kind }) => kind !== "child");
    if (!result.ok || didSomething || this.#tally.count.total === 0) {
      this.#tally.addOwn({ result, mayFail: false });
    }
  }

  /** Throws what leaves no end that could be written: a broken journal, or a bug. */
  #haltedEnd(error: unknown): End {
    const { kind } = this.#world.halt;
    if (error instanceof InDoubtError) return { status: "in doubt", exitCode: EXIT.inDoubt, error };
    if (kind === "stopped") return { status: "interrupted", exitCode: EXIT.config, error };
    if (kind !== "cancelled") throw error;
    // A child was taken up again, and what it requires is not there.
    if (error instanceof RequirementError) {
      const { exitCode } = this.#world.reactions[classifier([])(error).class];
      return { status: "interrupted", exitCode, error };
    }
    return { status: "interrupted", exitCode: exitCodeOfCancellation(error), error };
  }

  #runFor(scope: Scope): Run<Input> {
    const { run } = this.#world.book;
    const siblings = new Siblings(scope, this.#tally, {
      concurrency: this.#automation.settled.concurrency,
      undoesAgain: this.#parts.choice === "rollback",
    });
    return {
      id: run.id,
      automation: run.automation,
      name: run.automation,
      input: this.#parts.input,
      isResumed: this.#isResumed,
      signal: scope.signal,
      log: scope.log,
      step: (name, work, options) => scope.step(name, work, options),
      read: (name, work, options) => scope.read(name, work, options),
      scope: (name, body, options) => scope.scope(name, body, options),
      cleanup: (name, work, options) => scope.cleanup(name, work, options),
      file: (name, path, produce, options) => scope.file(name, path, produce, options),
      tempDirectory: (name, options) => scope.tempDirectory(name, options),
      tempFile: (name, options) => scope.tempFile(name, options),
      lock: (name, options) => scope.lock(name, options),
      transaction: (name, database, work, options) =>
        scope.transaction(name, database, work, options),
      parallel: (work, options) => scope.parallel(work, options),
      sleep: (name, length) => scope.sleep(name, length),
      waitForSignal: (name, options) => scope.waitForSignal(name, options),
      approval: (name, options) => scope.approval(name, options),
      task: (name, body, options) => scope.track(siblings.task({ name, body, options })),
      map: (name, items, work, options) =>
        scope.track(siblings.map({ name, items, work, options })),
      child: (name, automation, input, options) => {
        const { dryRun } = this.#world;
        if (dryRun === undefined) {
          return scope.track(siblings.child({ name, automation, input }, options));
        }
        const starting = { kind: "child", name, would: "run" } as const;
        return scope.track(planned(scope, dryRun, starting)) as Promise<ChildResult>;
      },
    };
  }

  async #end(end: End): Promise<RunResult> {
    const { book, clock } = this.#world;
    const count = this.#count(end);
    const durationMs = clock.elapsed() - this.#startedAtMs;
    const { status, exitCode } = end;
    await book.writeRun({ status, exitCode, tasks: count, endedAtMs: clock.now() });
    this.#tell(end, count, durationMs);
    const { id: runId, automation } = book.run;
    const { error } = end;
    const ended = {
      runId,
      automation,
      status,
      exitCode,
      tasks: this.#tally.ends,
      count,
      durationMs,
    };
    return error === undefined ? ended : { ...ended, error };
  }

  /** The run's own task counts as soon as the run halts, for it has not ended then. */
  #count({ status }: End): TaskCount {
    const { succeeded, total } = this.#tally.count;
    const isOpen =
      UNFINISHED.includes(status) &&
      !this.#tally.ends.some(({ result }) => result.name === OWN_TASK);
    return { succeeded, total: isOpen ? total + 1 : total };
  }

  #tell(end: End, tasks: TaskCount, durationMs: number): void {
    const { status, exitCode, error } = end;
    const fault = end.fault ?? classifier(this.#world.rules)(error);
    switch (status) {
      case "succeeded":
        return emit(this.#world, {}, { type: "run.completed", durationMs, tasks });
      case "failed":
        return emit(
          this.#world,
          {},
          { type: "run.failed", durationMs, tasks, exitCode, fault, error },
        );
      case "cancelled":
        return emit(
          this.#world,
          {},
          { type: "run.cancelled", durationMs, tasks, exitCode, fault, error },
        );
      case "in doubt":
        return emit(this.#world, {}, { type: "run.stopped", exitCode, fault, error });
      case "interrupted": {
        const reason = error instanceof Error ? error.message : String(error);
        return emit(this.#world, {}, { type: "run.interrupted", durationMs, reason });
      }
    }
  }
}

function pickFailure({ error, fault }: TaskFailure): Pick<TaskFailure, "error" | "fault"> {
  return { error, fault };
}
