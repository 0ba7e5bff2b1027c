/**
 * Who owns a run, and whether that process is still there.
 *
 * A pid alone says little: it is used again after a while, after a restart of the machine, and in
 * every container. So an owner is told by the start of its machine (boot id), its pid namespace, its
 * pid and the moment it started. Source for the files: proc(5), proc_pid_stat(5).
 */

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Owner } from "../core/journal.ts";
import { parseProcessStat } from "../core/process-stat.ts";

/** What is known of a running process; a part that cannot be had is empty. */
export interface ProcessState {
  /** In the machine's own count. */
  readonly startTime: string;
  /** It has ended, and only its entry in the table of processes is left. */
  readonly isZombie: boolean;
}

/** Looks a process of this machine and namespace up; `undefined` when there is none. */
export type FindProcess = (pid: number) => ProcessState | undefined;

/** This process, as the owner of a run. */
export function thisProcess(): Owner {
  return {
    host: hostname(),
    bootId: readOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    pidNamespace: readOr("", () => readlinkSync("/proc/self/ns/pid")),
    pid: process.pid,
    startTime: findProcess(process.pid)?.startTime ?? "",
  };
}

/**
 * Whether the owner's process has certainly ended, or certainly lives. `undefined` when that cannot
 * be told from here, and its lease must run out: it ran on another machine or in another pid
 * namespace, or the system does not say when processes started. Also of this very process, for
 * which of its executions the run belongs to its pid does not tell.
 *
 * Machines that share a journal need different host names.
 */
export function isGone(owner: Owner): boolean | undefined {
  return isGoneFor(thisProcess(), owner, findProcess);
}

/** `isGone` as the process `me` sees it. @internal */
export function isGoneFor(me: Owner, owner: Owner, find: FindProcess): boolean | undefined {
  if (
    owner.host === me.host &&
    owner.bootId !== "" &&
    me.bootId !== "" &&
    owner.bootId !== me.bootId
  ) {
    return true;
  }
  if (!sharesProcesses(me, owner)) return undefined;
  const found = find(owner.pid);
  if (found === undefined || found.isZombie) return true;
  if (found.startTime === "" || owner.startTime === "") return undefined;
  if (found.startTime !== owner.startTime) return true;
  return owner.pid === me.pid ? undefined : false;
}

/** The owner in words, for messages. */
export function describeOwner(owner: Owner): string {
  return `process ${owner.pid} on ${owner.host}`;
}

/**
 * Whether a pid means the same process to both. Boot id and namespace are unique together; where
 * either cannot be had, the host must be the same too.
 */
function sharesProcesses(me: Owner, owner: Owner): boolean {
  if (owner.bootId !== me.bootId || owner.pidNamespace !== me.pidNamespace) return false;
  return (me.bootId !== "" && me.pidNamespace !== "") || owner.host === me.host;
}

function findProcess(pid: number): ProcessState | undefined {
  // Asked first: another user's entry in /proc may be hidden (hidepid), but the signal sees it.
  if (!takesSignals(pid)) return undefined;
  const stat = readOr("", () => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return parseStat(stat);
}

/** The parts of /proc/<pid>/stat that matter here. @internal */
export function parseStat(stat: string): ProcessState {
  const { startTime, isZombie } = parseProcessStat(stat);
  return { startTime, isZombie };
}

/** Signal 0 reaches no one: it only asks whether the process is there. */
function takesSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and belongs to another user.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** What `read` gives, or `otherwise` on a machine without /proc. */
function readOr(otherwise: string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
