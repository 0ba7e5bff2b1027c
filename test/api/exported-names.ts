/** The names that a module exports, types included: those are gone when it runs. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isNode, nameOf, parse, type Node } from "../house/syntax.ts";

/** Every name that the TypeScript file at `path` exports, sorted. */
export function exportedNames(path: string): string[] {
  const { body } = parse(path, readFileSync(path, "utf8"));
  return body.flatMap((statement) => namesOf(statement, path)).toSorted();
}

function namesOf(statement: Node, path: string): string[] {
  const { type, source, declaration, specifiers } = statement;
  if (type === "ExportAllDeclaration") {
    return exportedNames(join(dirname(path), (source as { value: string }).value));
  }
  if (type !== "ExportNamedDeclaration") return [];
  if (!isNode(declaration)) return (specifiers as Node[]).map(({ exported }) => nameOf(exported));
  const declared = (declaration["declarations"] ?? [declaration]) as Node[];
  return declared.map(nameOf);
}
