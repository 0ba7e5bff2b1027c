/**
 * The real command line in a process that kills itself with SIGKILL at one moment:
 *
 *     CRASH_AT='archive: after the effect' node test/crash/victim.ts run FILE
 *
 * With `CRASH_LIST=FILE` instead it lives, and appends the windows it passes to that file, one JSON
 * line each. The process that takes the run up afterwards is `src/cli/main.ts`, which knows of none of this.
 */

import { appendFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { labelOf, watchedJournal, type Window } from "./windows.ts";

const { CRASH_AT: label, CRASH_LIST: list } = process.env;

function reach(window: Window): void {
  if (list !== undefined) appendFileSync(list, `${JSON.stringify(window)}\n`);
  // The kernel ends every thread before this call returns.
  if (labelOf(window) === label) process.kill(process.pid, "SIGKILL");
}

// As in main.ts.
enableCompileCache();
const { start } = await import("../../src/cli/start.ts");
const { journalFile, sqliteJournal } = await import("../../src/journal/index.ts");
await start(process.argv.slice(2), {
  openJournal: async () => watchedJournal(sqliteJournal(journalFile(process.env)), reach),
});
