/** Nodes of an ESTree, from whatever parser: acorn, oxlint's, ESLint's. */

/** A node, as far as the rules look at it. */
export interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A node, and the nodes around it, the nearest last. */
export interface Found {
  readonly node: Node;
  readonly around: readonly Node[];
}

/** Whether something is a node. */
export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

/** What only parsers with tokens and parents of their own add. */
const NO_CHILDREN = new Set(["parent", "loc", "range", "tokens", "comments"]);

function childrenOf(node: Node): Node[] {
  return Object.keys(node)
    .filter((field) => !NO_CHILDREN.has(field))
    .flatMap((field) => node[field])
    .filter(isNode);
}

/** What is nested deeper was hardly written by hand, and costs its depth for each of its nodes. */
const MAX_DEPTH = 1_000;

/**
 * All nodes of a tree. Throws `RangeError` where it is nested deeper than 1000 nodes.
 *
 * @yields Its root too, and each before what is in it.
 */
export function* nodesIn(node: Node, around: readonly Node[] = []): Generator<Found> {
  const waiting: Found[] = [{ node, around }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    const inside = childrenOf(next.node);
    if (inside.length === 0) continue;
    if (next.around.length > MAX_DEPTH) throw new RangeError("it is nested too deeply");
    const inner = [...next.around, next.node];
    for (const each of inside.toReversed()) waiting.push({ node: each, around: inner });
  }
}

/** A child, by its field. */
export function child(node: Node | undefined, field: string): Node | undefined {
  const value = node?.[field];
  return isNode(value) ? bare(value) : undefined;
}

/** Children, by their field. */
export function children(node: Node | undefined, field: string): Node[] {
  const value = node?.[field];
  return Array.isArray(value) ? value.filter(isNode).map(bare) : [];
}

/** Without what only changes the type: `value!`, `value as X`, and `await`'s like. */
export function bare(node: Node): Node {
  const isWrapped =
    node.type.startsWith("TS") ||
    ["ParenthesizedExpression", "ChainExpression"].includes(node.type);
  const inner = node["expression"];
  return isWrapped && isNode(inner) ? bare(inner) : node;
}

/** The name of an identifier. */
export function nameOf(node: Node | undefined): string | undefined {
  return node?.type === "Identifier" ? (node["name"] as string) : undefined;
}

/** What a call calls: `run.step` as `["run", "step"]`; the first is missing where it is no name. */
export function calledName(node: Node | undefined): readonly [object: string, name: string] {
  if (node?.type !== "CallExpression" && node?.type !== "NewExpression") return ["", ""];
  const callee = child(node, "callee");
  if (callee?.type !== "MemberExpression") return ["", nameOf(callee) ?? ""];
  const property = callee["computed"] === true ? undefined : nameOf(child(callee, "property"));
  return [nameOf(child(callee, "object")) ?? "", property ?? ""];
}

/** Whether it is a function of any kind. */
export function isFunction(node: Node | undefined): node is Node {
  return (
    node?.type === "ArrowFunctionExpression" ||
    node?.type === "FunctionExpression" ||
    node?.type === "FunctionDeclaration"
  );
}

/** The value of a property of an object literal: `{ undo: … }`, `{ undo() {} }`. */
export function property(object: Node | undefined, name: string): Node | undefined {
  const found = children(object, "properties").find(
    (each) => each.type === "Property" && keyOf(each) === name,
  );
  return child(found, "value");
}

/** The name of a property. */
export function keyOf(node: Node): string | undefined {
  const key = child(node, "key");
  return nameOf(key) ?? (typeof key?.["value"] === "string" ? key["value"] : undefined);
}
