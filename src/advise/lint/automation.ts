/** Looks through the files of automations, in TypeScript or JavaScript. */

import type { Comment } from "acorn";
import { readAutomationFile } from "./automation-file.ts";
import type { FileText } from "./automation-rule.ts";
import { AUTOMATION_RULES } from "./automation-rules.ts";
import type { Node } from "./ecma-node.ts";
import { parseModule } from "./ecma-parse.ts";
import type { FindModule } from "./module-names.ts";
import { IGNORE, withoutIgnored } from "./ignore.ts";
import { inOrder, toProblems, type Problem, type RuleFacts } from "./rule.ts";

/** What cannot be read cannot be judged. */
const SYNTAX: RuleFacts = {
  id: "syntax",
  severity: "error",
  why: "this cannot be read as TypeScript that Node runs",
  fix: "node --check shows what Node says to it",
};

const KNOWN = [...AUTOMATION_RULES.map(({ id }) => id), SYNTAX.id, IGNORE.rule];

/** Where a file stands, and how those are read that it imports. */
export interface Surroundings {
  readonly path: string;
  readonly find: FindModule;
}

/** Looks through a file. Nothing is found in one that does not import `holdfast/automation`. */
export function lintAutomation(text: string, surroundings?: Surroundings): Problem[] {
  // Most files are about something else, and need not be read.
  if (!/["']holdfast\/automation["']/.test(text)) return [];
  try {
    return problemsIn(text, surroundings);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    const { message, pos = 0 } = error as Error & { readonly pos?: number };
    const [first = ""] = message.split("\n");
    const says = error instanceof RangeError ? "it is nested too deeply" : first;
    return toProblems(SYNTAX, [{ at: pos, says: `${SYNTAX.why}: ${says}` }], text);
  }
}

function problemsIn(text: string, surroundings: Surroundings | undefined): Problem[] {
  const comments: Comment[] = [];
  const program = parseModule(text, comments);
  const file = readAutomationFile(program, surroundings);
  if (file === undefined) return [];
  const notes: FileText = { hasCommentIn: (node) => hasOneIn(comments, node) };
  const problems = AUTOMATION_RULES.flatMap((rule) => {
    const hits = rule.check(file, notes);
    return toProblems(
      rule,
      hits.map(({ node, says }) => ({ at: startOf(node), says })),
      text,
    );
  });
  return inOrder(withoutIgnored(problems, text, KNOWN));
}

/** By halves, for both may be many; comments stand in their order, and in each other never. */
function hasOneIn(comments: readonly Comment[], node: Node): boolean {
  let low = 0;
  for (let high = comments.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((comments[middle]?.start ?? 0) <= startOf(node)) low = middle + 1;
    else high = middle;
  }
  return (comments[low]?.end ?? Infinity) <= (node["end"] as number);
}

function startOf(node: Node): number {
  return node["start"] as number;
}
