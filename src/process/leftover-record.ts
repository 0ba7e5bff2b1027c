/**
 * What is written down about a command that runs, so that a later process can find what this one left
 * when it was killed. One small file for each; it is removed when the command has ended.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A process: its pid, and its start time, for pids are used again. */
export interface ProcessName {
  readonly pid: number;
  readonly startTime: string;
}

/** A command that runs, or ran when its file was written. */
export interface CommandRecord {
  /** Stands in the environment of the command and of what it starts. */
  readonly mark: string;
  /** Without its arguments, which may be secret. */
  readonly program: string;
  readonly command: ProcessName;
  /** Whether a group, and session, was made for it. */
  readonly ownsGroup: boolean;
  /** Who ran it. */
  readonly owner: ProcessName;
  /** What pids mean: this start of the machine, and this pid namespace. */
  readonly bootId: string;
  readonly pidNamespace: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
}

/** How the files are called. */
export const RECORD_SUFFIX = ".command.json";

/** Writes it down until the answer is called. Where that fails the command runs all the same. */
export function writeRecord(directory: string, record: CommandRecord): () => void {
  const file = join(directory, `${record.mark}${RECORD_SUFFIX}`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify(record), { mode: 0o600 });
  } catch {
    // A full disk must not keep a command from running that may be what makes room.
  }
  return () => rmSync(file, { force: true });
}
