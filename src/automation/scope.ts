/**
 * A task as it runs: which steps it has, which of them are under way, and whether new ones may begin.
 */

import { classifier } from "../classify/classify.ts";
import { ambient } from "../core/context.ts";
import { AutomationError, UndoFailedError } from "../core/errors.ts";
import type { Where } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import type { StepKind, StepRecord } from "../core/journal.ts";
import type { Logger } from "../core/logger.ts";
import type { Duration } from "../core/duration.ts";
import type { ReadOptions, ScopeOptions, StepContext, StepOptions, Task } from "./automation.ts";
import { OWN_TASK, stepLabel } from "./book.ts";
import { addCleanup, type Cleanup, type CleanupOptions } from "./cleanup.ts";
import type { Database, InTransaction } from "./resource/database.ts";
import { planned, plannedTemp, type DryRun } from "./dry-run.ts";
import { fileStep, type FileCall, type FileOptions } from "./resource/file-step.ts";
import { checkKind } from "./kind.ts";
import { takeLock, type Lock, type LockOptions } from "./resource/lock.ts";
import { checkName } from "./names.ts";
import { runNested } from "./nested-scope.ts";
import { onAbort } from "./cancel/on-abort.ts";
import {
  runParallel,
  type Branches,
  type BranchValues,
  type ParallelOptions,
} from "./parallel/parallel.ts";
import type { WrittenFile } from "./resource/replace-file.ts";
import { unreached, type Reason } from "./rollback.ts";
import {
  approvalPlan,
  signalPlan,
  type ApprovalBy,
  type ApprovalOptions,
  type SignalOptions,
} from "./wait/signal.ts";
import { sleepPlan } from "./wait/sleep.ts";
import { Step, type StepWork } from "./step.ts";
import { isLeftBehind } from "./step-record.ts";
import {
  tempDirectory,
  tempFile,
  type Temp,
  type TempFileOptions,
  type TempOptions,
} from "./resource/temp.ts";
import { transactionStep, type TransactionOptions } from "./resource/transaction.ts";
import { readReadOptions, readStepOptions, type SettledStep } from "./step-options.ts";
import { Wait, type WaitPlan } from "./wait/wait.ts";
import { WatchedPromise } from "./watched-promise.ts";
import { loggerAt, type World } from "./world.ts";

/** How long code that runs side by side is waited for until it comes to what is recorded, in milliseconds. */
const REACH_MS = 5_000;
const REACH_EVERY_MS = 25;

/** Where a scope inside a task belongs, and what the names of its steps begin with. */
interface Nesting {
  readonly parent: Scope;
  readonly prefix: string;
}

type Work<Value> = (context: StepContext) => Value | PromiseLike<Value>;

/** See the header. */
export class Scope implements Task {
  readonly name: string;
  readonly world: World;
  readonly log: Logger;
  /** Thrown by steps that the journal does not know, while rolling back. */
  readonly endOfRecord = new Error("the run was cut off here, and is being rolled back");
  /** What the names of its steps begin with: nothing in a task, `scope/` in a scope inside it. */
  readonly prefix: string;
  /** How many scopes are around it. */
  readonly depth: number;
  /** It is finished, and its own undo stands in place of those of its steps. */
  isReplaced = false;
  readonly #parent: Scope | undefined;
  readonly #inner: Scope[] = [];
  readonly #cleanups: Map<string, Cleanup>;
  readonly #names: Set<string>;
  readonly #controller = new AbortController();
  /** Called with its end, for the run may have many. */
  readonly #unlinks: (() => void)[] = [];
  readonly #turnedBack = Promise.withResolvers<void>();
  readonly #steps = new Map<string, Step>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #failures: { readonly by: WatchedPromise<unknown>; readonly error: unknown }[] = [];
  #isHoldingBack = false;
  #isCatchingUp = false;
  #reason: Reason | undefined;
  #closedBy: string | undefined;

