/** A file of an automation as the rules see it: its steps, and what is in their work. */

import {
  calledName,
  child,
  children,
  isFunction,
  nameOf,
  nodesIn,
  property,
  type Found,
  type Node,
} from "./ecma-node.ts";

import { ModuleNames, type FindModule } from "./module-names.ts";

/** A call of `run.step`, `task.read` and the like. */
export interface Step extends Found {
  readonly method: string;
  readonly work: Node | undefined;
  /** What names stand for in its work. */
  readonly names: ModuleNames | undefined;
  readonly options: Node | undefined;
  /** Whether the options are more than an object literal tells: a variable, a spread. */
  readonly hasUnknownOptions: boolean;
}

/** A file that makes use of holdfast's automations. */
export interface AutomationFile {
  readonly all: readonly Found[];
  readonly steps: readonly Step[];
  /** The functions that run again at every start, such as the automation's own. */
  readonly bodies: ReadonlySet<Node>;
  /** The calls of steps that do something and are journaled. */
  readonly doing: ReadonlySet<Node>;
}

/** What does something and is journaled; the others only wait or arrange. */
const DOING = new Set(["step", "read", "file", "transaction"]);
const METHODS = new Set([
  ...DOING,
  "task",
  "scope",
  "map",
  "parallel",
  "child",
  "sleep",
  "waitForSignal",
  "approval",
  "cleanup",
]);

/**
 * @param surroundings Where the file stands, and how those are read that it imports. Default: none is.
 * @returns `undefined` for a file that is about something else.
 */
export function readAutomationFile(
  program: Node,
  surroundings: { readonly path: string; readonly find: FindModule } = ALONE,
): AutomationFile | undefined {
  if (!children(program, "body").some(importsAutomation)) return undefined;
  const all = [...nodesIn(program)];
  const bodies = new Set(all.flatMap(({ node }) => bodyIn(node) ?? []));
  // Helpers that are handed a run or a task call it so.
  const runs = new Set(["run", "task", "scope"]);
  for (const body of bodies) {
    for (const parameter of children(body, "params")) runs.add(nameOf(parameter) ?? "run");
  }
  const names = new ModuleNames({ path: surroundings.path, program }, surroundings.find);
  const steps = all.flatMap((found) => toStep(found, runs, names) ?? []);
  const doing = new Set(steps.filter(({ method }) => DOING.has(method)).map(({ node }) => node));
  return { all, steps, bodies, doing };
}

const ALONE = { path: "", find: () => undefined };

function importsAutomation(node: Node): boolean {
  const source = child(node, "source")?.["value"];
  return node.type === "ImportDeclaration" && source === "holdfast/automation";
}

/** The function that `automation`, `run.task`, `run.scope` and `run.map` are given. */
function bodyIn(node: Node): Node | undefined {
  const [object, name] = calledName(node);
  const isBody = object === "" ? name === "automation" : ["task", "scope", "map"].includes(name);
  return isBody ? children(node, "arguments").findLast(isFunction) : undefined;
}

function toStep(found: Found, runs: ReadonlySet<string>, names: ModuleNames): Step | undefined {
  const [object, method] = calledName(found.node);
  if (!runs.has(object) || !METHODS.has(method)) return undefined;
  const words = children(found.node, "arguments");
  const [index, named] = workIn(words, method, names);
  const options = index < 0 ? undefined : words[index + 1];
  const hasUnknownOptions =
    words.some(({ type }) => type === "SpreadElement") ||
    (options !== undefined &&
      (options.type !== "ObjectExpression" ||
        children(options, "properties").some(({ type }) => type !== "Property")));
  const { work } = named ?? {};
  return { ...found, method, work, names: named?.names, options, hasUnknownOptions };
}

/** Where the work stands among what a step is given, and its function: `() => …`, `save`. */
function workIn(
  words: readonly Node[],
  method: string,
  names: ModuleNames,
): [index: number, named: { readonly work: Node; readonly names: ModuleNames } | undefined] {
  const index = words.findIndex((word, at) => at > 0 && isFunction(word));
  const work = words[index];
  if (work !== undefined) return [index, { work, names }];
  const name = nameOf(words[1]);
  return name === undefined || !DOING.has(method) ? [-1, undefined] : [1, names.functionOf(name)];
}

/** Whether one of these options was given, or may have been. */
export function hasOption(step: Step, ...names: readonly string[]): boolean {
  return step.hasUnknownOptions || names.some((name) => property(step.options, name) !== undefined);
}

/** Whether it stands in a body itself, and in no work: it runs again at every start. */
export function runsAtEveryStart(found: Found, { bodies, doing }: AutomationFile): boolean {
  const index = found.around.findLastIndex((node) => bodies.has(node));
  if (index < 0) return false;
  return !found.around.slice(index).some((node) => doing.has(node));
}
