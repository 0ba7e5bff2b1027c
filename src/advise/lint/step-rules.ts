/** Rules about steps: whether they can be taken back, repeated and judged. */

import { hasOption, type AutomationFile, type Step } from "./automation-file.ts";
import type { AutomationRule, NodeHit } from "./automation-rule.ts";
import {
  calledName,
  child,
  children,
  isFunction,
  keyOf,
  nameOf,
  nodesIn,
  property,
  type Found,
  type Node,
} from "./ecma-node.ts";
import { reachedBy } from "./module-names.ts";
import { usesField, writesElsewhere, writesIn } from "./writes.ts";

function stepsWhere(
  { steps }: AutomationFile,
  isBad: (step: Step, work: Node) => boolean,
): NodeHit[] {
  return steps.filter((step) => {
    return step.method === "step" && step.work !== undefined && isBad(step, step.work);
  });
}

/** See its `why`. */
export const stepUndo: AutomationRule = {
  id: "step-undo",
  severity: "warning",
  why: "the step writes and has no undo: when its task fails, what it wrote stays",
  fix: "give it an undo that bears that nothing happened; run.file has one of its own",
  check: (file) =>
    stepsWhere(
      file,
      (step, work) => !hasOption(step, "undo") && writesIn(work, step.names) !== undefined,
    ),
};

/** See its `why`. */
export const stepVerify: AutomationRule = {
  id: "step-verify",
  severity: "hint",
  why: "the step writes somewhere else and nothing looks whether it did: it is done when its work does not throw",
  fix: "give it a verify that looks at the result: its size, its status, its sum",
  check: (file) =>
    stepsWhere(file, (step, work) => {
      return !hasOption(step, "verify", "reconcile") && writesElsewhere(work, step.names);
    }),
};

/** See its `why`. */
export const fetchStatus: AutomationRule = {
  id: "fetch-status",
  severity: "error",
  why: "fetch does not throw for 404 or 503: the step is done although the server refused it",
  fix: "expectOk(await fetch(…)), or look at response.ok",
  check: ({ steps }) =>
    steps.flatMap((step) => {
      if (step.work === undefined) return [];
      const found = [...reachedBy(step.work, step.names)];
      const isLookedAt = found.some(({ node }) => {
        const name = nameOf(node) ?? "";
        return (
          /^(?:ok|status|statusText|expectOk)$/.test(name) || /^(?:check|ensure|assert)/.test(name)
        );
      });
      const fetches = found.filter(({ node }) => calledName(node).join(".") === ".fetch");
      // Work that is only named here is no part of this file.
      const isHere = children(step.node, "arguments").includes(step.work);
      const places = new Set(fetches.map(({ at }) => (isHere ? at : step.node)));
      return isLookedAt ? [] : [...places].map((node) => ({ node }));
    }),
};

/** See its `why`. */
export const retryKey: AutomationRule = {
  id: "retry-key",
  severity: "warning",
  why: "the step is repeated, and what it does twice happens twice: an answer that is lost is enough",
  fix: "hand on the step's key, so that the other side tells a repetition, or give it a reconcile",
  check: (file) =>
    stepsWhere(file, (step, work) => {
      const isRepeated =
        property(step.options, "retry") !== undefined ||
        property(step.options, "repeatable")?.["value"] === true;
      const isRefused = property(step.options, "repeatable")?.["value"] === false;
      const isTold = usesField(work, "key") || hasOption(step, "reconcile");
      return isRepeated && !isRefused && !isTold && writesIn(work, step.names) === "not same twice";
    }),
};

/** See its `why`. */
export const verifyAlways: AutomationRule = {
  id: "verify-always",
  severity: "error",
  why: "this verify can never say no: whatever came counts as good",
  fix: "look at the value, and answer false or throw when it is not good",
  check: ({ steps }) =>
    steps.flatMap(({ options }) => {
      const verify = property(options, "verify");
      return isFunction(verify) && !canFail(verify) ? [{ node: verify }] : [];
    }),
};

/** Whatever names something may find it wrong; what names nothing has its answer already. */
function canFail(verify: Node): boolean {
  return [...nodesIn(child(verify, "body") as Node)].some(
    ({ node }) =>
      node.type === "ThrowStatement" ||
      (node.type === "Identifier" && nameOf(node) !== "undefined") ||
      (node.type === "Literal" && node["value"] === false),
  );
}

