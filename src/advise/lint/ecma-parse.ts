/** Parses TypeScript and JavaScript as Node runs them. */

import { stripTypeScriptTypes } from "node:module";
import { parse, type Comment } from "acorn";
import type { Node } from "./ecma-node.ts";

/**
 * Nobody writes deeper. Node's reader of TypeScript runs out of its stack at 500 functions in each
 * other, and reads nothing more in that process, not even other files (Node 24.21): so it is not asked.
 */
const MAX_DEPTH = 200;

/**
 * Blanks take the place of types, so that everything stays where it is.
 *
 * @throws {SyntaxError} If Node could not run it.
 * @throws {RangeError} If it is nested too deeply.
 */
export function parseModule(text: string, onComment?: Comment[]): Node {
  if (depthOf(text) > MAX_DEPTH) throw new RangeError("it is nested too deeply");
  const program = parse(withoutTypes(text), {
    ecmaVersion: "latest",
    sourceType: "module",
    allowHashBang: true,
    ...(onComment === undefined ? {} : { onComment }),
  });
  return program as unknown as Node;
}

function withoutTypes(text: string): string {
  try {
    return stripTypeScriptTypes(text, { mode: "strip" });
  } catch (error) {
    // What is no error of syntax is the reader's own: its stack or its memory did not suffice.
    if (error instanceof SyntaxError) throw error;
    throw new RangeError("it is nested too deeply", { cause: error });
  }
}

/** How many brackets are open at once. Those in texts count too: hardly any text has so many. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[([{}\])]/g)) {
    depth = "([{".includes(bracket) ? depth + 1 : Math.max(0, depth - 1);
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
