/**
 * Where a run's truth is kept: in one SQLite file, or in memory.
 *
 * The contract is `Journal`; docs/journal.md says what is kept, and how safely.
 */

export type {
  AttemptRecord,
  Claim,
  Hold,
  Journal,
  Owner,
  Retention,
  RunFilter,
  RunRecord,
  RunStatus,
  StepFilter,
  StepKind,
  StepRecord,
  UndoStatus,
} from "../core/journal.ts";
export type { SharedChange, SharedFilter, SharedState, SharedValue } from "../core/shared-state.ts";
export { UNFINISHED } from "../core/journal.ts";
export { decodeValue, encodeValue, type ValueLimits } from "./codec.ts";
export { journalFile, stateHome, type Environment } from "./home.ts";
export type { IsGone, LeaseOptions } from "./lease.ts";
export { memoryJournal } from "./memory.ts";
export { describeOwner, isGone, thisProcess } from "./owner.ts";
export { backupJournal, type Backup, type BackupOptions } from "./backup.ts";
export { saveJournal, type Salvage } from "./salvage.ts";
export type { Compaction } from "./sqlite-space.ts";
export type { BallastEvent } from "./kept-ballast.ts";
export { sqliteJournal, type SqliteJournal, type SqliteJournalOptions } from "./sqlite.ts";
