/**
 * Whether a file is written as an ES module, whatever its package.json says: `npm init` puts
 * `"type": "commonjs"` there, and an automation begins with `import`.
 *
 * It is told as Node tells it of a file whose package.json says nothing: what CommonJS refuses for
 * one of three reasons is a module. Source: nodejs.org/api/packages.html#syntax-detection.
 */

import { stripTypeScriptTypes } from "node:module";
import { compileFunction } from "node:vm";

/** What the engine says of an ES module that it is to compile as CommonJS. */
const REASONS = [
  "Cannot use import statement outside a module",
  "Unexpected token 'export'",
  "Cannot use 'import.meta' outside a module",
];

/** Statements that are gone once the types are. */
const TYPES_ALONE = /\b(?:import|export)\s+(?:type|interface|declare)\b/;

/** Whether `source`, in TypeScript or JavaScript, is an ES module. Never throws. */
export function isModuleSyntax(source: string): boolean {
  // Most begin with an import, which the engine comes to before any types. That saves stripping them.
  const problem = TYPES_ALONE.test(source) ? "types" : commonJsProblem(source);
  if (problem === undefined) return false;
  if (REASONS.includes(problem)) return true;
  try {
    return REASONS.includes(commonJsProblem(stripTypeScriptTypes(source)) ?? "");
  } catch {
    // It does not parse either way; whoever loads it says where.
    return false;
  }
}

function commonJsProblem(source: string): string | undefined {
  try {
    compileFunction(source, ["exports", "require", "module", "__filename", "__dirname"]);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
