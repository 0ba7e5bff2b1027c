/** Looks through the files of automations, in TypeScript or JavaScript. */

import { stripTypeScriptTypes } from "node:module";
import { parse, type Comment } from "acorn";
import { readAutomationFile } from "./automation-file.ts";
import type { FileText } from "./automation-rule.ts";
import { AUTOMATION_RULES } from "./automation-rules.ts";
import type { Node } from "./ecma-node.ts";
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

/** Looks through a file. Nothing is found in one that does not import `holdfast/automation`. Pure. */
export function lintAutomation(text: string): Problem[] {
  // Most files are about something else, and need not be read.
  if (!/["']holdfast\/automation["']/.test(text)) return [];
  const comments: Comment[] = [];
  let program;
  try {
    program = parse(withoutTypes(text), {
      ecmaVersion: "latest",
      sourceType: "module",
      allowHashBang: true,
      onComment: comments,
    });
  } catch (error) {
    const { message, pos } = error as Error & { readonly pos?: number };
    const [first = ""] = message.split("\n");
    return toProblems(SYNTAX, [{ at: pos ?? 0, says: `${SYNTAX.why}: ${first}` }], text);
  }
  const file = readAutomationFile(program as unknown as Node);
  if (file === undefined) return [];
  const notes: FileText = {
    hasCommentIn: (node) =>
      comments.some(({ start, end }) => start > startOf(node) && end <= (node["end"] as number)),
  };
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

/** Blanks take the place of types, so that everything stays where it is. */
function withoutTypes(text: string): string {
  return stripTypeScriptTypes(text, { mode: "strip" });
}

function startOf(node: Node): number {
  return node["start"] as number;
}
