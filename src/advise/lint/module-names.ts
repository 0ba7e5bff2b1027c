/**
 * What function a name stands for: one of the file itself, or one that it imports from a file beside it.
 * Pure: whoever reads files hands in how. What cannot be told is `undefined`, and nothing is said of it.
 */

import {
  calledName,
  child,
  children,
  isFunction,
  nameOf,
  nodesIn,
  type Node,
} from "./ecma-node.ts";

/** A file, parsed. */
export interface ModuleFile {
  readonly path: string;
  readonly program: Node;
}

/** The file that `./archive.ts` names in the file `from`; `undefined` where it cannot be read. */
export type FindModule = (specifier: string, from: string) => ModuleFile | undefined;

/** A function, and the names that hold in it. */
export interface Named {
  readonly work: Node;
  readonly names: ModuleNames;
}

interface Exported {
  /** Its name in the file; with a source, in that file. `*` is all of it. */
  readonly name: string;
  readonly source?: string | undefined;
}

/** A row of files that hand on each other's names is hardly longer. */
const MOST_FILES_IN_A_ROW = 8;

/** The functions of a file by their names. */
export class ModuleNames {
  readonly #file: ModuleFile;
  readonly #find: FindModule;
  readonly #functions = new Map<string, Node>();
  readonly #imports = new Map<string, Exported>();
  readonly #exports = new Map<string, Exported>();
  readonly #allOf: string[] = [];

  constructor(file: ModuleFile, find: FindModule) {
    this.#file = file;
    this.#find = find;
    for (const statement of children(file.program, "body")) this.#read(statement);
  }

  /** The function that a call calls: `save()`, and `files.save()` of `import * as files`. */
  calledBy(call: Node): Named | undefined {
    const [object, name] = calledName(call);
    if (call.type !== "CallExpression" || name === "") return undefined;
    if (object === "") return this.functionOf(name);
    const { source, name: all } = this.#imports.get(object) ?? { name: "" };
    return source === undefined || all !== "*" ? undefined : this.#from(source, name, 0);
  }

  /** The function of that name. */
  functionOf(name: string, depth = 0): Named | undefined {
    const work = this.#functions.get(name);
    if (work !== undefined) return { work, names: this };
    const { source, name: there = "" } = this.#imports.get(name) ?? {};
    return source === undefined ? undefined : this.#from(source, there, depth);
  }

  #from(source: string, name: string, depth: number): Named | undefined {
    // Files may import each other in a circle.
    if (depth > MOST_FILES_IN_A_ROW || !/^\.{1,2}\//.test(source)) return undefined;
    const file = this.#find(source, this.#file.path);
    return file === undefined
      ? undefined
      : new ModuleNames(file, this.#find).#exported(name, depth + 1);
  }

  #exported(name: string, depth: number): Named | undefined {
    const own = this.#exports.get(name);
    if (own?.source !== undefined) return this.#from(own.source, own.name, depth);
    if (own !== undefined) return this.functionOf(own.name, depth);
    for (const source of this.#allOf) {
      const found = this.#from(source, name, depth);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #read(statement: Node): void {
    const said = child(statement, "source")?.["value"];
    const source = typeof said === "string" ? said : undefined;
    const declaration = child(statement, "declaration");
    if (statement.type === "ImportDeclaration") this.#readImport(statement, source ?? "");
    else if (statement.type === "ExportAllDeclaration") {
      if (child(statement, "exported") === undefined) this.#allOf.push(source ?? "");
    } else if (statement.type === "ExportNamedDeclaration") {
      for (const name of this.#declare(declaration)) this.#exports.set(name, { name });
      for (const each of children(statement, "specifiers")) {
        const name = textOf(child(each, "local"));
        this.#exports.set(textOf(child(each, "exported")), { name, source });
      }
    } else if (statement.type === "ExportDefaultDeclaration") {
      const name = nameOf(declaration) ?? nameOf(child(declaration, "id")) ?? "default";
      if (isFunction(declaration)) this.#functions.set(name, declaration);
      this.#exports.set("default", { name });
    } else this.#declare(statement);
  }

  #readImport(statement: Node, source: string): void {
    for (const each of children(statement, "specifiers")) {
      const local = textOf(child(each, "local"));
      if (each.type === "ImportDefaultSpecifier")
        this.#imports.set(local, { name: "default", source });
      else if (each.type === "ImportNamespaceSpecifier")
        this.#imports.set(local, { name: "*", source });
      else this.#imports.set(local, { name: textOf(child(each, "imported")), source });
    }
  }

  /** Answers the names that are declared. */
  #declare(statement: Node | undefined): string[] {
    if (isFunction(statement)) {
      const name = nameOf(child(statement, "id")) ?? "";
      this.#functions.set(name, statement);
      return [name];
    }
    return children(statement, "declarations").map((each) => {
      const name = nameOf(child(each, "id")) ?? "";
      const value = child(each, "init");
      if (isFunction(value)) this.#functions.set(name, value);
      return name;
    });
  }
}

function textOf(node: Node | undefined): string {
  return nameOf(node) ?? String(node?.["value"]);
}

/** A node that a function reaches, by the functions that it calls. */
export interface Reached {
  readonly node: Node;
  readonly around: readonly Node[];
  /** The function that it stands in. */
  readonly work: Node;
  /** The call in the first function that leads there; the node itself where it stands in that. */
  readonly at: Node;
}

/** So many functions of one's own stand behind hardly any step. */
const MOST_FUNCTIONS = 100;

/**
 * All nodes that a function reaches.
 *
 * @param names Without them only what stands in the function itself is looked at.
 * @yields Each before what is in it; each function once.
 */
export function* reachedBy(work: Node, names: ModuleNames | undefined): Generator<Reached> {
  const seen = new Set([work]);
  const waiting: { work: Node; names: ModuleNames | undefined; at: Node | undefined }[] = [
    { work, names, at: undefined },
  ];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const own = namesDeclaredIn(next.work);
    for (const { node, around } of nodesIn(next.work)) {
      const at = next.at ?? node;
      yield { node, around, work: next.work, at };
      const [object, name] = calledName(node);
      const called = own.has(object === "" ? name : object)
        ? undefined
        : next.names?.calledBy(node);
      if (called === undefined || seen.has(called.work) || seen.size >= MOST_FUNCTIONS) continue;
      seen.add(called.work);
      waiting.push({ ...called, at });
    }
  }
}

/** Parameters and variables of a function, which hide what has their name outside. */
function namesDeclaredIn(work: Node): ReadonlySet<string> {
  const declared = [...nodesIn(work)].flatMap(({ node }) => {
    if (node.type === "VariableDeclarator") return child(node, "id") ?? [];
    return isFunction(node) ? children(node, "params") : [];
  });
  const names = declared.flatMap((pattern) =>
    [...nodesIn(pattern)].map(({ node }) => nameOf(node)),
  );
  return new Set(names.filter((name) => name !== undefined));
}
