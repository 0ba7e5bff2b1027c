/** A step that only waits: its record says what for and until when, so that a resume waits the rest. */

import type { StepRecord } from "../../core/journal.ts";
import { stepLabel } from "../book.ts";
import { onAbort } from "../cancel/on-abort.ts";
import { restMs } from "../rest.ts";
import { reviveError } from "../revive.ts";
import type { Scope } from "../scope.ts";
import { newStep, stepCompleted, stepFailed } from "../step-record.ts";
import { toStorable } from "../storable.ts";
import { emit, redactedFailure, type World } from "../world.ts";

/** What the record holds as its value while it waits. Moments are milliseconds since the Unix epoch. */
export interface WaitNote {
  readonly waitsFor: "time" | "signal" | "approval";
  /** When the wait is over at the latest. */
  readonly untilMs: number;
  readonly question?: string | undefined;
}

/** What is waited for, and how. */
export interface WaitPlan {
  readonly kind: "sleep" | "signal";
  /** What to write down when it is begun. */
  note(nowMs: number): WaitNote;
  /** Waits at most `restMs` milliseconds, and answers the step's value. */
  wait(given: { readonly restMs: number; readonly signal: AbortSignal }): Promise<unknown>;
}

/** See the header. */
export class Wait {
  readonly #scope: Scope;
  /** As it stands in the journal. */
  readonly #name: string;
  readonly #plan: WaitPlan;
  readonly #world: World;
  readonly #startedAtMs: number;

  constructor(scope: Scope, name: string, plan: WaitPlan) {
    this.#scope = scope;
    this.#name = name;
    this.#plan = plan;
    this.#world = scope.world;
    this.#startedAtMs = scope.world.clock.elapsed();
  }

  /** What the wait answers, from the journal or by waiting for what is left of it. */
  async answer(): Promise<unknown> {
    const recorded = this.#scope.visit(this.#plan.kind, this.#name);
    if (recorded !== undefined && recorded.status !== "begun") return this.#replay(recorded);
    if (this.#scope.isRollingBack) throw this.#scope.endOfRecord;
    const record = recorded ?? (await this.#begin());
    const note = this.#world.book.readValue(record) as WaitNote;
    const leftMs = restMs(record.startedAtMs, note.untilMs, this.#world.clock.now());
    const { waitsFor, question } = note;
    emit(this.#world, this.#where, { type: "step.waiting", waitsFor, waitMs: leftMs, question });
    return this.#wait(record, { waitsFor, leftMs });
  }

  get #label(): string {
    return stepLabel(this.#scope.name, this.#name);
  }

  get #where() {
    return { task: this.#scope.name, step: this.#name };
  }

  #replay(record: StepRecord): unknown {
    const { status, error, fault } = record;
    const outcome = status === "completed" ? "completed" : "failed";
    emit(this.#world, this.#where, { type: "step.replayed", outcome });
    if (status === "completed") return this.#world.book.readValue(record);
    throw reviveError(error ?? { type: "Error", message: `"${this.#label}" failed` }, fault);
  }

  async #begin(): Promise<StepRecord> {
    const { book, clock } = this.#world;
    const record = newStep({
      runId: book.run.id,
      task: this.#scope.name,
      name: this.#name,
      kind: this.#plan.kind,
      position: book.nextPosition(),
      hasUndo: false,
      atMs: clock.now(),
    });
    return book.writeStep({ ...record, value: this.#toStored(this.#plan.note(clock.now())) });
  }

  async #wait(
    record: StepRecord,
    { waitsFor, leftMs }: Pick<WaitNote, "waitsFor"> & { readonly leftMs: number },
  ): Promise<unknown> {
    const { book, clock, halt, interference } = this.#world;
    // Whatever halts the run, nothing is gained by waiting on.
    const controller = new AbortController();
    const { signal } = controller;
    const unlinks = [this.#scope.signal, halt.halted].map((source) =>
      onAbort(source, () => controller.abort(source.reason)),
    );
    try {
      const waitAtMost = (ms: number) => this.#plan.wait({ restMs: Math.min(leftMs, ms), signal });
      const value = await (interference === undefined
        ? waitAtMost(leftMs)
        : interference.aroundWait({ label: this.#label, waitsFor }, waitAtMost));
      await book.writeStep(stepCompleted(record, this.#toStored(value), clock.now()));
      emit(this.#world, this.#where, {
        type: "step.completed",
        durationMs: this.#durationMs(),
        attempts: 1,
      });
      return value;
    } catch (error) {
      halt.checkWritable();
      if (!signal.aborted) await this.#fail(record, error);
      else emit(this.#world, this.#where, { type: "step.interrupted" });
      throw error;
    } finally {
      for (const unlink of unlinks) unlink();
    }
  }

  async #fail(record: StepRecord, error: unknown): Promise<void> {
    const { book, clock } = this.#world;
    const { fault } = this.#scope.reasonOf(error);
    const failure = redactedFailure(this.#world, { fault, error });
    await book.writeStep(stepFailed(record, { atMs: clock.now(), ...failure }));
    const durationMs = this.#durationMs();
    emit(this.#world, this.#where, { type: "step.failed", durationMs, attempts: 1, fault, error });
  }

  #toStored(value: unknown): string {
    return toStorable(this.#world.redactor, value, `The value of "${this.#label}"`);
  }

  #durationMs(): number {
    return this.#world.clock.elapsed() - this.#startedAtMs;
  }
}
