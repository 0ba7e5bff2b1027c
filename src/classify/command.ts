/**
 * How a command failed, from its exit code and what it wrote.
 *
 * Exit codes mean what their tool says they mean: 5 is a locked database for sqlite3 and a proxy without
 * a name for curl. Many say nothing at all, and the text decides; of several lines the last that means
 * anything, for that is where it gave up; what such a line follows from stands before it. What looks like something else is confirmed by measurement:
 * a kill by the kernel's counter, a full disk by asking the file system.
 *
 * What another program than the command itself complains of tells the cause, but not what had been done
 * before: then the effect is never `none`.
 */

import type { CommandEnd } from "../core/command-end.ts";
import type { Fault } from "../core/fault.ts";
import { courseOf, type Course } from "./aftermath.ts";
import { codeFault } from "./codes.ts";
import type { CommandFinding } from "./command-finding.ts";
import { foreignLine, lastLine, ownLine, type Line } from "./command-lines.ts";
import { toolOf, type Tool } from "./tool-of.ts";
import { findingOf, fitsBeside, type ToolRow } from "./tool-row.ts";
import { TOOL_ROWS } from "./tool-rows.ts";
import { ANY_PROGRAM, OUT_OF_MEMORY, SIGNAL_NUMBERS } from "./tools/processes.ts";

/**
 * The fault of a command that failed: a pure function of how it ended. Ask it of failures alone; an end
 * with exit code 0 that was found wanting is `unknown`.
 */
export function commandFault(end: CommandEnd): Fault {
  return commandFinding(end).fault;
}

/** As `commandFault`, and which symptom it was. */
export function commandFinding(end: CommandEnd): CommandFinding {
  const found = endedByUs(end) ?? neverStarted(end) ?? byTables(end) ?? unknownEnd(end);
  return { ...found, fault: confirmed(found.fault, end) };
}

function endedByUs({ endedBy }: CommandEnd): CommandFinding | undefined {
  if (endedBy === undefined) return undefined;
  if (endedBy === "cancel") {
    return { symptom: 41, fault: { class: "fatal", code: "ABORTED", effect: "unknown" } };
  }
  return { symptom: 63, fault: { class: "timeout", code: "TIMED_OUT", effect: "unknown" } };
}

const START_SYMPTOMS: Readonly<Record<string, number>> = {
  EAGAIN: 53,
  EMFILE: 52,
  ENFILE: 52,
  ENOMEM: 56,
  ETXTBSY: 18,
  ENOENT: 64,
  EACCES: 65,
  E2BIG: 66,
};

/** What was never started did nothing, whatever the code says elsewhere. */
function neverStarted({ startError: code }: CommandEnd): CommandFinding | undefined {
  if (code === undefined) return undefined;
  const fault = codeFault({ code, syscall: "spawn" }) ?? { class: "unknown", code };
  return { symptom: START_SYMPTOMS[code], fault: { ...fault, effect: "none" } };
}

function byTables(end: CommandEnd): CommandFinding | undefined {
  const status = statusOf(end);
  const tool = whatRan(end);
  const course = courseOf(end, tool);
  const own = rowsOf(tool.names).filter((row) => fitsStatus(row, status, tool));
  // What was written before a signal is not why it ended, unless the table knows both.
  if (isSignal(status)) {
    const exact = own.filter(({ exitCodes }) => exitCodes !== undefined);
    return (
      lastLine(end, course, (line) => ownLine(line, exact, [], end)) ??
      // Git exits with 129 when it is called wrongly.
      (end.signal === undefined ? byExitCode(exact, end) : undefined) ??
      byKill(status, end)
    );
  }
  const byOwn = (line: Line) => ownLine(line, own, tool.names, end);
  const byOthers = (line: Line) =>
    bySaidCode(line, end, course) ?? foreignLine(line, tool.names, end);
  if (!tool.isWhole) {
    return (
      bySameCode(end, course) ??
      lastLine(end, course, (line) => behindOthers(byOwn(line)) ?? byOthers(line)) ??
      behindOthers(byExitCode(anyProgram(status), end))
    );
  }
  return (
    lastLine(end, course, byOwn) ??
    byExitCode(own, end) ??
    byExitCode(anyProgram(status), end) ??
    bySameCode(end, course) ??
    lastLine(end, course, byOthers)
  );
}

/** A file that was found to be a script may fail by any command that is in it; a known tool may be one. */
function whatRan({ argv, symptoms }: CommandEnd): Tool {
  const tool = toolOf(argv);
  const isKnown = rowsOf(tool.names.slice(0, 1)).length > 0;
  return symptoms?.script === undefined || isKnown ? tool : { ...tool, isWhole: false };
}

