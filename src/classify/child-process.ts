/**
 * How a command ended that was run by `exec`, `execFile` or `execFileSync` of node:child_process,
 * told by their errors alone. What tools write on stderr is not looked at here.
 *
 * Sources: the shell's exit codes in POSIX (2.8.2), and timeout(1) of GNU coreutils.
 */

import type { Fault } from "../core/fault.ts";
import type { Meaning } from "./code-table.ts";
import { findNumber, findProperty, findText } from "./property.ts";

/** One way to end; `code` is that of the fault. */
export interface ExitRow {
  readonly exitCode: number;
  readonly code: string;
  readonly meaning: Meaning;
}

/** The exit codes that mean the same for every tool; any other is `unknown`. @internal */
export const EXIT_ROWS: readonly ExitRow[] = [
  { exitCode: 124, code: "EXIT_124", meaning: ["timeout", "unknown"] },
  { exitCode: 126, code: "EXIT_126", meaning: ["fatal", "none"] },
  { exitCode: 127, code: "EXIT_127", meaning: ["fatal", "none"] },
  // A shell says 128 and the signal's number where Node, as the parent, sees the signal itself.
  { exitCode: 137, code: "SIGKILL", meaning: ["transient", "unknown"] },
];

/** The fault of an error that tells how a child process ended. */
export function childProcessFault(error: object): Fault | undefined {
  const end = findEnd(error);
  if (end === undefined) return undefined;
  const { exitCode, signal } = end;
  // Ended by its parent: with these functions that is their time limit.
  if (findProperty(error, "killed") === true && signal !== undefined) {
    return { class: "timeout", code: "TIMED_OUT", effect: "unknown" };
  }
  const known = EXIT_ROWS.find((row) => row.exitCode === exitCode || row.code === signal);
  if (known !== undefined) {
    const [faultClass, effect] = known.meaning;
    return { class: faultClass, code: known.code, effect };
  }
  return { class: "unknown", code: signal ?? `EXIT_${exitCode}`, effect: "unknown" };
}

interface End {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** `exec` and `execFile` leave `code`, `killed`, `signal` and `cmd`; the sync ones `status` and `output`. */
function findEnd(error: object): End | undefined {
  const isAsync = typeof findProperty(error, "killed") === "boolean" && hasText(error, "cmd");
  const isSync =
    Array.isArray(findProperty(error, "output")) && findNumber(error, "pid") !== undefined;
  if (!isAsync && !isSync) return undefined;
  const exitCode = findNumber(error, isAsync ? "code" : "status");
  const signal = findText(error, "signal");
  // A command that was never started, or whose output was too long, has a code in words: see codes.ts.
  if (exitCode === undefined && signal === undefined) return undefined;
  if (findText(error, "code") !== undefined) return undefined;
  return { exitCode, signal };
}

function hasText(error: object, name: string): boolean {
  return findText(error, name) !== undefined;
}
