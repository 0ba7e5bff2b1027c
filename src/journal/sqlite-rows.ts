/** Rows as SQLite answers them, and the records in them: checked, so that damage is never an answer. */

import type { Owner, RunRecord, StepRecord } from "../core/journal.ts";
import { lockOf } from "../core/journal.ts";
import type { SharedValue } from "../core/shared-state.ts";
import type { Lease } from "./lease.ts";
import {
  isUnfinished,
  nameOf,
  nameText,
  readOwner,
  readRun,
  readStep,
  recordText,
  type SettledFilter,
  type SettledStepFilter,
} from "./records.ts";
import { holdChecksum, recordChecksum, stateChecksum, type StateRow } from "./row-checksum.ts";
import { Damage } from "./sqlite-error.ts";

/** A record, and what its checksum was when it was written. */
export interface RecordRow {
  readonly record: string;
  readonly checksum: number;
}

/** A run, and who holds it; all null when nobody does. */
export interface RunRow extends RecordRow {
  readonly hold_checksum: number;
  readonly fence: number;
  readonly owner: string | null;
  readonly renewed_at_ms: number | null;
  readonly lease_length_ms: number | null;
}

/** What a statement takes. */
type Values<Name extends string> = Readonly<Record<Name, string | number | null>>;

/** The columns of a run's row that its record says. */
export type RunColumns = Values<
  "automation" | "parentId" | "status" | "isUnfinished" | "startedAtMs" | "endedAtMs" | "checksum"
> & { readonly id: string; readonly lock: string; readonly record: string };

/** See `RunColumns`. */
export function runColumns(run: RunRecord): RunColumns {
  const record = recordText(run);
  return {
    id: nameText(run.id),
    automation: nameText(run.automation),
    lock: nameText(lockOf(run)),
    parentId: run.parentId === undefined ? null : nameText(run.parentId),
    status: run.status,
    isUnfinished: isUnfinished(run) ? 1 : 0,
    startedAtMs: run.startedAtMs,
    endedAtMs: run.endedAtMs ?? null,
    checksum: recordChecksum(record),
    record,
  };
}

/** The columns of a step's row that its record says. */
export function stepColumns(
  step: StepRecord,
): Values<"task" | "name" | "map" | "position" | "checksum" | "record"> {
  const record = recordText(step);
  return {
    task: nameText(step.task),
    name: nameText(step.name),
    map: step.map === undefined ? null : nameText(step.map),
    position: step.position,
    checksum: recordChecksum(record),
    record,
  };
}

/** The columns that say who holds a run. */
export type HoldColumns = Values<"fence" | "owner" | "holdChecksum"> & { readonly id: string };

/** See `HoldColumns`. */
export function holdColumns(id: string, fence: number, owner: string): HoldColumns {
  return { id, fence, owner, holdChecksum: holdChecksum(id, fence, owner) };
}

/** @throws {Damage} When the row is not as it was written, or is of another run than `id`. */
export function toRun(row: RecordRow, id?: string): RunRecord {
  requireChecksum(row, "run");
  const run = readRun(row.record);
  if (id !== undefined && run.id !== id) throw misplaced("run", run.id);
  return run;
}

/** @throws {Damage} When the row is not as it was written, or is of another run. */
export function toStep(row: RecordRow, runId: string): StepRecord {
  requireChecksum(row, "step");
  const step = readStep(row.record);
  if (step.runId !== runId) throw misplaced("step", step.name);
  return step;
}

/** @throws {Damage} When an index led to a run that does not fit. */
export function requireFits(run: RunRecord, filter: Partial<SettledFilter>): RunRecord {
  const { automation, status, lock, parentId } = filter;
  const fits =
    (automation === undefined || run.automation === automation) &&
    (status === undefined || run.status === status) &&
    (lock === undefined || (lockOf(run) === lock && isUnfinished(run))) &&
    (parentId === undefined || run.parentId === parentId);
  if (!fits) throw misplaced("run", run.id);
  return run;
}

/** @throws {Damage} When an index led to a step that does not fit. */
export function requireStepFits(step: StepRecord, filter: SettledStepFilter): StepRecord {
  const { task, map } = filter;
  const isInMap = task !== undefined || step.map === map;
  if (isInMap && (task === undefined || step.task === task)) return step;
  throw misplaced("step", step.name);
}

/** @throws {Damage} When the row is not as it was written. */
export function toLease(id: string, row: RunRow): Lease | undefined {
  if (holdChecksum(nameText(id), row.fence, row.owner) !== row.hold_checksum) {
    throw new Damage(`who holds run ${id} cannot be read`);
  }
  if (row.owner === null) return undefined;
  const owner: Owner = readOwner(row.owner);
  return { owner, renewedAtMs: row.renewed_at_ms ?? 0, lengthMs: row.lease_length_ms ?? 0 };
}

/** @throws {Damage} When the row is not as it was written. */
export function toSharedValue(row: StateRow & { readonly checksum: number }): SharedValue {
  if (stateChecksum(row) !== row.checksum) throw new Damage("a shared value cannot be read");
  const { key, value, version, written_at_ms: writtenAtMs } = row;
  return { key: nameOf(key), value: nameOf(value), version, writtenAtMs };
}

function requireChecksum({ record, checksum }: RecordRow, kind: string): void {
  // A broken row can lack what its table says that it has.
  if (recordChecksum(String(record)) === checksum) return;
  throw new Damage(`the record of one ${kind} is not what was written`);
}

function misplaced(kind: string, name: string): Damage {
  return new Damage(`the ${kind} ${JSON.stringify(name)} was found in the place of another`);
}
