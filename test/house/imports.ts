/** Which rooms and packages a file imports, in whatever form, and whether it may. */

import { posix } from "node:path";
import { ROOMS } from "./rooms.ts";
import { isNode, placeOf, walk, type Node, type Source } from "./syntax.ts";

const OWN_PACKAGE = "holdfast";

/** Only the command line loads files that others name: the automations. */
const LOADS_ANY_FILE = "cli";

/** What is wrong with the imports of a file. */
export function findForbiddenImports(source: Source): string[] {
  const from = roomOf(source.path);
  const room = ROOMS[from];
  if (room === undefined) return [`${source.path}:1 stands in "${from}", which is no room`];

  return importsOf(source).flatMap(({ node, specifier }) => {
    const problem = problemOf(source.path, specifier);
    return problem === undefined ? [] : [`${placeOf(source, node)} ${problem}`];
  });
}

/** The folder of src that a file stands in; `.` for src itself. */
export function roomOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : ".";
}

/** Static and dynamic imports, re-exports, and types that are imported in place. */
export function importsOf({ body }: Source): { node: Node; specifier: string | undefined }[] {
  return walk(body)
    .map(({ node }) => node)
    .filter(({ type, source }) => /Import|^Export/.test(type) && isNode(source))
    .map((node) => ({ node, specifier: textOf(node["source"] as Node) }));
}

/** The text that a specifier is; unknown when the program computes it. */
function textOf(specifier: Node): string | undefined {
  const { type, value, quasis, expressions } = specifier;
  if (type === "Literal") return value as string;
  if (type !== "TemplateLiteral" || (expressions as Node[]).length > 0) return undefined;
  return (quasis as { value: { cooked: string } }[])[0]?.value.cooked;
}

function problemOf(path: string, specifier: string | undefined): string | undefined {
  const from = roomOf(path);
  if (specifier === undefined) {
    return from === LOADS_ANY_FILE ? undefined : "imports a file that the program names itself";
  }
  if (specifier.startsWith(".")) return localProblem(path, specifier);
  if (specifier.startsWith("node:")) {
    return ROOMS[from]?.isPortable ? `imports ${specifier} in a room that has no Node` : undefined;
  }
  const name = packageOf(specifier);
  if (name === OWN_PACKAGE) return "imports its own package by name";
  return ROOMS[from]?.packages?.includes(name)
    ? undefined
    : `imports the package ${name}, which ${from} may not`;
}

function localProblem(path: string, specifier: string): string | undefined {
  const from = roomOf(path);
  const target = posix.join(posix.dirname(path), specifier);
  if (target.startsWith("..")) return `imports ${specifier}, which is outside src`;
  const to = roomOf(target);
  if (to === from || ROOMS[from]?.mayImport.includes(to)) return undefined;
  return `imports ${to}, which ${from} may not`;
}

function packageOf(specifier: string): string {
  const [first = "", second = ""] = specifier.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}
