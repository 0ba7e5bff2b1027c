/** The rule about exit codes that get lost in a pipe. */

import { isSource, keepsInput, mayFail, plainName } from "./shell-programs.ts";
import { isAnswerLookedAt, type ShellRule } from "./shell-rule.ts";
import type { Call } from "./shell-call.ts";
import type { Script } from "./shell-script.ts";

/** See its `why`. */
export const pipeStatus: ShellRule = {
  id: "pipe-status",
  severity: "error",
  why: "a pipeline's exit code is that of its last command: it is 0 although an earlier one failed",
  fix: "set -o pipefail",
  check(script) {
    const { calls, options, text, dialect } = script;
    if (/PIPESTATUS|pipestatus/.test(text)) return [];
    const fix =
      dialect === "bash"
        ? undefined
        : "this sh may have no pipefail: write to a file and check before the next command, or start it with bash and set -o pipefail";
    return calls
      .filter((call) => isLostInPipe(call, script) && !options("pipefail", call))
      .map(({ name, at }) => ({
        at,
        says: `${name} may fail here, and the pipeline exits 0: its exit code is that of its last command`,
        fix,
      }));
  },
};

/** Whoever searches in what comes, or takes the first of it, is content with whatever comes. */
const CONTENT: ReadonlySet<string> = new Set("cmp comm comp diff head less more pager".split(" "));

/** What only goes into a variable is looked at there; what makes data, or is kept, is not. */
function isLostInPipe(call: Call, script: Script): boolean {
  const { name, words, at, pipeline, isSubstituted } = call;
  const { calls, length, last, isWritten } = pipeline;
  const lastCall = calls.at(-1);
  const isLast = lastCall?.at === at && last === name;
  if (length < 2 || isLast || CONTENT.has(plainName(last))) return false;
  if (isAnswerLookedAt(call, script)) return false;
  if (mayFail(name, words) || isCheckedBy(lastCall, call)) return false;
  if (isSource(name, words)) return true;
  // What a function of the script does with it cannot be told.
  const isKept = keepsInput(last, lastCall?.words) && !script.functions.has(last);
  return !isSubstituted && (isWritten || isKept);
}

/** What fails when its input is empty or ends early, whatever became of who made it. */
const CHECKERS: Readonly<Record<string, RegExp>> = {
  tar: /^-?\w*[xt]|^--(?:extract|list)/,
  gunzip: /^/,
  bunzip2: /^/,
  unxz: /^/,
  unzstd: /^/,
  gzip: /^-\w*d|^--decompress/,
  bzip2: /^-\w*d|^--decompress/,
  xz: /^-\w*d|^--decompress/,
  zstd: /^-\w*d|^--decompress/,
  gpg: /^(?:-d|--decrypt|--dearmor|--import)$/,
  "apt-key": /^add$/,
  openssl: /^(?:x509|pkey|rsa|req|crl)$/,
  pg_restore: /^/,
  sha256sum: /^-c|^--check/,
};

/** What hands on one stream: it ends early when it fails. tar and ssh may end well without a part of it. */
const STREAMS: ReadonlySet<string> = new Set(
  `aws bunzip2 bzip2 cat curl gpg gsutil gunzip gzip lunzip lzip lzma openssl pg_dump pv unxz unzstd wget xz
  zcat zstd`.split(/\s+/),
);

function isCheckedBy(last: Call | undefined, { name }: Call): boolean {
  if (last === undefined || !STREAMS.has(plainName(name))) return false;
  const plain = plainName(last.name);
  const pattern = Object.hasOwn(CHECKERS, plain) ? CHECKERS[plain] : undefined;
  return (
    pattern !== undefined &&
    (last.words.length === 0
      ? pattern.test("")
      : last.words.some(({ value }) => pattern.test(value)))
  );
}
