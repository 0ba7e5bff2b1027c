/** What Node's refusal to load an automation's file means, and what to do about it. */

import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import { HoldfastError } from "../core/errors.ts";
import { clip } from "../core/show.ts";

/** The file is no automation that can be run. */
export class AutomationFileError extends HoldfastError {
  static {
    Object.defineProperty(this.prototype, "name", { value: "AutomationFileError" });
  }
  readonly code = "AUTOMATION_FILE_INVALID";

  /** @param advice What to do about it. */
  constructor(file: string, problem: string, advice: string, options?: ErrorOptions) {
    super(`${file}: ${problem}\n${advice}`, options);
  }
}

interface Explanation {
  readonly problem: string;
  readonly advice: string;
}

const DOES_NOT_PARSE: Explanation = {
  problem: "it does not parse",
  advice: "Fix the syntax; tsc --noEmit shows it in full.",
};

const NOT_FOUND: Explanation = {
  problem: "an import of it cannot be found",
  advice:
    "Install the package beside the file, or mend the path; relative imports need their ending, as in ./store.ts.",
};

const NOT_EXPORTED: Explanation = {
  problem: "it imports what is not exported",
  advice: "Mend the name; tsc --noEmit lists all that do not fit.",
};

const NO_MODULE: Explanation = {
  problem: "it is an ES module, and its package.json says that it is CommonJS",
  advice: 'End its name in .mts or .mjs, or put "type": "module" into that package.json.',
};

/** What Node's refusals mean, by their code, and what to do about them. */
const BY_CODE: Readonly<Record<string, Explanation>> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX: {
    problem: "it uses TypeScript that cannot be stripped",
    advice:
      "Enums, namespaces, parameter properties and import aliases have code of their own. Use const objects, modules and fields instead, or compile the file first; tsc's erasableSyntaxOnly finds them.",
  },
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING: {
    problem: "TypeScript under node_modules is not run",
    advice: "Move the automation out of node_modules, or compile it to JavaScript first.",
  },
  ERR_INVALID_TYPESCRIPT_SYNTAX: DOES_NOT_PARSE,
  ERR_MODULE_NOT_FOUND: NOT_FOUND,
  MODULE_NOT_FOUND: NOT_FOUND,
};

/** What the engine's own syntax errors mean, by what their message says. */
const BY_MESSAGE: readonly (readonly [RegExp, Explanation])[] = [
  [/does not provide an export named/, NOT_EXPORTED],
  [/^Cannot use import statement outside a module|^Unexpected token 'export'/, NO_MODULE],
  [/(?:)/, DOES_NOT_PARSE],
];

/** @param newest The URL of the module that was read last. */
export function explainLoadError(
  error: unknown,
  { file, newest }: { readonly file: string; readonly newest: string | undefined },
): AutomationFileError {
  if (error instanceof AutomationFileError) return error;
  const known = findExplanation(error);
  if (known === undefined) {
    const advice = ownFrames(error);
    return new AutomationFileError(file, "it failed while it was being loaded", advice, {
      cause: error,
    });
  }
  const { message, stack = "" } = error as Error;
  const place = placeIn(stack) ?? (known === DOES_NOT_PARSE ? placeOf(newest) : undefined);
  const where = place === undefined ? "" : ` (${place})`;
  return new AutomationFileError(
    file,
    `${known.problem}: ${oneLine(message)}${where}`,
    known.advice,
    { cause: error },
  );
}

function findExplanation(error: unknown): Explanation | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (Object.hasOwn(BY_CODE, code)) return BY_CODE[code];
  // What JSON.parse throws while the file runs is no error in the file's own syntax.
  if (!(error instanceof SyntaxError) || !isFromLoader(error)) return undefined;
  return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];
}

function isFromLoader({ stack = "" }: Error): boolean {
  return /^ {4}at (.*)$/m.exec(stack)?.[1]?.includes("node:internal/modules/") === true;
}

/** Where Node found it, from the line above the picture of the code: `/srv/nightly.ts:3`. */
function placeIn(stack: string): string | undefined {
  const [, url, path] = /^(?:(file:\/\/\/.*:\d+)|(\/.*:\d+))$/m.exec(stack) ?? [];
  return url === undefined ? path : toPath(url);
}

/** The engine does not say where in plain JavaScript it stopped; the parser that strips types does. */
function placeOf(url: string | undefined): string | undefined {
  if (url === undefined || !url.startsWith("file:")) return undefined;
  const path = fileURLToPath(url);
  try {
    stripTypeScriptTypes(readFileSync(path, "utf8"), { sourceUrl: path });
    return path;
  } catch (error) {
    return placeIn((error as Error).stack ?? "") ?? path;
  }
}

function toPath(urlAndLine: string): string {
  const [, url = "", line = ""] = /^(.*)(:\d+)$/.exec(urlAndLine) ?? [];
  return `${fileURLToPath(url)}${line}`;
}

/** Where this holdfast keeps its own modules. */
const OWN_MODULES = new URL("../", import.meta.url).href;

const LONGEST_STACK = 2_000;

/** The error with the part of its stack that is the user's own code. */
function ownFrames(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split("\n");
  const own = lines.filter((line) => !(/^ {4}at .*\(?node:/.test(line) || isOwn(line)));
  return clip(own.join("\n"), LONGEST_STACK);
}

function isOwn(line: string): boolean {
  return line.startsWith("    at ") && line.includes(OWN_MODULES);
}

function oneLine(message: string): string {
  return clip(message.replaceAll(/\s+/g, " ").trim(), 400);
}
