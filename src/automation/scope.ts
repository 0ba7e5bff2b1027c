/**
 * A task as it runs: which steps it has, which of them are under way, and whether new ones may begin.
 */

import { classifier } from "../classify/classify.ts";
import { ambient } from "../core/context.ts";
import { AutomationError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Duration } from "../core/duration.ts";
import type { ReadOptions, StepContext, StepOptions, Task } from "./automation.ts";
import { stepLabel } from "./book.ts";
import { checkName } from "./names.ts";
import { onAbort } from "./on-abort.ts";
import { unreached, type Reason } from "./rollback.ts";
import { Step } from "./step.ts";
import { readReadOptions, readStepOptions, type SettledStep } from "./step-options.ts";
import { runParallel, type Branches, type BranchValues, type ParallelOptions } from "./parallel.ts";
import {
  approvalPlan,
  signalPlan,
  type ApprovalBy,
  type ApprovalOptions,
  type SignalOptions,
} from "./signal.ts";
import { sleepPlan } from "./sleep.ts";
import { Wait, type WaitPlan } from "./wait.ts";
import { WatchedPromise } from "./watched-promise.ts";
import { loggerAt, type World } from "./world.ts";

/** How long a rollback waits for code that runs side by side to come to what is recorded, in milliseconds. */
const REACH_MS = 5_000;
const REACH_EVERY_MS = 25;

type Work<Value> = (context: StepContext) => Value | PromiseLike<Value>;

/** See the header. */
export class Scope implements Task {
  readonly name: string;
  readonly world: World;
  readonly log: Logger;
  /** Thrown by steps that the journal does not know, while rolling back. */
  readonly endOfRecord = new Error("the run was cut off here, and is being rolled back");
  readonly #controller = new AbortController();
  /** Called with the end of the task, for the run may have many. */
  readonly #unlink: () => void;
  readonly #steps = new Map<string, Step>();
  /** Of steps and waits. */
  readonly #names = new Set<string>();
  readonly #turnedBack = Promise.withResolvers<void>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #failures: { readonly by: WatchedPromise<unknown>; readonly error: unknown }[] = [];
  #reason: Reason | undefined;
  #closedBy: string | undefined;

  /** @param reason Given when it is rolled back whatever its function does. */
  constructor(world: World, name: string, reason: Reason | undefined) {
    this.world = world;
    this.name = name;
    this.#reason = reason;
    if (reason !== undefined) this.#turnedBack.resolve();
    this.log = loggerAt(world, { task: name });
    const { signal } = world.halt;
    this.#unlink = onAbort(signal, () => this.#controller.abort(signal.reason));
  }

  /** Finished steps answer from the journal, and nothing else is done: the way to the undos. */
  get isRollingBack(): boolean {
    return this.#reason !== undefined;
  }

  /** Why it is rolled back. */
  get reason(): Reason | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The steps in the order in which the code reached them. */
  get steps(): readonly Step[] {
    return [...this.#steps.values()];
  }

  /** How many attempts all steps took together. */
  get attemptCount(): number {
    return this.steps.reduce((sum, { record }) => sum + record.attempts.length, 0);
  }

  // Not async: a step is known, with its undo, as soon as it is asked for.
  step<Value>(name: string, work: Work<Value>, options: StepOptions<Value> = {}): Promise<Value> {
    return this.begin(name, work, () => readStepOptions(name, options));
  }

  read<Value>(name: string, work: Work<Value>, options: ReadOptions<Value> = {}): Promise<Value> {
    return this.begin(name, work, () => readReadOptions(name, options));
  }

  parallel<Work extends Branches>(
    work: Work,
    options: ParallelOptions = {},
  ): Promise<BranchValues<Work>> {
    return runParallel(work, options, { turnedBack: this.#turnedBack.promise });
  }

  sleep(name: string, length: Duration | Date): Promise<void> {
    return this.track(
      this.#answerWait(name, () => sleepPlan(name, length, this.world.clock)),
    ) as Promise<void>;
  }

  waitForSignal<Value>(name: string, options: SignalOptions<Value> = {}): Promise<Value> {
    return this.track(
      this.#answerWait(name, () => signalPlan(this.#placeOf(name), options)),
    ) as Promise<Value>;
  }

  approval<Options extends ApprovalOptions>(
    name: string,
    options?: Options,
  ): Promise<ApprovalBy<Options>> {
    return this.track(
      this.#answerWait(name, () => approvalPlan(this.#placeOf(name), options ?? {})),
    ) as Promise<ApprovalBy<Options>>;
  }

  /** What `error` is: as the step that failed by it saw it, else by the automation's own rules. */
  reasonOf(error: unknown): Reason {
    const step = this.steps.find(({ failure }) => failure?.error === error);
    return step?.failure ?? { error, fault: classifier(this.world.rules)(error) };
  }

  /**
   * The function has failed. Steps under way are aborted; when a human has to look, they may end.
   *
   * Waits until the code has come to all that is recorded and has to be taken back: with steps side
   * by side, the failure that ends the function may come before the others are reached again.
   */
  async turnBack(error: unknown): Promise<void> {
    const { clock, halt } = this.world;
    this.#reason ??= this.reasonOf(error);
    if (unreached(this).length > 0) this.#turnedBack.resolve();
    if (halt.kind !== "stopped") this.#abort(error);
    const untilMs = clock.elapsed() + REACH_MS;
    while (!halt.halted.aborted && unreached(this).length > 0 && clock.elapsed() < untilMs) {
      await clock.sleep(REACH_EVERY_MS);
    }
    this.#closedBy ??= "its task had failed";
  }

  /** The function has ended: no new step begins, and what waits for the task's signal is let go. */
  close(): void {
    this.#closedBy ??= "its task had ended";
    this.#abort(new Error("the task has ended"));
  }

  #abort(reason: unknown): void {
    this.#unlink();
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
      const other = surrounding.where.task ?? "";
      throw new AutomationError(
        `${what} was called inside task ${JSON.stringify(other)}, to which it does not belong; use the task that its function is given`,
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

  async #answer(name: string, work: Work<unknown>, settle: () => SettledStep): Promise<unknown> {
    this.#checkBeginning(name);
    const step = new Step(this, name, work, settle());
    this.#names.add(name);
    this.#steps.set(name, step);
    return step.answer();
  }

  async #answerWait(name: string, plan: () => WaitPlan): Promise<unknown> {
    this.#checkBeginning(name);
    const wait = new Wait(this, plan());
    this.#names.add(name);
    return wait.answer();
  }

  #checkBeginning(name: string): void {
    checkName(this.world, "step", name);
    this.world.halt.check();
    this.checkPlace(`Step "${name}"`);
    if (!this.#names.has(name)) return;
    throw new AutomationError(
      `There are two steps named "${stepLabel(this.name, name)}"; within a task each needs a name of its own`,
    );
  }

  #placeOf(name: string) {
    return { world: this.world, name, label: stepLabel(this.name, name) };
  }
}
