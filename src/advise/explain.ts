/**
 * What a failure means, for people: by an exit code and its tool, by what was written, by a code, or by a
 * line of our own log. The tables are those by which failures are classified.
 */

import { commandFinding } from "../classify/command.ts";
import type { CommandFinding } from "../classify/command-finding.ts";
import { TOOL_ROWS } from "../classify/tool-rows.ts";
import { ANY_PROGRAM } from "../classify/tools/processes.ts";
import type { CommandEnd } from "../core/command-end.ts";
import { FAULT_CLASSES, type Effect, type Fault, type FaultClass } from "../core/fault.ts";
import type { RemedyName } from "../heal/names.ts";
import { reactionTo } from "./default-reaction.ts";
import { causeOf, faultOfCode } from "./known-codes.ts";
import { OWN_CODES } from "./own-codes.ts";
import { OWN_EXITS } from "./own-exits.ts";

/** One thing that it may mean. */
export interface Explanation {
  /** What was taken for what: `exit code 28 of curl`. */
  readonly of: string;
  readonly code?: string | undefined;
  readonly class?: FaultClass | undefined;
  readonly effect?: Effect | undefined;
  /** Its number in docs/symptoms.md. */
  readonly symptom?: number | undefined;
  readonly cause?: string | undefined;
  /** What holdfast does about it unless it is told otherwise. */
  readonly byDefault?: string | undefined;
  readonly advice?: string | undefined;
  /** The built-in remedy that is made for it. */
  readonly remedy?: RemedyName | undefined;
}

/** How a command ended, as far as somebody remembers. */
export function explainEnd(
  end: Pick<CommandEnd, "argv" | "exitCode"> & Partial<CommandEnd>,
): Explanation[] {
  const found = commandFinding({
    signal: undefined,
    stdout: "",
    stderr: "",
    durationMs: 0,
    ...end,
  });
  const of = `exit code ${end.exitCode} of ${end.argv.join(" ")}`;
  if (end.exitCode === 0) return [{ of, ...IT_SAYS_SO }];
  return isKnown(found) ? [explained(of, found)] : [];
}

/** No failure, by its own account. */
const IT_SAYS_SO = {
  cause: "it says that all went well; some programs say so although they failed",
  advice:
    "check what it made: --verify, --expect-output, --min-size; holdfast lint names the usual traps",
};

/** An exit code whose tool is not known: all that it may mean. */
export function explainExitCode(exitCode: number): Explanation[] {
  const own = OWN_EXITS[exitCode];
  const rows = [...ANY_PROGRAM, ...TOOL_ROWS].filter(
    ({ exitCodes, says, ifFull }) => exitCodes?.includes(exitCode) && says === undefined && !ifFull,
  );
  const status = faultOfCode(`HTTP_${exitCode}`);
  return [
    ...(own === undefined ? [] : [{ of: `exit code ${exitCode} of holdfast`, ...own }]),
    ...rows.map(({ tools, symptom, code, meaning: [faultClass, effect] }) =>
      explained(`exit code ${exitCode} of ${tools.join(", ") || "any program"}`, {
        symptom,
        fault: { class: faultClass, code, effect },
      }),
    ),
    ...(status === undefined ? [] : [explained(`HTTP status ${exitCode}`, { fault: status })]),
  ];
}

/** Text: a code, a line of our log, or what a tool wrote. */
export function explainText(text: string): Explanation[] {
  return explainCode(text.trim()) ?? explainRecord(text) ?? explainOutput(text);
}

/** The codes of faults, ours and those of others; people write them as they like. */
function explainCode(text: string): Explanation[] | undefined {
  const [code, ...others] = writtenFor(text);
  const found = explainExactly(code ?? text);
  if (found !== undefined || others.length === 0) return found;
  return others.map(explainExactly).find((each) => each !== undefined);
}

const EFFECTS: readonly Effect[] = ["none", "partial", "unknown"];

const LONGEST_CODE = 80;

/** `HTTP 503` may stand for HTTP_503, `unavailable` for GRPC_UNAVAILABLE. */
function writtenFor(text: string): string[] {
  if (text.length > LONGEST_CODE || !/^[A-Za-z][\w ]*$|^\d[0-9A-Za-z]{4}$/.test(text)) return [];
  const upper = text.toUpperCase().replaceAll(" ", "_");
  return [text, upper, `GRPC_${upper}`, `REDIS_${upper}`, `SIG${upper}`];
}

function explainExactly(code: string): Explanation[] | undefined {
  const own = Object.hasOwn(OWN_CODES, code) ? OWN_CODES[code] : undefined;
  if (own !== undefined) {
    return [{ of: `the code ${code} of holdfast`, code, ...own, byDefault: reactionTo(own) }];
  }
  const fault = faultOfCode(code);
  return fault && [explained(`the code ${code}`, { fault })];
}

/** The last line that is a record of our log with a fault. */
function explainRecord(text: string): Explanation[] | undefined {
  for (const line of text.split("\n").toReversed()) {
    const record = parseRecord(line);
    const fault = loggedFault(record?.holdfast?.fault ?? record?.fault);
    if (fault === undefined) continue;
    const own = explainCode(fault.code)?.[0];
    const of = `${record?.event?.action ?? "a record of the log"} with ${fault.code}`;
    return [{ ...own, of, ...fault, ...(isWhole(fault) ? { byDefault: reactionTo(fault) } : {}) }];
  }
  return undefined;
}

interface LoggedFault {
  readonly class?: FaultClass;
  readonly code: string;
  readonly effect?: Effect;
}

/** Lines of a log may have been written by anybody. */
function loggedFault(value: unknown): LoggedFault | undefined {
  const { class: faultClass, code, effect } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof code !== "string" || code === "") return undefined;
  return {
    code,
    ...(isOneOf(FAULT_CLASSES, faultClass) ? { class: faultClass } : {}),
    ...(isOneOf(EFFECTS, effect) ? { effect } : {}),
  };
}

function isOneOf<Word extends string>(words: readonly Word[], value: unknown): value is Word {
  return (words as readonly unknown[]).includes(value);
}

interface LogRecord {
  readonly event?: { readonly action?: string };
  readonly holdfast?: { readonly fault?: unknown };
  /** Where an alert has it. */
  readonly fault?: unknown;
}

function parseRecord(line: string): LogRecord | undefined {
  if (!line.trimStart().startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    return undefined;
  }
}

function isWhole(fault: LoggedFault): fault is LoggedFault & Fault {
  return fault.class !== undefined && fault.effect !== undefined;
}

function explainOutput(text: string): Explanation[] {
  const end = { argv: [], exitCode: undefined, signal: undefined, stdout: "", durationMs: 0 };
  const found = commandFinding({ ...end, stderr: text });
  return isKnown(found) ? [explained("what it wrote", found)] : [];
}

function isKnown({ symptom, fault }: CommandFinding): boolean {
  return symptom !== undefined || causeOf(fault.code) !== undefined;
}

function explained(of: string, { fault, symptom }: CommandFinding): Explanation {
  const { class: faultClass, code, effect } = fault;
  const known = { of, code, class: faultClass, effect, symptom, byDefault: reactionTo(fault) };
  return { ...known, ...causeOf(code) };
}
