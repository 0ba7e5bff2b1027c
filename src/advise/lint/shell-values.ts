/** What a script says of its variables: what they are set to, and where it looks at them. */

import type { Assignment, ParameterDefaultOperation, SyntaxNode, Word } from "unbash";
import { isLiteral, partsOf } from "./shell-words.ts";

/** Where a variable is given a value. */
export interface Setting {
  /** Where it is for the first time. */
  readonly at: number;
  /** Where it is given one for the first time that may be empty; `Infinity` where it never is. */
  readonly emptyAt: number;
}

/** The variables of a script. */
export interface Values {
  /** `undefined`: nowhere. */
  settingOf(name: string): Setting | undefined;
  /** Whether it is asked anywhere whether it is there: `[ -n "$DIR" ]`, `: "${DIR:?}"`. */
  isAskedFor(name: string): boolean;
  /** Whether what is in it is compared with anything: `[ "$X" = 1 ]`, `case $X in`, `grep <<< "$X"`. */
  isCompared(name: string): boolean;
}

/** A node, where it stands, and whether what follows is only reached when it succeeds. */
interface Placed {
  readonly node: SyntaxNode;
  readonly at: number;
  readonly isGuarded: boolean;
}

/** Goes through the text and the nodes once, however often it is asked. */
export function readValues(nodes: readonly Placed[], text: string): Values {
  const settings = new Map<string, Setting>();
  const compared = new Set<string>();
  for (const placed of nodes) {
    const [name, isFull] = settingIn(placed);
    const { at, emptyAt } = settings.get(name ?? "") ?? { at: placed.at, emptyAt: Infinity };
    const isEmpty = !isFull && emptyAt === Infinity;
    if (name !== undefined) settings.set(name, { at, emptyAt: isEmpty ? placed.at : emptyAt });
    for (const word of comparedIn(placed.node)) {
      for (const each of variablesIn(word)) compared.add(each);
    }
  }
  const asked = new Set(
    [...text.matchAll(/-[nzdef]\s+"?\$\{?(?<test>\w+)|\$\{(?<stop>\w+):[?=]/g)].map(
      ({ groups }) => groups?.["test"] ?? groups?.["stop"] ?? "",
    ),
  );
  return {
    settingOf: (name) => settings.get(name),
    isAskedFor: (name) => asked.has(name),
    isCompared: (name) => compared.has(name),
  };
}

function settingIn({ node, isGuarded }: Placed): [name: string | undefined, isFull: boolean] {
  if (node.type === "For") return [node.name.value, true];
  if (node.type !== "Assignment" || node.append === true) return [undefined, false];
  // `DIR=$(pick) || exit` ends where there is none.
  return [node.name, isGuarded || isFullValue(node.value)];
}

function isFullValue(value: Assignment["value"]): boolean {
  return value.type === "ArrayValue" || isNeverEmpty(value);
}

/** `DIR=/srv/x`, `DIR=${1:-/srv/x}`, `DIR=$(mktemp -d)/x`: whatever else is in it, it is not empty. */
function isNeverEmpty(word: Word): boolean {
  if (isLiteral(word)) return word.value !== "";
  return partsOf(word.parts ?? []).some(
    (part) =>
      (part.type === "Literal" && part.value !== "") ||
      part.type === "ArithmeticExpansion" ||
      (part.type === "CommandExpansion" && FULL_ANSWER.test(part.text)) ||
      (part.type === "ParameterExpansion" &&
        part.operation?.type === "Default" &&
        hasAnswer(part.operation)),
  );
}

/** What always says something: `$(pwd)`, `$(cd … && pwd -P)`, `$(dirname "$0")`, `$(date +%F)`. */
const FULL_ANSWER =
  /^(?:\$\(|`)\s*(?:cd\b[^;|]*&&\s*)?(?:pwd|dirname|basename|date|hostname|uname|whoami|id|nproc)\b[^;|&]*(?:\)|`)$/;

/** `${DIR:?}` and `${DIR:-/srv/x}` are never empty; `${DIR:-}` may be. */
export function hasAnswer({ operator, operand }: ParameterDefaultOperation): boolean {
  return operator.endsWith("?") || (/[=-]$/.test(operator) && operand.value !== "");
}

/** Whether two texts are compared by an operator of `[` and `[[`. */
export function isComparison(operator: string): boolean {
  return /^(?:=|==|!=|=~|-eq|-ne|-[gl][te])$/.test(operator);
}

/** The words that a node compares with something. */
function comparedIn(node: SyntaxNode): readonly Word[] {
  if (node.type === "TestBinary") return isComparison(node.operator) ? [node.left, node.right] : [];
  if (node.type === "Case") return [node.word];
  if (node.type === "Pipeline") {
    const [first] = node.commands;
    const last = node.commands.at(-1);
    const isSearch = last?.type === "Command" && last.name?.value.endsWith("grep") === true;
    return isSearch && first?.type === "Command" ? wordsOf(first.args) : [];
  }
  if (node.type !== "Command") return [];
  const name = node.name?.value ?? "";
  if (name.endsWith("grep")) {
    return node.redirects.flatMap((each) =>
      each.type === "HereString" ? (each.target ?? []) : [],
    );
  }
  const words = name === "[" || name === "test" ? wordsOf(node.args) : [];
  return words.some(({ value }) => isComparison(value)) ? words : [];
}

function wordsOf(args: readonly (Word | Assignment)[]): Word[] {
  return args.filter((arg): arg is Word => arg.type === "Word");
}

function variablesIn({ parts = [] }: Word): string[] {
  return partsOf(parts).flatMap((part) => {
    if (part.type === "SimpleExpansion") return part.text.slice(1);
    // `[ "$(echo "$X" | jq .status)" = ok ]`
    if (part.type === "CommandExpansion") {
      return [...part.text.matchAll(/\$\{?(?<name>\w+)/g)].map(
        ({ groups }) => groups?.["name"] ?? "",
      );
    }
    return part.type === "ParameterExpansion" ? part.parameter : [];
  });
}
