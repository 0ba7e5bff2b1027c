/**
 * How a command ended, as plain data: what the one who ran it saw, and what was measured beside it.
 * `holdfast/process` makes it, the classifier of commands reads it.
 */

/** What was measured around a command, so that failures that look alike can be told apart. */
export interface Symptoms {
  /** Processes that the kernel killed for lack of memory, between the command's start and its end. */
  readonly oomKills?: number | undefined;
  /**
   * What has run out where the command writes: room, inodes, or neither, which makes "No space left on
   * device" a limit of another kind. `undefined`: it was not measured.
   */
  readonly full?: "bytes" | "inodes" | "neither" | undefined;
  /** What the shell script that was run says of itself. `undefined`: it is none, or could not be read. */
  readonly script?: ScriptHabits | undefined;
}

/** What a shell script does when one of its commands fails: only with it known can its last words be read. */
export interface ScriptHabits {
  /** It ends there, as with `set -e`: whatever failed earlier was survived. */
  readonly stopsAtFailure: boolean;
  /** It has a trap for its end, so that something may be said after why it failed. */
  readonly hasTrap: boolean;
}

/** One command that has ended, however it did. */
export interface CommandEnd {
  /** The program and its arguments as they were run; what holdfast itself wrapped around them is left out. */
  readonly argv: readonly string[];
  /** `undefined` when a signal ended it, or it never started. */
  readonly exitCode: number | undefined;
  /** As `SIGKILL`. A shell says 128 and the signal's number by its exit code instead. */
  readonly signal: string | undefined;
  /** Why it never started: `ENOENT`, `EACCES`, `E2BIG`. */
  readonly startError?: string | undefined;
  /** The last of what it wrote, at most 64 KiB by default, decoded leniently. */
  readonly stdout: string;
  readonly stderr: string;
  /** From its start to its end, in milliseconds. */
  readonly durationMs: number;
  /** Where it did not end by itself: its time was up, it wrote nothing for too long, or it was cancelled. */
  readonly endedBy?: "timeout" | "idle" | "cancel" | undefined;
  readonly symptoms?: Symptoms | undefined;
}
