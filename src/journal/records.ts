/** Records as the journals keep them: as text, so that nothing that is kept is shared with a caller. */

import { JournalError } from "../core/errors.ts";
import { UNFINISHED } from "../core/journal.ts";
import type {
  Owner,
  Retention,
  RunFilter,
  RunRecord,
  RunStatus,
  StepFilter,
  StepKind,
  StepRecord,
} from "../core/journal.ts";
import {
  integer,
  number,
  oneOf,
  readOptions,
  required,
  text,
  type Reader,
} from "../core/options.ts";
import type { SharedFilter } from "../core/shared-state.ts";

/** A record as text. What is `undefined` in it is left out. */
export function recordText(record: RunRecord | StepRecord): string {
  return JSON.stringify(record);
}

/** @throws {JournalError} When the text is damaged. */
export function readRun(recorded: string): RunRecord {
  return parse(recorded, "run") as RunRecord;
}

/** @throws {JournalError} When the text is damaged. */
export function readStep(recorded: string): StepRecord {
  return parse(recorded, "step") as StepRecord;
}

/** @throws {JournalError} When the text is damaged. */
export function readOwner(recorded: string): Owner {
  return parse(recorded, "owner") as Owner;
}

function parse(recorded: string, kind: "run" | "step" | "owner"): unknown {
  try {
    return JSON.parse(recorded);
  } catch (error) {
    throw new JournalError(`The journal is damaged: the record of one ${kind} cannot be read`, {
      cause: error,
    });
  }
}

/**
 * A name as it stands in a column: as in JSON, without the quotes. Half a surrogate pair, which
 * UTF-8 cannot hold, would otherwise become the same sign as any other, and two steps one.
 */
export function nameText(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}

/** What comes after every text that begins with `prefix`. */
export function endOf(prefix: string): string {
  return `${prefix}\u{10FFFF}`;
}

/** The name that stands in a column. */
export function nameOf(column: string): string {
  return JSON.parse(`"${column}"`) as string;
}

/** Whether the next start takes the run up. */
export function isUnfinished({ status }: RunRecord): boolean {
  return UNFINISHED.includes(status);
}

/** Refuses a record of another run than the held one: that would be written without a hold. */
export function requireSameRun(heldId: string, runId: string): void {
  if (heldId === runId) return;
  throw new Error(`A record of run ${runId} cannot be written under a hold of run ${heldId}`);
}

const STATUSES = Object.keys({
  running: true,
  interrupted: true,
  "in doubt": true,
  succeeded: true,
  failed: true,
  cancelled: true,
  abandoned: true,
} satisfies Record<RunStatus, true>) as RunStatus[];

const KINDS = Object.keys({
  step: true,
  read: true,
  sleep: true,
  signal: true,
  child: true,
  scope: true,
  cleanup: true,
  resource: true,
  map: true,
  task: true,
} satisfies Record<StepKind, true>) as StepKind[];

const FILTER_READERS = {
  automation: text({ default: undefined }),
  status: oneOf(STATUSES, { default: undefined }),
  id: text({ default: undefined }),
  lock: text({ default: undefined }),
  parentId: text({ default: undefined }),
  limit: integer({ min: 1, orInfinity: true, default: 20 }),
} satisfies Record<keyof RunFilter, Reader<unknown>>;

/** The filter with its defaults. */
export type SettledFilter = ReturnType<typeof readOptions<typeof FILTER_READERS>>;

/** @throws {OptionsError} For an unknown name or a value out of range. */
export function readFilter(filter: RunFilter): SettledFilter {
  return readOptions("findRuns", filter, FILTER_READERS);
}

/** Text that may be empty: the run's own task has an empty name. */
const anyText: Reader<string | undefined> = (value, path) =>
  value === "" ? "" : text({ default: undefined })(value, path);

const ANY_NUMBER = {
  min: Number.MIN_SAFE_INTEGER,
  max: Number.MAX_SAFE_INTEGER,
  default: undefined,
};

const STEP_FILTER_READERS = {
  task: anyText,
  map: text({ default: undefined }),
  kind: oneOf(KINDS, { default: undefined }),
  after: number(ANY_NUMBER),
  limit: integer({ min: 1, orInfinity: true, default: Infinity }),
} satisfies Record<keyof StepFilter, Reader<unknown>>;

/** The filter with its defaults. */
export type SettledStepFilter = ReturnType<typeof readOptions<typeof STEP_FILTER_READERS>>;

/** @throws {OptionsError} For an unknown name or a value out of range. */
export function readStepFilter(filter: StepFilter): SettledStepFilter {
  return readOptions("readSteps", filter, STEP_FILTER_READERS);
}

const RETENTION_READERS = {
  endedBeforeMs: required(number(ANY_NUMBER), "a moment in milliseconds"),
  keep: required(integer({ min: 0, default: undefined }), "a whole number from 0"),
  limit: required(integer({ min: 1, orInfinity: true, default: undefined }), "a whole number"),
} satisfies Record<keyof Retention, Reader<unknown>>;

/** @throws {OptionsError} For an unknown name or a value out of range. */
export function readRetention(retention: Retention): Retention {
  return readOptions("prune", retention, RETENTION_READERS);
}

const SHARED_FILTER_READERS = {
  prefix: anyText,
  after: anyText,
  limit: integer({ min: 1, orInfinity: true, default: 1_000 }),
} satisfies Record<keyof SharedFilter, Reader<unknown>>;

/** The filter with its defaults. */
export interface SettledSharedFilter {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

/** @throws {OptionsError} For an unknown name or a value out of range. */
export function readSharedFilter(filter: SharedFilter): SettledSharedFilter {
  const {
    prefix = "",
    after = "",
    limit,
  } = readOptions("readStates", filter, SHARED_FILTER_READERS);
  return { prefix, after, limit };
}

/** How the keys of the shared values of a run begin. */
export function statePrefix(runId: string): string {
  return `run/${runId}/`;
}
