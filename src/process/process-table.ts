/**
 * The processes of the machine, as far as they can be seen. From /proc where there is one, else from
 * `ps`. Source: proc_pid_stat(5), ps(1) in POSIX.
 */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { parseProcessStat, type ProcessStat } from "../core/process-stat.ts";
import { hasLimit, limitOf } from "./limit-mark.ts";
import { OWN_PROGRAM } from "./own-program.ts";

/** One process. Its session is 0 where the system does not tell. */
export type ProcessEntry = ProcessStat;

/** Every process that can be seen; none at all on a machine with neither /proc nor `ps`. */
export function readProcesses(): ProcessEntry[] {
  const pids = readPids();
  if (pids.length > 0) return pids.flatMap((pid) => findProcess(pid) ?? []);
  return askPs(["-ax"]);
}

/** One process by its pid; `undefined` when there is none. */
export function findProcess(pid: number): ProcessEntry | undefined {
  const stat = readOr("", () => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (stat !== "") return parseProcessStat(stat);
  // Where /proc is there and may be read, nobody else knows more.
  const isTold = readOr("", () => readFileSync("/proc/self/stat", "utf8")) !== "";
  return isTold ? undefined : askPs(["-p", `${pid}`])[0];
}

/**
 * What the system answers to signal 0, which reaches no one: `ESRCH` where nobody has the pid, `EPERM`
 * where another user's process has it, which /proc may hide (`hidepid`, proc(5)); else `undefined`.
 */
export function errorOfSignal(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

function askPs(which: readonly string[]): ProcessEntry[] {
  const columns = ["-o", "pid=,ppid=,pgid=,stat=,lstart="];
  const options = { encoding: "utf8", ...OWN_PROGRAM } as const;
  return parsePs(spawnSync("ps", [...which, ...columns], options).stdout ?? "");
}

/** What `ps -o pid=,ppid=,pgid=,stat=,lstart=` prints. @internal */
export function parsePs(text: string): ProcessEntry[] {
  return text.split("\n").flatMap((line) => {
    const [, pid, ppid, group, state = "", startTime = ""] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*?)\s*$/.exec(line) ?? [];
    if (pid === undefined) return [];
    return [
      {
        pid: Number(pid),
        ppid: Number(ppid),
        group: Number(group),
        session: 0,
        startTime,
        isZombie: state.startsWith("Z"),
      },
    ];
  });
}

/** Whether the environment that the process was started with holds `text`. False where that is hidden. */
export function isStartedWith(pid: number, text: string): boolean {
  return readOr("", () => readFileSync(`/proc/${pid}/environ`, "latin1")).includes(text);
}

/** Whether the process carries the mark of a command: in its environment, or as a limit. */
export function isMarkedWith(pid: number, mark: string): boolean {
  if (isStartedWith(pid, mark)) return true;
  const limits = readOr("", () => readFileSync(`/proc/${pid}/limits`, "latin1"));
  return hasLimit(limits, limitOf(mark));
}

/**
 * The pids of the process in each pid namespace that it is in, from ours inwards. 1 as the last one is
 * the first process of a namespace. Just its pid where that is not told.
 */
export function namespacePids(pid: number): readonly number[] {
  const status = readOr("", () => readFileSync(`/proc/${pid}/status`, "utf8"));
  const [, pids] = /^NSpid:\s*(.*)$/m.exec(status) ?? [];
  return pids === undefined ? [pid] : pids.trim().split(/\s+/).map(Number);
}

/** What a pid means: this start of the machine, and this pid namespace. Empty where it is not told. */
export function pidSpace(): { readonly bootId: string; readonly pidNamespace: string } {
  return {
    bootId: readOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    pidNamespace: readOr("", () => readlinkSync("/proc/self/ns/pid")),
  };
}

/** The pids that can be seen; none where there is no /proc. */
export function readPids(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return []; // No such thing on this machine.
  }
}

/** What `read` gives, or `otherwise` for what is gone, hidden, or not on this machine. */
function readOr(otherwise: string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
