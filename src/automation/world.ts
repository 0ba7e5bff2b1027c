/** What all tasks of one run share. */

import type { Rule } from "../classify/classify.ts";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import { LeaseLostError } from "../core/errors.ts";
import { summariseError, type ErrorSummary } from "../core/error-summary.ts";
import type { EventDetails, Where } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { loggerTo, type Logger } from "../core/logger.ts";
import type { Reactions } from "../core/reactions.ts";
import type { Redactor } from "../core/redact.ts";
import type { Remedy } from "../core/remedy.ts";
import type { Stream } from "../core/stream.ts";
import type { Reconciled } from "./automation.ts";
import { OWN_TASK, type Book } from "./book.ts";
import type { StartChild } from "./child/child-run.ts";
import type { DryRun } from "./dry-run.ts";
import type { Interference } from "./interference.ts";

/** What a human decided about a step in doubt. */
export type Decision = Exclude<Reconciled<unknown>, "unknown">;

/** See the header. */
export interface World {
  readonly book: Book;
  readonly clock: Clock;
  readonly random: Random;
  readonly stream: Stream;
  readonly redactor: Redactor;
  /** The automation's own rules. */
  readonly rules: readonly Rule[];
  /** The automation's own remedies. */
  readonly remedies: readonly Remedy[];
  /** The automation's own table. */
  readonly reactions: Reactions;
  /** By `task/step`, or `step` in the run's own task. */
  readonly decisions: Readonly<Record<string, Decision>>;
  readonly halt: Halt;
  /** How many runs this one is a child of. */
  readonly depth: number;
  readonly startChild: StartChild;
  /** Only in a dry run. */
  readonly dryRun?: DryRun | undefined;
  /** Only in a rehearsal. */
  readonly interference?: Interference | undefined;
}

/** Why a run halts: the caller cancelled it, its journal or lease failed, or a human has to look. */
export type HaltKind = "cancelled" | "broken" | "stopped";

/** Stops the whole run. The first reason stays, except that a broken journal outranks all. Nothing new starts after it. */
export class Halt {
  readonly #controller = new AbortController();
  readonly #recalled = new AbortController();
  readonly #halted = new AbortController();
  readonly #broken = new AbortController();
  #reason: { readonly kind: HaltKind; readonly error: unknown } | undefined;

  /** Aborts when what runs must end now: when the run was cancelled or is broken. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts whatever halts the run. */
  get halted(): AbortSignal {
    return this.#halted.signal;
  }

  /** Aborts when nothing may be written any more: then another process may be at it. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Aborts when the run is to be ended and undone: that halts nothing, for it goes on backwards. */
  get recalled(): AbortSignal {
    return this.#recalled.signal;
  }

  get kind(): HaltKind | undefined {
    return this.#reason?.kind;
  }

  /** The caller ends the run: what runs is aborted. */
  cancel(error: unknown): void {
    this.#reason ??= { kind: "cancelled", error };
    this.#controller.abort(error);
    this.#halted.abort(error);
  }

  /** Somebody asked for the end of the run: its unfinished tasks fail with `error`, and are undone. */
  recall(error: unknown): void {
    this.#recalled.abort(error);
  }

  /** The journal or the lease failed: what runs is aborted, and nothing may be written any more. */
  break(error: unknown): void {
    if (this.#reason?.kind !== "broken") this.#reason = { kind: "broken", error };
    this.#broken.abort(error);
    this.#controller.abort(error);
    this.#halted.abort(error);
  }

  /** A human has to look: nothing new starts, and what runs may end. */
  stop(error: unknown): void {
    this.#reason ??= { kind: "stopped", error };
    this.#halted.abort(error);
  }

  /** Throws the reason, if there is one. */
  check(): void {
    if (this.#reason !== undefined) throw this.#reason.error;
  }

  /** Throws only when nothing may be written any more; a rollback is shielded from the rest. */
  checkWritable(): void {
    if (this.#reason?.kind === "broken") throw this.#reason.error;
  }
}

/** Breaks the run off because its journal or lease failed, and tells so once. */
export function breakOff(world: World, error: unknown): void {
  if (world.halt.kind !== "broken") {
    const type = error instanceof LeaseLostError ? "lease.lost" : "journal.failed";
    emit(world, {}, { type, error });
  }
  world.halt.break(error);
}

/** Tells the stream what happened at `where` in the run. The run's own task has no name there. */
export function emit(world: World, { task, ...where }: Where, details: EventDetails): void {
  const named = task === undefined || task === OWN_TASK ? {} : { task };
  const map = task === undefined ? undefined : world.book.mapOf(task);
  const ofItem = map === undefined ? {} : { map };
  world.stream(details, { ...runOf(world), ...named, ...ofItem, ...where });
}

/** The part of every `Where` of a run. */
export function runOf({ book: { run } }: World): Where {
  const parent = run.parentId === undefined ? {} : { parentRunId: run.parentId };
  return { automation: run.automation, runId: run.id, ...parent };
}

/** A logger for what runs at `where`. */
export function loggerAt(world: World, where: Where): Logger {
  return loggerTo((level, message, data) =>
    emit(world, where, {
      type: "log.written",
      level,
      message,
      ...(data === undefined ? {} : { data }),
    }),
  );
}

/** A failure as it may be journaled: an error's code comes from outside, as its message does. */
export function redactedFailure(
  { redactor }: World,
  { fault, error }: { readonly fault: Fault; readonly error: unknown },
): { readonly fault: Fault; readonly error: ErrorSummary } {
  return {
    fault: { ...fault, code: redactor.text(fault.code) },
    error: redactor.value(summariseError(error)) as ErrorSummary,
  };
}
