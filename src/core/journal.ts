/**
 * The journal's contract: where a run's truth is kept.
 *
 * It holds whole records, one per run and one per step, keyed by name, and every write is made
 * under a hold: whoever lost the lease can write nothing more. Its interface is asynchronous, so
 * that one file and a database server look alike.
 */

import type { ErrorSummary } from "./error-summary.ts";
import type { TaskCount } from "./events.ts";
import type { Effect, Fault } from "./fault.ts";
import type { HealRecord } from "./remedy.ts";
import type { SharedState } from "./shared-state.ts";

/** `running`, `interrupted` and `in doubt` are unfinished: the next start takes them up. */
export type RunStatus =
  | "running"
  | "interrupted"
  | "in doubt"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "abandoned";

/** What the next start takes up. */
export const UNFINISHED: readonly RunStatus[] = ["running", "interrupted", "in doubt"];

/** One execution of an automation. Moments are milliseconds since the Unix epoch. */
export interface RunRecord {
  readonly id: string;
  readonly automation: string;
  /** At most one unfinished run has it. Default: the automation's name. */
  readonly lock?: string | undefined;
  readonly status: RunStatus;
  /** The automation's file, where it came from one. */
  readonly file?: string | undefined;
  /** Tells whether the code is the same as before. */
  readonly codeHash: string;
  /** What the automation calls its version, where it does: it then decides in place of the hash. */
  readonly version?: string | undefined;
  /** The run whose child it is. */
  readonly parentId?: string | undefined;
  /** The finished run that it does again, and from which step on. */
  readonly retryOf?: { readonly runId: string; readonly from?: string | undefined } | undefined;
  /** The moment for which a schedule started it. */
  readonly scheduledForMs?: number | undefined;
  /** The input, as the codec wrote it. */
  readonly input: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number | undefined;
  /** How often it was taken up again. */
  readonly resumes: number;
  readonly exitCode?: number | undefined;
  readonly tasks?: TaskCount | undefined;
}

/** One go at a step's work or at its undo. */
export interface AttemptRecord {
  readonly number: number;
  readonly startedAtMs: number;
  /** Missing while it runs, and for ever when its end was not seen. */
  readonly endedAtMs?: number | undefined;
  readonly fault?: Fault | undefined;
  readonly error?: ErrorSummary | undefined;
  /** What was done about its failure. It stays a failure, whatever was cured. */
  readonly healings?: readonly HealRecord[] | undefined;
}

/** How far the undo of a step is; `none` when it has no undo. */
export type UndoStatus = "none" | "registered" | "begun" | "done" | "failed";

/** What a record of a task is about; `task` is the task itself, `map` a map as a whole: their names are empty. */
export type StepKind =
  | "step"
  | "read"
  | "sleep"
  | "signal"
  | "child"
  | "scope"
  | "cleanup"
  | "resource"
  | "map"
  | "task";

/** One step, or one task (its `name` is empty then). The run's own task is `""`. */
export interface StepRecord {
  readonly runId: string;
  readonly task: string;
  readonly name: string;
  readonly kind: StepKind;
  /** The map whose item its task is. A map may have more items than a claim should read. */
  readonly map?: string | undefined;
  /** The order in which they were begun; rollback goes the other way. */
  readonly position: number;
  /** `begun`: its end was not seen, unless its last attempt has one. `rolling back` is for tasks. */
  readonly status: "begun" | "completed" | "failed" | "rolling back";
  /** Counts the undos that were followed by doing it again; part of the key. From 1. */
  readonly generation: number;
  /** The idempotency key. */
  readonly key: string;
  /** The newest attempts, at most 50. */
  readonly attempts: readonly AttemptRecord[];
  readonly startedAtMs: number;
  readonly endedAtMs?: number | undefined;
  /** The value, as the codec wrote it. */
  readonly value?: string | undefined;
  /** Who said that it happened, where nobody saw the work's end. */
  readonly toldBy?: "reconcile" | "human" | undefined;
  readonly fault?: Fault | undefined;
  readonly error?: ErrorSummary | undefined;
  /** The worst effect of its attempts since it was last undone; `unknown` while one runs. */
  readonly effect: Effect;
  readonly undo: UndoStatus;
  /** The newest attempts at the undo, at most 50. */
  readonly undoAttempts: readonly AttemptRecord[];
}

/** Who owns a run: a process, told apart from a later one of the same number. */
export interface Owner {
  readonly host: string;
  /** Changes with every start of the machine; empty where it cannot be had. */
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** When the process started, in the machine's own count; empty where it cannot be had. */
  readonly startTime: string;
}

