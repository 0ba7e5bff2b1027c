/**
 * The moments at which a process kills itself with SIGKILL, by its environment:
 *
 *     CRASH_AT='archive: after the effect'    at this window
 *     CRASH_AFTER=7                           at the seventh window that it passes, whichever that is
 *     CRASH_LIST=FILE                         nowhere; appends the windows to FILE, one JSON line each
 *
 * With CRASH_FULL_AT the disk of its journal becomes full at that window, and CRASH_AFTER counts from
 * there: 0 is right there. With CRASH_DISK there are also windows of the journal's files.
 */

import { appendFileSync } from "node:fs";
import { fillDisk } from "./full/disk.ts";
import { labelOf, type Window } from "./windows.ts";

const { CRASH_AT: label, CRASH_AFTER: last, CRASH_LIST: list } = process.env;
let { CRASH_FULL_AT: fullAt } = process.env;

let passed = 0;

/** Says that the process is at `window`. Does not come back when it is to die there. */
export function reach(window: Window): void {
  if (list !== undefined) appendFileSync(list, `${JSON.stringify(window)}\n`);
  passed += 1;
  const here = labelOf(window);
  if (here === fullAt) {
    fillDisk(process.env["HOLDFAST_HOME"] ?? "");
    fullAt = undefined;
    passed = 0;
  }
  const isLast = fullAt === undefined && String(passed) === last;
  // The kernel ends every thread before this call returns.
  if (here === label || isLast) process.kill(process.pid, "SIGKILL");
}