  /**
   * @param reason Given when it is rolled back whatever its function does.
   * @param nesting Given for a scope inside a task.
   */
  constructor(world: World, name: string, reason: Reason | undefined, nesting?: Nesting) {
    const { parent, prefix = "" } = nesting ?? {};
    this.world = world;
    this.name = name;
    this.prefix = prefix;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.#parent = parent;
    this.#cleanups = parent === undefined ? new Map() : parent.#cleanups;
    this.#names = parent === undefined ? new Set() : parent.#names;
    this.#reason = reason;
    this.log = loggerAt(world, this.where);
    const { signal } = parent ?? world.halt;
    const { recalled } = world.halt;
    if (reason !== undefined) this.#turnedBack.resolve();
    this.#unlinks.push(
      onAbort(signal, () => this.#controller.abort(signal.reason)),
      onAbort(recalled, () => this.#recall(recalled.reason)),
    );
  }

  /** Where what is told of it as a whole happened. */
  get where(): Where {
    return this.prefix === ""
      ? { task: this.name }
      : { task: this.name, step: this.prefix.slice(0, -1) };
  }

  /** Finished steps answer from the journal, and nothing else is done: the way to the undos. */
  get isRollingBack(): boolean {
    return this.#reason !== undefined;
  }

  /** Whether its code is gone through only to come to what is recorded: nothing else may begin. */
  get beginsNothing(): boolean {
    return this.isRollingBack || this.#isCatchingUp || this.#parent?.beginsNothing === true;
  }

  /** Why it is rolled back. */
  get reason(): Reason | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What there is to be undone: its steps and those of the scopes inside it, unless they are replaced. */
  get steps(): readonly Step[] {
    const inner = this.#inner.filter(({ isReplaced }) => !isReplaced);
    return [...this.#steps.values(), ...inner.flatMap(({ steps }) => steps)];
  }

  /** How many attempts all steps took together. */
  get attemptCount(): number {
    const own = [...this.#steps.values()].reduce(
      (sum, { record }) => sum + record.attempts.length,
      0,
    );
    return this.#inner.reduce((sum, { attemptCount }) => sum + attemptCount, own);
  }

  /** Whether a step has failed while others beside it have not ended yet. */
  get isWindingUp(): boolean {
    return this.#failures.length > 0 && this.#underWay.size > 0;
  }

  // Not async: a step is known, with its undo, as soon as it is asked for.
  step<Value>(name: string, work: Work<Value>, options: StepOptions<Value> = {}): Promise<Value> {
    const { dryRun } = this.world;
    if (dryRun === undefined) return this.begin(name, work, () => readStepOptions(name, options));
    return this.#planStep(dryRun, name, options);
  }

  read<Value>(name: string, work: Work<Value>, options: ReadOptions<Value> = {}): Promise<Value> {
    return this.begin(name, work, () => readReadOptions(name, options));
  }

  parallel<Work extends Branches>(
    work: Work,
    options: ParallelOptions = {},
  ): Promise<BranchValues<Work>> {
    return runParallel(work, options, { heldBack: () => this.#heldBack() });
  }

  sleep(name: string, length: Duration | Date): Promise<void> {
    if (this.world.dryRun !== undefined) return this.#planWait("sleep", name);
    const plan = () => sleepPlan(name, length, this.world.clock);
    return this.track(this.#answerWait("sleep", name, plan)) as Promise<void>;
  }

  waitForSignal<Value>(name: string, options: SignalOptions<Value> = {}): Promise<Value> {
    if (this.world.dryRun !== undefined) return this.#planWait("signal", name);
    const plan = () => signalPlan(this.#placeOf(name), options);
    return this.track(this.#answerWait("signal", name, plan)) as Promise<Value>;
  }

  approval<Options extends ApprovalOptions>(
    name: string,
    options?: Options,
  ): Promise<ApprovalBy<Options>> {
    if (this.world.dryRun !== undefined) return this.#planWait("signal", name);
    const plan = () => approvalPlan(this.#placeOf(name), options ?? {});
    return this.track(this.#answerWait("signal", name, plan)) as Promise<ApprovalBy<Options>>;
  }

  scope<Value>(
    name: string,
    body: (task: Task) => Value | PromiseLike<Value>,
    options: ScopeOptions<Value> = {},
  ): Promise<Value> {
    return this.track(runNested(this, { name, body, options })) as Promise<Value>;
  }

  cleanup(name: string, run: Cleanup["run"], options: CleanupOptions = {}): Promise<void> {
    const { dryRun } = this.world;
    if (dryRun === undefined) return this.track(addCleanup(this, name, run, options));
    const cleaning = { kind: "cleanup", name, would: "clean up" } as const;
    return this.track(planned(this, dryRun, cleaning)) as Promise<void>;
  }

  file(
    name: string,
    path: string,
    produce: FileCall["produce"],
    options: FileOptions = {},
  ): Promise<WrittenFile> {
    const { dryRun } = this.world;
    if (dryRun !== undefined) return this.#planStep(dryRun, name, options);
    return this.track(fileStep(this, { name, path, produce, options }));
  }

  tempDirectory(name: string, options: TempOptions = {}): Promise<Temp> {
    if (this.world.dryRun !== undefined) return this.#planTemp(name);
    return this.track(tempDirectory(this, name, options));
  }

  tempFile(name: string, options: TempFileOptions = {}): Promise<Temp> {
    if (this.world.dryRun !== undefined) return this.#planTemp(name);
    return this.track(tempFile(this, name, options));
  }

  lock(name: string, options: LockOptions = {}): Promise<Lock> {
    return this.track(takeLock(this, name, options));
  }

  transaction<Db extends Database, Value>(
    name: string,
    database: Db,
    work: (database: InTransaction<Db>, context: StepContext) => Value | PromiseLike<Value>,
    options: TransactionOptions<Db, Value> = {},
  ): Promise<Value> {
    const { dryRun } = this.world;
    if (dryRun !== undefined) return this.#planStep(dryRun, name, options);
    const doing = transactionStep(this, { name, database, work, options });
    return this.track(doing) as Promise<Value>;
  }

  /** What `error` is: as the step that failed by it saw it, else by the automation's own rules. */
  reasonOf(error: unknown): Reason {
    const step = this.steps.find(({ failure }) => failure?.error === error);
    return step?.failure ?? { error, fault: this.faultOf(error) };
  }

  /** What `error` is by the automation's own rules. */
  faultOf(error: unknown): Fault {
    return classifier(this.world.rules)(error);
  }

  /** A scope inside it. @param reason Given when that is taken back whatever its function does. */
  nest(prefix: string, reason: Reason | undefined): Scope {
    const inner = new Scope(this.world, this.name, reason ?? this.#reason, {
      parent: this,
      prefix,
    });
    this.#inner.push(inner);
    return inner;
  }

  /** @throws {UndoFailedError} When a scope in it failed and could not be taken back, whoever caught that. */
  checkNothingLost(): void {
    const lost = this.steps.filter(({ record }) => isLeftBehind(record));
    if (lost.length === 0) return;
    throw new UndoFailedError(
      lost.map(({ label }) => label),
      lost[0]?.failure?.error,
    );
  }

  keepCleanup(name: string, cleanup: Cleanup): void {
    this.#cleanups.set(name, cleanup);
  }

  findCleanup(name: string): Cleanup | undefined {
    return this.#cleanups.get(name);
  }

  /**
   * Takes a name for a thing of that kind, and answers it as it stands in the journal.
   *
   * @throws {AutomationError} When it is taken, or nothing may begin here.
   */
  claimName(kind: StepKind, name: string): string {
    checkName(this.world, kind, name);
    this.world.halt.check();
    this.checkPlace(`${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} "${name}"`);
    const fullName = this.prefix + name;
    if (this.#names.has(fullName)) {
      throw new AutomationError(
        `There are two steps named "${stepLabel(this.name, fullName)}"; within a task each needs a name of its own`,
      );
    }
    this.#names.add(fullName);
    return fullName;
  }

  /**
   * What is recorded of a thing of that kind, which the code has come to now. When it is run only to
   * come to what is recorded, it ends at the first that is not.
   */
  visit(kind: StepKind, fullName: string): StepRecord | undefined {
    const recorded = this.world.book.visit(this.name, fullName);
    if (recorded !== undefined) checkKind(this.world, recorded, kind);
    else if (this.beginsNothing) throw this.endOfRecord;
    return recorded;
  }

  /** Adds a step, which is not begun yet. */
  addStep(name: string, work: StepWork, settled: SettledStep): Step {
    const fullName = this.claimName(settled.kind, name);
    const step = new Step(this, fullName, work, settled);
    this.#steps.set(fullName, step);
    return step;
  }

  /**
   * The function has failed. Steps under way are aborted; when a human has to look, they may end.
   *
   * Waits until the code has come to all that is recorded and has to be taken back: with steps side
   * by side, the failure that ends the function may come before the others are reached again.
   */
  async turnBack(error: unknown): Promise<void> {
    this.#reason ??= this.reasonOf(error);
    if (unreached(this).length > 0) this.#turnedBack.resolve();
    if (this.world.halt.kind !== "stopped") this.#abort(error);
    await this.#reach(() => unreached(this).length === 0);
    this.#closedBy ??= `its ${this.#kind} had failed`;
  }

  /**
   * The function has ended well. It may have caught a failure of functions side by side that came
   * sooner than before, for the journal answers at once: then what the others had begun is come to now,
   * and goes on to its end. Nothing else is begun.
   */
  async catchUp(): Promise<void> {
    if (!this.#isHoldingBack || this.isRollingBack || this.#hasReachedAll) return;
    this.#isCatchingUp = true;
    this.#turnedBack.resolve();
    await this.#reach(() => this.#hasReachedAll);
    await this.quiet();
  }

  /** The run is to end: what runs is aborted, and the function comes to no new step. */
  #recall(error: unknown): void {
    this.#reason ??= this.reasonOf(error);
    this.#controller.abort(error);
  }

  /** The function has ended: no new step begins, and what waits for the task's signal is let go. */
  close(): void {
    this.#closedBy ??= `its ${this.#kind} had ended`;
    this.#abort(new Error("the task has ended"));
  }

  #abort(reason: unknown): void {
    for (const unlink of this.#unlinks) unlink();
    this.#controller.abort(reason);
  }

  /**
   * Waits until no step is under way. Answers the first failure that nobody waited for, so that
   * nobody else can tell: of those that were under way when it was called, or of earlier ones.
   */
  async quiet(): Promise<{ readonly error: unknown } | undefined> {
    let failure: { readonly error: unknown } | undefined;
    while (this.#underWay.size > 0) {
      const results = await Promise.allSettled(this.#underWay);
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) failure ??= { error: failed.reason };
      // What awaited those steps runs on, and may begin the next one.
      await this.world.clock.sleep(0);
    }
    return failure ?? this.#failures.find(({ by }) => !by.isAwaited);
  }

  /** Refuses what has no meaning where it is called. */
  checkPlace(what: string): void {
    const surrounding = ambient();
    if (surrounding?.where.step !== undefined) {
      throw new AutomationError(
        `${what} was called inside step "${surrounding.where.step}"; steps do not nest`,
      );
    }
    if (surrounding?.scope !== undefined && surrounding.scope !== this) {
      const other =
        surrounding.scope instanceof Scope && surrounding.scope.#parent !== undefined
          ? `scope "${stepLabel(surrounding.scope.name, surrounding.scope.prefix.slice(0, -1))}"`
          : `task ${JSON.stringify(surrounding.where.task ?? "")}`;
      throw new AutomationError(
        `${what} was called inside ${other}, to which it does not belong; use the task that its function is given`,
      );
    }
    if (this.#closedBy !== undefined) {
      const problem = `${what} was called after ${this.#closedBy}`;
      // Told here, for nobody may be waiting for it any more.
      this.log.warning(problem);
      throw new AutomationError(problem);
    }
  }

  /** Does a step of any kind, whose options are read once it may begin. */
  begin<Value>(name: string, work: Work<Value>, settle: () => SettledStep): Promise<Value> {
    return this.track(this.#answer(name, work, settle)) as Promise<Value>;
  }

  /** Counts `running` among what is under way. */
  track<Value>(running: Promise<Value>): Promise<Value> {
    this.#underWay.add(running);
    const watched = WatchedPromise.of(running);
    running.then(
      () => this.#underWay.delete(running),
      (error: unknown) => {
        this.#underWay.delete(running);
        this.#failures.push({ by: watched, error });
      },
    );
    return watched;
  }

  #heldBack(): Promise<void> {
    this.#isHoldingBack = true;
    return this.#turnedBack.promise;
  }

  get #hasReachedAll(): boolean {
    const { book } = this.world;
    if (book.unvisited(this.name).some(({ name }) => name.startsWith(this.prefix))) return false;
    return this.name !== OWN_TASK || this.prefix !== "" || book.unvisitedTasks().length === 0;
  }

  /** Waits for a while until the code, which runs side by side, has come to what is recorded. */
  async #reach(isReached: () => boolean): Promise<void> {
    const { clock, halt } = this.world;
    const untilMs = clock.elapsed() + REACH_MS;
    while (!halt.halted.aborted && !isReached() && clock.elapsed() < untilMs) {
      await clock.sleep(REACH_EVERY_MS);
    }
  }

  async #answer(name: string, work: Work<unknown>, settle: () => SettledStep): Promise<unknown> {
    return this.addStep(name, work, settle()).answer();
  }

  async #answerWait(kind: WaitPlan["kind"], name: string, plan: () => WaitPlan): Promise<unknown> {
    const fullName = this.claimName(kind, name);
    return new Wait(this, fullName, plan()).answer();
  }

  #planStep<Value>(dryRun: DryRun, name: string, options: object): Promise<Value> {
    const { plan } = options as StepOptions<unknown>;
    const step = { kind: "step", name, would: "do", settled: { plan } } as const;
    return this.track(planned(this, dryRun, step)) as Promise<Value>;
  }

  #planWait<Value>(kind: WaitPlan["kind"], name: string): Promise<Value> {
    const waiting = { kind, name, would: "wait" } as const;
    return this.track(planned(this, this.world.dryRun as DryRun, waiting)) as Promise<Value>;
  }

  #planTemp(name: string): Promise<Temp> {
    this.claimName("resource", name);
    return Promise.resolve(plannedTemp(`"${stepLabel(this.name, this.prefix + name)}"`));
  }

  #placeOf(name: string) {
    return { world: this.world, name, label: stepLabel(this.name, this.prefix + name) };
  }

  get #kind(): "task" | "scope" {
    return this.#parent === undefined ? "task" : "scope";
  }
}
