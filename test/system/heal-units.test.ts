/** The remedy for services on real units of a real systemd (root, and cgroups of version 2). */

import { existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasSystemd, systemd, type Systemd } from "./systemd.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const LONG_MS = 120_000;

/** Writes down that it lives, five times a second. */
const BEATS = "while :; do date +%s > /run/beat; sleep 0.2; done";

/** Tells its watchdog that it lives, as soon as that is mended. */
const TELLS = "while :; do [ ! -e /run/mended ] || systemd-notify WATCHDOG=1; sleep 0.2; done";

/** Waits until a command succeeds; the test's own time is its limit. */
function until(command: string): string {
  return `timeout 60 sh -c 'until ${command}; do sleep 0.1; done'`;
}

/** A unit whose service is this line of a shell. */
function unit(line: string, more = ""): string {
  return `[Unit]\nDefaultDependencies=no\n${more}\n[Service]\nExecStart=/bin/sh -c '${line.replaceAll("%", "%%")}'\n`;
}

/** A systemd with one unit, `demo`, and a way to guard a command that needs it. */
async function machine(content: string) {
  const booted: Systemd = await systemd();
  const { folder, run } = booted;
  writeFileSync(join(folder, "demo.service"), content);
  // Old by now: the beat of a service that stands still.
  const beats =
    '[ $(( $(date +%s) - $(cat /run/beat) )) -le 2 ] || { echo "Connection refused" >&2; exit 1; }';
  writeFileSync(join(folder, "beats"), beats);
  run(`cp ${folder}/demo.service /etc/systemd/system && systemctl daemon-reload`);
  const env = {
    HOLDFAST_HOME: join(folder, "state"),
    NODE: process.execPath,
    MAIN,
    FOLDER: folder,
  };
  return {
    run: (script: string) => run(script, env),
    /** What the command and `show` say, and the exit code. */
    guarded: (remedy: string, command: string) => {
      const told = `"$NODE" "$MAIN" exec --name demo --heal "${remedy}" -- ${command}`;
      const { status, stderr } = run(told, env);
      const { stdout } = run('"$NODE" "$MAIN" show last', env);
      const deeds = stdout
        .split("\n")
        .flatMap((line) => /^ {10}(?:ran|continued) .*/.exec(line) ?? []);
      return { status, stderr, deeds: deeds.map((deed) => deed.trim()) };
    },
  };
}

const RESTARTED = ["ran systemctl restart demo"];
const FORGIVEN = ["ran systemctl reset-failed demo", ...RESTARTED];

test.runIf(hasSystemd)(
  "the systemd of these tests cannot write to the machine, and leaves nothing behind",
  { timeout: LONG_MS },
  async () => {
    const { run, folder, end } = await systemd();
    const probe = `.holdfast-${process.pid}`;
    const places = ["/", "/etc", "/var/lib", "/usr", tmpdir(), "/root", "/sys", "/sys/kernel"];
    const writes = [
      ...places.map((place) => `: > "${place}/${probe}"`),
      `mknod /run/${probe} b 1 1`,
      ...["sys/kernel/printk", "sysrq-trigger", "irq/default_smp_affinity"].map(
        (name) => `[ -e /proc/${name} ] && : >> /proc/${name}`,
      ),
    ];

    const could = writes.filter((write) => run(write).status === 0);
    const devices = run("find /dev -type b -o -name mem -o -name kmsg").stdout;
    run(`: > "${folder}/own"; : > /dev/${probe}`);
    // The bit of CAP_SYS_TIME is 25: tried, it might set the clock.
    const capable = run("grep -h CapEff /proc/1/status /proc/self/status").stdout.match(
      /[0-9a-f]{16}/g,
    );
    const canSetClock = capable?.map((bits) => ((BigInt(`0x${bits}`) >> 25n) & 1n) === 1n);
    const isOwn = existsSync(join(folder, "own")) && !existsSync(`/dev/${probe}`);
    const cgroup = await end();

    expect({ could, devices, isOwn, canSetClock }).toEqual({
      could: [],
      devices: "",
      isOwn: true,
      canSetClock: [false, false],
    });
    expect([folder, cgroup].filter((place) => existsSync(place))).toEqual([]);
  },
);

