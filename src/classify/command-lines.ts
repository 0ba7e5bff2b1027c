/** What the lines mean that a command wrote before it failed. */

import type { CommandEnd } from "../core/command-end.ts";
import { isAftermath, type Course } from "./aftermath.ts";
import { codeFault } from "./codes.ts";
import type { CommandFinding } from "./command-finding.ts";
import { isFailedBy, isPassing, isQuoted, isSource } from "./passing-lines.ts";
import { redisReplyFault } from "./redis.ts";
import { sqlStateFault } from "./sqlstate.ts";
import { findingOf, fitsBeside, type ToolRow } from "./tool-row.ts";
import { TOOL_ROWS } from "./tool-rows.ts";
import { ZIPPED } from "./tools/archives.ts";
import { PG_STATE_SHOWN, PG_STATES, PG_TOOLS, REDIS_TOOLS } from "./tools/databases.ts";
import { CALLED_WRONGLY } from "./tools/processes.ts";
import { FILE_TOOLS, NAMED_CODE, SYSTEM_TEXTS } from "./tools/system-texts.ts";

/** A line, and where it stood. */
export interface Line {
  readonly text: string;
  readonly on: "stderr" | "stdout";
}

/** No failure is told in more lines than these, from the end. */
const MOST_LINES = 200;

/** What a longer line means stands near its beginning. */
const LONGEST_LINE = 2_000;

/** Colours, which some keep although nobody looks at a terminal. */
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[\d;]*m/g;

/**
 * What the last line says of which `read` knows anything: of stderr, then of stdout. Where that is an
 * aftermath, it is the known line before it, if there is one.
 */
export function lastLine(
  end: CommandEnd,
  course: Course,
  read: (line: Line) => CommandFinding | undefined,
): CommandFinding | undefined {
  for (const on of ["stderr", "stdout"] as const) {
    let aftermath: CommandFinding | undefined;
    for (const line of linesOf(end[on])) {
      const found = line === "" ? undefined : read({ text: line, on });
      if (found !== undefined && !isAftermath(found, line, course)) return found;
      aftermath ??= found;
    }
    if (aftermath !== undefined) return aftermath;
  }
  return undefined;
}

/** Those that may say why it failed, from the last one on. A progress display goes back to the beginning of its line. */
function linesOf(output: string): string[] {
  const lines = output.split(/\r\n|\n|\r/).slice(-MOST_LINES);
  const plain = lines.map((line) => line.slice(0, LONGEST_LINE).replaceAll(COLOURS, ""));
  return plain
    .filter((line, at) => !isPassing(line) && !isSource(line, plain[at - 1], plain[at + 1]))
    .toReversed();
}

/** What a line means by the rows of the command's own programs, or as the answer of their server. */
export function ownLine(
  line: Line,
  rows: readonly ToolRow[],
  names: readonly string[],
  end: CommandEnd,
): CommandFinding | undefined {
  return rowFor(line, rows, end) ?? serverLine(line, names);
}

function rowFor(
  { text, on }: Line,
  rows: readonly ToolRow[],
  end: CommandEnd,
): CommandFinding | undefined {
  const row = rows.find(
    ({ says, on: where = "stderr", ...rest }) =>
      where === on && says !== undefined && isSaid(text, says) && fitsBeside(rest, end),
  );
  return row && findingOf(row);
}

/** Whether a line says it, and does not quote it. */
function isSaid(line: string, says: RegExp): boolean {
  const said = says.exec(line);
  return said !== null && !isQuoted(line, said[0], said.index);
}

function serverLine({ text, on }: Line, names: readonly string[]): CommandFinding | undefined {
  if (names.some((name) => REDIS_TOOLS.has(name))) return redisLine(text);
  const isPostgres = on === "stderr" && names.some((name) => PG_TOOLS.has(name));
  return isPostgres ? postgresLine(text) : undefined;
}

