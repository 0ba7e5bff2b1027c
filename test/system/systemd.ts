/**
 * A systemd of its own for tests: the first process of new namespaces, in a cgroup of its own, with
 * nothing but the units that a test writes. The machine's settings are read-only to it.
 */

import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { readProcesses } from "../../src/process/process-table.ts";

/** Where the machine has its cgroups of version 2. */
const [, cgroups] = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(mountsOf()) ?? [];

/** Whether one can be started here: by root, where cgroups can be made. */
export const hasSystemd = process.getuid?.() === 0 && cgroups !== undefined && canMake(cgroups);

function mountsOf(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return ""; // No Linux.
  }
}

function canMake(parent: string): boolean {
  try {
    const folder = join(parent, `holdfast-probe-${process.pid}`);
    mkdirSync(folder);
    rmdirSync(folder);
    return true;
  } catch {
    return false; // Read-only, as in most containers.
  }
}

/**
 * Its first lines are run outside: only who is in the cgroup takes it along into the namespace. It ends
 * with whoever runs the tests, also when that one is killed.
 */
const BOOT = `set -e
echo $$ > "$1/cgroup.procs"
exec setpriv --pdeathsig KILL unshare --pid --mount --cgroup --uts --ipc --net --fork --kill-child sh -ec '
  mount --make-rprivate /
  mount -t proc proc /proc
  mount --bind /proc/sys /proc/sys
  mount -o remount,bind,ro /proc/sys
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mount -t tmpfs tmpfs /run
  mount -t tmpfs tmpfs /etc/systemd/system
  mount -t tmpfs tmpfs /var/log
  printf "[Unit]\\nDefaultDependencies=no\\n" > /etc/systemd/system/alone.target
  exec env -i container=other PATH="$PATH" /lib/systemd/systemd --system --unit=alone.target --log-target=null --show-status=0
'`;

const BOOT_MS = 20_000;

/** One that runs. */
export interface Systemd {
  /** A folder that both sides see. */
  readonly folder: string;
  /** Runs a shell beside it; `status` is its exit code. */
  readonly run: (script: string, env?: NodeJS.ProcessEnv) => SpawnSyncReturns<string>;
}

/** Starts one, which ends with the test. */
export async function systemd(): Promise<Systemd> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-systemd-"));
  const cgroup = join(cgroups as string, folder.slice(folder.lastIndexOf("/") + 1));
  mkdirSync(cgroup);
  const boot = spawn("sh", ["-c", BOOT, "sh", cgroup], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => void boot.once("exit", resolve));
  onTestFinished(async () => {
    boot.kill("SIGKILL");
    await ended;
    await removeCgroup(cgroup);
    rmSync(folder, { recursive: true, force: true });
  });
  const untilMs = performance.now() + BOOT_MS;
  for (;;) {
    const pid = readProcesses().find(({ ppid }) => ppid === boot.pid)?.pid;
    const run = (script: string, env: NodeJS.ProcessEnv = {}) => enter(pid, script, env);
    const state = pid === undefined ? "" : run("systemctl is-system-running").stdout;
    if (/running|degraded/.test(state)) return { folder, run };
    if (performance.now() > untilMs) throw new Error(`systemd is not up: ${state}`);
    await sleep(100);
  }
}

function enter(pid: number | undefined, script: string, env: NodeJS.ProcessEnv) {
  const into = ["--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net"];
  return spawnSync("nsenter", ["--target", `${pid}`, ...into, "sh", "-c", script], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], LC_ALL: "C", ...env },
  });
}

/** Those below go first; each as soon as the last process in it is gone. */
async function removeCgroup(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeCgroup(join(folder, entry.name));
  }
  for (let look = 0; look < 100; look++) {
    try {
      rmdirSync(folder);
      return;
    } catch {
      await sleep(100);
    }
  }
}
