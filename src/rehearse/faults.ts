/** What is done to a step, and what must come of it. Data alone. */

/** The name of a fault, as `--fault` takes it. */
export type FaultName =
  | "fatal"
  | "late-fatal"
  | "transient"
  | "lost-answer"
  | "hang"
  | "wrong-output"
  | "abort"
  | "abort-rollback"
  | "kill-before"
  | "kill-after"
  | "kill-after-rollback"
  | "undo-fails-once"
  | "kill-undo"
  | "command-fails"
  | "command-killed"
  | "command-hangs"
  | "command-half"
  | "disk-full";

/** One fault. */
export interface FaultRule {
  /** What happens to the step, after its name: `upload fails for good …`. */
  readonly happens: string;
  /** How the next start goes on after the first, when that left the run unfinished. */
  readonly next: "resume" | "rollback";
  /** What a step must have for it. */
  readonly needs?: "undo" | "verify" | "limit" | undefined;
  /** Whether reads meet it too. */
  readonly fitsReads?: true;
  /** Which of the others: commands and the disk are asked for apart. */
  readonly by: "step" | "command" | "disk";
  /** Whether the work was never done when it came. */
  readonly isBefore?: true;
  /** Whether attempts are to be spent: then two are as good as many. */
  readonly spendsAttempts?: true;
  /** Whether the run must fail by it. What must not fail is judged by how it ends. */
  readonly mustEnd: "rolled back" | "complete" | "either";
}

/** Every fault, in the order of the report. */
export const FAULTS: Readonly<Record<FaultName, FaultRule>> = {
  fatal: {
    happens: "fails for good before it did anything",
    next: "resume",
    by: "step",
    isBefore: true,
    mustEnd: "rolled back",
  },
  "late-fatal": {
    happens: "does its work and fails for good",
    next: "resume",
    by: "step",
    mustEnd: "rolled back",
  },
  transient: {
    happens: "fails before it did anything, until its attempts are spent",
    next: "resume",
    by: "step",
    fitsReads: true,
    isBefore: true,
    spendsAttempts: true,
    mustEnd: "rolled back",
  },
  "lost-answer": {
    happens: "does its work, and the answer gets lost once",
    next: "resume",
    by: "step",
    mustEnd: "either",
  },
  hang: {
    happens: "does its work and hangs into its timeout, until its attempts are spent",
    next: "resume",
    needs: "limit",
    by: "step",
    spendsAttempts: true,
    mustEnd: "rolled back",
  },
  "wrong-output": {
    happens: "answers what is wrong",
    next: "resume",
    needs: "verify",
    by: "step",
    fitsReads: true,
    mustEnd: "rolled back",
  },
  abort: {
    happens: "is cancelled while it runs, and the run is resumed",
    next: "resume",
    by: "step",
    mustEnd: "complete",
  },
  "abort-rollback": {
    happens: "is cancelled while it runs, and the run is rolled back",
    next: "rollback",
    by: "step",
    mustEnd: "rolled back",
  },
  "kill-before": {
    happens: "is killed by kill -9 before its work, and the run is resumed",
    next: "resume",
    by: "step",
    fitsReads: true,
    isBefore: true,
    mustEnd: "complete",
  },
  "kill-after": {
    happens: "is killed by kill -9 between its work and the record of it, and the run is resumed",
    next: "resume",
    by: "step",
    mustEnd: "complete",
  },
  "kill-after-rollback": {
    happens:
      "is killed by kill -9 between its work and the record of it, and the run is rolled back",
    next: "rollback",
    by: "step",
    mustEnd: "rolled back",
  },
  "undo-fails-once": {
    happens: "is undone, and the answer of its undo gets lost once",
    next: "resume",
    needs: "undo",
    by: "step",
    mustEnd: "rolled back",
  },
  "kill-undo": {
    happens: "is undone, killed by kill -9 before the record of it, and the rollback is resumed",
    next: "resume",
    needs: "undo",
    by: "step",
    mustEnd: "rolled back",
  },
  "command-fails": {
    happens: "runs a program that exits with 1",
    next: "resume",
    by: "command",
    fitsReads: true,
    spendsAttempts: true,
    mustEnd: "either",
  },
  "command-killed": {
    happens: "runs a program that is killed by signal 9",
    next: "resume",
    by: "command",
    fitsReads: true,
    spendsAttempts: true,
    mustEnd: "either",
  },
  "command-hangs": {
    happens: "runs a program that hangs until the step's timeout",
    next: "resume",
    needs: "limit",
    by: "command",
    fitsReads: true,
    spendsAttempts: true,
    mustEnd: "either",
  },
  "command-half": {
    happens: "runs a program that does its work and exits with 1",
    next: "resume",
    by: "command",
    fitsReads: true,
    spendsAttempts: true,
    mustEnd: "either",
  },
  "disk-full": {
    happens: "runs on a disk that is full",
    next: "resume",
    by: "disk",
    spendsAttempts: true,
    mustEnd: "either",
  },
};

/** Every name. */
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];