/** By SQLSTATE where it is shown, else by the server's English words. @internal */
export function postgresLine(line: string): CommandFinding | undefined {
  const shown = PG_STATE_SHOWN.exec(line)?.[1];
  const known = PG_STATES.find(({ says, state }) => state === shown || isSaid(line, says));
  const fault = sqlStateFault(shown ?? known?.state ?? "");
  return fault && { symptom: known?.symptom, fault };
}

const REPLY = /^(?:\(error\) )?([A-Z]+(?: .*)?)$/;

const REDIS_SYMPTOMS: Readonly<Record<string, number>> = {
  REDIS_NOAUTH: 84,
  REDIS_WRONGPASS: 84,
  REDIS_NOPERM: 84,
  REDIS_OOM: 85,
  REDIS_READONLY: 86,
};

/** By the first word of an error reply, as redis-cli prints it. @internal */
export function redisLine(line: string): CommandFinding | undefined {
  const fault = redisReplyFault(REPLY.exec(line)?.[1] ?? "");
  return fault && { symptom: REDIS_SYMPTOMS[fault.code] ?? 87, fault };
}

/**
 * What a line of stderr means that any program may have written: a bug, one that names its tool by that
 * tool's rows, then by the system's texts and codes, then by the rows of all tools.
 *
 * @param names The command's own programs. What a program of files could not do, it did not do; of
 *   others nobody knows what they, or the script around them, did before.
 */
export function foreignLine(
  line: Line,
  names: readonly string[],
  end: CommandEnd,
): CommandFinding | undefined {
  const { text, on } = line;
  if (on === "stdout") return undefined;
  const isSure = FILE_TOOLS.has(names[0] ?? "");
  if (isSure) return systemLine(text) ?? rowFor(line, [CALLED_WRONGLY], end);
  const words = new Set(text.split(/[^\w-]+/));
  const named = TOOL_ROWS.filter(({ tools }) => tools.some((name) => words.has(name)));
  const found =
    // What an assertion compared is no failure of that kind.
    rowFor(line, BUG_ROWS, end) ??
    rowFor(line, [CALLED_WRONGLY], end) ??
    // Its full disk is the server's.
    (SERVER_SAYS.test(text) ? postgresLine(text) : undefined) ??
    rowFor(line, named, end) ??
    systemLine(text) ??
    postgresLine(text) ??
    rowFor(line, NAMELESS_ROWS, end);
  if (found?.fault.effect !== "none") return found;
  return { ...found, fault: { ...found.fault, effect: "unknown" } };
}

/** Programs that begin each of their lines with their name: without it, a line is another's. */
const NAME_THEMSELVES: ReadonlySet<string> = new Set([...ZIPPED, "tar", "curl", "rsync"]);

/** How a Postgres server begins what it complains of. */
const SERVER_SAYS = /\b(?:ERROR|FATAL|PANIC): {2}\S/;

const BUG_ROWS: readonly ToolRow[] = TOOL_ROWS.filter(({ code }) => code === "PROGRAM_BUG");

const NAMELESS_ROWS: readonly ToolRow[] = TOOL_ROWS.filter(
  ({ tools }) => !tools.every((name) => NAME_THEMSELVES.has(name)),
);

/** By the text of an errno, or by a code's own name. @internal */
export function systemLine(line: string): CommandFinding | undefined {
  const text = SYSTEM_TEXTS.find(({ says }) => {
    const said = says.exec(line);
    return said !== null && isFailedBy(line, said[0], said.index);
  });
  const codes = text === undefined ? namedCodes(line) : [text.code];
  const fault = codes.map((code) => codeFault({ code })).find((found) => found !== undefined);
  return fault && { symptom: text?.symptom, fault };
}

function namedCodes(line: string): string[] {
  return [...line.matchAll(NAMED_CODE)].flatMap(({ 0: code, index }) =>
    isFailedBy(line, code, index) ? [code] : [],
  );
}
