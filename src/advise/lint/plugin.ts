/**
 * The rules about automations as a plugin of oxlint (`jsPlugins`) and ESLint (flat config, 9 or newer).
 * Entry `holdfast/lint`.
 */

import { AUTOMATION_RULES } from "./automation-rules.ts";
import { readAutomationFile, type AutomationFile } from "./automation-file.ts";
import type { AutomationRule } from "./automation-rule.ts";
import type { Node } from "./ecma-node.ts";

/** What a linter hands to a rule, as far as these make use of it. */
export interface LintContext {
  readonly sourceCode: { getCommentsInside(node: never): readonly unknown[] };
  report(report: { readonly node: never; readonly message: string }): void;
}

/** A rule as oxlint and ESLint take it. */
export interface LintRule {
  readonly meta: {
    readonly type: "problem" | "suggestion";
    readonly docs: { readonly description: string };
    readonly schema: readonly [];
  };
  create(context: LintContext): { Program(program: never): void };
}

/** A plugin as oxlint and ESLint take it. */
export interface LintPlugin {
  readonly meta: { readonly name: "holdfast" };
  readonly rules: Readonly<Record<string, LintRule>>;
  /** `recommended`: all rules but the hints, for a flat config's `rules`. */
  readonly configs: {
    readonly recommended: { readonly rules: Readonly<Record<string, "error" | "warn">> };
  };
}

/** Each file is read once for all rules. */
const read = new WeakMap<Node, AutomationFile>();

function fileOf(program: Node): AutomationFile | undefined {
  const known = read.get(program) ?? readShallow(program);
  if (known !== undefined) read.set(program, known);
  return known;
}

/** Of what is nested too deeply nothing is said: a rule that throws would end the linter. */
function readShallow(program: Node): AutomationFile | undefined {
  try {
    return readAutomationFile(program);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function toLintRule(rule: AutomationRule): LintRule {
  return {
    meta: {
      type: rule.severity === "hint" ? "suggestion" : "problem",
      docs: { description: rule.why },
      schema: [],
    },
    create: (context) => ({
      Program(program) {
        const file = fileOf(program);
        if (file === undefined) return;
        const hasCommentIn = (node: Node) =>
          context.sourceCode.getCommentsInside(node as never).length > 0;
        for (const { node, says = rule.why } of rule.check(file, { hasCommentIn })) {
          context.report({ node: node as never, message: `${says}: ${rule.fix}` });
        }
      },
    }),
  };
}

/** See the header. */
export const plugin: LintPlugin = {
  meta: { name: "holdfast" },
  rules: Object.fromEntries(AUTOMATION_RULES.map((rule) => [rule.id, toLintRule(rule)])),
  configs: {
    recommended: {
      rules: Object.fromEntries(
        AUTOMATION_RULES.filter(({ severity }) => severity !== "hint").map(({ id, severity }) => [
          `holdfast/${id}`,
          severity === "error" ? "error" : "warn",
        ]),
      ),
    },
  },
};

// Linters load the default export, and nothing else.
// oxlint-disable-next-line import/no-default-export
export default plugin;
