/** Rules about what stands between the steps: order, chance, and errors that get lost. */

import { runsAtEveryStart, type Step } from "./automation-file.ts";
import type { AutomationRule, NodeHit } from "./automation-rule.ts";
import {
  calledName,
  child,
  children,
  isFunction,
  nameOf,
  nodesIn,
  type Node,
} from "./ecma-node.ts";

/** See its `why`. */
export const floatingStep: AutomationRule = {
  id: "floating-step",
  severity: "error",
  why: "nobody waits for this: what follows begins before it has ended, and does not see that it failed",
  fix: "await it; run.parallel runs several at a time",
  check: ({ steps }) => steps.filter(({ around }) => around.at(-1)?.type === "ExpressionStatement"),
};

const WAYS_TO_LOSE: Readonly<Record<string, string>> = {
  allSettled:
    "Promise.allSettled takes failures for results: a step that failed is in a list, and its task succeeds",
  race: "Promise.race goes on with the first: the other steps still run while what follows begins",
  any: "Promise.any goes on with the first that succeeds: the other steps still run while what follows begins",
};

/** The nodes in which steps stand. */
function holdersOf(steps: readonly Step[]): ReadonlySet<Node> {
  return new Set(steps.flatMap(({ around }) => around));
}

/** See its `why`. */
export const promiseSteps: AutomationRule = {
  id: "promise-steps",
  severity: "warning",
  why: "steps are started by Promise rather than by run.parallel, which ends them together",
  fix: "run.parallel; run.task where a part may fail",
  check: ({ steps, all }) => {
    const holders = holdersOf(steps);
    return all.flatMap(({ node }) => {
      const [object, name] = calledName(node);
      const says = object === "Promise" ? WAYS_TO_LOSE[name] : undefined;
      return says === undefined || !holders.has(node) ? [] : [{ node, says }];
    });
  },
};

/** See its `why`. */
export const unboundedSteps: AutomationRule = {
  id: "unbounded-steps",
  severity: "hint",
  why: "Promise.all over a list starts all of its steps at once, however many there are",
  fix: "run.map, or run.parallel with a concurrency",
  check: ({ steps, all }) => {
    const holders = holdersOf(steps);
    return all.filter(({ node }) => {
      if (calledName(node).join(".") !== "Promise.all") return false;
      const [list] = children(node, "arguments");
      const isMapped = list !== undefined && calledName(list)[1] === "map";
      return isMapped && holders.has(node);
    });
  },
};

const CHANGING: ReadonlySet<string> = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "process.hrtime",
  "crypto.randomUUID",
  "crypto.randomBytes",
  ".randomUUID",
  ".randomBytes",
  ".randomInt",
]);

/** See its `why`. */
export const differsOnResume: AutomationRule = {
  id: "differs-on-resume",
  severity: "warning",
  why: "the function runs again after a resume, and this answers something else then",
  fix: 'read it in a step: await run.read("the time", () => new Date())',
  check: (file) =>
    file.all.filter((found) => isChanging(found.node) && runsAtEveryStart(found, file)),
};

function isChanging(node: Node): boolean {
  const called = calledName(node);
  if (node.type === "NewExpression") {
    return called[1] === "Date" && children(node, "arguments").length === 0;
  }
  return CHANGING.has(called.join("."));
}

/** See its `why`. */
export const swallowedError: AutomationRule = {
  id: "swallowed-error",
  severity: "warning",
  why: "the error ends here, and the step counts as done",
  fix: "throw it on, handle the one that is expected, or say in a comment why it does not matter",
  check: (file, text) =>
    file.all.flatMap(({ node }): NodeHit[] => {
      const handler = handlerIn(node);
      if (handler === undefined || handles(handler.body)) return [];
      return text.hasCommentIn(handler.at) ? [] : [{ node: handler.at }];
    }),
};

interface Handler {
  readonly at: Node;
  readonly body: Node;
  /** What it calls the error. */
  readonly error: string | undefined;
}

/** `catch (error) { … }` and `.catch((error) => …)`. */
function handlerIn(node: Node): Handler | undefined {
  if (node.type === "CatchClause") {
    const body = child(node, "body") as Node;
    return { at: node, body, error: nameOf(child(node, "param")) };
  }
  const [first] = children(node, "arguments");
  const callee = node.type === "CallExpression" ? child(node, "callee") : undefined;
  if (callee?.type !== "MemberExpression" || !isFunction(first)) return undefined;
  if (nameOf(child(callee, "property")) !== "catch") return undefined;
  const error = nameOf(children(first, "params")[0]);
  return { at: first, body: child(first, "body") as Node, error };
}

/** Whether it does anything but tell the console: `{}`, `undefined`, `console.error(error)` do not. */
function handles(body: Node): boolean {
  if (body.type !== "BlockStatement") return !isEmptyAnswer(body);
  return children(body, "body").some((statement) => {
    if (statement.type === "ExpressionStatement") {
      return !isEmptyAnswer(child(statement, "expression") as Node);
    }
    const isPlainReturn =
      statement.type === "ReturnStatement" && child(statement, "argument") === undefined;
    return !isPlainReturn;
  });
}

/** A value to go on with, such as `null` or `[]`, is an answer. */
function isEmptyAnswer(node: Node): boolean {
  if (node.type === "UnaryExpression") return node["operator"] === "void";
  return (
    nameOf(node) === "undefined" ||
    calledName(node)[0] === "console" ||
    node.type === "BlockStatement"
  );
}

/** See its `why`. */
export const consoleError: AutomationRule = {
  id: "console-error",
  severity: "warning",
  why: "what goes to the console is in no record of the run: no log keeps it, and it alerts nobody",
  fix: 'run.log.error("…", { error }), or the log that the step is given',
  check: ({ all }) =>
    all.filter(({ node, around }) => {
      const [object, name] = calledName(node);
      if (object !== "console") return false;
      return name === "error" || name === "warn" || tellsOfError(node, around);
    }),
};

/** Whether the error that was caught around it is in what it says. */
function tellsOfError(call: Node, around: readonly Node[]): boolean {
  const errors = around.map((node) => handlerIn(node)?.error).filter((name) => name !== undefined);
  return [...nodesIn(call)].some(({ node }) => errors.includes(nameOf(node) ?? ""));
}
