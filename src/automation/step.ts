/**
 * One step: answered from the journal when it is finished, else attempted under its policies, with
 * intent and result written around what it does.
 *
 *   intent ─▶ work ─▶ verify ─▶ result          (each attempt writes its intent; a read writes none)
 *                └─ failed ─▶ reconcile, undo or nothing ─▶ wait ─▶ next attempt
 */

import { classifier, type Classify } from "../classify/classify.ts";
import { withAmbient, type Ambient } from "../core/context.ts";
import { InDoubtError } from "../core/errors.ts";
import type { Effect } from "../core/fault.ts";
import type { EventDetails, Where } from "../core/events.ts";
import type { StepRecord } from "../core/journal.ts";
import { pipeline } from "../policies/pipeline.ts";
import type { Attempt, Policy } from "../policies/policy.ts";
import { retry } from "../policies/retry.ts";
import { timeout } from "../policies/timeout.ts";
import { attemptStep, type Storable } from "./attempt.ts";
import type { StepContext } from "./automation.ts";
import { stepLabel } from "./book.ts";
import { checkKind } from "./kind.ts";
import { reviveError } from "./revive.ts";
import type { Reason } from "./rollback.ts";
import type { Scope } from "./scope.ts";
import type { SettledStep } from "./step-options.ts";
import { StepHealer } from "./step-heal.ts";
import {
  foundAbsent,
  isInDoubt,
  newStep,
  renewed,
  stepCompleted,
  stepFailed,
  type AttemptEnd,
} from "./step-record.ts";
import { toStorable } from "./storable.ts";
import { undoStep } from "./undo.ts";
import { emit, loggerAt, redactedFailure, type World } from "./world.ts";

/** A step's work, whatever it answers. */
export type StepWork = (context: StepContext) => unknown;

/** Ends the retrying of a step that turns out to have happened. */
class Happened implements Storable {
  readonly value: unknown;
  readonly stored: string;
  readonly toldBy: "reconcile" | "human";

  constructor({ value, stored }: Storable, toldBy: Happened["toldBy"]) {
    this.value = value;
    this.stored = stored;
    this.toldBy = toldBy;
  }
}

/** See the header. */
export class Step {
  readonly name: string;
  readonly settled: SettledStep;
  readonly work: StepWork;
  readonly classify: Classify;
  readonly scope: Scope;
  /** Whether an earlier start wrote it down. */
  readonly isRecorded: boolean;
  /** What the newest attempt failed by, and how much of it happened, which the error alone may not tell. */
  newest: { readonly error: unknown; readonly effect: Effect } | undefined;
  readonly #world: World;
  readonly #startedAtMs: number;
  readonly #leftBehind = new Set<Promise<unknown>>();
  #record: StepRecord;
  #failure: Reason | undefined;
  /** The attempt that runs, whoever still waits for it. */
  #attempting: Promise<Storable | undefined> = Promise.resolve(undefined);
  /**
   * What heals, undoes or reconciles between two attempts; it goes on to its end, whatever ends the
   * waiting for it.
   */
  #clearing: Promise<unknown> = Promise.resolve();
  readonly #healer: StepHealer;
  /** How many attempts were made before this start, and how many were earned by healing. */
  #uncounted = 0;
  /** The attempt that was told to have failed before it was healed. */
  #toldFailed = 0;
  /** A remedy that fits could do nothing, or what happened cannot be taken back: then no attempt is made. */
  #isBeyondHelp = false;

  constructor(scope: Scope, name: string, work: StepWork, settled: SettledStep) {
    this.name = name;
    this.settled = settled;
    this.work = work;
    this.scope = scope;
    this.#world = scope.world;
    this.#startedAtMs = scope.world.clock.elapsed();
    const classify = classifier([...settled.classify, ...scope.world.rules]);
    this.classify = (error) => {
      const fault = classify(error);
      const { newest } = this;
      return newest !== undefined && newest.error === error
        ? { ...fault, effect: newest.effect }
        : fault;
    };
    this.#healer = new StepHealer(this);
    const recorded = scope.world.book.visit(scope.name, name);
    this.isRecorded = recorded !== undefined;
    this.#record = recorded === undefined ? this.#newRecord() : withUndo(recorded, settled);
  }

