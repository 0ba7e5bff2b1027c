/** Rules about what is removed. */

import type { ParameterDefaultOperation, Word, WordPart } from "unbash";
import type { Call, Script } from "./shell-script.ts";
import { isLiteral, partsOf, readOptions } from "./shell-words.ts";
import type { ShellRule } from "./shell-rule.ts";

/** See its `why`. */
export const removeVariable: ShellRule = {
  id: "remove-variable",
  severity: "error",
  why: "when the variable is empty, another path is removed than the one that was meant",
  fix: "write ${NAME:?}, which ends the script when it is unset or empty",
  check: (script) =>
    script.calls.filter(removesTrees).flatMap((call) =>
      operandsOf(call).flatMap((word) => {
        const name = riskyVariable(word, call, script);
        if (name === undefined) return [];
        const left = withoutVariables(word);
        const says = `when ${name} is empty, this removes ${left}`;
        return [
          { at: call.at, says, fix: `write \${${name}:?}, which ends the script when it is empty` },
        ];
      }),
    ),
};

function removesTrees(call: Call): boolean {
  return call.name === "rm" && readOptions(call.words).has("-r", "-R", "--recursive");
}

function operandsOf({ words }: Call): readonly Word[] {
  return readOptions(words).operands;
}

/** What is left of a word when every variable in it is empty: `"$DIR"/*` is `/*`. */
function withoutVariables(word: Word): string {
  return partsOf(word.parts ?? [])
    .map((part) => (nameOf(part) === undefined ? part.text : ""))
    .join("");
}

/** The variable whose emptiness makes another path of a word. */
function riskyVariable(word: Word, call: Call, script: Script): string | undefined {
  const parts = partsOf(word.parts ?? []);
  const names = parts.map(nameOf).filter((name) => name !== undefined);
  const [name] = names;
  // A path that is known at its beginning stays below that.
  if (name === undefined || nameOf(parts[0]) === undefined) return undefined;
  // Nothing, or a name that is hardly a file's, removes nothing.
  if (!/^(?:\/|\.{1,2}(?:\/|$)|\*)/.test(withoutVariables(word))) return undefined;
  return names.some((each) => isSet(each, call, script)) ? undefined : name;
}

/** The name of a variable that a part stands for, unless the part itself sees to its being empty. */
function nameOf(part: WordPart | undefined): string | undefined {
  if (part?.type === "SimpleExpansion") return part.text.slice(1);
  if (part?.type !== "ParameterExpansion") return undefined;
  const { operation, parameter } = part;
  const isSafe = operation?.type === "Default" && hasAnswer(operation);
  return isSafe ? undefined : parameter;
}

/** What a login sets, and what always has a value. */
const ALWAYS_SET = /^(?:HOME|PWD|UID|EUID|RANDOM|SECONDS|LINENO|HOSTNAME|\$|#|\?|!)$/;

function isSet(name: string, call: Call, { nodes, options, text }: Script): boolean {
  if (ALWAYS_SET.test(name) || isAskedFor(name, text)) return true;
  const values = nodes.flatMap(({ node, at }) => {
    if (node.type === "For" && node.name.value === name) return [{ at, isFull: true }];
    if (node.type !== "Assignment" || node.name !== name || node.append === true) return [];
    return [{ at, isFull: node.value.type === "ArrayValue" || isNeverEmpty(node.value) }];
  });
  const before = values.filter(({ at }) => at < call.at || call.inFunction !== undefined);
  const isStrict = options("nounset", call);
  // One that is set nowhere comes from outside: there `set -u` stops.
  if (before.length === 0) return isStrict;
  return before.every(({ isFull }) => isFull) || (isStrict && options("errexit", call));
}

/** `DIR=/srv/x`, `DIR=${1:-/srv/x}`, `DIR=$(mktemp -d)/x`: whatever else is in it, it is not empty. */
function isNeverEmpty(word: Word): boolean {
  if (isLiteral(word)) return word.value !== "";
  return partsOf(word.parts ?? []).some(
    (part) =>
      (part.type === "Literal" && part.value !== "") ||
      (part.type === "ParameterExpansion" &&
        part.operation?.type === "Default" &&
        hasAnswer(part.operation)),
  );
}

/** `${DIR:?}` and `${DIR:-/srv/x}` are never empty; `${DIR:-}` may be. */
function hasAnswer({ operator, operand }: ParameterDefaultOperation): boolean {
  return operator.endsWith("?") || (/[=-]$/.test(operator) && operand.value !== "");
}

/** Whether the script looks anywhere whether it is there: `[ -n "$DIR" ]`, `: "${DIR:?}"`. */
function isAskedFor(name: string, text: string): boolean {
  const variable = `"?\\$\\{?${name.replace(/\W/g, "\\$&")}\\b`;
  return new RegExp(`(?:-[nzdef]\\s+${variable})|\\$\\{${name}:[?=]`).test(text);
}

/** See its `why`. */
export const uncheckedDirectory: ShellRule = {
  id: "unchecked-directory",
  severity: "error",
  why: "when cd fails, what follows removes in the directory where it was before",
  fix: "cd … || exit",
  check: ({ calls, options }) =>
    calls.flatMap((call, index) => {
      if (call.name !== "cd" || call.isChecked || options("errexit", call)) return [];
      const next = calls.slice(index + 1).find(({ name }) => name === "cd" || DESTROYERS.has(name));
      return next !== undefined && destroysHere(next) ? [{ at: call.at }] : [];
    }),
};

const DESTROYERS: ReadonlySet<string> = new Set(["rm", "find", "git", "rsync", "chown", "chmod"]);

/** Whether it removes or changes what stands in the present directory. */
function destroysHere({ name, words }: Call): boolean {
  const texts = words.map(({ value }) => value);
  const isHere = texts.some((text) => !/^[-/$~]/.test(text));
  if (name === "rm") return isHere;
  if (name === "find") return texts.includes("-delete") && !/^[/$~]/.test(texts[0] ?? "");
  if (name === "git")
    return texts[0] === "clean" || (texts[0] === "reset" && texts.includes("--hard"));
  if (name === "rsync") return texts.some((text) => text.startsWith("--del"));
  return isHere && texts.some((text) => /^-\w*R|^--recursive$/.test(text));
}

/** Whether it is a trap of one of these signals. */
export function traps({ name, words }: Call, ...signals: readonly string[]): boolean {
  return name === "trap" && words.slice(1).some(({ value }) => signals.includes(value));
}

/** See its `why`. */
export const temporaryLeft: ShellRule = {
  id: "temporary-left",
  severity: "hint",
  why: "when the script is ended early, what mktemp made stays",
  fix: "trap 'rm -rf \"$tmp\"' EXIT right after it",
  check({ calls }) {
    const made = calls.find(
      ({ name, words }) => name === "mktemp" && !words.some(({ value }) => /^-\w*u/.test(value)),
    );
    const isTrapped = calls.some((call) => traps(call, "EXIT", "0"));
    return made === undefined || isTrapped ? [] : [{ at: made.at }];
  },
};
