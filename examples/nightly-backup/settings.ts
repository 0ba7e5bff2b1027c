/** What the backup works on: the input of the run, checked, with what is left out filled in. */

import { basename, join, resolve } from "node:path";
import { toMs, type Duration } from "holdfast";
import { journalFile, stateHome } from "holdfast/journal";

/** The input; everything may be left out. */
interface Input {
  /** What is backed up. Default: this checkout. */
  readonly directory?: string;
  /** What its backups are called, here and in the store. Default: the directory's name. */
  readonly name?: string;
  /** The SQLite database that goes with it. Default: the journal of holdfast itself. */
  readonly database?: string;
  /** Where the object store is. Default: `$BACKUP_STORE_URL`. */
  readonly store?: string;
  /** Where backups are kept on this machine. Default: `backups` beside the journal. */
  readonly workspace?: string;
  /** How many backups are kept, here and in the store. Default 7. */
  readonly keep?: number;
  /**
   * Names of files and directories that are left out wherever they stand. Default: none; of this
   * checkout, what can be made again (`node_modules`, `.node`, `.holdfast`, `dist`, `coverage`).
   */
  readonly exclude?: readonly string[];
  /** How often each step is attempted; 1 is without retries. Default 5. */
  readonly attempts?: number;
  /** How long the store may give no answer, beside the time for the bytes. Default `"5s"`. */
  readonly timeout?: Duration;
}

/** The settings of one run: paths are absolute. */
export interface Settings {
  readonly directory: string;
  readonly name: string;
  readonly database: string;
  readonly store: string;
  readonly workspace: string;
  readonly keep: number;
  readonly exclude: readonly string[];
  readonly attempts: number;
  readonly timeoutMs: number;
}

const CHECKOUT = resolve(import.meta.dirname, "../..");

const MADE_AGAIN = ["node_modules", ".node", ".holdfast", "dist", "coverage"];

/** What each input must be; anything else is refused before the run starts. */
const CHECKS: Record<keyof Input, [expected: string, fits: (value: unknown) => boolean]> = {
  directory: ["a path", isText],
  name: ["letters, digits, dots, dashes", (value) => isText(value) && /^\w[\w.-]*$/.test(value)],
  database: ["a path", isText],
  store: [
    "an http(s) URL",
    (value) => isText(value) && /^https?:/.test(value) && URL.canParse(value),
  ],
  workspace: ["a path", isText],
  keep: ["a whole number from 1", isCount],
  exclude: ["a list of names", (value) => Array.isArray(value) && value.every(isText)],
  attempts: ["a whole number from 1", isCount],
  timeout: ['a duration such as "5s"', isDuration],
};

/**
 * Checks the input and settles it. It is a Standard Schema, made by hand; one of zod, valibot or
 * arktype would do as well.
 */
export const settings = {
  "~standard": {
    version: 1 as const,
    vendor: "nightly-backup",
    validate: (value: unknown) => {
      const input = withStore(value as Input);
      const issues = problemsOf(input).map((message) => ({ message }));
      return issues.length > 0 ? { issues } : { value: settle(input) };
    },
  },
};

/** The store's address may change between a run and its resume, so it is not part of the input. */
function withStore(input: Input): Input {
  const url = process.env["BACKUP_STORE_URL"];
  return { ...(url === undefined ? {} : { store: url }), ...input };
}

function problemsOf(input: Input): string[] {
  const unknown = Object.keys(input).filter((name) => !Object.hasOwn(CHECKS, name));
  const given = Object.entries(CHECKS).filter(([name]) => Object.hasOwn(input, name));
  return [
    ...unknown.map((name) => `${name}: unknown; known are ${Object.keys(CHECKS).join(", ")}`),
    ...given.flatMap(([name, [expected, fits]]) =>
      fits(input[name as keyof Input]) ? [] : [`${name}: expected ${expected}`],
    ),
    ...(input.store === undefined ? ["store: is missing, and BACKUP_STORE_URL is not set"] : []),
  ];
}

function settle(input: Input): Settings {
  const directory = resolve(input.directory ?? CHECKOUT);
  return {
    directory,
    name: input.name ?? nameFor(directory),
    database: resolve(input.database ?? journalFile(process.env)),
    store: (input.store ?? "").replace(/\/+$/, ""),
    workspace: resolve(input.workspace ?? join(stateHome(process.env), "backups")),
    keep: input.keep ?? 7,
    exclude: input.exclude ?? (directory === CHECKOUT ? MADE_AGAIN : []),
    attempts: input.attempts ?? 5,
    timeoutMs: toMs(input.timeout ?? "5s"),
  };
}

function nameFor(directory: string): string {
  const name = basename(directory)
    .replaceAll(/[^\w.-]+/g, "-")
    .replace(/^[.-]+/, "");
  return name === "" ? "root" : name;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isDuration(value: unknown): boolean {
  try {
    return toMs(value as Duration) > 0;
  } catch {
    return false;
  }
}
