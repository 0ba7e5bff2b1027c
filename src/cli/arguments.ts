/** Reads the words of a command line by a command's flags, strictly. */

import { parseArgs } from "node:util";
import { UsageError, type Arguments, type Command } from "./command.ts";
import { nearest } from "./nearest.ts";

const HELP = { type: "boolean", short: "h" } as const;

/** What was asked of a command: to run with these arguments, or its help. */
export type Call = { readonly help: true } | { readonly help: false; readonly args: Arguments };

/** @throws {UsageError} For an unknown flag, a missing value, or too few or too many words. */
export function readArguments(command: Command, words: readonly string[]): Call {
  const { values, positionals, afterDashes } = parse(command, words);
  if (values["help"] === true) return { help: true };
  checkPositionals(command, positionals);
  checkValues(command, values);
  return {
    help: false,
    args: {
      positionals,
      afterDashes,
      text: (flag) => (typeof values[flag] === "string" ? values[flag] : undefined),
      texts: (flag) => (Array.isArray(values[flag]) ? (values[flag] as string[]) : []),
      has: (flag) => values[flag] === true,
    },
  };
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
  readonly afterDashes: readonly string[] | undefined;
}

function parse(command: Command, words: readonly string[]): Parsed {
  const options = Object.fromEntries(
    Object.entries(command.flags).map(([name, { type, multiple = false, short }]) => [
      name,
      { type, multiple, ...(short === undefined ? {} : { short }) },
    ]),
  );
  try {
    const { values, positionals, tokens } = parseArgs({
      args: [...words],
      options: { ...options, help: HELP },
      allowPositionals: true,
      tokens: true,
    });
    const dashes = tokens.find(({ kind }) => kind === "option-terminator")?.index;
    const afterDashes = dashes === undefined ? undefined : words.slice(dashes + 1);
    return { values, positionals, afterDashes };
  } catch (error) {
    throw new UsageError(explain(error, command));
  }
}

/** What Node complains of, as the flags' own help has it. */
function explain(error: unknown, { flags }: Command): string {
  const { code, message } = error as Error & { code?: string };
  const named = /'(?:-\w, )?(-[^'=\s]*)/.exec(message)?.[1] ?? "";
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const known = [...Object.keys(flags), "help"].map((name) => `--${name}`);
    const near = nearest(named, known);
    return `unknown flag ${named}${near === undefined ? "" : `; did you mean ${near}?`}`;
  }
  const { type = "boolean", value = "VALUE" } = flags[named.replace(/^-+/, "")] ?? {};
  if (type === "boolean") return `${named} takes no value`;
  // Node refuses a value that begins with a dash, for it may be a flag whose value was forgotten.
  return `${named} needs a value: ${named} ${value}, or ${named}=${value} when it begins with a dash`;
}

function checkPositionals(command: Command, positionals: readonly string[]): void {
  const { min, max, mayBeEmpty = false } = command.positionals;
  // The words stand first in the usage.
  const names = command.usage.split(" ");
  if (positionals.length < min) throw new UsageError(`${names[positionals.length]} is missing`);
  if (positionals.length > max) {
    throw new UsageError(`unexpected word ${JSON.stringify(positionals[max])}`);
  }
  if (mayBeEmpty) return;
  // Most likely a shell's variable that is not set.
  const empty = positionals.indexOf("");
  if (empty >= 0) throw new UsageError(`${names[empty]} is empty`);
}

function checkValues(command: Command, values: Readonly<Record<string, unknown>>): void {
  for (const [name, { choices, value: example = "VALUE" }] of Object.entries(command.flags)) {
    const value = values[name];
    if (value === "") throw new UsageError(`--${name} is empty; expected ${example}`);
    if (choices === undefined || typeof value !== "string" || choices.includes(value)) continue;
    throw new UsageError(`--${name}: expected ${list(choices)}, received ${JSON.stringify(value)}`);
  }
}

/** `a, b or c`. */
function list(words: readonly string[]): string {
  return words.join(", ").replace(/, (?=[^,]*$)/, " or ");
}
