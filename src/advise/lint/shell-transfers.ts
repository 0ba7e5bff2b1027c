/** Rules about programs that fetch and send over the network. */

import { readOptions, type Options } from "./shell-words.ts";
import type { Call } from "./shell-call.ts";
import { callsWhere, isAnswerLookedAt, type ShellRule } from "./shell-rule.ts";

function curlOptions({ words }: Call): Options {
  return readOptions(words, {
    valued: "AbcCdDeEFhHKmoPQrtTuUwxXyYz",
    valuedLong: [
      "--data",
      "--header",
      "--max-time",
      "--output",
      "--request",
      "--url",
      "--write-out",
    ],
  });
}

/** A status that is printed is looked at; these kinds of addresses have none. */
function looksAtStatus(options: Options): boolean {
  const formats = options.valuesOf("-w", "--write-out");
  if (formats.some((format) => /http_code|response_code|^@|^$|\$/.test(format))) return true;
  const addresses = options.operands.map(({ value }) => value);
  return (
    addresses.length > 0 &&
    addresses.every((address) => /^(?:file|ftps?|sftp|scp|telnet|smtps?|ldaps?):/.test(address))
  );
}

/** Whoever reads the headers on reads the status line. */
function showsStatus(options: Options, { pipeline, isSubstituted }: Call): boolean {
  const isReadOn = isSubstituted || pipeline.length > 1;
  return isReadOn && options.has("-I", "--head", "-i", "--include", "-D", "--dump-header");
}

/** See its `why`. */
export const curlFail: ShellRule = {
  id: "curl-fail",
  severity: "error",
  why: "curl exits 0 although the server answered 404 or 503, and takes its error page for the result",
  fix: "add --fail, or --fail-with-body where the answer tells why",
  check: (script) =>
    callsWhere(script, (call) => {
      if (call.name !== "curl") return false;
      const options = curlOptions(call);
      const asks = options.has("-V", "--version", "-h", "--help", "--manual", "-K", "--config");
      const fails = options.has("-f", "--fail", "--fail-with-body");
      const isKnown = options.isUnknown || looksAtStatus(options) || showsStatus(options, call);
      return !asks && !fails && !isKnown && !isAnswerLookedAt(call, script);
    }),
};

/** See its `why`. */
export const transferLimit: ShellRule = {
  id: "transfer-limit",
  severity: "hint",
  why: "a server that stops answering keeps it waiting: curl for ever, wget for 20 times 15 minutes",
  fix: "curl --max-time 60 (or --speed-time 30 --speed-limit 1000), wget --timeout=30 --tries=3",
  check: (script) =>
    callsWhere(script, (call) => {
      if (call.name === "wget") return isUnlimitedWget(call);
      if (call.name !== "curl") return false;
      const options = curlOptions(call);
      const limits = ["-m", "--max-time", "-y", "--speed-time", "-Y", "--speed-limit"];
      const asks = ["-V", "--version", "-h", "--help", "-K", "--config"];
      return !options.isUnknown && !options.has(...limits, ...asks);
    }),
};

function isUnlimitedWget({ words }: Call): boolean {
  const options = readOptions(words, { valued: "aoeiBtOTwQPUlADIX" });
  const asks = options.has("-V", "--version", "-h", "--help");
  return (
    !asks &&
    !options.isUnknown &&
    !options.has("-T", "--timeout", "--read-timeout", "-t", "--tries")
  );
}

/** See its `why`. */
export const mayPrompt: ShellRule = {
  id: "may-prompt",
  severity: "hint",
  why: "it may ask a human, and wait for the answer for ever",
  fix: "let it fail instead of asking",
  check({ calls, text }) {
    const isGitSilent = /GIT_TERMINAL_PROMPT|GIT_ASKPASS/.test(text);
    return calls.flatMap((call) => {
      const fix = silenceOf(call, isGitSilent);
      return fix === undefined ? [] : [{ at: call.at, fix }];
    });
  },
};

/** What keeps a program from asking, where that was not said. */
function silenceOf({ name, words }: Call, isGitSilent: boolean): string | undefined {
  // What the caller hands on may say so.
  if (words.some(({ text }) => /^"?\$[@*]"?$/.test(text))) return undefined;
  const line = words.map(({ value }) => value).join(" ");
  switch (name) {
    case "ssh":
    case "scp":
    case "sftp":
      return /BatchMode|opt|flag|arg/i.test(line) || /^-[QVG]|^-b\b/.test(line)
        ? undefined
        : `${name} -o BatchMode=yes`;
    case "git":
      return /\b(?:clone|fetch|pull|push|ls-remote|submodule)\b.*\bhttps?:/.test(line) &&
        !isGitSilent
        ? "GIT_TERMINAL_PROMPT=0 git …"
        : undefined;
    case "apt-get":
    case "apt":
      return /\b(?:install|upgrade|dist-upgrade|full-upgrade|remove|purge|autoremove)\b/.test(
        line,
      ) &&
        !/(?:^|\s)(?:-[a-z]*y|--yes|--assume-yes|-qq|--assume-no|-s|--dry-run|--simulate)/.test(
          line,
        )
        ? `DEBIAN_FRONTEND=noninteractive ${name} --yes …`
        : undefined;
    default:
      return undefined;
  }
}
