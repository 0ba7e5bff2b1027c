/** How a step's record changes as it goes on. Pure: no journal, no clock. */

import type { ErrorSummary } from "../core/error-summary.ts";
import type { Effect, Fault } from "../core/fault.ts";
import type { AttemptRecord, StepKind, StepRecord, UndoStatus } from "../core/journal.ts";
import type { HealRecord } from "../core/remedy.ts";
import { keyOf } from "./key.ts";

/** More attempts than a human reads; the newest are kept. */
const MAX_ATTEMPTS = 50;

const EFFECTS: readonly Effect[] = ["none", "partial", "unknown"];

/** The worse of two effects: the one that says less about what is out there. */
export function worseEffect(a: Effect, b: Effect): Effect {
  return EFFECTS.indexOf(a) > EFFECTS.indexOf(b) ? a : b;
}

/** The record of a step that was never begun. */
export function newStep(parts: {
  readonly runId: string;
  readonly task: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly position: number;
  readonly hasUndo: boolean;
  readonly atMs: number;
}): StepRecord {
  const { runId, task, name, kind, position, hasUndo, atMs } = parts;
  return {
    runId,
    task,
    name,
    kind,
    position,
    status: "begun",
    generation: 1,
    key: keyOf({ runId, task, step: name, generation: 1 }),
    attempts: [],
    startedAtMs: atMs,
    effect: "none",
    undo: hasUndo ? "registered" : "none",
    undoAttempts: [],
  };
}

/** An attempt begins: until its end is seen, its effect is not known. */
export function attemptBegun(record: StepRecord, number: number, atMs: number): StepRecord {
  return {
    ...record,
    status: "begun",
    effect: "unknown",
    // What this attempt does was not taken back, whatever was before it.
    undo: record.undo === "done" ? "registered" : record.undo,
    attempts: append(record.attempts, { number, startedAtMs: atMs }),
  };
}

/** How an attempt failed. */
export interface AttemptEnd {
  readonly atMs: number;
  readonly fault: Fault;
  readonly error: ErrorSummary;
}

/** The running attempt failed. `before` is the effect of the attempts before it. */
export function attemptFailed(record: StepRecord, end: AttemptEnd, before: Effect): StepRecord {
  return {
    ...record,
    effect: worseEffect(before, end.fault.effect),
    attempts: endLast(record.attempts, end),
  };
}

/** What was done about the failure of the newest attempt; the end of a healing takes its intent's place. */
export function attemptHealed(record: StepRecord, healing: HealRecord): StepRecord {
  const last = record.attempts.at(-1);
  if (last === undefined) return record;
  const ended = (last.healings ?? []).filter(({ outcome }) => outcome !== undefined);
  const attempts = [...record.attempts.slice(0, -1), { ...last, healings: [...ended, healing] }];
  return { ...record, attempts };
}

/** The healings of a step, in order. */
export function healingsOf({ attempts }: Pick<StepRecord, "attempts">): readonly HealRecord[] {
  return attempts.flatMap(({ healings }) => healings ?? []);
}

/** Whether a remedy cured the cause of a failure of one of them. */
export function wasHealed(records: readonly StepRecord[]): boolean {
  return records.flatMap(healingsOf).some(({ outcome }) => outcome === "healed");
}

/** The step is done. */
export function stepCompleted(
  record: StepRecord,
  value: string,
  atMs: number,
  toldBy?: StepRecord["toldBy"],
): StepRecord {
  return {
    ...record,
    status: "completed",
    ...(toldBy === undefined ? {} : { toldBy }),
    value,
    endedAtMs: atMs,
    attempts: endLast(record.attempts, { atMs }),
  };
}

/** The step stays failed. */
export function stepFailed(record: StepRecord, end: AttemptEnd): StepRecord {
  return { ...record, status: "failed", endedAtMs: end.atMs, fault: end.fault, error: end.error };
}

/** An attempt at the undo begins. */
export function undoBegun(record: StepRecord, number: number, atMs: number): StepRecord {
  return {
    ...record,
    undo: "begun",
    undoAttempts: append(record.undoAttempts, { number, startedAtMs: atMs }),
  };
}

/** The running attempt at the undo ended, in the given state of the undo. */
export function undoEnded(
  record: StepRecord,
  undo: Exclude<UndoStatus, "none">,
  end: { readonly atMs: number } & Partial<AttemptEnd>,
): StepRecord {
  return { ...record, undo, undoAttempts: endLast(record.undoAttempts, end) };
}

/** It turned out that nothing happened so far: the next attempt is like the first. */
export function foundAbsent(record: StepRecord): StepRecord {
  return { ...record, effect: "none" };
}

/** It was undone and will be done again: as if it had never happened, under another key. */
export function renewed(record: StepRecord): StepRecord {
  const { runId, task, name } = record;
  const generation = record.generation + 1;
  return {
    ...record,
    status: "begun",
    generation,
    key: keyOf({ runId, task, step: name, generation }),
    effect: "none",
  };
}

/** Whether a rollback has something to take back here. */
export function needsUndo(record: StepRecord): boolean {
  if (record.undo === "none" || record.undo === "done") return false;
  // Also where every attempt was refused: a part of the work may have gone before what was refused.
  return record.status === "completed" || record.attempts.length > 0;
}

/** Whether a child was begun and has not ended, so that its own run may have something to take back. */
export function isOpenChild({ kind, status }: StepRecord): boolean {
  return kind === "child" && status === "begun";
}

/** Whether a scope failed, and something of what it did is still there. */
export function isLeftBehind({ kind, status, effect }: StepRecord): boolean {
  return kind === "scope" && status === "failed" && effect === "partial";
}

/** Whether a step was begun, may have taken effect, and nobody saw its end. */
export function isInDoubt(record: StepRecord): boolean {
  return (
    record.status === "begun" &&
    // A child's own journal tells how far it came.
    record.kind !== "child" &&
    record.attempts.at(-1)?.endedAtMs === undefined &&
    record.effect !== "none"
  );
}

function append(attempts: readonly AttemptRecord[], attempt: AttemptRecord): AttemptRecord[] {
  return [...attempts, attempt].slice(-MAX_ATTEMPTS);
}

function endLast(
  attempts: readonly AttemptRecord[],
  { atMs, fault, error }: { readonly atMs: number } & Partial<AttemptEnd>,
): readonly AttemptRecord[] {
  const last = attempts.at(-1);
  if (last === undefined || last.endedAtMs !== undefined) return attempts;
  const failure = fault === undefined || error === undefined ? {} : { fault, error };
  return [...attempts.slice(0, -1), { ...last, endedAtMs: atMs, ...failure }];
}
