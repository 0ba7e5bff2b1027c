/**
 * Comments that say why something is right as it is: `# holdfast-lint-ignore curl-fail: why`, after it
 * or on a line of its own above it; in automations with `//` or in a block comment. Several rules have
 * commas between them. Without a reason it counts for nothing, and is told itself.
 */

import type { Problem } from "./rule.ts";

const COMMENT = /(?:#|\/\/|\/\*)\s{0,9}holdfast-lint-ignore\b(?<rules>[\w, \t-]*)(?::(?<why>.*))?$/;

interface Ignored {
  readonly rules: readonly string[];
  /** The line that it is about. */
  readonly line: number;
}

/** Leaves out what a comment says to leave out, and tells of comments that say nothing. */
export function withoutIgnored(
  problems: readonly Problem[],
  text: string,
  known: readonly string[],
): Problem[] {
  const ignored: Ignored[] = [];
  const told: Problem[] = [];
  const lines = text.split("\n");
  const next = text.includes("holdfast-lint-ignore") ? nextLines(lines) : [];
  for (const [index, line] of lines.entries()) {
    const found = COMMENT.exec(line);
    if (found === null) continue;
    const rules = (found.groups?.["rules"] ?? "").split(/[\s,]+/).filter((rule) => rule !== "");
    const says = complaint(rules, found.groups?.["why"] ?? "", known);
    if (says !== undefined) {
      const { index: column } = found;
      told.push({ ...IGNORE, severity: "warning", line: index + 1, column: column + 1, says });
      continue;
    }
    const isAlone = line.slice(0, found.index).trim() === "";
    ignored.push({ rules, line: isAlone ? (next[index] ?? index + 2) : index + 1 });
  }
  const byLine = Map.groupBy(ignored, ({ line }) => line);
  const isIgnored = ({ rule, line }: Problem) =>
    byLine.get(line)?.some(({ rules }) => rules.includes(rule)) === true;
  return [...problems.filter((problem) => !isIgnored(problem)), ...told];
}

/** The rule of the comments themselves. */
export const IGNORE = {
  rule: "lint-ignore",
  fix: "holdfast-lint-ignore RULE: why it is right here",
};

function complaint(
  rules: readonly string[],
  why: string,
  known: readonly string[],
): string | undefined {
  if (rules.length === 0) return "the comment names no rule, and so ignores none";
  const unknown = rules.find((rule) => !known.includes(rule));
  if (unknown !== undefined) return `there is no rule ${unknown}, so this ignores nothing`;
  // What ends a block comment is no reason.
  if (why.replace("*/", "").trim() === "") return "it gives no reason, and so ignores nothing";
  return undefined;
}

/** For each line, the next one that is no comment: several may stand above one line. */
function nextLines(lines: readonly string[]): number[] {
  const next: number[] = [];
  for (let index = lines.length - 1; index >= 0; index--) {
    const isComment = /^\s*(?:#|\/\/|\/\*)/.test(lines[index + 1] ?? "");
    next[index] = isComment ? (next[index + 1] ?? index + 2) : index + 2;
  }
  return next;
}
