/** One command of a script, and what becomes of its exit code. */

import type { Redirection, Word } from "unbash";

/** Where a command stands in its script. */
export interface Standing {
  /** Whether what follows depends on it: `if`, `while`, `!`, before `&&` and `||`. */
  readonly isChecked: boolean;
  /** Whether its failure leads to anything but going on: `if`, `|| exit`. */
  readonly isGuarded: boolean;
  /** Where the list of `&&` and `||` ends that it depends on; `Infinity` where it is in none. */
  readonly listEnd: number;
  /** Where the shell of its own ends that it runs in, `( … )` or `$(…)`; else `Infinity`. */
  readonly shellEnd: number;
  /** Whether something is written into it by a pipe. */
  readonly isFed: boolean;
  readonly isBackground: boolean;
  /** Whether nothing comes after it, so that its exit code is that of the script or the function. */
  readonly isEnd: boolean;
  /** Whether it stands in `$(…)`. */
  readonly isSubstituted: boolean;
  /** The variable that this `$(…)` is the value of; `=` where it is compared as it is. */
  readonly answerTo: string | undefined;
  /** The function whose body it stands in. */
  readonly inFunction: string | undefined;
}

/** One command that is called. */
export interface Call extends Standing {
  /** The program, without its directory: `sudo -u x /usr/bin/curl` is a call of `curl`. */
  readonly name: string;
  /** What follows the program's name. */
  readonly words: readonly Word[];
  readonly redirects: readonly Redirection[];
  /** Where it stands in the text. */
  readonly at: number;
  /** Its pipeline, itself included; alone where there is none. */
  readonly pipeline: Pipeline;
}

/** Commands whose outputs and inputs are connected. */
export interface Pipeline {
  readonly at: number;
  readonly calls: Call[];
  /** How many commands it has; compound ones are no calls. */
  readonly length: number;
  /** The name of the last one; empty where it is compound. */
  readonly last: string;
  /** Whether what comes out of it goes into a file. */
  readonly isWritten: boolean;
  readonly isChecked: boolean;
}
