/** Processes that outlive the one that started them, found by what stands in their environment. */

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseStat } from "../../../src/journal/owner.ts";

/** A process of one moment: its number may be another's later. */
interface Found {
  readonly pid: number;
  readonly startTime: string;
  readonly command: string;
}

/** How long it may take to notice that nobody is there any more: a machine may be busy. */
const GRACE_MS = 5_000;
const EVERY_MS = 20;

/** Ends whatever still has `setting` in its environment after a grace, and answers what that was. */
export async function endOrphans(setting: string, graceMs = GRACE_MS): Promise<string[]> {
  let found = findProcesses(setting);
  for (let waitedMs = 0; found.length > 0 && waitedMs < graceMs; waitedMs += EVERY_MS) {
    await sleep(EVERY_MS);
    found = findProcesses(setting);
  }
  for (const { pid, startTime } of found) {
    if (startTimeOf(pid) === startTime) process.kill(pid, "SIGKILL");
  }
  return found.map(({ pid, command }) => `${command} (${pid})`);
}

function findProcesses(setting: string): Found[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).flatMap((pid) => {
    const environment = contentOf(pid, "environ").split("\0");
    if (pid === process.pid || !environment.includes(setting)) return [];
    const command = contentOf(pid, "cmdline").replaceAll("\0", " ").trim();
    return [{ pid, startTime: startTimeOf(pid), command }];
  });
}

function startTimeOf(pid: number): string {
  return parseStat(contentOf(pid, "stat")).startTime;
}

/** Empty for a process that has ended, and for another user's. */
function contentOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
