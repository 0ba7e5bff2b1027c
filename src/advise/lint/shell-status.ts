/** Rules about exit codes that get lost between commands. */

import type { Call, Script } from "./shell-script.ts";
import { SEARCHES } from "./shell-databases.ts";
import { traps } from "./shell-removal.ts";
import { doesWork, isSource, keepsInput, mayFail } from "./shell-programs.ts";
import { callsWhere, type ShellRule } from "./shell-rule.ts";

/** See its `why`. */
export const pipeStatus: ShellRule = {
  id: "pipe-status",
  severity: "error",
  why: "a pipeline's exit code is that of its last command: it is 0 although an earlier one failed",
  fix: "set -o pipefail",
  check({ calls, options, text, dialect }) {
    if (/PIPESTATUS|pipestatus/.test(text)) return [];
    const fix =
      dialect === "bash"
        ? undefined
        : "this sh may have no pipefail: write to a file and check before the next command, or start it with bash and set -o pipefail";
    return calls
      .filter((call) => isLostInPipe(call) && !options("pipefail", call))
      .map(({ name, at }) => ({
        at,
        says: `${name} may fail here, and the pipeline exits 0: its exit code is that of its last command`,
        fix,
      }));
  },
};

/** Whoever searches in what comes, or takes the first of it, is content with whatever comes. */
const CONTENT: ReadonlySet<string> = new Set([
  ...SEARCHES,
  "cmp",
  "comm",
  "diff",
  "head",
  "less",
  "more",
]);

/** `$GREP` and `${grep}` are named after what they are. */
function isContent(name: string): boolean {
  return CONTENT.has(name) || CONTENT.has(name.replace(/^\$\{?(\w+)\}?$/, "$1").toLowerCase());
}

/** What only goes into a variable is looked at there; what makes data, or is kept, is not. */
function isLostInPipe({ name, words, at, pipeline, isSubstituted }: Call): boolean {
  const { calls, length, last, isWritten } = pipeline;
  const isLast = calls.at(-1)?.at === at && last === name;
  if (length < 2 || isLast || isContent(last) || mayFail(name, words)) return false;
  return isSource(name) || (!isSubstituted && (isWritten || keepsInput(last)));
}

/** See its `why`. */
export const unnoticed: ShellRule = {
  id: "unnoticed-failure",
  severity: "warning",
  why: "the script goes on after a command that failed, and may exit 0",
  fix: "set -e at the top, or || exit after it",
  check(script) {
    const { calls, options, text } = script;
    // Whoever traps errors or looks at exit codes has thought of it.
    if (calls.some((call) => traps(call, "ERR")) || /\$\?|\$\{\?\}|PIPESTATUS/.test(text))
      return [];
    const lost = calls.find(
      (call) =>
        !(call.isEnd || call.isChecked || call.isBackground || call.isSubstituted) &&
        call.pipeline.calls.at(-1) === call &&
        !options("errexit", call) &&
        !isFromElsewhere(call.name, script) &&
        !mayFail(call.name, call.words),
    );
    if (lost === undefined) return [];
    return [{ at: lost.at, says: `the script goes on when ${lost.name} fails, and may exit 0` }];
  },
};

/** Whether it is likely a function: of a file that the script reads in, or put together by name. */
function isFromElsewhere(name: string, { calls }: Script): boolean {
  if (/^[^$].*\$/.test(name)) return true;
  const isNamedSo = /^(?:abort|die|error|fatal|log|usage|warn)$|_/.test(name);
  return (
    isNamedSo &&
    !isSource(name) &&
    calls.some((call) => call.name === "." || call.name === "source")
  );
}

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
    if (failing?.type !== "Command" || instead?.type !== "Command") return [];
    const name = failing.name?.value ?? "";
    const answer = instead.name?.value ?? "";
    const words = failing.args.filter((arg) => arg.type === "Word");
    return answers.has(answer) && !mayFail(name, words) ? [{ at, name, answer }] : [];
  });
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
      const begin = texts.findIndex((text) => text === "-exec" || text === "-execdir");
      if (begin < 0) return false;
      const end = texts.findIndex((text, index) => index > begin && (text === ";" || text === "+"));
      return texts[end] === ";" && !mayFail(texts[begin + 1] ?? "", words.slice(begin + 2, end));
    }),
};

/** See its `why`. */
export const substitutionStatus: ShellRule = {
  id: "substitution-status",
  severity: "warning",
  why: "nobody sees the exit code of a command in <(…), not even set -e and pipefail",
  fix: "write its output to a file first, or read from a pipe with pipefail",
  check: ({ nodes, calls }) =>
    nodes.flatMap(({ node, at }) => {
      if (node.type !== "ProcessSubstitution" || node.operator !== "<") return [];
      const inside = calls.filter((call) => call.at > node.pos && call.at < node.end);
      return inside.some(({ name, words }) => !mayFail(name, words)) ? [{ at }] : [];
    }),
};
