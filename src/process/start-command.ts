/** Starting a command, and waiting for its end. */

import { readArgv, readRunOptions, type RunCommandOptions } from "./command-options.ts";
import type { EndedCommand, RunningCommand } from "./ended-command.ts";
import { Execution } from "./execution.ts";

/**
 * Starts a command. The options are read at once; whatever becomes of the command is told by its end.
 * `end` rejects only when its input broke off: with the input's own error, once the tree has ended.
 *
 * @throws {OptionsError} When an option is unknown or does not fit, or an argument holds a zero byte.
 */
export function startCommand(
  argv: readonly string[],
  options: RunCommandOptions = {},
): RunningCommand {
  const settled = readRunOptions("command", options);
  return new Execution(readArgv("command", argv), settled).start();
}

/**
 * Runs a command to its end: a program and its arguments, which no shell gets to see. Never rejects for
 * how it ended: also that it never started, failed or had to be ended is an answer. Rejects with
 * `OptionsError`, and with the error of an input that broke off.
 *
 * When its time is up, or `signal` aborts, its whole tree of processes ends first.
 *
 * @example
 * const { exitCode, stderr } = await runCommand(["tar", "-cf", archive, folder], { timeout: "10m" });
 */
export async function runCommand(
  argv: readonly string[],
  options: RunCommandOptions = {},
): Promise<EndedCommand> {
  return startCommand(argv, options).end;
}
