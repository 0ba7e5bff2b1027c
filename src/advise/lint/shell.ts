/** Looks through shell scripts, crontabs and single commands. */

import { cronLines, cronPercent, cronSilenced } from "./crontab.ts";
import { IGNORE, withoutIgnored } from "./ignore.ts";
import { inOrder, toProblems, type Hit, type Problem, type RuleFacts } from "./rule.ts";
import { pipeStatus } from "./shell-pipes.ts";
import { errexitHole, staleNumber } from "./shell-errexit.ts";
import { psqlStop, redisError, sqlBail } from "./shell-databases.ts";
import { removeVariable, temporaryLeft, uncheckedDirectory } from "./shell-removal.ts";
import type { ShellRule } from "./shell-rule.ts";
import type { Call } from "./shell-call.ts";
import { readScript, type Script } from "./shell-script.ts";
import * as status from "./shell-status.ts";
import { curlFail, mayPrompt, transferLimit } from "./shell-transfers.ts";

const SCRIPT_RULES: readonly ShellRule[] = [
  curlFail,
  pipeStatus,
  psqlStop,
  redisError,
  sqlBail,
  removeVariable,
  uncheckedDirectory,
  status.unnoticed,
  errexitHole,
  status.swallowed,
  status.ignored,
  status.waitStatus,
  status.findExec,
  status.substitutionStatus,
  staleNumber,
  transferLimit,
  mayPrompt,
  temporaryLeft,
];

/** What cannot be read cannot be judged. */
const SYNTAX: RuleFacts = {
  id: "syntax",
  severity: "error",
  why: "this is no shell script that bash could read",
  fix: "bash -n shows what bash says to it",
};

/** All rules about shell scripts, for the documentation and for comments that name them. */
export const SHELL_RULES: readonly RuleFacts[] = [
  ...SCRIPT_RULES,
  cronPercent,
  cronSilenced,
  SYNTAX,
];

const KNOWN = [...SHELL_RULES.map(({ id }) => id), IGNORE.rule];

/** Which shell a script is for: its first line says so. `undefined`: none that we can read. */
export function shellOf(text: string): "bash" | "sh" | undefined {
  const first = /^#!.*/.exec(text)?.[0];
  if (first === undefined) return "bash";
  // A login shell that is ksh has all of bash that counts here.
  if (/\b(?:bash|ksh)\b/.test(first)) return "bash";
  return /\b(?:sh|dash|ash)\b/.test(first) ? "sh" : undefined;
}

/** Looks through a script. Pure. */
export function lintShell(text: string): Problem[] {
  const { read, found } = readable(text);
  const [first = ""] = read.split("\n", 1);
  const flags = first.startsWith("#!") ? first.split(/\s+/).slice(1).join(" ") : "";
  const isFragment = !first.startsWith("#!");
  const script = readScript(read, { dialect: shellOf(read) ?? "bash", flags, isFragment });
  return finished([...found, ...hitsIn(script)], read);
}

/** What a shell trips over before it reads a word, and the text without it, so that the rest is judged. */
function readable(text: string): { readonly read: string; readonly found: readonly Found[] } {
  const hits: Hit[] = [];
  if (text.startsWith("\uFEFF")) hits.push({ at: 0, ...BYTE_ORDER_MARK });
  const read = text.replace(/^\uFEFF/, "");
  const at = read.indexOf("\r\n");
  if (at >= 0) hits.push({ at, ...CARRIAGE_RETURN });
  return { read: read.replaceAll("\r\n", " \n"), found: [{ rule: SYNTAX, hits }] };
}

const BYTE_ORDER_MARK = {
  says: "it begins with a byte order mark: the first line is no #! to the kernel, and a command that there is not to the shell",
  fix: "save it as UTF-8 without a byte order mark",
};

const CARRIAGE_RETURN = {
  says: "its lines end with CR LF, and to a shell the CR is part of the last word",
  fix: "sed -i 's/\\r$//', and *.sh text eol=lf in .gitattributes",
};

/** Looks through a crontab: its commands are those of a script each. Pure. */
export function lintCrontab(text: string, options: { readonly hasUsers: boolean }): Problem[] {
  const found = cronLines(text, options).flatMap(({ command, at, shell }) => {
    const hits = hitsIn(readScript(command, { dialect: shell }));
    const own = [cronPercent, cronSilenced].map((rule) => ({ rule, hits: rule.check(command) }));
    return [...hits, ...own].map(({ rule, hits: each }) => ({
      rule,
      hits: each.map((hit) => ({ ...hit, at: hit.at + at })),
    }));
  });
  return finished(found, text);
}

interface Found {
  readonly rule: RuleFacts;
  readonly hits: readonly Hit[];
}

function finished(found: readonly Found[], text: string): Problem[] {
  // Each rule goes through the text once, in however many commands it found something.
  const byRule = Map.groupBy(found, ({ rule }) => rule);
  const problems = [...byRule].flatMap(([rule, all]) =>
    toProblems(
      rule,
      all.flatMap(({ hits }) => hits),
      text,
    ),
  );
  return inOrder(withoutIgnored(problems, text, KNOWN));
}

function hitsIn(script: Script): Found[] {
  const [error] = script.errors;
  if (error !== undefined) {
    return [
      { rule: SYNTAX, hits: [{ at: error.at, says: `it cannot be read: ${error.message}` }] },
    ];
  }
  const own = SCRIPT_RULES.map((rule) => ({ rule, hits: rule.check(script) }));
  return [...own, ...script.calls.flatMap(hitsWithin)];
}

/** `bash -c '…'`: what is found in it stands where the command stands. */
function hitsWithin({ name, words, at }: Call): Found[] {
  if (name !== "sh" && name !== "bash" && name !== "dash") return [];
  const index = words.findIndex(({ value }) => /^-\w*c$/.test(value));
  const inner = index < 0 ? undefined : words[index + 1];
  if (inner === undefined) return [];
  const flags = words.slice(0, index + 1).map(({ value }) => value.replace(/c$/, ""));
  const script = readScript(inner.value, {
    dialect: name === "bash" ? "bash" : "sh",
    flags: flags.join(" "),
  });
  return hitsIn(script).map(({ rule, hits }) => ({
    rule,
    hits: hits.map((hit) => ({ ...hit, at })),
  }));
}