function rowsOf(names: readonly string[]): readonly ToolRow[] {
  return TOOL_ROWS.filter(({ tools }) => tools.some((name) => names.includes(name)));
}

function anyProgram(status: number | undefined): readonly ToolRow[] {
  return ANY_PROGRAM.filter(({ exitCodes }) => exitCodes?.includes(status ?? -1));
}

/** The exit code; a signal as a shell counts it. */
function statusOf({ exitCode, signal }: CommandEnd): number | undefined {
  const number = SIGNAL_NUMBERS[signal ?? ""];
  return number === undefined ? exitCode : 128 + number;
}

function isSignal(status: number | undefined): status is number {
  return Object.values(SIGNAL_NUMBERS).includes((status ?? 0) - 128);
}

/** In a script the exit code may be that of any of its commands. */
function fitsStatus({ exitCodes, says }: ToolRow, status: number | undefined, tool: Tool): boolean {
  if (exitCodes === undefined) return true;
  if (!tool.isWhole) return says !== undefined;
  return exitCodes.includes(status ?? -1);
}

function byKill(status: number, { symptoms }: CommandEnd): CommandFinding | undefined {
  const isOutOfMemory = status === 137 && (symptoms?.oomKills ?? 0) > 0;
  const row = isOutOfMemory ? OUT_OF_MEMORY : anyProgram(status)[0];
  return row && findingOf(row);
}

function byExitCode(rows: readonly ToolRow[], end: CommandEnd): CommandFinding | undefined {
  const row = rows.find((each) => each.says === undefined && fitsBeside(each, end));
  return row && findingOf(row);
}

/** Tools that write their exit code, so that it is known of those within a script too. */
const SAID_CODES: readonly (readonly [tool: string, says: RegExp])[] = [
  ["curl", /^curl: \((\d+)\)/],
  ["rsync", /^rsync error: .*\(code (\d+)\)/],
];

function saidCode({ text, on }: Line): readonly [tool: string, code: number] | undefined {
  // On stdout it may be that of a log that is shown.
  if (on === "stdout") return undefined;
  for (const [tool, says] of SAID_CODES) {
    const said = says.exec(text)?.[1];
    if (said !== undefined) return [tool, Number(said)];
  }
  return undefined;
}

function bySaidCode(line: Line, end: CommandEnd, course: Course): CommandFinding | undefined {
  const [tool, code] = saidCode(line) ?? [];
  if (tool === undefined || code === undefined) return undefined;
  const rows = rowsOf([tool]);
  const ofCode = rows.filter(({ exitCodes }) => exitCodes?.includes(code));
  const byLine =
    // Which status of HTTP it was stands in that line; why rsync gave up, in one before it.
    ownLine(line, rows.filter(isOfAnyCode), [], end) ??
    lastLine(end, course, (each) => ownLine(each, ofCode, [], end));
  return behindOthers(byLine ?? byExitCode(ofCode, end));
}

function isOfAnyCode({ exitCodes }: ToolRow): boolean {
  return exitCodes === undefined;
}

/** Higher ones are hardly two tools' by accident. */
const COMMON_CODES: readonly (number | undefined)[] = [undefined, 0, 1, 2];

/** By the line that says the very code that all ended with: what stands behind it was on the way out. */
function bySameCode(end: CommandEnd, course: Course): CommandFinding | undefined {
  if (COMMON_CODES.includes(end.exitCode)) return undefined;
  return lastLine(end, course, (line) =>
    saidCode(line)?.[1] === end.exitCode ? bySaidCode(line, end, course) : undefined,
  );
}

/** Something may have been done before, by the script around it. */
function behindOthers(found: CommandFinding | undefined): CommandFinding | undefined {
  if (found?.fault.effect !== "none") return found;
  return { ...found, fault: { ...found.fault, effect: "unknown" } };
}

/** "No space left on device" is also said for want of inodes, and for limits that are no disk's. */
function confirmed(fault: Fault, { symptoms }: CommandEnd): Fault {
  if (fault.code !== "ENOSPC") return fault;
  if (symptoms?.full === "inodes") return { ...fault, code: "INODES_EXHAUSTED" };
  if (symptoms?.full !== "neither") return fault;
  return { ...fault, class: "unknown", code: "NO_SPACE_UNCONFIRMED" };
}

function unknownEnd({ exitCode, signal }: CommandEnd): CommandFinding {
  const code = signal ?? (exitCode === undefined ? "UNKNOWN" : `EXIT_${exitCode}`);
  return { fault: { class: "unknown", code, effect: "unknown" } };
}
