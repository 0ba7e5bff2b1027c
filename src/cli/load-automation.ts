/**
 * Loads an automation's file from anywhere on disk: TypeScript without a build, with `import "holdfast"`
 * resolved to the holdfast that runs, installed there or not, and ES modules known by their syntax.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { registerHooks } from "node:module";
import { dirname, extname, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ExecuteOptions } from "../automation/execute.ts";
import { isAutomation, type Automation } from "../automation/automation.ts";
import type { RunResult } from "../automation/run.ts";
import type { Journal } from "../core/journal.ts";
import { AutomationFileError, explainLoadError } from "./load-error.ts";
import { isModuleSyntax } from "./module-syntax.ts";

/** An automation, and what tells it from a changed one. */
export interface LoadedAutomation {
  readonly automation: Automation<never>;
  /** The absolute path; `undefined` where it came from no file. */
  readonly file: string | undefined;
  /** A hash of the file and of what it imports, packages left out. */
  readonly codeHash: string;
  /** What it exports as `rehearsal`, beside its automation. */
  readonly rehearsal: unknown;
  /** Runs it, where that is not done in this process. */
  readonly execute?: (
    automation: Automation<never>,
    options: ExecuteOptions & { readonly journal: Journal },
  ) => Promise<RunResult>;
}

const MODULE_TYPES = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"];

/** An automation that came from a file. */
export interface AutomationOfFile extends LoadedAutomation {
  readonly file: string;
}

/** Loads `file`, relative to `cwd`. Rejects with `AutomationFileError`. */
export async function loadAutomation(file: string, cwd: string): Promise<AutomationOfFile> {
  const path = resolve(cwd, file);
  await checkFile(path, file);
  const loaded = hookModules(file);
  const module = await importFile(path, file, loaded);
  return {
    automation: pickAutomation(module, file),
    file: path,
    codeHash: hashOf(path, loaded),
    rehearsal: exported(module, "rehearsal"),
  };
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

async function importFile(
  path: string,
  file: string,
  loaded: ReadonlySet<string>,
): Promise<Record<string, unknown>> {
  const { promise: drained, reject } = Promise.withResolvers<never>();
  const drain = () => reject(new AutomationFileError(file, ...NEVER_LOADED));
  // When nothing is left that could wake an `await` of the file, Node would end the process.
  process.once("beforeExit", drain);
  try {
    const loading = import(pathToFileURL(path).href) as Promise<Record<string, unknown>>;
    return await Promise.race([loading, drained]);
  } catch (error) {
    throw explainLoadError(error, { file, newest: [...loaded].at(-1) });
  } finally {
    process.off("beforeExit", drain);
  }
}

const NEVER_LOADED = [
  "it waits for something that never comes while it is being loaded",
  "Look for an await outside of the automation's function, in the file and in what it imports.",
] as const;

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

/** What a CommonJS file exports may stand below `default`. */
function exported(module: Record<string, unknown>, name: string): unknown {
  return module[name] ?? (module["default"] as Record<string, unknown> | undefined)?.[name];
}

/** Where this holdfast keeps its own modules: `src` when it runs from source, else `dist`. */
const OWN_MODULES = new URL("../", import.meta.url);

/** Makes `holdfast` resolve to this one, and answers the modules that are read from now on, in order. */
function hookModules(file: string): ReadonlySet<string> {
  const loaded = new Set<string>();
  const entries = ownEntries();
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const own = entries.get(specifier);
      if (own !== undefined) return { url: own, shortCircuit: true };
      if (specifier.startsWith("holdfast/")) {
        const known = [...entries.keys()].filter((name) => !name.endsWith(".json")).join(", ");
        throw new AutomationFileError(file, `there is no "${specifier}"`, `There are ${known}.`);
      }
      return nextResolve(specifier, context);
    },
    load(url, context, nextLoad) {
      loaded.add(url);
      return nextLoad(url, { ...context, format: formatOf(url, context.format) });
    },
  });
  return loaded;
}

/** What a package.json says of CommonJS is not taken for more than a default, packages left out. */
function formatOf(url: string, format: string | null | undefined): string | null | undefined {
  const asModule = format === undefined || format === null ? undefined : MODULE_FORMATS[format];
  if (asModule === undefined || !isLocal(url) || /\.c[jt]s$/.test(url)) return format;
  return isModuleSyntax(readFileSync(fileURLToPath(url), "utf8")) ? asModule : format;
}

const MODULE_FORMATS: Readonly<Record<string, string>> = {
  commonjs: "module",
  "commonjs-typescript": "module-typescript",
};

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

function hashOf(path: string, loaded: ReadonlySet<string>): string {
  const hash = createHash("sha256");
  // Sorted, for in which order modules are read is Node's own affair.
  const files = [...loaded].filter(isLocal).map((url) => fileURLToPath(url));
  for (const file of files.toSorted()) {
    const name = relative(dirname(path), file);
    hash.update(`${name}\0`).update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}