test.runIf(hasSystemd)("a unit that is stopped is started", { timeout: LONG_MS }, async () => {
  const { run, guarded } = await machine(unit(BEATS));

  const { status, deeds } = guarded("service unit=demo", "systemctl is-active demo");

  expect([status, deeds, run("systemctl is-active demo").stdout]).toEqual([
    0,
    RESTARTED,
    "active\n",
  ]);
});

test.runIf(hasSystemd)(
  "a unit that is active and stands still is restarted, by its probe",
  { timeout: LONG_MS },
  async () => {
    const { run, guarded } = await machine(unit(BEATS));
    run("systemctl start demo");
    run(until("[ -e /run/beat ]"));
    run("systemctl kill --signal=SIGSTOP demo");
    run(until('! sh "$FOLDER/beats" 2>/dev/null'));

    const active = run("systemctl is-active demo").stdout;
    const { status, deeds } = guarded(
      "service unit=demo probe='sh $FOLDER/beats'",
      'sh "$FOLDER/beats"',
    );

    expect([active, status, deeds]).toEqual(["active\n", 0, RESTARTED]);
  },
);

test.runIf(hasSystemd)(
  "a unit that its watchdog ended is started again",
  { timeout: LONG_MS },
  async () => {
    const content = `${unit(TELLS)}WatchdogSec=3s\nNotifyAccess=all\n`;
    const { run, guarded } = await machine(content);
    run(`systemctl start demo; ${until("systemctl is-failed -q demo")}`);

    const result = run("systemctl show demo --property Result --value").stdout;
    run("touch /run/mended");
    const { status, deeds } = guarded("service unit=demo", "systemctl is-active demo");

    expect([result, status, deeds]).toEqual(["watchdog\n", 0, FORGIVEN]);
  },
);

test.runIf(hasSystemd)(
  "a unit that failed until systemd gave it up is started again, once its cause is gone",
  { timeout: LONG_MS },
  async () => {
    const line = `[ -e /run/mended ] || exit 7; ${BEATS}`;
    const limits = "StartLimitIntervalSec=1h\nStartLimitBurst=3";
    const { run, guarded } = await machine(
      `${unit(line, limits)}Restart=always\nRestartSec=10ms\n`,
    );
    run(`systemctl start demo; ${until("systemctl is-failed -q demo")}; touch /run/mended`);

    const refused = run("systemctl start demo").status;
    const { status, deeds } = guarded("service unit=demo", "systemctl is-active demo");

    expect([refused, status, deeds]).toEqual([1, 0, FORGIVEN]);
  },
);

test.runIf(hasSystemd)(
  "a unit that does not come up has failed, is told with its state, and does not loop",
  { timeout: LONG_MS },
  async () => {
    const { guarded } = await machine(unit("exit 7"));

    const first = guarded("service unit=demo start-within=1s", "systemctl is-active demo");
    const second = guarded("service unit=demo start-within=1s", "systemctl is-active demo");
    const unknown = guarded("service unit=nosuch", "systemctl is-active nosuch");

    expect([first.status, first.deeds, second.status, second.deeds]).toEqual([3, RESTARTED, 3, []]);
    expect(first.stderr).toContain(
      "the symptom is still there: systemctl is-active --quiet demo: exit code 3; to do: look why demo does not work",
    );
    expect(second.stderr).toMatch(/is not healed of UNIT_INACTIVE .* and leaves it alone for 30 s/);
    expect(unknown.stderr).toContain(
      "exit code 5, Failed to restart nosuch.service: Unit nosuch.service not found.",
    );
  },
);