/** The right to write to a run. The fence grows with every new owner. */
export interface Hold {
  readonly runId: string;
  readonly fence: number;
}

/** A run that is now this owner's. */
export interface Claim {
  readonly hold: Hold;
  /** The unfinished run that was found, or the new one. */
  readonly run: RunRecord;
  readonly isNew: boolean;
  /** In the order of their positions, without those of a map's items. */
  readonly steps: readonly StepRecord[];
}

/**
 * Which runs to list, the newest first: in the order in which the journal got them, whatever the clock
 * said then.
 */
export interface RunFilter {
  readonly automation?: string | undefined;
  readonly status?: RunStatus | undefined;
  /** How the run's id begins or ends. */
  readonly id?: string | undefined;
  /** Only the unfinished run that has this lock. */
  readonly lock?: string | undefined;
  /** Only children of this run. */
  readonly parentId?: string | undefined;
  /** Default 20. */
  readonly limit?: number | undefined;
}

/** Which steps of a run to read. Without a filter, all but those of maps' items. */
export interface StepFilter {
  /** Only this task's, be it a map's item or not. */
  readonly task?: string | undefined;
  /** Only those of this map's items. */
  readonly map?: string | undefined;
  /** Only those of this kind. */
  readonly kind?: StepKind | undefined;
  /** Only those that come after this position. */
  readonly after?: number | undefined;
  /** Default: no limit. */
  readonly limit?: number | undefined;
}

/** Which finished runs have been kept for long enough. */
export interface Retention {
  /** Only runs that ended before this moment: milliseconds since the Unix epoch. */
  readonly endedBeforeMs: number;
  /** So many of the newest finished runs of each automation stay, whatever their age. */
  readonly keep: number;
  /** The most runs that are deleted by one call. */
  readonly limit: number;
}

/** Keeps the truth of runs. Every method rejects with `JournalError` when the store fails. */
export interface Journal extends SharedState {
  /**
   * Claims the unfinished run that has the lock of `run`, or writes `run` and `steps` and claims that.
   * At most one run with a lock is unfinished, and it is claimed by one owner at a time.
   *
   * Rejects with `LeaseHeldError` when another owner that may be alive holds it. An owner that is
   * known to be gone loses it at once; any other when the lease has run out.
   *
   * @param steps What a new run begins with: what it takes over from another one. Default: nothing.
   */
  claim(run: RunRecord, owner: Owner, steps?: readonly StepRecord[]): Promise<Claim>;
  /**
   * Claims this very run, finished or not. Answers `undefined` when there is none; rejects as `claim`
   * does.
   */
  claimRun(runId: string, owner: Owner): Promise<Claim | undefined>;
  /** Prolongs the lease. Rejects with `LeaseLostError` when another owner has the run. */
  renew(hold: Hold): Promise<void>;
  /** Gives the lease back; the run stays as it is. Does nothing when it was lost. */
  release(hold: Hold): Promise<void>;
  /**
   * Replaces the run's record. Rejects with `LeaseLostError`, and nothing is written then; the same
   * with `JournalError` where it would be the second unfinished run with its lock.
   */
  writeRun(hold: Hold, run: RunRecord): Promise<void>;
  /** Writes or replaces a step's record. Rejects with `LeaseLostError`, and nothing is written then. */
  writeStep(hold: Hold, step: StepRecord): Promise<void>;
  findRun(runId: string): Promise<RunRecord | undefined>;
  /**
   * Who holds the run now. `undefined` when nobody does: it was released, its owner is known to be
   * gone, or the lease has run out.
   */
  findHolder(runId: string): Promise<Owner | undefined>;
  findRuns(filter?: RunFilter): Promise<readonly RunRecord[]>;
  /** The steps of a run, in the order of their positions. */
  readSteps(runId: string, filter?: StepFilter): Promise<readonly StepRecord[]>;
  /**
   * Deletes finished runs that nobody holds, the oldest first, with their steps and the shared values
   * whose keys begin with `run/<id>/`. A child stays while its parent is unfinished, which may not have
   * read its end yet. Answers the ids of the deleted.
   */
  prune(retention: Retention): Promise<readonly string[]>;
  /** How often to renew, in milliseconds: a third of the lease. */
  readonly renewEveryMs: number;
  /** Lets go of the store. What was written stays. */
  close(): Promise<void>;
}

/** The lock of a run: its own, or its automation's. */
export function lockOf({ lock, automation }: Pick<RunRecord, "lock" | "automation">): string {
  return lock ?? automation;
}
