/** Rules about exit codes that get lost between commands. */

import type { CommandArgument, SyntaxNode } from "unbash";
import { doesWork, isDoer, isSearch, mayFail } from "./shell-programs.ts";
import { traps } from "./shell-removal.ts";
import { callsWhere, type ShellRule } from "./shell-rule.ts";
import type { Call } from "./shell-call.ts";
import { writesFile, type Script } from "./shell-script.ts";
import { isLiteral, partsOf } from "./shell-words.ts";
import { unwrapped } from "./shell-wrappers.ts";

/** See its `why`. */
export const unnoticed: ShellRule = {
  id: "unnoticed-failure",
  severity: "warning",
  why: "the script goes on after a command that failed, and may exit 0",
  fix: "set -e at the top, or || exit after it",
  check(script) {
    const { calls, options, text, isFragment } = script;
    if (isFragment) return [];
    // Whoever traps errors or looks at exit codes has thought of it.
    if (calls.some((call) => traps(call, "ERR")) || /\$\?|\$\{\?\}|PIPESTATUS/.test(text))
      return [];
    const lost = calls.find(
      (call) =>
        !(call.isEnd || call.isChecked || call.isBackground || call.isSubstituted) &&
        call.pipeline.calls.at(-1) === call &&
        isDoer(call.name, call.words) &&
        !options("errexit", call),
    );
    if (lost === undefined) return [];
    return [{ at: lost.at, says: `the script goes on when ${lost.name} fails, and may exit 0` }];
  },
};

/** See its `why`. */
export const swallowed: ShellRule = {
  id: "swallowed-failure",
  severity: "warning",
  why: "a failure is told and then taken for a success, for that is what echo is",
  fix: "|| { echo …; exit 1; }",
  check: (script) =>
    answered(script, TELLERS).map(({ at, name, answer }) => ({
      at,
      says: `when ${name} fails, ${answer} tells of it, and its success is what counts`,
    })),
};

/** See its `why`. */
export const ignored: ShellRule = {
  id: "ignored-failure",
  severity: "hint",
  why: "whatever goes wrong here counts as done",
  fix: "let it fail, or ask first for the one failure that may be",
  check: (script) => answered(script, new Set(["true", ":"])),
};

const TELLERS: ReadonlySet<string> = new Set(["echo", "printf", "logger"]);

interface Answered {
  readonly at: number;
  readonly name: string;
  readonly answer: string;
}

/** Lists that end in `|| answer`, with the command whose failure that is the answer to. */
function answered({ nodes }: Script, answers: ReadonlySet<string>): Answered[] {
  return nodes.flatMap(({ node, at, isSubstituted }) => {
    // There the answer is a value in place of the other: $(make || echo none).
    if (isSubstituted || node.type !== "AndOr" || node.operators.at(-1) !== "||") return [];
    const [failing, instead] = node.commands.slice(-2);
    if (failing?.type !== "Command" || instead === undefined) return [];
    const { name = "", words } = unwrapped(failing);
    const answer = onlyAnswer(instead, answers);
    return answer === undefined || mayFail(name, words) ? [] : [{ at, name, answer }];
  });
}

/** The command that is all of the answer: `echo …`, `{ echo …; echo …; }`. */
function onlyAnswer(node: SyntaxNode, answers: ReadonlySet<string>): string | undefined {
  if (node.type === "BraceGroup") {
    const all = node.body.commands.map(({ command }) => onlyAnswer(command, answers));
    return all.includes(undefined) ? undefined : all[0];
  }
  if (node.type !== "Command" || !answers.has(node.name?.value ?? "")) return undefined;
  const isKept = node.redirects.some(writesFile);
  // `|| echo "$url"` tells of nothing: it is another way to the same.
  const isValue = node.args.length > 0 && !node.args.some((arg) => /\p{L}{2}/u.test(saidIn(arg)));
  return isKept || isValue ? undefined : node.name?.value;
}

function saidIn(arg: CommandArgument): string {
  if (arg.type !== "Word") return "";
  if (isLiteral(arg)) return arg.value;
  return partsOf(arg.parts ?? [])
    .map((part) => (part.type === "Literal" ? part.value : ""))
    .join(" ");
}

/** See its `why`. */
export const waitStatus: ShellRule = {
  id: "wait-status",
  severity: "warning",
  why: "wait without a process exits 0 although a background command failed",
  fix: 'keep each pid=$!, and wait for each: wait "$pid" || failed=1',
  check: (script) =>
    script.calls.some(({ isBackground, name }) => isBackground && doesWork(name))
      ? callsWhere(script, ({ name, words }) => name === "wait" && words.length === 0)
      : [],
};

/** See its `why`. */
export const findExec: ShellRule = {
  id: "find-exec",
  severity: "warning",
  why: "find exits 0 although a command of -exec … \\; failed",
  fix: "end it with + in place of \\;, or pipe -print0 to xargs -0",
  check: (script) =>
    callsWhere(script, ({ name, words }) => {
      if (name !== "find") return false;
      const texts = words.map(({ value }) => value);
      const begin = texts.findLastIndex((text) => text === "-exec" || text === "-execdir");
      // What stands behind it depends on it: it is a question.
      if (begin < 0 || texts.at(-1) !== ";") return false;
      return !mayFail(texts[begin + 1] ?? "", words.slice(begin + 2, -1));
    }),
};

/** See its `why`. */
export const substitutionStatus: ShellRule = {
  id: "substitution-status",
  severity: "warning",
  why: "nobody sees the exit code of a command in <(…), not even set -e and pipefail",
  fix: 'ask for it after the loop, wait "$!" || exit, which bash answers from 4.4 on; or write it to a file first',
  check: (script) => {
    // Whoever waits for it has it.
    if (/\bwait\s+"?\$\{?!/.test(script.text)) return [];
    const hits: { readonly at: number }[] = [];
    const { nodes, calls } = script;
    let next = 0;
    for (const { node } of nodes) {
      if (node.type !== "ProcessSubstitution" || node.operator !== "<") continue;
      while (calls[next] !== undefined && (calls[next] as Call).at < node.pos) next += 1;
      let isLost = false;
      for (let at = next; (calls[at]?.at ?? Infinity) < node.end; at++) {
        const { name, words, pipeline } = calls[at] as Call;
        // An unknown program may only list or complete: half of those in real scripts did.
        if (isDoer(name, words) && !isSearch(pipeline.last)) isLost = true;
      }
      if (isLost) hits.push({ at: node.pos });
    }
    return hits;
  },
};
