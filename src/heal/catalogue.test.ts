/** The remedies for locks on real files and processes; those that wait, on a virtual clock. */

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { HealRecord } from "../core/remedy.ts";
import { OptionsError } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import {
  clockSkew,
  credentials,
  databaseLock,
  dpkgInterrupted,
  gitIndexLock,
  outOfMemory,
  packageLock,
  pidFile,
  staleLock,
  waitUntilReachable,
} from "./index.ts";
import { pidIn, writerBy, type Writer } from "./owner-of.ts";
import { deadPid, freePort, running } from "./running.contract.ts";
import { treat } from "./treat.contract.ts";

const hasProc = existsSync("/proc/self/fd");

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-heal-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const SLEEPS = "console.log('ready'); setInterval(() => {}, 1000)";

test.for([
  ["stale-lock", staleLock],
  ["pid-file", pidFile],
] as const)("%s: what a dead process left behind is deleted", async ([name, make]) => {
  const path = join(folder(), "lock");
  const pid = deadPid();
  writeFileSync(path, `${pid}\n`);

  const { remedy, outcome, deeds } = await treat(make({ path }), "EEXIST");

  expect([remedy, outcome, deeds, existsSync(path)]).toEqual([
    name,
    "healed",
    [`deleted ${path} of process ${pid}`],
    false,
  ]);
});

test.for<[name: string, text: (pid: number) => string, outcome: string, because: RegExp]>([
  [
    "of a process that lives it stays",
    (pid) => `${pid}`,
    "skipped",
    /names process \d+ \(.+\), which lives$/,
  ],
  ["without a pid in it it stays", () => "locked", "skipped", /names no process$/],
  ["group 0 is no pid", () => "0", "skipped", /names no process$/],
])("a lock file: %s", async ([, text, outcome, because]) => {
  const { pid } = await running(SLEEPS);
  const path = join(folder(), "lock");
  writeFileSync(path, text(pid));

  const record = await treat(staleLock({ path }), "EEXIST");

  expect([record.outcome, existsSync(path)]).toEqual([outcome, true]);
  expect(record.because).toMatch(because);
});

// A clock that is set ahead after the file was written shows the same as one that is set back before.
test.runIf(hasProc)("of a process that seems to be younger than its lock it stays", async () => {
  const { pid } = await running(SLEEPS);
  const path = join(folder(), "lock");
  writeFileSync(path, `${pid}`);
  utimesSync(path, 1_000, 1_000);

  const { outcome, because } = await treat(staleLock({ path }), "LOCK_TAKEN");

  expect([outcome, existsSync(path), because]).toEqual([
    "skipped",
    true,
    `its symptom is not there: ${path} names process ${pid} (node), which lives; whether it wrote the file is not certain`,
  ]);
});

test.runIf(process.platform === "linux")(
  "a pipe or a directory in its place is no lock, and is not waited for",
  async () => {
    const path = join(folder(), "lock");
    spawnSync("mkfifo", [path]);
    const pipe = await treat(staleLock({ path }), "EEXIST");
    const directory = await treat(staleLock({ path: dirname(path) }), "EEXIST");

    expect([pipe.outcome, pipe.because, directory.because]).toEqual([
      "failed",
      `${path} is no regular file`,
      `${dirname(path)} is no regular file`,
    ]);
  },
);

test("a lock file that is not there is not what is wrong", async () => {
  const { outcome, because } = await treat(staleLock({ path: "/nowhere/lock" }), "EEXIST");

  expect([outcome, because]).toEqual([
    "skipped",
    "its symptom is not there: /nowhere/lock is not there",
  ]);
});

test.for<[beganAtMs: number | undefined, isZombie: boolean, writer: Writer]>([
  [1_000, false, "alive"],
  [6_000, false, "alive"],
  [6_001, false, "unsure"],
  [undefined, false, "unsure"],
  [1_000, true, "gone"],
])("began at %s, zombie %s: the writer of a file of 1 s is %s", ([beganAtMs, isZombie, writer]) => {
  expect(writerBy({ writtenAtMs: 1_000, beganAtMs, isZombie })).toBe(writer);
});

test.for<[text: string, pid: number | undefined]>([
  ["12", 12],
  ["  12\n100", 12],
  ["12 host", 12],
  ["12:host", undefined],
  ["12.host", undefined],
  ["2026-11-22T10:00:00Z host 12", undefined],
  ["192.168.1.5 12", undefined],
  ["-1", undefined],
  ["0", undefined],
  ["", undefined],
  ["12345678901", undefined],
])("the pid in %j is %s", ([text, pid]) => {
  expect(pidIn(text)).toBe(pid);
});

