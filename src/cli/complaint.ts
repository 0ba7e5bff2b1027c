/** What is said when a command fails, and how it exits. */

import { summariseError } from "../core/error-summary.ts";
import { denialOf } from "../core/denial.ts";
import { isHoldfastError } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { redactor } from "../core/redact.ts";
import { ProcessEndedError, UncaughtError } from "./child-end.ts";
import { UsageError, type Command, type World } from "./command.ts";
import { printable } from "./printable.ts";

/** Exit code and advice, by the code of our own errors. Those that are missing here are bugs. */
const BY_CODE: Readonly<Record<string, { readonly exitCode: number; readonly advice?: string }>> = {
  INPUT_INVALID: { exitCode: EXIT.usage },
  VALUE_NOT_STORABLE: { exitCode: EXIT.usage },
  RUN_REFUSED: { exitCode: EXIT.usage },
  AUTOMATION_FILE_INVALID: { exitCode: EXIT.config },
  OPTIONS_INVALID: { exitCode: EXIT.config },
  PERMISSION_DENIED: { exitCode: EXIT.denied },
  SANDBOX_UNAVAILABLE: { exitCode: EXIT.denied },
  REPLAY_MISMATCH: {
    exitCode: EXIT.config,
    advice:
      "Bring the former code back and go on with it; or take back what still can be (holdfast rollback RUN); or leave everything as it is and start anew (holdfast run FILE --fresh).",
  },
  LEASE_HELD: {
    exitCode: EXIT.locked,
    advice: "Wait until it has ended; a process that died is noticed by itself.",
  },
  RUN_EXISTS: { exitCode: EXIT.locked },
  LEASE_LOST: { exitCode: EXIT.locked },
  REHEARSAL_FAILED: { exitCode: EXIT.config },
  JOURNAL_FAILED: { exitCode: EXIT.journal },
  RUN_UNFINISHED: {
    exitCode: EXIT.inDoubt,
    advice: [
      "  --resume    go on with that run, its input and the code as it is now",
      "  --rollback  take back what it did",
      "  --fresh     leave what it did, and start a new run",
    ].join("\n"),
  },
};

/** What to write to the standard error, ending in a line end, and the exit code. */
export interface Complaint {
  readonly text: string;
  readonly exitCode: number;
}

/** @param command The one that was to be run, if it came to that. */
export function complaintOf(error: unknown, env: World["env"], command?: Command): Complaint {
  const { text, exitCode } = describe(error, command);
  return { text: printable(redactor({ env }).text(text)), exitCode };
}

function describe(error: unknown, command: Command | undefined): Complaint {
  if (error instanceof UsageError) {
    const name = command === undefined ? "holdfast" : `holdfast ${command.name}`;
    const usage = command === undefined ? "" : `Usage: ${name} ${command.usage}\n`;
    return { text: `${name}: ${error.message}\n${usage}`, exitCode: EXIT.usage };
  }
  if (error instanceof UncaughtError || error instanceof ProcessEndedError) return endOf(error);
  // Where it was refused before there was a run.
  if (denialOf(error) !== undefined) {
    return { text: `holdfast: ${summariseError(error).message}\n`, exitCode: EXIT.denied };
  }
  const known = isHoldfastError(error) ? BY_CODE[error.code] : undefined;
  if (known !== undefined) {
    const advice = known.advice === undefined ? "" : `${known.advice}\n`;
    return { text: `holdfast: ${(error as Error).message}\n${advice}`, exitCode: known.exitCode };
  }
  return {
    text: `holdfast: this is a bug in holdfast; please report it with the lines below\n${stackOf(error)}\n`,
    exitCode: EXIT.bug,
  };
}

function endOf(error: UncaughtError | ProcessEndedError): Complaint {
  if (error instanceof UncaughtError) {
    const { text, exitCode } = uncaughtComplaint(error.cause, {});
    if (denialOf(error.cause) === undefined) return { text, exitCode };
    return { text: `${text}${summariseError(error.cause).message}\n`, exitCode: EXIT.denied };
  }
  return {
    text: `holdfast: ${error.message}; a run that was under way is cut off, and the next start goes on with it\n`,
    exitCode: error.exitCode === EXIT.ok ? EXIT.bug : error.exitCode,
  };
}

/**
 * What is said of an error that nobody caught, outside of any step: a timer or a promise that the
 * automation let go of, or a bug. Nothing can be told of the run then, so the process ends as if it
 * had been killed.
 */
export function uncaughtComplaint(error: unknown, env: World["env"]): Complaint {
  const text = `holdfast: an error that nobody caught, outside of any step; a run that was under way is cut off, and the next start goes on with it\n${stackOf(error)}\n`;
  return { text: printable(redactor({ env }).text(text)), exitCode: EXIT.bug };
}

function stackOf(error: unknown): string {
  const { stack, message } = summariseError(error);
  return stack ?? message;
}
