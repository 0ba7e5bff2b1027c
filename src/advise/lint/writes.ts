/** What in the work of a step changes the world, as far as its calls tell. */

import { calledName, child, children, nameOf, nodesIn, property, type Node } from "./ecma-node.ts";
import { reachedBy, type ModuleNames } from "./module-names.ts";

/** Node's own: doing it twice is doing it once, and it throws when it is not done. */
const FILES = new Set(
  `chmod chown copyFile cp cpSync copyFileSync mkdir mkdirSync rename renameSync rm rmSync rmdir
  symlink truncate unlink unlinkSync utimes writeFile writeFileSync`.split(/\s+/),
);

/** Doing it twice is doing it once. */
const SAME_TWICE = new Set([...FILES, "delete", "put", "replaceFile", "upload", "upsert"]);

/** Doing it twice is doing it twice. */
const NOT_SAME_TWICE = new Set(
  `appendFile appendFileSync book charge create enqueue insert insertOne insertMany pay post publish
  push refund send sendMail transfer`.split(/\s+/),
);

/** Names that other things have, too: `array.push`, `map.delete`, `Object.create`. */
const ONLY_AWAITED = new Set(["push", "delete", "create", "send", "insert", "post", "put", "book"]);

type Kind = "same twice" | "not same twice";

/** How a step's work changes the world; `undefined` when nothing in it looks like that. */
export function writesIn(work: Node, names?: ModuleNames): Kind | undefined {
  const kinds = [...writes(work, names)].map(({ kind }) => kind);
  return kinds.find((kind) => kind === "not same twice") ?? kinds[0];
}

/** Whether it writes anywhere but into files, which throws when it fails. */
export function writesElsewhere(work: Node, names?: ModuleNames): boolean {
  return [...writes(work, names)].some(
    ({ name }) => !FILES.has(name) && !name.startsWith("appendFile"),
  );
}

interface Write {
  readonly name: string;
  readonly kind: Kind;
}

function* writes(work: Node, names: ModuleNames | undefined): Generator<Write> {
  for (const { node, around, work: inside } of reachedBy(work, names)) {
    if (node.type !== "CallExpression") continue;
    const [object, name] = calledName(node);
    const parent = around.at(-1);
    const isResult =
      parent?.type === "AwaitExpression" || parent?.type === "ReturnStatement" || parent === inside;
    if (ONLY_AWAITED.has(name) && (object === "Object" || !isResult)) continue;
    const isFetch = object === "" && name === "fetch";
    const kind = isFetch ? fetchKind(node) : kindOf(name);
    if (kind !== undefined) yield { name, kind };
  }
}

function kindOf(name: string): Kind | undefined {
  if (NOT_SAME_TWICE.has(name)) return "not same twice";
  return SAME_TWICE.has(name) ? "same twice" : undefined;
}

function fetchKind(call: Node): Kind | undefined {
  const [, options] = children(call, "arguments");
  const method = property(options, "method")?.["value"];
  if (method === "POST" || method === "PATCH") return "not same twice";
  return method === "PUT" || method === "DELETE" ? "same twice" : undefined;
}

/** Whether a function makes use of what it is given by that name: `({ key }) =>`, `context.key`. */
export function usesField(work: Node, field: string): boolean {
  const [parameter] = children(work, "params");
  if (parameter?.type === "ObjectPattern") {
    return children(parameter, "properties").some(
      (each) => each.type !== "Property" || nameOf(child(each, "key")) === field,
    );
  }
  // Handed on as a whole, it may be used anywhere.
  const whole = nameOf(parameter);
  return [...nodesIn(work)].some(({ node, around }) => {
    if (whole === undefined || nameOf(node) !== whole || node === parameter) return false;
    const parent = around.at(-1);
    return parent?.type !== "MemberExpression" || nameOf(child(parent, "property")) === field;
  });
}