test("a host that cannot be reached is waited for, ever more seldom", async () => {
  const clock = new VirtualClock();
  const asked: number[] = [];
  const probe = () => {
    asked.push(clock.elapsed());
    return asked.length > 8;
  };

  const record = await clock.settle(() =>
    treat(waitUntilReachable({ probe }), "ENOTFOUND", { clock }),
  );

  expect(record).toMatchObject({
    outcome: "healed",
    deeds: ["waited 45.4 s"],
    because: "probe is well",
  });
  expect(asked).toEqual([0, 375, 1_125, 2_625, 5_625, 11_625, 22_875, 34_125, 45_375, 45_375]);
});

test("one that stays away has failed", async () => {
  const clock = new VirtualClock();
  const record = await clock.settle(() =>
    treat(waitUntilReachable({ probe: () => false, wait: "1m" }), "EAI_AGAIN", { clock }),
  );

  expect(record).toMatchObject({
    outcome: "failed",
    plan: ["wait at most 1 m until probe is well"],
    deeds: ["waited 1 m"],
    because: "the symptom is still there: probe said no",
  });
});

test("a host and port are asked by a connection", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;

  const there = await treat(waitUntilReachable({ host: `127.0.0.1:${port}` }), "ECONNREFUSED");
  const away = await treat(
    waitUntilReachable({ host: `[::1]:${await freePort()}`, wait: 1 }),
    "ECONNREFUSED",
  );

  expect([there.because, away.outcome]).toEqual([
    `its symptom is not there: 127.0.0.1:${port} is well`,
    "failed",
  ]);
});

test.for(["store.example", "store.example:0", "store.example:70000", ":80", "a:b:80"])(
  "%s is no host and port",
  (host) => {
    expect(() => waitUntilReachable({ host })).toThrow(OptionsError);
  },
);

test("another transaction is waited for, longer each time, and never all alike", async () => {
  const clock = new VirtualClock();
  const past: HealRecord[] = [];
  const deeds: string[] = [];
  for (const random of [0, 0.5, 0.9]) {
    const record = await clock.settle(() =>
      treat(databaseLock({ wait: "1s" }), "SQLITE_BUSY", {
        clock,
        past: [...past],
        random: () => random,
      }),
    );
    past.push(record);
    deeds.push(...record.deeds);
  }

  expect(deeds).toEqual(["waited 500 ms", "waited 1.5 s", "waited 3.8 s"]);
});

test("credentials are refreshed once, and told to be good by the next attempt", async () => {
  const refreshed: string[] = [];
  const remedy = credentials({ name: "store", refresh: () => void refreshed.push("new") });
  const first = await treat(remedy, "HTTP_401");
  const second = await treat(remedy, "HTTP_401", { past: [first] });

  expect([refreshed, first.outcome, second.outcome]).toEqual([["new"], "healed", "skipped"]);
});

test.for<[name: string, parts: object, outcome: string, because: string]>([
  ["a refresh that says no has failed", { refresh: () => false }, "failed", "refresh said no"],
  [
    "one that changed nothing has failed",
    { refresh: () => undefined, check: () => false },
    "failed",
    "the symptom is still there: check said no",
  ],
  [
    "good ones stay",
    { refresh: () => undefined, check: () => true },
    "skipped",
    "its symptom is not there: check is well",
  ],
])("credentials: %s", async ([, parts, outcome, because]) => {
  const record = await treat(credentials({ name: "a", refresh: () => true, ...parts }), "HTTP_401");

  expect([record.outcome, record.because]).toEqual([outcome, because]);
});

test("memory that ran out halves the load until too little is left", async () => {
  const remedy = outOfMemory({ least: 0.3 });
  const first = await treat(remedy, "OUT_OF_MEMORY");
  const second = await treat(remedy, "OUT_OF_MEMORY", { past: [first] });

  expect([first.scale, first.deeds, second.outcome, second.because]).toEqual([
    0.5,
    ["went down to 50 % of the usual load"],
    "failed",
    "there is nothing to act on: memory ran out with 50 % of the usual load, and less than 30 % is not wanted",
  ]);
});

