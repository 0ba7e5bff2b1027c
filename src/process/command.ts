/** Commands that are to succeed: `command()` and `$`. */

import { OptionsError } from "../core/errors.ts";
import { flag, readOptions, text, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";
import { CommandError } from "./command-error.ts";
import { readRunOptions, RUN_READERS, type RunCommandOptions } from "./command-options.ts";
import { resultOf, type CommandResult } from "./command-result.ts";
import { startCommand } from "./start-command.ts";
import { wordsOf, type WordValue } from "./words.ts";

/** How a command is run that is to succeed. */
export interface CommandOptions extends Omit<RunCommandOptions, "keep" | "unattended"> {
  /** How much of the end of each stream is kept. Default `"16MiB"`, at most `"1GiB"`. */
  readonly keep?: RunCommandOptions["keep"];
  /**
   * Whether messages are not translated and nothing asks a person: git, ssh, apt and psql are told by
   * variables of theirs. Default: true, unless `stdin` is `"inherit"`.
   */
  readonly unattended?: boolean | undefined;
  /**
   * Whether the program is text for a shell: for `/bin/sh`, or for the one that is named. The arguments
   * become `$1`, `$2`, … in it, and are never read as text for the shell. Default false.
   */
  readonly shell?: boolean | string | undefined;
}

const readShell: Reader<string | undefined> = (value, path) => {
  if (value === true) return "/bin/sh";
  if (typeof value === "string") return text({ default: undefined })(value, path);
  flag({ default: false })(value, path);
  return undefined;
};

/**
 * Runs a command that is to succeed: exit code 0. Program and arguments go to the system as they are;
 * no shell sees them, unless `shell` asks for one.
 *
 * Rejects with `CommandError` when it fails, its time is up, or it never starts: the error's fault says
 * which. Rejects with the signal's own reason when that aborts. The whole tree has ended by then.
 *
 * @example
 * const { text } = await command("git", ["rev-parse", "HEAD"], { cwd: folder, timeout: "10s" });
 */
export async function command(
  program: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { shell, ...rest } = options;
  const given = readOptions("command", { shell }, { shell: readShell });
  // A list that is none would be spread into letters, or into nothing.
  if (!Array.isArray(args)) {
    throw new OptionsError("command.args", `expected an array of text, received ${show(args)}`);
  }
  const run = { keep: "16MiB", unattended: options.stdin !== "inherit", ...known(rest) } as const;
  const argv = given.shell === undefined ? [program] : [given.shell, "-c", program, given.shell];
  const end = await startCommand([...argv, ...args], run).end;
  // A cancelled call is the caller's affair.
  if (end.endedBy === "cancel") throw options.signal?.reason;
  if (end.exitCode !== 0) throw new CommandError(end);
  return resultOf(end, readRunOptions("command", run).keep);
}

/** What is `undefined` means the default. */
function known(options: RunCommandOptions): RunCommandOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Runs the command that a template spells; called with options, it answers itself with those. */
export interface Dollar {
  (texts: TemplateStringsArray, ...values: readonly WordValue[]): Promise<CommandResult>;
  (options: DollarOptions): Dollar;
}

/** How commands of a template are run; for a shell there is `command`. */
export type DollarOptions = Omit<CommandOptions, "shell">;

/**
 * Runs a command that is to succeed, written as in a shell, without a shell: `` $`tar -cf ${file} .` ``.
 *
 * A value is one argument, or part of the one that it touches, whatever letters it holds; an array is
 * so many. Spaces part the words of the text, quotes hold them together; anything that only a shell
 * could do (`|`, `>`, `*`, `$HOME`) is refused. Ends as `command` does.
 *
 * @throws {OptionsError} By rejecting, when a value is no text, number or array of them.
 * @example
 * const head = await $({ cwd: folder })`git rev-parse ${branch}`;
 */
export const $: Dollar = dollarWith({});

function dollarWith(options: DollarOptions): Dollar {
  function dollar(
    texts: TemplateStringsArray,
    ...values: readonly WordValue[]
  ): Promise<CommandResult>;
  function dollar(more: DollarOptions): Dollar;
  function dollar(
    first: TemplateStringsArray | DollarOptions,
    ...values: readonly WordValue[]
  ): Promise<CommandResult> | Dollar {
    if (!("raw" in first)) return dollarWith(readDollar({ ...options, ...first }));
    return runWords(first, values, options);
  }
  return dollar;
}

async function runWords(
  { raw }: TemplateStringsArray,
  values: readonly WordValue[],
  options: DollarOptions,
): Promise<CommandResult> {
  const [program, ...args] = wordsOf(raw, values);
  if (program === undefined) throw new OptionsError("$", "there is no command");
  return command(program, args, options);
}

/** Mistakes are told where the options stand. */
function readDollar(options: DollarOptions): DollarOptions {
  readOptions("$", options, RUN_READERS);
  return options;
}
