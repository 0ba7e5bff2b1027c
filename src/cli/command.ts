/** What a command of the command line is, and what it is given. */

import type { Signal } from "../automation/cancel/cancellation.ts";
import type { Clock } from "../core/clock.ts";
import type { Order } from "../automation/schedule/serving.ts";
import type { Journal } from "../core/journal.ts";
import type { BallastEvent } from "../journal/kept-ballast.ts";

/** A flag, as help and completion show it. */
export interface Flag {
  /** `boolean` flags take no value. */
  readonly type: "string" | "boolean";
  /** What stands for the value in the help: `JSON|@FILE`. */
  readonly value?: string;
  readonly summary: string;
  /** The only values that are taken, where that is so. */
  readonly choices?: readonly string[];
  /** What completion offers, of values that may be others or go on. */
  readonly offers?: readonly string[];
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
  /** A letter that stands for it: `f` for `-f`. */
  readonly short?: string;
}

/** The flags of a command, by their long names. */
export type Flags = Readonly<Record<string, Flag>>;

/** What stands on the command line after a command's name, read by its flags. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** Those of them that stand after `--`; `undefined` where there is none. */
  readonly afterDashes?: readonly string[] | undefined;
  /** The value of a flag that was given. */
  text(flag: string): string | undefined;
  /** All values of a flag that may be given several times. */
  texts(flag: string): readonly string[];
  /** Whether a boolean flag was given. */
  has(flag: string): boolean;
}

/** An example: what is typed, and what it does. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** One command, one file. */
export interface Command {
  readonly name: string;
  /** What follows the name: `FILE [--input JSON|@FILE]`. */
  readonly usage: string;
  /** Whole paragraphs for `--help`, beyond what the flags say. */
  readonly details?: string;
  /** How many words it takes beside its flags, and which are offered; files where that is not said. */
  readonly positionals: {
    readonly min: number;
    readonly max: number;
    readonly words?: readonly string[];
    /** Whether they are runs: the ids of the newest are offered too. */
    readonly areRuns?: true;
    /** Whether an empty one is as good as any: those of `exec` are another program's. */
    readonly mayBeEmpty?: true;
  };
  readonly flags: Flags;
  /** Further rows for `--help`, under a title each. */
  readonly tables?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  readonly examples: readonly Example[];
  /** Answers the exit code. */
  run(args: Arguments, world: World): Promise<number>;
}

/** A command that is not loaded yet, so that an overview of all loads none. */
export interface Listing {
  /** One line, a verb first. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** The world outside, handed in once by `main.ts`. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Writes to the standard output: results only. */
  print(text: string): void;
  /** Writes to the standard error: progress, logs, complaints. */
  complain(text: string): void;
  /** Whether the standard error shows colours. */
  readonly hasColours: boolean;
  /** How wide the terminal is, in characters; `Infinity` where the standard output is none. */
  readonly columns: number;
  /** The terminal behind the standard error; `undefined` where there is none. */
  readonly terminal: Terminal | undefined;
  /** Aborts when whoever reads the standard output has gone. */
  readonly outputClosed: AbortSignal;
  /** The directory of the runs' logs. */
  logDirectory(): Promise<string>;
  /** How this command line is called, for commands that people copy: `npx holdfast`. */
  calledAs(): Promise<string>;
  /**
   * @param file The automation's, where there is one: packages beside it are found.
   * @param on Is told what the journal tells of itself. Default: nobody is.
   */
  openJournal(file?: string, on?: (event: BallastEvent) => void): Promise<Journal>;
  /** Calls `onSignal` when the process is asked to stop. The answer ends that. */
  onInterrupt(onSignal: (signal: Signal) => void): () => void;
  /** Calls `tell` with an error that nobody caught, in a timer or a promise. The answer ends that. */
  onUncaught(tell: (error: unknown) => void): () => void;
  /** Ends the process at once. */
  exit(exitCode: number): void;
  /** Where `holdfast serve` started this process: what it is to run, and whether the server is there. */
  readonly served?: Served;
}

/** A run that a server started. */
export interface Served {
  readonly order: Order;
  /** Aborts when the server's process has ended. */
  readonly serverGone: AbortSignal;
}

/** A terminal in which lines can be redrawn in place. */
export interface Terminal {
  /** How wide it is now, in characters. */
  columns(): number;
  /** Calls `before` ahead of whatever is written to it, by whomever. The answer ends that. */
  onWrite(before: (text: string) => void): () => void;
}

/** The command line was not understood. */
export class UsageError extends Error {
  static {
    Object.defineProperty(this.prototype, "name", { value: "UsageError" });
  }
}
