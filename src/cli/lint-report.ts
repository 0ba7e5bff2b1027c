/** What lint found, as text, as JSON and as annotations of a pull request. Pure. */

import type { LintedFile } from "../advise/lint/files.ts";
import type { Problem, Severity } from "../advise/lint/rule.ts";

/** How many problems of each kind there are. */
export function countOf(linted: readonly LintedFile[]): Readonly<Record<Severity, number>> {
  const count = { error: 0, warning: 0, hint: 0 };
  for (const { severity } of linted.flatMap(({ problems }) => problems)) count[severity] += 1;
  return count;
}

/** `path:line:column  severity  rule  message`, the fix below it, and the sum at the end. */
export function asText(linted: readonly LintedFile[]): string {
  const lines = linted.flatMap(({ path, problems }) =>
    problems.flatMap(({ line, column, severity, rule, says, fix }) => [
      `${path}:${line}:${column}  ${severity}  ${rule}  ${says}`,
      `    ${fix}`,
    ]),
  );
  return [...lines, sumOf(linted), ""].join("\n");
}

function sumOf(linted: readonly LintedFile[]): string {
  const { error, warning, hint } = countOf(linted);
  const kinds = [counted(error, "error"), counted(warning, "warning"), counted(hint, "hint")];
  const found = kinds.filter((kind) => !kind.startsWith("0 "));
  const files = counted(linted.length, "file");
  return `${files}: ${found.length === 0 ? "nothing found" : found.join(", ")}`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** One document, files without problems included. */
export function asJson(linted: readonly LintedFile[]): string {
  return `${JSON.stringify({ schema: 1, count: countOf(linted), files: linted }, undefined, 2)}\n`;
}

const COMMANDS: Readonly<Record<Severity, string>> = {
  error: "error",
  warning: "warning",
  hint: "notice",
};

/** Workflow commands, which GitHub shows beside the lines of a pull request. */
export function asAnnotations(linted: readonly LintedFile[]): string {
  return linted
    .flatMap(({ path, problems }) => problems.map((problem) => annotation(path, problem)))
    .join("");
}

function annotation(path: string, { severity, line, column, rule, says, fix }: Problem): string {
  const place = `file=${inProperty(path)},line=${line},col=${column},title=${inProperty(rule)}`;
  return `::${COMMANDS[severity]} ${place}::${inMessage(`${says}: ${fix}`)}\n`;
}

/** As actions/toolkit's `escapeData` has it. */
function inMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** As actions/toolkit's `escapeProperty` has it. */
function inProperty(text: string): string {
  return inMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
