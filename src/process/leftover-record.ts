/**
 * What is written down about a command that runs, so that a later process can find what this one left
 * when it was killed. One small file for each; it is removed when the command has ended.
 */

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
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

/** The variable that marks a command and whatever it starts. */
export const MARK_VARIABLE = "HOLDFAST_COMMAND";

/** How the files are called. */
export const RECORD_SUFFIX = ".command.json";

/** Writes it down until the answer is called. Where that fails the command runs all the same. */
export function writeRecord(directory: string, record: CommandRecord): () => void {
  const file = join(directory, `${record.mark}${RECORD_SUFFIX}`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Under another name first: who reaps meanwhile would take half a file for one that was cut off.
    writeFileSync(`${file}.draft`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${file}.draft`, file);
  } catch {
    // A full disk must not keep a command from running that may be what makes room.
    return () => undefined;
  }
  return () => rmSync(file, { force: true });
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The record that `text` is; `undefined` for one that was cut off. It is looked at closely: an empty
 * mark would be found in every process.
 */
export function parseRecord(text: string): CommandRecord | undefined {
  try {
    const record = JSON.parse(text) as CommandRecord;
    const isNamed = [record.command, record.owner].every(
      ({ pid, startTime }) => Number.isSafeInteger(pid) && pid > 1 && typeof startTime === "string",
    );
    return isNamed && UUID.test(record.mark) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Where a record is judged: what pids mean there, and which marks the judge itself carries. */
export interface Judge {
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly marks: string;
  /** When the process of that pid started; `undefined` when there is none, empty when that is hidden. */
  readonly findStart: (pid: number) => string | undefined;
}

/**
 * What became of a recorded command. `running`: its owner is there, or the judge is part of it.
 * `elsewhere`: it ran in another container, whose pids say nothing here, or its owner may be another
 * user's process that is hidden. `over`: the machine was
 * started again. `orphaned`: its owner is gone, and nobody saw its end.
 */
export function judge(
  record: CommandRecord,
  here: Judge,
): "running" | "elsewhere" | "over" | "orphaned" {
  if (record.bootId !== here.bootId) return "over";
  if (record.pidNamespace !== here.pidNamespace) return "elsewhere";
  if (here.marks.includes(record.mark)) return "running";
  const { pid, startTime } = record.owner;
  const found = here.findStart(pid);
  if (found === startTime) return "running";
  return found === "" ? "elsewhere" : "orphaned";
}