  /** What it failed by, when it stays failed. */
  get failure(): Reason | undefined {
    return this.#failure;
  }

  /** Whether work that did not end within its grace still runs. */
  get isStillRunning(): boolean {
    return this.#leftBehind.size > 0;
  }

  /** Remembers work that is given up, for as long as it runs. */
  leaveBehind(working: Promise<unknown>): void {
    this.#leftBehind.add(working);
    const forget = () => void this.#leftBehind.delete(working);
    working.then(forget, forget);
  }

  get record(): StepRecord {
    return this.#record;
  }

  /** As people name it. */
  get label(): string {
    return stepLabel(this.scope.name, this.name);
  }

  get where(): Where {
    return { task: this.scope.name, step: this.name, key: this.#record.key };
  }

  /** Writes a changed record; reads have no effect, so only their end is written. */
  async write(record: StepRecord): Promise<void> {
    this.#world.halt.checkWritable();
    const isIntent = record.kind === "read" && record.status === "begun";
    this.#record = isIntent ? record : await this.#world.book.writeStep(record);
  }

  emit(details: EventDetails): void {
    emit(this.#world, this.where, details);
  }

  /** A value as the journal keeps it. @throws {ValueError} When it cannot. */
  toStored(value: unknown): string {
    return toStorable(this.#world.redactor, value, `The value of step "${this.label}"`);
  }

  /** The step's value, from the journal or by doing it. */
  async answer(): Promise<unknown> {
    this.checkKind();
    if (this.#record.status !== "begun") return this.#replay();
    if (this.scope.isRollingBack && !this.#isOpenChild) throw this.scope.endOfRecord;
    if (!this.isRecorded && this.scope.beginsNothing) throw this.scope.endOfRecord;
    this.emit({ type: "step.started", hasUndo: this.settled.undo !== undefined });
    const answer = await this.#takeUp();
    return answer instanceof Happened ? this.#complete(answer) : this.#perform();
  }

  /** A child that was begun comes to its end by itself, also on the way to a rollback. */
  get #isOpenChild(): boolean {
    return this.#record.kind === "child" && this.#record.attempts.length > 0;
  }

  /** A child goes on when its task fails, as other tasks do. */
  get #signal(): AbortSignal {
    return this.settled.kind === "child" ? this.#world.halt.signal : this.scope.signal;
  }

  #newRecord(): StepRecord {
    return newStep({
      runId: this.#world.book.run.id,
      task: this.scope.name,
      name: this.name,
      kind: this.settled.kind,
      position: this.#world.book.nextPosition(),
      hasUndo: this.settled.undo !== undefined,
      atMs: this.#world.clock.now(),
    });
  }

  /** The journal may hold something of another kind under its name: then the run stops. */
  checkKind(): void {
    checkKind(this.#world, this.#record, this.settled.kind);
  }

  #replay(): unknown {
    const { status, fault, error } = this.#record;
    this.emit({ type: "step.replayed", outcome: status === "completed" ? "completed" : "failed" });
    if (status === "completed") return this.#world.book.readValue(this.#record);
    throw this.failedBy(
      reviveError(error ?? { type: "Error", message: `"${this.label}" failed` }, fault),
    );
  }

  #happened(value: unknown, toldBy: Happened["toldBy"]): Happened {
    return new Happened({ value, stored: this.toStored(value) }, toldBy);
  }

  /** Finds out where to go on, should the step have been begun before the process died. */
  async #takeUp(): Promise<Happened | "go"> {
    const decision = this.#world.decisions[this.label];
    if (decision !== undefined && isInDoubt(this.#record)) {
      this.emit({ type: "step.reconciled", answer: decision === "absent" ? "absent" : "happened" });
      return decision === "absent" ? this.#forget() : this.#happened(decision.value, "human");
    }
    const answer = await this.#clearTheWay();
    if (answer !== "stuck") return answer;
    const last = this.#record.attempts.at(-1);
    if (last?.error !== undefined) return this.#fail(reviveError(last.error, last.fault));
    if (this.settled.undo !== undefined) {
      return this.#fail(new Error(`"${this.label}" was cut off, and undoing it failed`));
    }
    this.emit({ type: "step.doubted" });
    const error = new InDoubtError(this.#record.runId, this.label);
    this.#world.halt.stop(error);
    throw error;
  }

  /**
   * Makes sure that another attempt does no harm: nothing happened, or it may be repeated, or what
   * happened is undone. Finds out by `reconcile` first, where there is one.
   */
  async #clearTheWay(): Promise<Happened | "go" | "stuck"> {
    // The process died right after the undo.
    if (this.#record.undo === "done") return this.#renew();
    if (this.#record.effect === "none") return "go";
    // What still runs may yet happen, so nobody can say that it did not.
    const found = this.isStillRunning ? "unknown" : await this.#reconcile();
    if (found instanceof Happened) return found;
    if (found === "absent") return this.#forget();
    if (this.settled.repeatable) return "go";
    if (this.settled.undo === undefined || !(await this.#isUndone())) return "stuck";
    return this.#renew();
  }

  /** Written, so that nobody is asked twice. */
  async #forget(): Promise<"go"> {
    await this.write(foundAbsent(this.#record));
    return "go";
  }

  async #renew(): Promise<"go"> {
    await this.write(renewed(this.#record));
    return "go";
  }

  /** A failed undo is told of by its own events; the rollback tries it again. */
  async #isUndone(): Promise<boolean> {
    try {
      await undoStep(this, this.#world);
      return true;
    } catch {
      return false;
    }
  }

  async #reconcile(): Promise<Happened | "absent" | "unknown"> {
    const { reconcile } = this.settled;
    if (reconcile === undefined) return "unknown";
    try {
      const answer = await this.#ask(reconcile);
      const found = typeof answer === "object" ? this.#happened(answer.value, "reconcile") : answer;
      this.emit({
        type: "step.reconciled",
        answer: found instanceof Happened ? "happened" : found,
      });
      return found;
    } catch (error) {
      this.#world.halt.check();
      loggerAt(this.#world, this.where).warning(`"${this.label}" could not be reconciled`, {
        error,
      });
      return "unknown";
    }
  }

  #ask(reconcile: NonNullable<SettledStep["reconcile"]>) {
    const { clock, random } = this.#world;
    const ask = pipeline(
      retry({ name: `${this.label}: reconcile`, clock, random, classify: this.classify }),
      timeout("1m", { name: `${this.label}: reconcile`, clock }),
    );
    return withAmbient(this.ambientAt(this.where), () =>
      ask.run(({ signal }) => reconcile({ key: this.#record.key, signal }), {
        // Not aborted with its task: only this answer tells what has to be taken back.
        signal: this.#world.halt.signal,
      }),
    );
  }

  async #perform(): Promise<unknown> {
    const policy = this.#retryPolicy();
    this.#uncounted = this.#record.attempts.at(-1)?.number ?? 0;
    try {
      const value = await withAmbient(this.#retryAmbient(), () =>
        policy.run((outer) => this.#attempt(outer), { signal: this.#signal }),
      );
      return await this.#complete(value);
    } catch (error) {
      return this.#afterFailure(error);
    }
  }

  /** One attempt as the retry counts it, and another one each time that its failure was healed. */
  async #attempt(outer: Attempt): Promise<Storable> {
    for (;;) {
      const number = this.#uncounted + outer.attempt;
      const beganAtMs = this.#world.clock.elapsed();
      const attempting = attemptStep(this, { outer, number });
      this.#attempting = attempting;
      try {
        return await attempting;
      } catch (error) {
        if (outer.signal.aborted || !this.#healer.fits(error)) throw error;
        this.#tellFailed(error, { number, durationMs: this.#world.clock.elapsed() - beganAtMs });
        const healing = this.#healed(error, outer.signal);
        this.#clearing = healing;
        const answer = await healing;
        if (answer instanceof Happened) return answer;
        if (answer !== "go") throw error;
        outer.signal.throwIfAborted();
        this.#uncounted++;
      }
    }
  }

  /** Heals first, for what clears the way may need what is broken: a reconcile asks the same database. */
  async #healed(error: unknown, signal: AbortSignal): Promise<Happened | "go" | "stuck"> {
    const answer = await this.#healer.heal(error, signal);
    const way = answer === "healed" ? await this.#clearTheWay() : "stuck";
    this.#isBeyondHelp = answer === "failed" || (answer === "healed" && way === "stuck");
    return way;
  }

  #tellFailed(error: unknown, end: { readonly number: number; readonly durationMs: number }): void {
    this.#toldFailed = end.number;
    const details = { type: "attempt.failed", policy: this.label, ...end } as const;
    const where = { ...this.where, attempt: end.number };
    emit(this.#world, where, { ...details, fault: this.classify(error), error });
  }

  #retryPolicy(): Policy {
    const { settled } = this;
    const { clock, random } = this.#world;
    return retry({
      ...settled.retry,
      reactions: settled.retry?.reactions ?? this.#world.reactions,
      name: this.label,
      total: settled.timeout.total,
      repeatable:
        settled.repeatable || settled.undo !== undefined || settled.reconcile !== undefined,
      classify: this.classify,
      clock,
      random,
      beforeRetry: async ({ error }) => {
        this.#world.halt.check();
        if (this.#isBeyondHelp) throw error;
        const clearing = this.#clearTheWay();
        this.#clearing = clearing;
        const answer = await clearing;
        if (answer instanceof Happened) throw answer;
        if (answer === "stuck") throw error;
      },
    });
  }

  /** What policies around and inside the work say belongs to this step. */
  ambientAt(where: Where): Ambient {
    return {
      where,
      scope: this.scope,
      isDryRun: this.#world.dryRun !== undefined,
      stream: (details, at) => emit(this.#world, { ...where, ...at }, details),
    };
  }

  /** The step's own retry counts from 1; the attempts before a resume and those by healing count too. */
  #retryAmbient(): Ambient {
    return {
      where: this.where,
      scope: this.scope,
      isDryRun: this.#world.dryRun !== undefined,
      stream: (details) => {
        const attempt = "number" in details ? details.number + this.#uncounted : undefined;
        if (details.type === "attempt.failed" && attempt === this.#toldFailed) return;
        const shifted = attempt === undefined ? details : { ...details, number: attempt };
        emit(this.#world, { ...this.where, attempt }, shifted as EventDetails);
      },
    };
  }

  async #complete({ value, stored, toldBy }: Storable & Partial<Happened>): Promise<unknown> {
    const record = stepCompleted(this.#record, stored, this.#world.clock.now(), toldBy);
    await this.write(record);
    this.emit({
      type: "step.completed",
      durationMs: this.#durationMs(),
      attempts: record.attempts.at(-1)?.number ?? 0,
    });
    return value;
  }

  async #afterFailure(error: unknown): Promise<unknown> {
    if (error instanceof Happened) return this.#complete(error);
    // A total limit or a cancellation ends the waiting at once; what was begun may still be ending.
    await Promise.allSettled([this.#clearing]);
    const late = await this.#attempting.catch(() => undefined);
    const { aborted: isAborted, reason } = this.#signal;
    if (late !== undefined) await this.#complete(late);
    else if (isAborted) this.emit({ type: "step.interrupted" });
    if (isAborted) throw reason;
    if (late !== undefined) return late.value;
    if (this.classify(error).class !== "fatal" && this.#record.effect !== "none") {
      const found = await this.#reconcile();
      if (found instanceof Happened) return this.#complete(found);
    }
    return this.#fail(error);
  }

  async #fail(error: unknown): Promise<never> {
    this.#world.halt.check();
    const end = this.endOf(error);
    await this.write(stepFailed(this.#record, end));
    this.emit({
      type: "step.failed",
      durationMs: this.#durationMs(),
      attempts: this.#record.attempts.at(-1)?.number ?? 0,
      fault: end.fault,
      error,
    });
    throw this.failedBy(error);
  }

  /** Remembers what it stays failed by, and answers that. */
  failedBy(error: unknown): unknown {
    this.#failure = { error, fault: this.#record.fault ?? this.classify(error) };
    return error;
  }

  /** How an attempt failed, as it is recorded. */
  endOf(error: unknown): AttemptEnd {
    const failure = redactedFailure(this.#world, { fault: this.classify(error), error });
    return { atMs: this.#world.clock.now(), ...failure };
  }

  #durationMs(): number {
    return this.#world.clock.elapsed() - this.#startedAtMs;
  }
}

/** A run that goes on with changed code can also undo what had no undo when it was recorded. */
function withUndo(record: StepRecord, { undo }: SettledStep): StepRecord {
  return record.undo === "none" && undo !== undefined ? { ...record, undo: "registered" } : record;
}
