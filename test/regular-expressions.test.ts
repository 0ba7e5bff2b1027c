// What others wrote, and scripts of anybody, are read by regular expressions: none may take long for it.
import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { parse } from "acorn";
import { expect, test } from "vitest";
import { isNode, nodesIn, type Node } from "../src/advise/lint/ecma-node.ts";
import { TOOL_ROWS } from "../src/classify/tool-rows.ts";
import { SYSTEM_TEXTS } from "../src/classify/tools/system-texts.ts";

/**
 * A line can cost its length to the power of the repetitions in a row. Those here have words between
 * them, which keep it low; five without took minutes for a comment of 20,000 blanks.
 */
const MOST_REPETITIONS = 4;

/** Stands for a repetition within another. */
const NESTED = "\u0000";

/** How many repetitions without a bound one match may go through; Infinity where one is in another. */
function repetitionsOf(source: string): number {
  const plain = source.replaceAll(/\\./g, "x").replaceAll(/\[[^\]]*\]/g, "x");
  let text = plain.replaceAll(/\(\?(?:[:=!]|<[=!]|<\w+>)/g, "(");
  // From the inside out, each group becomes as many marks as it has repetitions.
  for (let inner = text; ; text = inner) {
    inner = text.replace(
      /\(([^()]*)\)(?<mark>[*+]|\{\d+,\})?/,
      (_, body: string, mark?: string) => {
        const count = longestWay(body);
        if (mark !== undefined) return count > 0 ? NESTED : "x*";
        return "x*".repeat(count) || "x";
      },
    );
    if (inner === text) break;
  }
  return text.includes(NESTED) ? Infinity : longestWay(text);
}

function longestWay(text: string): number {
  const ways = text.split("|").map((way) => (way.match(/[*+]|\{\d+,\}/g) ?? []).length);
  return Math.max(...ways);
}

function literalsIn(file: string): string[] {
  const text = stripTypeScriptTypes(readFileSync(file, "utf8"), { mode: "strip" });
  const program: unknown = parse(text, { ecmaVersion: "latest", sourceType: "module" });
  const all = isNode(program) ? [...nodesIn(program)] : [];
  return all.flatMap(({ node }: { node: Node }) => {
    const regex = node["regex"] as { readonly pattern: string } | undefined;
    return regex === undefined ? [] : [regex.pattern];
  });
}

test.for([
  ["a*b", 1],
  ["a*|b+c*", 2],
  ["(?:a+)+", Infinity],
  ["(?:a|b)*", 1],
  ["(a*b){2,}", Infinity],
  [String.raw`\s*(?:x|[*+]*)\+`, 2],
  ["(?:(?:a*)b)c*", 2],
  [String.raw`#\s*ignore\b[ \t]*([\w, ]*?)[ \t]*(?::(.*))?$`, 5],
] as const)("%s has %i", ([source, count]) => {
  expect(repetitionsOf(source)).toBe(count);
});

test("no regular expression repeats a repetition, or has many in a row", () => {
  const root = join(import.meta.dirname, "../src");
  const files = globSync(["classify/**/*.ts", "advise/**/*.ts", "heal/**/*.ts"], { cwd: root });
  const literals = files
    .filter((file) => !/\.(?:test|contract)\.ts$/.test(file))
    .flatMap((file) => literalsIn(join(root, file)));
  const made = [...TOOL_ROWS, ...SYSTEM_TEXTS].flatMap(({ says }) => says?.source ?? []);

  const slow = [...literals, ...made].filter((each) => repetitionsOf(each) > MOST_REPETITIONS);
  expect(literals.length).toBeGreaterThan(150);
  expect([...new Set(slow)]).toEqual([]);
});
