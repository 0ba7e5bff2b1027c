/** Rules about what is removed. */

import type { Word, WordPart } from "unbash";
import type { Call } from "./shell-call.ts";
import type { Script } from "./shell-script.ts";
import type { ShellRule } from "./shell-rule.ts";
import { hasAnswer } from "./shell-values.ts";
import { partsOf, readOptions } from "./shell-words.ts";

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

function isSet(name: string, call: Call, { options, values }: Script): boolean {
  if (ALWAYS_SET.test(name) || values.isAskedFor(name)) return true;
  // A function is called later than it stands.
  const now = call.inFunction === undefined ? call.at : Infinity;
  const { at, emptyAt } = values.settingOf(name) ?? { at: Infinity, emptyAt: Infinity };
  const isStrict = options("nounset", call);
  if (emptyAt < now) return isStrict && options("errexit", call);
  // One that is set nowhere comes from outside: there `set -u` stops.
  return at < now || isStrict;
}

/** See its `why`. */
export const uncheckedDirectory: ShellRule = {
  id: "unchecked-directory",
  severity: "error",
  why: "when cd fails, what follows removes in the directory where it was before",
  fix: "cd … || exit",
  check({ calls, options }) {
    const found: { readonly at: number }[] = [];
    let next: Call | undefined;
    // From the end, so that what follows a cd is known when it is met.
    for (const call of calls.toReversed()) {
      if (call.name !== "cd") {
        if (DESTROYERS.has(call.name)) next = call;
        continue;
      }
      const isUnseen =
        next !== undefined &&
        next.at < call.shellEnd &&
        // `cd … && make` ends its list, and what stands behind the list comes all the same.
        (call.isChecked ? !call.isGuarded && next.at > call.listEnd : !options("errexit", call));
      if (isUnseen && next !== undefined && destroysHere(next)) found.push({ at: call.at });
      next = undefined;
    }
    return found;
  },
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
  return (
    name === "trap" && words.slice(1).some(({ value }) => signals.includes(value.toUpperCase()))
  );
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
    const isTrapped = calls.some((call) => traps(call, "EXIT", "0", "RETURN"));
    return made === undefined || isTrapped ? [] : [{ at: made.at }];
  },
};
