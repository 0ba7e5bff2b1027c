/** A source file's syntax tree, as far as the house rules look at it. */

import { parseAst } from "vitest/node";

/** A node of the ESTree; what else it has depends on its type. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [property: string]: unknown;
}

/** A file and the nodes at its top level. */
export interface Source {
  /** Relative to src, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly body: readonly Node[];
}

/** Reads a TypeScript file. @throws When it does not parse. */
export function parse(path: string, text: string): Source {
  return { path, text, body: parseAst(text, { lang: "ts" }, path).body as unknown as Node[] };
}

/** Every node below `nodes`, each with the one that it stands in. */
export function walk(nodes: readonly Node[], parent?: Node): { node: Node; parent?: Node }[] {
  return nodes.flatMap((node) => [
    { node, ...(parent === undefined ? {} : { parent }) },
    ...walk(childrenOf(node), node),
  ]);
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode);
}

/** Whether `value` is a node of the tree. */
export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** Where `node` stands, as `core/show.ts:12`. */
export function placeOf({ path, text }: Source, node: Node): string {
  return `${path}:${text.slice(0, node.start).split("\n").length}`;
}

/** Whether a docstring stands right before `node`. */
export function isDocumented({ text }: Source, node: Node): boolean {
  return /\/\*\*(?:(?!\*\/)[^])*\*\/\s*$/.test(text.slice(0, node.start));
}

/** The name that an identifier, or what declares one, has. */
export function nameOf(value: unknown): string {
  if (!isNode(value)) return "";
  if (value.type === "Identifier") return value["name"] as string;
  return nameOf(value["id"] ?? value["key"]);
}
