/**
 * A systemd of its own for tests: the first process of new namespaces, in a cgroup of its own, with
 * nothing but the units that a test writes. The machine is read-only to it.
 */

import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { readProcesses } from "../../src/process/process-table.ts";

/** Where the machine has its cgroups of version 2. */
const [, cgroups] = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(mountsOf()) ?? [];

const SYSTEMD = "/lib/systemd/systemd";

/** Whether one can be started here: by root, where cgroups and namespaces can be made. */
export const hasSystemd =
  process.getuid?.() === 0 &&
  existsSync(SYSTEMD) &&
  cgroups !== undefined &&
  canMake(cgroups) &&
  spawnSync("unshare", ["--pid", "--mount", "--cgroup", "--net", "--fork", "true"]).status === 0;

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
 * It runs until its input ends, which is when whoever runs the tests is gone, however that came; then it
 * leaves neither process nor cgroup nor folder behind. Its mounts go with its last process. Only who is
 * in the cgroup takes it along into the namespace.
 */
const KEEP = `
sh -ec 'echo $$ > "$1/cgroup.procs"; exec setpriv --pdeathsig KILL unshare --pid --mount --cgroup --uts --ipc --net --fork --kill-child sh -ec "$3" sh "$2"' sh "$1" "$2" "$3" </dev/null &
read -r _
exec 2>/dev/null
kill -KILL $!
wait $!
for look in $(seq 100); do
  find "$1" -depth -type d -exec rmdir {} + && break
  sleep 0.1
done
rm -rf "$2"`;

/** What is not kept apart by namespaces: devices, the kernel and its clock. */
const LESS = "--bounding-set -mknod,-sys_module,-sys_rawio,-sys_time";

/**
 * Of the machine it can write to nothing but its folder: all that is mounted is read-only to it, and
 * /proc, /sys and /dev are its own; nor can it set the clock. What cannot be made so ends it before
 * systemd begins.
 */
const BOOT = `
  mount --make-rprivate /
  mount --bind "$1" "$1"
  while read -r _ _ _ _ at _; do
    [ "$at" = "$1" ] || mount -o remount,bind,ro "$at" || ! mountpoint -q "$at"
  done </proc/self/mountinfo
  mount -t proc proc /proc
  for at in sys sysrq-trigger irq bus fs acpi; do
    [ ! -e /proc/$at ] || { mount --bind /proc/$at /proc/$at; mount -o remount,bind,ro /proc/$at; }
  done
  mount -t sysfs -o ro sysfs /sys
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mount -t tmpfs tmpfs /run
  mkdir /run/dev
  for at in null zero full random urandom tty; do
    : > /run/dev/$at
    mount --bind /dev/$at /run/dev/$at
  done
  mount --rbind /run/dev /dev
  mount -t tmpfs tmpfs /etc/systemd/system
  mount -t tmpfs tmpfs /var/log
  printf "[Unit]\\nDefaultDependencies=no\\n" > /etc/systemd/system/alone.target
  exec setpriv ${LESS} env -i container=other PATH="$PATH" ${SYSTEMD} --system --unit=alone.target --log-target=null --show-status=0
`;

const BOOT_MS = 20_000;

/** One that runs. */
export interface Systemd {
  /** A folder that both sides see. */
  readonly folder: string;
  /** Runs a shell beside it; `status` is its exit code. */
  readonly run: (script: string, env?: NodeJS.ProcessEnv) => SpawnSyncReturns<string>;
  /** Ends it, as the end of whoever started it does. Its cgroup is told, which is gone then. */
  readonly end: () => Promise<string>;
}

/** Starts one, which ends with the test. */
export async function systemd(): Promise<Systemd> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-systemd-"));
  const cgroup = join(cgroups as string, folder.slice(folder.lastIndexOf("/") + 1));
  mkdirSync(cgroup);
  const keeper = spawn("sh", ["-c", KEEP, "sh", cgroup, folder, BOOT], {
    stdio: ["pipe", "ignore", "inherit"],
    // In a group of its own: a Ctrl-C must not end it before it has ended systemd.
    detached: true,
  });
  const ended = once(keeper, "exit");
  const end = async () => {
    keeper.stdin.end();
    await ended;
    return cgroup;
  };
  onTestFinished(async () => void (await end()));
  const untilMs = performance.now() + BOOT_MS;
  for (;;) {
    const pid = childOf(childOf(keeper.pid));
    const run = (script: string, env: NodeJS.ProcessEnv = {}) => enter(pid, script, env);
    const state = pid === undefined ? "" : run("systemctl is-system-running").stdout;
    if (/running|degraded/.test(state)) return { folder, run, end };
    if (performance.now() > untilMs) throw new Error(`systemd is not up: ${state}`);
    await sleep(100);
  }
}

function enter(pid: number | undefined, script: string, env: NodeJS.ProcessEnv) {
  const into = ["--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net"];
  return spawnSync(
    "nsenter",
    ["--target", `${pid}`, ...into, "setpriv", ...LESS.split(" "), "sh", "-c", script],
    {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], LC_ALL: "C", ...env },
    },
  );
}

function childOf(parent: number | undefined): number | undefined {
  return parent === undefined
    ? undefined
    : readProcesses().find(({ ppid }) => ppid === parent)?.pid;
}
