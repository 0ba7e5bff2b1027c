/** Finds and reads what is to be looked through: the thin shell around the rules. */

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { OptionsError } from "../../core/errors.ts";
import { isCrontab } from "./crontab.ts";
import type { Problem } from "./rule.ts";
import { lintCrontab, lintShell, shellOf } from "./shell.ts";

/** A file that was looked through. */
export interface LintedFile {
  /** As it was named; `-` is the standard input. */
  readonly path: string;
  readonly problems: readonly Problem[];
}

/** No script is as long; what is, is something else. */
const MAX_BYTES = 1_000_000;

const TOO_LONG = "has more than 1 MB, and is no script";

const AUTOMATION = /["']holdfast\/automation["']/;

/** A directory with more files is not meant to be looked through as a whole. */
const MAX_FILES = 10_000;

/** What others put there. */
const LEFT_OUT = new Set(["node_modules", "dist", "coverage", "vendor"]);

/** Looks through a file, or all scripts and automations of a directory. Throws `OptionsError`. */
export async function lintPath(path: string, cwd: string): Promise<LintedFile[]> {
  if (path === "-") return [await lintInput(cwd)];
  const place = resolve(cwd, path);
  const stats = attempt(path, () => statSync(place));
  if (stats.isDirectory()) {
    const linted: LintedFile[] = [];
    for (const file of attempt(path, () => filesIn(place))) {
      const kind = kindOf(
        file,
        attempt(file, () => beginOf(file)),
      );
      if (kind === undefined || statSync(file).size > MAX_BYTES) continue;
      const text = attempt(file, () => readFileSync(file, "utf8"));
      if (isBinary(text)) continue;
      linted.push(
        await lintText({ path: join(path, file.slice(place.length)), place: file, text }, kind),
      );
    }
    return linted;
  }
  // A pipe would be waited for.
  if (!stats.isFile()) throw new OptionsError(path, "is no file; - is the standard input");
  if (stats.size > MAX_BYTES) throw new OptionsError(path, TOO_LONG);
  const text = attempt(path, () => read(place, path));
  const kind = kindOf(place, text);
  const guessed = kind ?? (isCrontab(text) ? "crontab" : undefined);
  if (guessed === undefined) throw new OptionsError(path, strangeness(text));
  return [await lintText({ path, place, text }, guessed)];
}

/** The standard input: what kind of file it is must be told by what is in it. */
async function lintInput(cwd: string): Promise<LintedFile> {
  const text = attempt("-", () => read(0, "-"));
  if (shellOf(text) === undefined && !AUTOMATION.test(text)) {
    throw new OptionsError("-", strangeness(text));
  }
  return lintText({ path: "-", place: resolve(cwd, "-"), text }, "shell");
}

/** Why a file is not looked through. */
function strangeness(text: string): string {
  const program = /^\uFEFF?#!\s*(?<program>\S.*)/.exec(text)?.groups?.["program"];
  const kinds = "neither a shell script, nor a crontab, nor TypeScript or JavaScript";
  return program === undefined
    ? `is ${kinds}; a script says so in its first line: #!/bin/bash`
    : `is ${kinds}: its first line says ${JSON.stringify(program.trim().slice(0, 80))}`;
}

/** Looks at a command line, and through the script that it runs, where it is one of a shell. */
export async function lintCommand(words: readonly string[], cwd: string): Promise<LintedFile[]> {
  const [only = ""] = words;
  // What no program is called is a line for a shell, as exec --shell takes it.
  const isLine = words.length === 1 && /\s/.test(only) && !existsSync(resolve(cwd, only));
  const line = isLine ? only : words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  // Its own words have no lines that one could go to.
  const command = { path: "command", problems: lintShell(line) };
  const place = resolve(cwd, words[0] ?? "");
  const isScript =
    statSync(place, { throwIfNoEntry: false })?.isFile() === true &&
    kindOf(
      place,
      attempt(place, () => beginOf(place)),
    ) === "shell";
  return isScript ? [command, ...(await lintPath(words[0] ?? "", cwd))] : [command];
}

type Kind = "shell" | "crontab" | "automation";

const BY_EXTENSION: Readonly<Record<string, Kind>> = {
  ".sh": "shell",
  ".bash": "shell",
  ".cron": "crontab",
  ".ts": "automation",
  ".mts": "automation",
  ".cts": "automation",
  ".js": "automation",
  ".mjs": "automation",
  ".cjs": "automation",
};

/** The first line decides where there is one that names a shell or any other program. */
function kindOf(path: string, text: string): Kind | undefined {
  const isCron = basename(path) === "crontab" || basename(dirname(path)) === "cron.d";
  const byName = isCron ? "crontab" : BY_EXTENSION[extname(path)];
  if (!text.startsWith("#!") || byName === "automation") return byName;
  return shellOf(text) === undefined ? undefined : "shell";
}

interface Given {
  readonly path: string;
  readonly place: string;
  readonly text: string;
}

async function lintText({ path, place, text }: Given, kind: Kind): Promise<LintedFile> {
  const isAutomation = kind === "automation" || (path === "-" && AUTOMATION.test(text));
  if (isAutomation) {
    // Its parser is loaded for automations alone.
    const { lintAutomation } = await import("./automation.ts");
    const { moduleFiles } = await import("./module-files.ts");
    return { path, problems: lintAutomation(text, { path: place, find: moduleFiles() }) };
  }
  if (kind === "crontab" || (path === "-" && isCrontab(text))) {
    return { path, problems: lintCrontab(text, { hasUsers: hasUsers(place) }) };
  }
  return { path, problems: lintShell(text) };
}

/** Only the tables of the whole machine name users. */
function hasUsers(place: string): boolean {
  return place === "/etc/crontab" || basename(dirname(place)) === "cron.d";
}

function filesIn(directory: string): string[] {
  const found: string[] = [];
  const waiting = [directory];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (entry.isFile()) found.push(path);
      const isOwn = !LEFT_OUT.has(entry.name) && !entry.name.startsWith(".");
      if (entry.isDirectory() && isOwn) waiting.push(path);
    }
    if (found.length > MAX_FILES) {
      throw new OptionsError(
        directory,
        `has more than ${MAX_FILES} files; name those that are meant`,
      );
    }
  }
  return found.toSorted();
}

/** @param path As it was named. What begins with bytes that no text has is refused. */
function read(place: string | 0, path: string): string {
  const text = place === 0 ? readInput() : readFileSync(place, "utf8");
  if (isBinary(text)) throw new OptionsError(path, "is no text: there are NUL bytes in it");
  return text;
}

/** No more than a script may have, for a pipe may never end. */
function readInput(): string {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  for (let more = -1; more !== 0 && length < bytes.length; length += more) {
    more = readSync(0, bytes, length, bytes.length - length, null);
  }
  if (length > MAX_BYTES) throw new OptionsError("-", TOO_LONG);
  return bytes.toString("utf8", 0, length);
}

/** Further down there may be an archive, which the script unpacks. */
function isBinary(text: string): boolean {
  return text.slice(0, 1_000).includes("\0");
}

/** Enough for the first line of a script; most files of a directory are something else. */
function beginOf(path: string): string {
  const bytes = Buffer.alloc(128);
  const file = openSync(path, "r");
  try {
    return bytes.toString("latin1", 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

function attempt<Value>(path: string, look: () => Value): Value {
  try {
    return look();
  } catch (error) {
    if (error instanceof OptionsError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" || code === "ENOTDIR";
    throw new OptionsError(
      path,
      isMissing ? "there is no such file" : `cannot be read: ${message}`,
    );
  }
}
