/** Records as parameters, and rows as records. */

import {
  lockOf,
  type Hold,
  type Owner,
  type RunRecord,
  type StepRecord,
} from "../../core/journal.ts";
import type { SharedValue } from "../../core/shared-state.ts";
import { systemClock } from "../../core/system.ts";
import type { Lease } from "../lease.ts";
import { isUnfinished, nameOf, nameText, readOwner, recordText } from "../records.ts";
import type { Row } from "./pool.ts";

let newestRevision = 0;

/**
 * Grows with every write of this process. It begins with the time, so that it also grows where a
 * hold is handed from one process to another.
 */
export function nextRevision(): number {
  newestRevision = Math.max(newestRevision + 1, Math.floor(systemClock.now() * 1_000));
  return newestRevision;
}

/** The parameters for a run's own columns, in the order of the statements. */
export function runColumns(run: RunRecord): unknown[] {
  return [
    nameText(run.automation),
    nameText(lockOf(run)),
    run.parentId === undefined ? null : nameText(run.parentId),
    run.status,
    isUnfinished(run),
    run.startedAtMs,
    run.endedAtMs ?? null,
    recordText(run),
    nextRevision(),
  ];
}

/** A step as it is to be written under a hold. */
export interface StepRow {
  readonly runId: string;
  readonly fence: number;
  /** In the order of the statements. */
  readonly columns: readonly unknown[];
}

/** What `step` is now: nothing of it is shared with the caller. */
export function stepRow({ runId, fence }: Hold, step: StepRecord): StepRow {
  const id = nameText(runId);
  const map = step.map === undefined ? null : nameText(step.map);
  const { kind, position } = step;
  const names = [nameText(step.task), nameText(step.name)];
  return {
    runId: id,
    fence,
    columns: [id, fence, ...names, kind, map, position, recordText(step), nextRevision()],
  };
}

const STEP_COLUMNS = 9;

/**
 * A parameter per column. Of several rows of one step the last counts: one statement cannot write a
 * row twice.
 */
export function stepColumns(rows: readonly StepRow[]): unknown[][] {
  const last = [...new Map(rows.map((row) => [stepKey(row), row.columns])).values()];
  return Array.from({ length: STEP_COLUMNS }, (_, column) => last.map((row) => row[column]));
}

/** Tells a step under a hold from all others. */
export function stepKey({ columns: [id, fence, task, name] }: StepRow): string {
  return JSON.stringify([id, fence, task, name]);
}

/** Who holds the run of a row of `runs`. */
export function leaseOf(row: Row): Lease | undefined {
  const { owner, renewed_at_ms: renewedAtMs, lease_ms: lengthMs } = row;
  if (owner === null) return undefined;
  return {
    owner: readOwner(owner as string),
    renewedAtMs: Number(renewedAtMs),
    lengthMs: Number(lengthMs),
  };
}

/** An owner as it is kept. */
export function ownerText(owner: Owner): string {
  return JSON.stringify(owner);
}

/** The value in a row of `state`. */
export function sharedValueOf(row: Row): SharedValue {
  return {
    key: nameOf(row["key"] as string),
    value: nameOf(row["value"] as string),
    version: Number(row["version"]),
    writtenAtMs: Number(row["written_at_ms"]),
  };
}
