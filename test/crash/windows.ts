/**
 * The moments at which a run can be killed so that the next start finds something else: on either
 * side of each record that it writes to its journal. Kills from outside also come in between.
 *
 *   intent │ effect │ result │ next intent        of a step, an undo, a task, the run
 *          ▲        ▲        ▲
 *   before the effect, after the effect, after the record
 */

import type { Journal, RunRecord, StepRecord } from "../../src/core/journal.ts";
import { journalWith } from "../../src/journal/journal-with.contract.ts";

/**
 * What is written, or done. An intent is written before something happens, any other record after it.
 * `work` and what is done of it are told by automations that were made for this, and by no journal.
 */
export type Written =
  | "intent"
  | "result"
  | "failed attempt"
  | "failure"
  | "renewal"
  | "work"
  | "half of the work"
  | "undo's intent"
  | "undo's result"
  | "undo's work"
  | "failed undo"
  | "task's intent"
  | "task's result"
  | "task's failure"
  | "task's rollback"
  | "claim"
  | "resumption"
  | "end"
  | "release"
  | DiskWritten;

/** What happens to the journal's files, as `full/disk-moments.ts` tells it. */
type DiskWritten =
  | "commit"
  | "refusal"
  | "checkpoint"
  | "ballast's removal"
  | "ballast's draft"
  | "ballast's place";

/** One moment of a run. */
export interface Window {
  /** The step as `task/step`, the task, `run`, or `disk`. */
  readonly subject: string;
  readonly written: Written;
  readonly side: "before" | "after";
}

/** Nothing happens before these that the record before them did not leave as well. */
const INTENTS: ReadonlySet<Written> = new Set([
  "intent",
  "renewal",
  "undo's intent",
  "task's intent",
  "claim",
  "resumption",
  "release",
]);

/** A window in words; no two have the same. */
export function labelOf({ subject, written, side }: Window): string {
  return `${subject}: ${kindOf({ written, side })}`;
}

/** A window's kind in words: those of a step have names of their own. */
export function kindOf({ written, side }: Pick<Window, "written" | "side">): string {
  if (written === "intent") return "before the effect";
  if (written === "result") return side === "before" ? "after the effect" : "after the record";
  if (written === "work" || written === "undo's work") {
    const what = written === "work" ? "work" : "undo";
    return side === "before" ? `as the ${what} begins` : `as the ${what} ends`;
  }
  if (written === "half of the work") return "in the middle of the work";
  if (written === "undo's intent") return "before the undo";
  if (written === "undo's result") return side === "before" ? "after the undo" : "after its record";
  return `${side} the ${written}`;
}

/**
 * `journal`, with `reach` called at every window that its writing passes: "before" ones before
 * anything is asked of it, "after" ones when it is on disk.
 */
export function watchedJournal(journal: Journal, reach: (window: Window) => void): Journal {
  async function around<Value>(
    subject: string,
    written: Written,
    write: () => Promise<Value>,
  ): Promise<Value> {
    if (!INTENTS.has(written)) reach({ subject, written, side: "before" });
    const value = await write();
    reach({ subject, written, side: "after" });
    return value;
  }
  return journalWith(journal, {
    claim: (run, owner, steps) => around("run", "claim", () => journal.claim(run, owner, steps)),
    claimRun: (id, owner) => around("run", "claim", () => journal.claimRun(id, owner)),
    release: (hold) => around("run", "release", () => journal.release(hold)),
    writeRun: (hold, run) => around("run", writtenOfRun(run), () => journal.writeRun(hold, run)),
    writeStep: (hold, step) =>
      around(subjectOf(step), writtenOf(step), () => journal.writeStep(hold, step)),
  });
}

/** Whom a record is about. */
export function subjectOf({ task, name }: Pick<StepRecord, "task" | "name">): string {
  if (name === "") return task === "" ? "the run's own task" : `task ${task}`;
  return task === "" ? name : `${task}/${name}`;
}

/** What a step's or task's record says when it is written. */
export function writtenOf(record: StepRecord): Written {
  return record.kind === "task" ? writtenOfTask(record) : writtenOfStep(record);
}

function writtenOfTask({ status }: StepRecord): Written {
  switch (status) {
    case "begun":
      return "task's intent";
    case "completed":
      return "task's result";
    case "rolling back":
      return "task's rollback";
    case "failed":
      return "task's failure";
  }
}

function writtenOfStep(record: StepRecord): Written {
  const { status, undo, undoAttempts, attempts, effect } = record;
  if (undo === "done") return isRenewed(record) ? "renewal" : "undo's result";
  if (undo === "failed") return "failed undo";
  if (undo === "begun") return isRunning(undoAttempts) ? "undo's intent" : "failed undo";
  if (status === "completed") return "result";
  if (status === "failed") return "failure";
  if (isRunning(attempts)) return "intent";
  return effect === "none" && undoAttempts.length > 0 ? "failed undo" : "failed attempt";
}

/** Undone, and about to be done again under another key. */
function isRenewed({ status, generation, effect }: StepRecord): boolean {
  return status === "begun" && generation > 1 && effect === "none";
}

function isRunning(attempts: StepRecord["attempts"]): boolean {
  return attempts.at(-1)?.endedAtMs === undefined;
}

function writtenOfRun({ status }: RunRecord): Written {
  return status === "running" ? "resumption" : "end";
}
