/** Rules about what `set -e` does not see, and about ending processes by their numbers. */

import type { CommandArgument } from "unbash";
import { isDoer } from "./shell-programs.ts";
import { callsWhere, type ShellRule } from "./shell-rule.ts";
import type { Call } from "./shell-call.ts";
import type { PlacedNode, Script } from "./shell-script.ts";

/** See its `why`. */
export const errexitHole: ShellRule = {
  id: "errexit-hole",
  severity: "warning",
  why: "set -e does not see this failure, and the script goes on",
  fix: "let the command stand by itself, or write || exit after it",
  check: (script) => {
    const { calls, options } = script;
    if (!calls.some((call) => options("errexit", call))) return [];
    return [...lostInLists(script), ...lostInDeclarations(script), ...lostInFunctions(script)];
  },
};

/** `pg_dump x && gzip x`: what fails before && ends the list, and not the script. */
function lostInLists({ nodes, calls, options }: Script): { at: number; says: string }[] {
  const byPlace = new Map(calls.map((call) => [call.at, call]));
  return nodes.flatMap((placed) => {
    const first = placed.node.type === "AndOr" ? byPlace.get(placed.at) : undefined;
    if (first === undefined || !isLostList(placed) || !isDoer(first.name, first.words)) return [];
    if (!options("errexit", first) || first.isBackground || first.isSubstituted) return [];
    const says = `when ${first.name} fails, what follows && is left out, and the script goes on: set -e does not see it`;
    return [{ at: placed.at, says }];
  });
}

function isLostList({ node, isGuarded, isEnd }: PlacedNode): boolean {
  return !isGuarded && !isEnd && node.type === "AndOr" && !node.operators.includes("||");
}

/** `local x=$(pg_dump y)`: the exit code is that of local. */
function lostInDeclarations({ nodes, calls, options }: Script): { at: number; says: string }[] {
  const inside = calls.filter(({ isSubstituted }) => isSubstituted);
  return nodes.flatMap(({ node, at }) => {
    const name = node.type === "Command" ? (node.name?.value ?? "") : "";
    if (node.type !== "Command" || !/^(?:local|export|declare|readonly|typeset)$/.test(name))
      return [];
    const values = node.args.filter(isFromCommand);
    const lost = values.length === 0 ? undefined : firstWithin(inside, values);
    if (lost === undefined || !options("errexit", lost)) return [];
    return [{ at, says: `when ${lost.name} fails, ${name} succeeds, and set -e does not see it` }];
  });
}

function isFromCommand(arg: CommandArgument): boolean {
  return arg.type === "Assignment" && /\$\(|`/.test(arg.text);
}

/** The first that does something; calls stand in the order of the text. */
function firstWithin(calls: readonly Call[], words: readonly CommandArgument[]): Call | undefined {
  for (const { pos, end } of words) {
    let low = 0;
    for (let high = calls.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((calls[middle]?.at ?? 0) < pos) low = middle + 1;
      else high = middle;
    }
    for (; (calls[low]?.at ?? Infinity) < end; low++) {
      const call = calls[low];
      const isLast = call?.pipeline.calls.at(-1) === call;
      if (call !== undefined && isLast && isDoer(call.name, call.words)) return call;
    }
  }
  return undefined;
}

/** `if backup; then`, `backup || …`: within the function set -e is off. */
function lostInFunctions(script: Script): { at: number; says: string }[] {
  const lost = new Map<string, Call>();
  for (const call of script.calls) {
    const { inFunction, isChecked, isEnd, isBackground, isSubstituted } = call;
    if (inFunction === undefined || isChecked || isEnd || isBackground || isSubstituted) continue;
    const isLast = call.pipeline.calls.at(-1) === call;
    if (handsOnStatus(call, script.text)) continue;
    if (isLast && isDoer(call.name, call.words) && !lost.has(inFunction))
      lost.set(inFunction, call);
  }
  return script.functionCalls.flatMap((call) => {
    const inside = lost.get(call.name);
    if (inside === undefined || !call.isGuarded || !script.options("errexit", call)) return [];
    const says = `within ${call.name} set -e is off here, for its answer is asked for: it goes on when ${inside.name} fails`;
    return [{ at: call.at, says }];
  });
}

/** `git "$@"`, and what keeps its exit code: whoever wrote that knows what becomes of it. */
function handsOnStatus({ words, at }: Call, text: string): boolean {
  const next = text.slice(at, at + 400);
  return /\$\?|\$\{\?\}/.test(next) || words.some(({ text: word }) => /\$[@*]/.test(word));
}

/** See its `why`. */
export const staleNumber: ShellRule = {
  id: "stale-number",
  // In most scripts the process still runs: of what was found in real ones, half was right as it was.
  severity: "hint",
  why: "the number in a file of an earlier run may be another process's by now, and that one is ended",
  fix: "pkill --pidfile FILE --exact NAME, which asks for both, or let systemd end it",
  check: (script) =>
    callsWhere(script, ({ name, words }) => {
      if (name !== "kill" || words.some(({ value }) => /^-(?:0|l|L)$|^--list/.test(value)))
        return false;
      return words.some(({ text }) => /(?:\$\(|`)\s*(?:cat\s|<)[^|;]*(?:\)|`)/.test(text));
    }),
};
