/** Rules about the clients of databases. */

import { readOptions } from "./shell-words.ts";
import { callsWhere, isAnswerLookedAt, type ShellRule } from "./shell-rule.ts";
import type { Call } from "./shell-call.ts";

/** See its `why`. */
export const psqlStop: ShellRule = {
  id: "psql-stop",
  severity: "error",
  why: "psql goes on after a statement that failed, and exits 0",
  fix: "psql -v ON_ERROR_STOP=1, which exits 3; with --single-transaction nothing is kept by half",
  check: (script) =>
    callsWhere(script, (outer) => {
      const call = clientIn(outer, "psql");
      if (call === undefined) return false;
      const options = readOptions(call.words, {
        valued: "cdfvhpULoFRTP",
        valuedLong: [
          "--command",
          "--dbname",
          "--file",
          "--set",
          "--variable",
          "--host",
          "--port",
          "--username",
        ],
      });
      if (options.isUnknown || options.has("-l", "--list", "-V", "--version", "-?", "--help"))
        return false;
      const isScript = options.has("-f", "--file") || readsInput(call);
      const isCommand = options.has("-c", "--command") && !options.has("-f", "--file");
      const said = options.valuesOf("-v", "--set", "--variable");
      const isStopped = said.some(isStop) || /\\set\s+ON_ERROR_STOP/.test(inputOf(call));
      return isScript && !isCommand && !isStopped;
    }),
};

/** `ON_ERROR_STOP` without `=` takes the variable away. */
function isStop(setting: string): boolean {
  return /^ON_ERROR_STOP=(?!(?:0|off|false|no)$)/i.test(setting);
}

/** What runs a program elsewhere: `docker exec db psql`, `ssh host redis-cli`. */
const CARRIERS: Readonly<Record<string, RegExp>> = {
  docker: /^exec$/,
  podman: /^exec$/,
  "docker-compose": /^exec$/,
  kubectl: /^exec$/,
  ssh: /^/,
};

/** The call of a client, here or elsewhere. */
function clientIn(call: Call, name: string): Call | undefined {
  if (call.name === name) return call;
  const carrier = Object.hasOwn(CARRIERS, call.name) ? CARRIERS[call.name] : undefined;
  const begin = call.words.findIndex(({ value }) => carrier?.test(value) === true);
  const at = call.words.findIndex(({ value }, index) => index > begin && value === name);
  if (begin < 0 || at < 0) return undefined;
  return { ...call, name, words: call.words.slice(at + 1) };
}

/** See its `why`. */
export const redisError: ShellRule = {
  id: "redis-error",
  severity: "error",
  why: "redis-cli exits 0 although the server refused the command: NOAUTH, OOM, READONLY",
  fix: "redis-cli -e, which exits 1",
  check: (script) =>
    callsWhere(script, (outer) => {
      const call = clientIn(outer, "redis-cli");
      if (call === undefined) return false;
      const options = readOptions(call.words, {
        valued: "hpsairndDXt",
        valuedLong: ["--user", "--pass", "--cacert", "--cert", "--key", "--sni", "--pattern"],
        operandsEnd: true,
      });
      // Whoever looks at the answer does not need the exit code.
      const isLookedAt = isAnswerLookedAt(call, script);
      const isCommand = options.operands.length > 0 || readsInput(call);
      return (
        isCommand &&
        !options.isUnknown &&
        !options.has("-e", "--cluster", "--version") &&
        !isLookedAt
      );
    }),
};

/** See its `why`. */
export const sqlBail: ShellRule = {
  id: "sql-bail",
  severity: "warning",
  why: "it goes on after a statement that failed, and does the rest of the script by half",
  fix: "sqlite3 -bail; mysql without --force",
  check: (script) =>
    callsWhere(script, (call) => {
      const { name, words } = call;
      if (name === "mysql" || name === "mariadb") {
        return readOptions(words, { valued: "hPuDeSp" }).has("-f", "--force");
      }
      if (name !== "sqlite3") return false;
      // Its long options have one dash.
      const isSafe = words.some(({ value }) => /^-{1,2}bail$/.test(value));
      return !isSafe && readsInput(call) && !/\.bail\s+on/.test(inputOf(call));
    }),
};

/** Whether it reads its input from a pipe, a file, or what stands in the script. */
function readsInput({ isFed, redirects }: Call): boolean {
  return isFed || redirects.some(({ type, operator }) => type !== "Redirect" || operator === "<");
}

/** What stands in the script as its input. */
function inputOf({ redirects }: Call): string {
  return redirects
    .map((redirect) => (redirect.type === "HereDoc" ? redirect.body.text : ""))
    .join("\n");
}
