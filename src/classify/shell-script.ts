/**
 * What a shell script does when one of its commands fails, by its text: without it nobody knows whether
 * the last complaint is why it ended, or follows from an earlier one. Reads as much as people write in
 * scripts, and is no shell: what is made by `eval`, or sourced, is not seen.
 */

import type { ScriptHabits } from "../core/command-end.ts";
import { layersOf, SHELLS } from "./tool-of.ts";

/** The script that a command runs in the end. */
export interface ShellScript {
  /** What follows `-c`. */
  readonly text?: string | undefined;
  /** The file, as the command names it; not given where it lies on another host. */
  readonly file?: string | undefined;
  /** What the shell was called with: `["-eu"]`. */
  readonly flags: readonly string[];
  /** Whether a shell is named: else the file is a script only when its first line says so. */
  readonly isSure: boolean;
}

/** The script of `bash -e x.sh`, `sh -c "…"` or `sudo ./x`. */
export function shellScript(argv: readonly string[]): ShellScript | undefined {
  const layers = layersOf(argv);
  const { name = "", words = [] } = layers.at(-1) ?? {};
  const isRemote = layers.some((layer) => layer.name === "ssh");
  if (!SHELLS.has(name)) {
    const file = isRemote ? undefined : words[0];
    return file?.includes("/") === true ? { file, flags: [], isSure: false } : undefined;
  }
  const { flags, rest } = afterFlags(words.slice(1));
  const [first] = rest;
  if (flags.some((flag) => /^-[a-z]*c/i.test(flag))) return { text: first, flags, isSure: true };
  return { file: isRemote ? undefined : first, flags, isSure: true };
}

function afterFlags(words: readonly string[]): { flags: string[]; rest: readonly string[] } {
  let at = 0;
  while (/^[-+]./.test(words[at] ?? "") && words[at] !== "--") {
    // `-euo pipefail`
    at += /^[-+][a-zA-Z]*[oO]$/.test(words[at] ?? "") ? 2 : 1;
  }
  return { flags: words.slice(0, at), rest: words.slice(words[at] === "--" ? at + 1 : at) };
}

/** A script's habits; `undefined` for what is none. */
export function scriptHabits(
  text: string,
  { flags, isSure }: Pick<ShellScript, "flags" | "isSure">,
): ScriptHabits | undefined {
  const first = firstLine(text);
  if (!isSure && first === undefined) return undefined;
  // Who runs `bash x.sh` leaves the flags of the first line out.
  const given = isSure ? flags : (first ?? []);
  const lines = text.split("\n").filter((line) => !line.trimStart().startsWith("#"));
  return {
    stopsAtFailure: setsErrexit(given) || lines.some(stops),
    hasTrap: lines.some(traps) && lines.some(namesTheEnd),
  };
}

/** The flags that a script's first line gives its shell; `undefined` when it names none. */
function firstLine(text: string): readonly string[] | undefined {
  const line = text.slice(0, LONGEST_FIRST_LINE).split("\n")[0] ?? "";
  if (!line.startsWith("#!")) return undefined;
  let words = wordsOf(line.slice(2));
  if (words[0]?.endsWith("/env") === true) words = words.slice(words[1] === "-S" ? 2 : 1);
  const [program = "", ...flags] = words;
  return SHELLS.has(program.slice(program.lastIndexOf("/") + 1)) ? flags : undefined;
}

/** The kernel reads no more. */
const LONGEST_FIRST_LINE = 256;

/** `set -eu` and `set -o errexit`, at the beginning of a line or behind another command. */
function stops(line: string): boolean {
  return commandsIn(line).some(([name, ...words]) => name === "set" && setsErrexit(words));
}

function setsErrexit(words: readonly string[]): boolean {
  return words.some(
    (word, at) =>
      /^-[a-zA-Z]*e/.test(word) ||
      (word === "errexit" && /^-[a-zA-Z]*o$/.test(words[at - 1] ?? "")),
  );
}

function traps(line: string): boolean {
  return commandsIn(line).some(([name, action]) => name === "trap" && action !== "-");
}

/** `trap "…" EXIT`, whose words may stand in several lines, or `trap "…" 0`. */
function namesTheEnd(line: string): boolean {
  return /\b(?:EXIT|ERR)\b/.test(line) || (traps(line) && wordsOf(line).at(-1) === "0");
}

const BEFORE_A_COMMAND: ReadonlySet<string> = new Set(["then", "do", "else", "!"]);

function commandsIn(line: string): (readonly string[])[] {
  return line.split(/[;&|(){}]/).map((part) => {
    const words = wordsOf(part);
    return BEFORE_A_COMMAND.has(words[0] ?? "") ? words.slice(1) : words;
  });
}

function wordsOf(text: string): string[] {
  return text.split(/\s/).filter((word) => word !== "");
}
