/** What the lines mean that a command wrote before it failed. */

import type { CommandEnd } from "../core/command-end.ts";
import { codeFault } from "./codes.ts";
import type { CommandFinding } from "./command-finding.ts";
import { redisReplyFault } from "./redis.ts";
import { sqlStateFault } from "./sqlstate.ts";
import { findingOf, fitsBeside, type ToolRow } from "./tool-row.ts";
import { TOOL_ROWS } from "./tool-rows.ts";
import { PG_STATE_SHOWN, PG_STATES, PG_TOOLS, REDIS_TOOLS } from "./tools/databases.ts";
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

/** What the last line says of which `read` knows anything: of stderr, then of stdout. */
export function lastLine(
  end: CommandEnd,
  read: (line: Line) => CommandFinding | undefined,
): CommandFinding | undefined {
  for (const on of ["stderr", "stdout"] as const) {
    for (const text of end[on].split(/\r?\n/).slice(-MOST_LINES).toReversed()) {
      const found = text === "" ? undefined : read({ text: text.slice(0, LONGEST_LINE), on });
      if (found !== undefined) return found;
    }
  }
  return undefined;
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
      where === on && says?.test(text) === true && fitsBeside(rest, end),
  );
  return row && findingOf(row);
}

function serverLine({ text, on }: Line, names: readonly string[]): CommandFinding | undefined {
  if (names.some((name) => REDIS_TOOLS.has(name))) return redisLine(text);
  const isPostgres = on === "stderr" && names.some((name) => PG_TOOLS.has(name));
  return isPostgres ? postgresLine(text) : undefined;
}

/** By SQLSTATE where it is shown, else by the server's English words. @internal */
export function postgresLine(line: string): CommandFinding | undefined {
  const shown = PG_STATE_SHOWN.exec(line)?.[1];
  const known = PG_STATES.find(({ says, state }) => state === shown || says.test(line));
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
 * What a line of stderr means that any program may have written: one that names its tool by that tool's
 * rows, then by the system's texts and codes, then by the rows of all tools.
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
  if (isSure) return systemLine(text);
  const words = new Set(text.split(/[^\w-]+/));
  const named = TOOL_ROWS.filter(({ tools }) => tools.some((name) => words.has(name)));
  const found =
    rowFor(line, named, end) ??
    systemLine(text) ??
    postgresLine(text) ??
    rowFor(line, TOOL_ROWS, end);
  if (found?.fault.effect !== "none") return found;
  return { ...found, fault: { ...found.fault, effect: "unknown" } };
}

/** By the text of an errno, or by a code's own name. @internal */
export function systemLine(line: string): CommandFinding | undefined {
  const text = SYSTEM_TEXTS.find(({ says }) => says.test(line));
  const codes = text === undefined ? (line.match(NAMED_CODE) ?? []) : [text.code];
  const fault = codes.map((code) => codeFault({ code })).find((found) => found !== undefined);
  return fault && { symptom: text?.symptom, fault };
}
