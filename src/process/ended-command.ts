/** How a command ended, as plain data. */

import type { CommandEnd } from "../core/command-end.ts";
import type { StartProblem } from "./find-program.ts";

/** How a command ended, and how well it was held. */
export interface EndedCommand extends CommandEnd {
  /** `"plain"`, `"supervised"`, `"namespace"`, or what a wrapper of your own said. */
  readonly level: string;
  /** All that it wrote, however much was kept. 0 for a stream that was handed down. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** Processes of its tree that could not be ended: another user's, or ones that wait for a device. */
  readonly leftovers: readonly number[];
  /** What was missing, where it never started. */
  readonly startProblem?: StartProblem | undefined;
  /** Why whoever read its output took no more: `EPIPE`, `ENOSPC`. */
  readonly outputError?: string | undefined;
}

/** A command that runs. */
export interface RunningCommand {
  /** Of the command, or of what is around it; `undefined` when it was not started. */
  readonly pid: number | undefined;
  /** Never rejects for how the command ended. */
  readonly end: Promise<EndedCommand>;
  /** Hands a signal that this process received on to the command's tree, as it is. */
  readonly forward: (signal: NodeJS.Signals) => void;
  /** From now on whoever it leaves behind is ended as well once it has ended, whatever `leftovers` says. */
  readonly leaveNobody: () => void;
}
