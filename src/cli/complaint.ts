/** What is said when a command fails, and how it exits. */

import { summariseError } from "../core/error-summary.ts";
import { isHoldfastError } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { redactor } from "../core/redact.ts";
import { UsageError } from "./command.ts";

/** Exit code and advice, by the code of our own errors. Those that are missing here are bugs. */
const BY_CODE: Readonly<Record<string, { readonly exitCode: number; readonly advice?: string }>> = {
  INPUT_INVALID: { exitCode: EXIT.usage },
  VALUE_NOT_STORABLE: { exitCode: EXIT.usage },
  AUTOMATION_FILE_INVALID: { exitCode: EXIT.config },
  OPTIONS_INVALID: { exitCode: EXIT.config },
  STATE_HOME_INVALID: { exitCode: EXIT.config },
  REPLAY_MISMATCH: {
    exitCode: EXIT.config,
    advice:
      "Bring the former code back and run it again, or choose: --rollback takes back what it still can, --fresh leaves everything as it is and starts anew.",
  },
  LEASE_HELD: {
    exitCode: EXIT.locked,
    advice: "Wait until it has ended; a process that died is found out by itself.",
  },
  LEASE_LOST: { exitCode: EXIT.locked },
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
export function complaintOf(
  error: unknown,
  env: Readonly<Record<string, string | undefined>>,
): { readonly text: string; readonly exitCode: number } {
  const { text, exitCode } = describe(error);
  return { text: redactor({ env }).text(text), exitCode };
}

function describe(error: unknown): { text: string; exitCode: number } {
  if (error instanceof UsageError)
    return { text: `holdfast: ${error.message}\n`, exitCode: EXIT.usage };
  const known = isHoldfastError(error) ? BY_CODE[error.code] : undefined;
  if (known !== undefined) {
    const advice = known.advice === undefined ? "" : `${known.advice}\n`;
    return { text: `holdfast: ${(error as Error).message}\n${advice}`, exitCode: known.exitCode };
  }
  const { stack, message } = summariseError(error);
  return {
    text: `holdfast: this is a bug in holdfast; please report it with the lines below\n${stack ?? message}\n`,
    exitCode: EXIT.bug,
  };
}
