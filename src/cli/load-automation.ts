/**
 * Loads an automation's file from anywhere on disk: TypeScript without a build, with `import "holdfast"`
 * resolved to the holdfast that runs, installed there or not.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { registerHooks } from "node:module";
import { dirname, extname, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isAutomation, type Automation } from "../automation/automation.ts";
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

/** An automation, and what tells it from a changed one. */
export interface LoadedAutomation {
  readonly automation: Automation<never>;
  /** The absolute path. */
  readonly file: string;
  /** A hash of the file and of what it imports, packages left out. */
  readonly codeHash: string;
}

const MODULE_TYPES = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"];

/** Loads `file`, relative to `cwd`. Rejects with `AutomationFileError`. */
export async function loadAutomation(file: string, cwd: string): Promise<LoadedAutomation> {
  const path = resolve(cwd, file);
  await checkFile(path, file);
  const loaded = hookModules();
  const module = await importFile(path, file);
  return { automation: pickAutomation(module, file), file: path, codeHash: hashOf(path, loaded) };
}

async function checkFile(path: string, file: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    const isMissing = found.code === "ENOENT" || found.code === "ENOTDIR";
    throw new AutomationFileError(
      file,
      isMissing ? "there is no such file" : `it cannot be read (${found.code})`,
      isMissing ? `Looked for ${path}` : "Give the user who runs it the right to read it.",
    );
  }
  if (!found.isFile()) {
    throw new AutomationFileError(
      file,
      "it is not a file",
      "Name the file with the automation in it.",
    );
  }
  if (!MODULE_TYPES.includes(extname(path))) {
    throw new AutomationFileError(
      file,
      `files ending in "${extname(path)}" cannot be loaded`,
      `Automations are written in TypeScript or JavaScript: ${MODULE_TYPES.join(", ")}`,
    );
  }
}

async function importFile(path: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    throw explain(error, file);
  }
}

interface Explanation {
  readonly problem: string;
  readonly advice: string;
}

const DOES_NOT_PARSE: Explanation = {
  problem: "it does not parse",
  advice: "Mend the syntax; tsc --noEmit shows it in full.",
};

const NOT_FOUND: Explanation = {
  problem: "an import of it cannot be found",
  advice:
    "Install the package beside the file, or mend the path; relative imports need their ending, as in ./store.ts.",
};

/** What Node's refusals mean, by their code, and what to do about them. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX: {
    problem: "it uses TypeScript that cannot be stripped",
    advice:
      "Enums, namespaces, parameter properties and import aliases have code of their own. Use const objects, modules and fields instead, or compile the file first; tsc's erasableSyntaxOnly finds them.",
  },
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING: {
    problem: "Node does not strip types from files under node_modules",
    advice: "Move the automation out of node_modules, or compile it to JavaScript first.",
  },
  ERR_INVALID_TYPESCRIPT_SYNTAX: DOES_NOT_PARSE,
  ERR_MODULE_NOT_FOUND: NOT_FOUND,
  MODULE_NOT_FOUND: NOT_FOUND,
};

function explain(error: unknown, file: string): AutomationFileError {
  const thrown: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  const { code = "", message, stack = "" } = thrown;
  const known = EXPLANATIONS[code] ?? (thrown instanceof SyntaxError ? DOES_NOT_PARSE : undefined);
  const { problem, advice } = known ?? {
    problem: "it failed while it was being loaded",
    advice: clip(stack, 2_000),
  };
  const place = known === undefined ? "" : placeOf(stack);
  return new AutomationFileError(file, `${problem}: ${oneLine(message)}${place}`, advice, {
    cause: error,
  });
}

/** Where Node found it, from the first lines of the stack: ` (/srv/nightly.ts:3)`. */
function placeOf(stack: string): string {
  const found = /^(?:file:\/\/)?(\/[^\n]*:\d+)$/m.exec(stack)?.[1];
  return found === undefined ? "" : ` (${decodeURI(found)})`;
}

function oneLine(message: string): string {
  return clip(message.replaceAll(/\s+/g, " ").trim(), 400);
}

function pickAutomation(module: Record<string, unknown>, file: string): Automation<never> {
  const { default: standard } = module;
  if (isAutomation(standard)) return standard;
  // What a CommonJS file exports stands below `default`.
  const nested = (standard as { default?: unknown } | null | undefined)?.default;
  if (isAutomation(nested)) return nested;
  const named = Object.keys(module).find((name) => isAutomation(module[name]));
  throw new AutomationFileError(
    file,
    named === undefined
      ? "it exports no automation"
      : `its automation is exported as "${named}", not as the default`,
    'Write: export default automation("name", async (run) => { … }), with automation from "holdfast/automation".',
  );
}

/** Where this holdfast keeps its own modules: `src` when it runs from source, else `dist`. */
const OWN_MODULES = new URL("../", import.meta.url);

/** Makes `holdfast` resolve to this one, and answers the local files that are loaded from now on. */
function hookModules(): ReadonlySet<string> {
  const loaded = new Set<string>();
  const entries = ownEntries();
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const own = entries.get(specifier);
      return own === undefined ? nextResolve(specifier, context) : { url: own, shortCircuit: true };
    },
    load(url, context, nextLoad) {
      if (isLocal(url)) loaded.add(url);
      return nextLoad(url, { ...context, format: context.format ?? formatOf(url) });
    },
  });
  return loaded;
}

/** Every entry of the package, as `holdfast/journal`, with its module's URL. */
function ownEntries(): ReadonlyMap<string, string> {
  const root = new URL("../", OWN_MODULES);
  const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const condition = import.meta.url.endsWith(".ts") ? "holdfast:source" : "default";
  return new Map(
    Object.entries(exports).map(([name, target]) => {
      const path = typeof target === "string" ? target : (target[condition] ?? "");
      return [name.replace(/^\./, "holdfast"), new URL(path, root).href];
    }),
  );
}

function isLocal(url: string): boolean {
  return (
    url.startsWith("file:") && !url.startsWith(OWN_MODULES.href) && !url.includes("/node_modules/")
  );
}

/** Files of a package that does not say what its modules are: taken as ES modules, without a warning. */
function formatOf(url: string): string | undefined {
  if (!url.startsWith("file:")) return undefined;
  if (url.endsWith(".ts")) return "module-typescript";
  return url.endsWith(".js") ? "module" : undefined;
}

function hashOf(path: string, loaded: ReadonlySet<string>): string {
  const hash = createHash("sha256");
  const files = [...loaded].map((url) => fileURLToPath(url)).toSorted();
  for (const file of files)
    hash
      .update(`${relative(dirname(path), file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex");
}
