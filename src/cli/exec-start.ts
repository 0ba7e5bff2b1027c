/**
 * The command line of `holdfast exec` alone. It stands in crontabs and before every command of a script,
 * so it is what most starts are. No code of the user's runs in it that could import holdfast a second
 * time; so `scripts/build.js` makes it one file, of all that is imported here and by what is, which
 * `exec-kept.ts` runs with the bytecode of an earlier start.
 */

// What each start needs sooner or later. Elsewhere these are loaded when they are needed.
import "../journal/home.ts";
import "../journal/sqlite.ts";
import "../process/reap.ts";
import "./arguments.ts";
import "./called-as.ts";
import "./exec.ts";
import "./exec/envelope.ts";
import "./exec/perform-exec.ts";
import "./open-journal.ts";
import { EXEC } from "./exec-listing.ts";
import { start } from "./start.ts";

/** Runs `holdfast exec`, and ends the process. `words` begin with that name. */
export function startExec(words: readonly string[]): Promise<void> {
  return start(words, { exec: EXEC });
}