test.for<[offMs: number, outcome: string, because: string]>([
  [
    7_200_000,
    "failed",
    "there is nothing to act on: the clock of this machine is 2 h ahead; let a time service set it",
  ],
  [
    -7_200_000,
    "failed",
    "there is nothing to act on: the clock of this machine is 2 h behind; let a time service set it",
  ],
  [59_000, "skipped", "its symptom is not there: the clock of this machine is right"],
])("a clock that is %s ms off is told of, and never set", async ([offMs, outcome, because]) => {
  const clock = new VirtualClock();
  const against = () => clock.now() - offMs;
  const record = await clock.settle(() =>
    treat(clockSkew({ against }), "CERT_HAS_EXPIRED", { clock }),
  );

  expect([record.outcome, record.because]).toEqual([outcome, because]);
});

test("a server's Date header tells the time, and one without is no reference", async () => {
  let date = "Thu, 01 Jan 2026 00:00:00 GMT";
  const server = createServer((_, answer) => {
    answer.sendDate = false;
    if (date !== "") answer.setHeader("Date", date);
    answer.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const remedy = clockSkew({
    against: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  });

  const told = await treat(remedy, "CERT_HAS_EXPIRED");
  date = "";
  const silent = await treat(remedy, "CERT_HAS_EXPIRED");

  expect([told.because, silent.because]).toEqual([
    expect.stringMatching(/the clock of this machine is \d+ d .*ahead/),
    expect.stringMatching(/told no date$/),
  ]);
});

test("a package lock is waited for while somebody holds it, and never deleted", async () => {
  const path = join(folder(), "lock-frontend");
  writeFileSync(path, "");
  const holder = await running(
    `require("node:fs").openSync(${JSON.stringify(path)}, "r+"); console.log("ready"); setInterval(() => {}, 1000)`,
  );
  const remedy = packageLock({ files: [path], wait: "100ms" });
  const held = hasProc ? await treat(remedy, "PACKAGES_LOCKED") : undefined;
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const free = await treat(remedy, "PACKAGES_LOCKED");

  if (held !== undefined) {
    expect(held).toMatchObject({
      outcome: "failed",
      because: `the symptom is still there: ${path} is held by process ${holder.pid} (node)`,
    });
  }
  expect([free.outcome, existsSync(path)]).toEqual(["skipped", true]);
});

test("an old index.lock that no git uses is deleted, a young one waited for", async () => {
  const repository = folder();
  mkdirSync(join(repository, ".git"));
  const path = join(repository, ".git", "index.lock");
  writeFileSync(path, "");
  const remedy = gitIndexLock({
    gitDirectory: join(repository, ".git"),
    wait: 0,
    olderThan: "10m",
  });
  const young = await treat(remedy, "GIT_LOCKED");
  const isLeft = existsSync(path);
  utimesSync(path, 1_000, 1_000);
  const old = await treat(remedy, "GIT_LOCKED");
  const gone = await treat(remedy, "GIT_LOCKED");

  expect([young.outcome, isLeft, old.outcome, old.deeds, existsSync(path), gone.outcome]).toEqual([
    "failed",
    true,
    "healed",
    [`deleted ${path}`],
    false,
    "skipped",
  ]);
});

test.runIf(hasProc)("an old index.lock that somebody has open stays", async () => {
  const repository = folder();
  mkdirSync(join(repository, ".git"));
  const path = join(repository, ".git", "index.lock");
  writeFileSync(path, "");
  utimesSync(path, 1_000, 1_000);
  const { pid } = await running(
    `require("node:fs").openSync(${JSON.stringify(path)}, "r"); console.log("ready"); setInterval(() => {}, 1000)`,
  );

  const { outcome, because } = await treat(
    gitIndexLock({ gitDirectory: join(repository, ".git"), wait: 0 }),
    "GIT_LOCKED",
  );

  expect([outcome, because, existsSync(path)]).toEqual([
    "failed",
    `the symptom is still there: ${path} may be in use by process ${pid}`,
    true,
  ]);
});

test("dpkg is asked to go on only where it was interrupted", async () => {
  const directory = folder();
  mkdirSync(join(directory, "updates"));
  writeFileSync(join(directory, "updates", "tmp.i"), "");

  const { outcome, because } = await treat(dpkgInterrupted({ directory }), "DPKG_INTERRUPTED");

  expect([outcome, because]).toEqual([
    "skipped",
    `its symptom is not there: ${directory}/updates holds 0 unfinished updates`,
  ]);
});
