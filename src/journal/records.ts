/** Records as the journals keep them: as text, so that nothing that is kept is shared with a caller. */

import { JournalError } from "../core/errors.ts";
import { UNFINISHED } from "../core/journal.ts";
import type { Owner, RunFilter, RunRecord, RunStatus, StepRecord } from "../core/journal.ts";
import { integer, oneOf, readOptions, text, type Reader } from "../core/options.ts";

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
  abandoned: true,
} satisfies Record<RunStatus, true>) as RunStatus[];

const FILTER_READERS = {
  automation: text({ default: undefined }),
  status: oneOf(STATUSES, { default: undefined }),
  limit: integer({ min: 1, orInfinity: true, default: 20 }),
} satisfies Record<keyof RunFilter, Reader<unknown>>;

/** The filter with its defaults. */
export type SettledFilter = Readonly<{
  automation: string | undefined;
  status: RunStatus | undefined;
  limit: number;
}>;

/** @throws {OptionsError} For an unknown name or a value out of range. */
export function readFilter(filter: RunFilter): SettledFilter {
  return readOptions("findRuns", filter, FILTER_READERS);
}
