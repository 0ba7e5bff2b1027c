/** How `holdfast exec` ends: its exit code, and a word for it. Pure. */

import { constants } from "node:os";
import { isHoldfastError } from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { Fault } from "../../core/fault.ts";
import type { EndedCommand } from "../../process/ended-command.ts";
import type { RollbackOutcome } from "../../policies/task-result.ts";

/** The exit codes that `exec` has beside those of every command; as env, nice and timeout of coreutils. */
export const EXEC_EXIT = Object.freeze({
  timedOut: 124,
  /** holdfast itself failed. */
  broken: 125,
  cannotExecute: 126,
  notFound: 127,
});

/** How the command ended, in a word: `HOLDFAST_OUTCOME` of its cleanup, and of alerts. */
export type Outcome =
  | "succeeded"
  | "failed"
  | "timed-out"
  | "verify-failed"
  | "not-started"
  | "interrupted"
  | "cut-off"
  | "cancelled"
  | "locked"
  | "skipped"
  | "refused"
  | "broken";

/** What is known when all is over. */
export interface Facts {
  readonly status: "succeeded" | "failed" | "cancelled" | "interrupted";
  /** What it failed by. */
  readonly fault?: Fault | undefined;
  readonly rollback?: RollbackOutcome | undefined;
  /** How the last attempt at the command ended, if one was made. */
  readonly end?: EndedCommand | undefined;
  /** The number of the signal that stopped us. */
  readonly signal?: number | undefined;
  /** Whether a lock that is held is no failure: `--lock-wait skip`. */
  readonly skipsWhenLocked: boolean;
}

/** See the header. */
export interface Ending {
  readonly outcome: Outcome;
  readonly exitCode: number;
}

/**
 * The exit code. An undo that failed comes first, for a human is needed; then the signal that we were
 * stopped by, a verification that failed, and an undo that was done. Only then the command's own code.
 */
export function endingOf(facts: Facts): Ending {
  const { outcome, exitCode } = byItself(facts);
  if (facts.rollback === "incomplete") return { outcome, exitCode: EXIT.rollbackIncomplete };
  const isUndone = facts.rollback === "complete" && UNDONE.has(outcome);
  return { outcome, exitCode: isUndone ? EXIT.rolledBack : exitCode };
}

/** The outcomes after which a rollback tells more than the code. */
const UNDONE: ReadonlySet<Outcome> = new Set([
  "failed",
  "timed-out",
  "not-started",
  "cancelled",
  "refused",
]);

function byItself({ status, fault, end, signal, skipsWhenLocked }: Facts): Ending {
  if (status === "succeeded") return { outcome: "succeeded", exitCode: EXIT.ok };
  if (status === "interrupted") {
    return { outcome: "interrupted", exitCode: EXIT.signal + (signal ?? SIGINT) };
  }
  if (fault?.code === "LOCK_HELD" && skipsWhenLocked) {
    return { outcome: "skipped", exitCode: EXIT.ok };
  }
  if (status === "cancelled") return { outcome: "cancelled", exitCode: EXIT.failed };
  const known = BY_FAULT.get(fault?.code ?? "");
  if (known !== undefined) return known;
  return end === undefined ? { outcome: "failed", exitCode: EXEC_EXIT.broken } : ofCommand(end);
}

/** What holdfast itself refused or found, by the fault's code. */
const BY_FAULT: ReadonlyMap<string, Ending> = new Map([
  ["VERIFY_FAILED", { outcome: "verify-failed", exitCode: EXIT.verificationFailed }],
  ["LOCK_HELD", { outcome: "locked", exitCode: EXIT.locked }],
  ["CIRCUIT_OPEN", { outcome: "refused", exitCode: EXIT.gaveUp }],
  ["TIMED_OUT", { outcome: "timed-out", exitCode: EXEC_EXIT.timedOut }],
]);

const SIGINT = constants.signals.SIGINT;

/** What a shell would have said. */
function ofCommand(end: EndedCommand): Ending {
  const { startError, startProblem, endedBy, signal, exitCode } = end;
  if (startError !== undefined) {
    // A directory or an interpreter that is missing is told by the same code.
    const isMissing = startError === "ENOENT" && startProblem?.what === "program";
    const code = isMissing ? EXEC_EXIT.notFound : EXEC_EXIT.cannotExecute;
    return { outcome: "not-started", exitCode: code };
  }
  if (endedBy === "timeout" || endedBy === "idle") {
    return { outcome: "timed-out", exitCode: EXEC_EXIT.timedOut };
  }
  if (signal !== undefined) {
    const number = constants.signals[signal as NodeJS.Signals] ?? 0;
    return { outcome: "failed", exitCode: EXIT.signal + number };
  }
  // A command that ended well and failed all the same did not do so by itself.
  return { outcome: "failed", exitCode: exitCode || EXEC_EXIT.broken };
}

/** What users mend by themselves, and which has a code of its own, by the error's code. */
const USERS_OWN: Readonly<Record<string, number>> = {
  AUTOMATION_FILE_INVALID: EXIT.config,
  SANDBOX_UNAVAILABLE: EXIT.denied,
};

/** Where holdfast itself could not run or follow the command, whatever kept it from that. */
export function brokenBy(error: unknown): Ending {
  const exitCode = isHoldfastError(error) ? USERS_OWN[error.code] : undefined;
  return { outcome: "broken", exitCode: exitCode ?? EXEC_EXIT.broken };
}

/** Whether a human should hear of it. Of an open breaker they heard when it opened. */
export function isAlarming({ outcome, exitCode }: Ending): boolean {
  if (exitCode === EXIT.rollbackIncomplete) return true;
  return !CALM.has(outcome);
}

const CALM: ReadonlySet<Outcome> = new Set([
  "succeeded",
  "interrupted",
  "cancelled",
  "skipped",
  "refused",
]);
