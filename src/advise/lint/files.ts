/** Finds and reads what is to be looked through: the thin shell around the rules. */

import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
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

/** A directory with more files is not meant to be looked through as a whole. */
const MAX_FILES = 10_000;

/** What others put there. */
const LEFT_OUT = new Set(["node_modules", "dist", "coverage", "vendor"]);

/** Looks through a file, or all scripts and automations of a directory. Throws `OptionsError`. */
export async function lintPath(path: string, cwd: string): Promise<LintedFile[]> {
  if (path === "-") return [await lintText("-", readFileSync(0, "utf8"), "shell")];
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
      linted.push(await lintText(join(path, file.slice(place.length)), read(file), kind));
    }
    return linted;
  }
  if (stats.size > MAX_BYTES) throw new OptionsError(path, "has more than 1 MB, and is no script");
  const text = attempt(path, () => read(place));
  const kind = kindOf(place, text);
  const guessed = kind ?? (isCrontab(text) ? "crontab" : undefined);
  if (guessed === undefined) {
    throw new OptionsError(
      path,
      "is neither a shell script, nor a crontab, nor TypeScript or JavaScript; a script says so in its first line: #!/bin/bash",
    );
  }
  return [await lintText(path, text, guessed)];
}

/** Looks at a command line, and through the script that it runs, where it is one of a shell. */
export async function lintCommand(words: readonly string[], cwd: string): Promise<LintedFile[]> {
  const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
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

async function lintText(path: string, text: string, kind: Kind): Promise<LintedFile> {
  const isAutomation =
    kind === "automation" || (path === "-" && /["']holdfast\/automation["']/.test(text));
  if (isAutomation) {
    // Its parser is loaded for automations alone.
    const { lintAutomation } = await import("./automation.ts");
    return { path, problems: lintAutomation(text) };
  }
  if (kind === "crontab" || (path === "-" && isCrontab(text))) {
    return { path, problems: lintCrontab(text, { hasUsers: hasUsers(path) }) };
  }
  return { path, problems: lintShell(text) };
}

/** Only the tables of the whole machine name users. */
function hasUsers(path: string): boolean {
  return resolve(path) === "/etc/crontab" || basename(dirname(resolve(path))) === "cron.d";
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

function read(path: string): string {
  return readFileSync(path, "utf8");
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
