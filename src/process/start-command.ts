/** Starting a command, and waiting for its end. */

import {
  readArgv,
  readRunOptions,
  type RunCommandOptions,
  type SettledRun,
} from "./command-options.ts";
import type { EndedCommand, RunningCommand } from "./ended-command.ts";
import { Execution } from "./execution.ts";
import { UnheldError } from "./supervisor-report.ts";

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
  const command = readArgv("command", argv);
  const first = new Execution(command, settled, { isSupervisable: true }).start();
  return settled.supervise ? orUnsupervised(first, command, settled) : first;
}

/** A supervisor that holds nothing has started nothing: the machine refuses it, or its perl is broken. */
function orUnsupervised(
  first: RunningCommand,
  command: readonly string[],
  settled: SettledRun,
): RunningCommand {
  let running = first;
  let isUnwanted = false;
  const end = first.end.catch((error: unknown) => {
    if (!(error instanceof UnheldError)) throw error;
    // Ctrl-C may have ended the supervisor before it could listen: then nothing is to be started any more.
    const again = isUnwanted ? { ...settled, signal: AbortSignal.abort() } : settled;
    running = new Execution(command, again, { isSupervisable: false }).start();
    return running.end;
  });
  return {
    get pid() {
      return running.pid;
    },
    end,
    forward: (signal) => running.forward(signal),
    leaveNobody: () => {
      isUnwanted = true;
      running.leaveNobody();
    },
  };
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