/** The undos of all steps. */
function undosOf({ steps }: AutomationFile): Node[] {
  return steps.flatMap(({ options }) => {
    const undo = property(options, "undo");
    return isFunction(undo) ? [undo] : [];
  });
}

/** See its `why`. */
export const undoValue: AutomationRule = {
  id: "undo-value",
  severity: "error",
  why: "an undo has no value when the attempt failed or its end was not seen, and this one takes it for granted",
  fix: "find what was made by the key, or look whether the value is there",
  check: (file) =>
    undosOf(file).flatMap((undo) => {
      const uses = usesOfValue(undo);
      return uses.length === 0 || uses.some(looksWhetherThere) ? [] : [{ node: undo }];
    }),
};

function usesOfValue(undo: Node): Found[] {
  const [parameter] = children(undo, "params");
  const body = child(undo, "body") as Node;
  const inBody = [...nodesIn(body, [undo])];
  const whole = nameOf(parameter);
  if (whole !== undefined) {
    return inBody.filter(
      ({ node }) =>
        node.type === "MemberExpression" &&
        nameOf(child(node, "object")) === whole &&
        nameOf(child(node, "property")) === "value",
    );
  }
  const field = children(parameter, "properties").find((each) => keyOf(each) === "value");
  // `{ value: path }`; one with a default has one.
  const name = nameOf(child(field, "value"));
  if (name === undefined) return [];
  return inBody.filter(({ node, around }) => nameOf(node) === name && !isFieldName(node, around));
}

function isFieldName(node: Node, around: readonly Node[]): boolean {
  const parent = around.at(-1);
  const isShort = parent?.["shorthand"] === true;
  return (
    (parent?.type === "Property" && parent["key"] === node && !isShort) ||
    (parent?.type === "MemberExpression" &&
      parent["property"] === node &&
      parent["computed"] !== true)
  );
}

/** How `node` is looked at by what is around it, by that one's type. */
const LOOKS: Readonly<Record<string, (parent: Node, node: Node) => boolean>> = {
  MemberExpression: (parent, node) => parent["optional"] === true && parent["object"] === node,
  LogicalExpression: (parent, node) => parent["left"] === node || parent["operator"] !== "&&",
  BinaryExpression: ({ operator }) => /^[!=]==?$/.test(operator as string),
  IfStatement: (parent, node) => parent["test"] === node,
  ConditionalExpression: (parent, node) => parent["test"] === node,
  UnaryExpression: () => true,
};

/** `value?.path`, `value ?? …`, `value !== undefined`, `if (value)`, `value && …`, `!value`. */
function looksWhetherThere({ node, around }: Found): boolean {
  const parent = around.findLast(({ type }) => !type.startsWith("TS"));
  return parent !== undefined && LOOKS[parent.type]?.(parent, node) === true;
}

/** See its `why`. */
export const undoAssumes: AutomationRule = {
  id: "undo-assumes",
  severity: "error",
  why: "an undo is called although nothing happened, and twice: this one fails then, and the rollback is incomplete",
  fix: "rm(path, { force: true }), or catch ENOENT",
  check: (file) =>
    undosOf(file).flatMap((undo) =>
      [...nodesIn(undo)].filter((found) => failsWhenAbsent(found.node) && !isCaught(found)),
    ),
};

const REMOVALS = new Set(["rm", "rmSync", "rmdir", "rmdirSync", "unlink", "unlinkSync"]);

function failsWhenAbsent(node: Node): boolean {
  const [object, name] = calledName(node);
  if (!REMOVALS.has(name) || !/^(?:|fs|fsp|promises)$/.test(object)) return false;
  const [, options] = children(node, "arguments");
  if (!name.startsWith("rm") || name.startsWith("rmdir") || options === undefined) return true;
  return options.type === "ObjectExpression" && property(options, "force") === undefined;
}

/** Where it is asked before whether there is anything, nothing fails. */
function isCaught({ node, around }: Found): boolean {
  return around.some((each, index) => {
    const inner = around[index + 1] ?? node;
    if (/^(?:If|Conditional|Logical)/.test(each.type)) return each["test"] !== inner;
    if (each.type === "TryStatement") return each["block"] === inner && isHandled(each);
    return each.type === "MemberExpression" && nameOf(child(each, "property")) === "catch";
  });
}

function isHandled(statement: Node): boolean {
  return child(statement, "handler") !== undefined;
}
