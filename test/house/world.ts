/** Time, timers and chance are touched in one file only. */

import { isNode, nameOf, placeOf, walk, type Node, type Source } from "./syntax.ts";

const ONLY_PLACE = "core/system.ts";

const GLOBALS = new Set(["setTimeout", "setInterval", "performance"]);

const PROPERTIES = new Set([
  "AbortSignal.timeout",
  "Date.now",
  "Math.random",
  "process.hrtime",
  "process.uptime",
]);

const MODULES = new Set(["node:timers", "node:timers/promises", "node:perf_hooks"]);

/** What a file takes from the world that it should be handed. */
export function findWorldTouched(source: Source): string[] {
  if (source.path === ONLY_PLACE) return [];
  return walk(source.body).flatMap(({ node, parent }) => {
    const touched = touchedBy(node, parent);
    return touched === undefined
      ? []
      : [`${placeOf(source, node)} touches ${touched} outside ${ONLY_PLACE}`];
  });
}

function touchedBy(node: Node, parent: Node | undefined): string | undefined {
  switch (node.type) {
    case "Identifier": {
      const name = nameOf(node);
      return GLOBALS.has(name) && isReference(node, parent) ? name : undefined;
    }
    case "MemberExpression": {
      const [object, property] = [nameOf(node["object"]), propertyOf(node)];
      if (object === "globalThis" && GLOBALS.has(property)) return property;
      return PROPERTIES.has(`${object}.${property}`) ? `${object}.${property}` : undefined;
    }
    case "NewExpression":
    case "CallExpression": {
      const isNow = (node["arguments"] as Node[]).length === 0 || node.type === "CallExpression";
      return nameOf(node["callee"]) === "Date" && isNow ? "Date()" : undefined;
    }
    case "ImportDeclaration": {
      const specifier = (node["source"] as unknown as { value: string }).value;
      return MODULES.has(specifier) ? specifier : undefined;
    }
    default:
      return undefined;
  }
}

/** `globalThis.x` and `globalThis["x"]` are the same. */
function propertyOf({ property }: Node): string {
  if (!isNode(property)) return "";
  return property.type === "Literal" ? String(property["value"]) : nameOf(property);
}

/** A socket's `setTimeout`, a field called `performance` and a type are something else. */
function isReference(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return true;
  if (parent.type.startsWith("Import")) return false;
  if (parent.type.startsWith("TS") && parent.type !== "TSAsExpression") return false;
  const isName = parent["property"] === node || parent["key"] === node;
  return !isName || parent["computed"] === true || parent["shorthand"] === true;
}
