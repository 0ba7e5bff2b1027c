/** The remedies for services and ports, on real processes. */

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { get } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../core/system.ts";
import { nameIn } from "./in-use.ts";
import { portTaken, service } from "./index.ts";
import { listeningInodes } from "./listeners.ts";
import type { Probe, ProbeContext } from "./probe.ts";
import { deadPid, freePort, LISTENS, running } from "./running.contract.ts";
import { treat } from "./treat.contract.ts";

const hasProc = existsSync("/proc/self/fd");

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-heal-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Asks the server for an answer, for a connection alone says little. */
function answers(port: number | string): Probe {
  return function probe({ signal }: ProbeContext) {
    return new Promise((resolve, reject) => {
      get(`http://127.0.0.1:${port}`, { signal, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      }).once("error", reject);
    });
  };
}

test.for([
  ["/usr/bin/node", "node"],
  ["/srv/my tools/bin/node", "node"],
  ["node", "node"],
  ["./bin/node", "node"],
  ["redis-server *:6379", "redis-server"],
  ["/usr/bin/redis-server 127.0.0.1:6379", "redis-server"],
  ["sshd: root@pts/0", "sshd:"],
  ["", ""],
] as const)("%s runs %s", ([program, name]) => {
  expect(nameIn(program)).toBe(name);
});

test.runIf(hasProc)(
  "our own process that holds the port is ended, and the port is free",
  async () => {
    const server = await running(LISTENS);
    const path = join(folder(), "pid");
    writeFileSync(path, `${server.pid}`);
    const port = Number(server.said);

    const record = await treat(portTaken({ port, pidFile: path }), "EADDRINUSE");

    expect(record).toMatchObject({
      outcome: "healed",
      plan: [`end process ${server.pid} (node)`],
      deeds: [`sent SIGTERM to process ${server.pid}`],
      because: `port ${port} is free`,
    });
  },
);

test.runIf(hasProc).for<[name: string, isOurs: boolean, because: RegExp]>([
  [
    "anybody else is named and left alone",
    false,
    /is held by process \d+ \(node\); .+ does not name it$/,
  ],
  ["our own that works is left alone", true, /is held by process \d+ \(node\), which works/],
])("who holds a port: %s", async ([, isOurs, because]) => {
  const server = await running(LISTENS);
  const path = join(folder(), "pid");
  writeFileSync(path, `${isOurs ? server.pid : deadPid()}`);
  const port = Number(server.said);
  const probe = answers(port);

  const { outcome, because: reason } = await treat(
    portTaken({ port, pidFile: path, probe }),
    "EADDRINUSE",
  );

  expect([outcome, server.exitCode, server.signalCode]).toEqual(["failed", null, null]);
  expect(reason).toMatch(because);
});

test.runIf(hasProc)("who may be another one with the pid of ours is left alone", async () => {
  const server = await running(LISTENS);
  const path = join(folder(), "pid");
  writeFileSync(path, `${server.pid}`);
  utimesSync(path, 1_000, 1_000);
  const port = Number(server.said);

  const { outcome, because } = await treat(portTaken({ port, pidFile: path }), "EADDRINUSE");

  expect([outcome, server.exitCode, server.signalCode, because]).toEqual([
    "failed",
    null,
    null,
    `there is nothing to act on: port ${port} is held by process ${server.pid} (node); ${path} names process ${server.pid} (node), which lives; whether it wrote the file is not certain`,
  ]);
});

test.runIf(hasProc)("one that deletes its pid file and does not end is killed", async () => {
  const path = join(folder(), "pid");
  const server = await running(
    `process.on("SIGTERM", () => require("node:fs").unlinkSync(${JSON.stringify(path)})); ${LISTENS}`,
  );
  writeFileSync(path, `${server.pid}`);
  // As soon as its pid file is gone, the time that it has to end by itself is over.
  let jumps = 0;
  const graceMs = () => 10_000 * (existsSync(path) ? 0 : (jumps = Math.min(2, jumps + 1)));
  const ended = once(server, "exit");
  const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + graceMs() };

  const record = await treat(
    portTaken({ port: Number(server.said), pidFile: path }),
    "EADDRINUSE",
    {
      clock,
    },
  );

  expect([record.outcome, record.deeds, (await ended)[1]]).toEqual([
    "healed",
    [`sent SIGTERM to process ${server.pid}`, `sent SIGKILL to process ${server.pid}`],
    "SIGKILL",
  ]);
});

test.runIf(hasProc)("a port that this very process holds is not freed by ending it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const path = join(folder(), "pid");
  writeFileSync(path, `${process.pid}`);

  const { outcome, because } = await treat(portTaken({ port, pidFile: path }), "EADDRINUSE");

  expect([outcome, because]).toEqual([
    "failed",
    `there is nothing to act on: port ${port} is held by this very process`,
  ]);
});

test("of the kernel's table those sockets count that listen on the port", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1",
    "   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 12 1",
    "   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 1",
    "",
  ].join("\n");

  expect([listeningInodes(table, 8_080), listeningInodes(table, 1)]).toEqual([["11"], []]);
});

test("a service that has stopped is started again, and counts once it answers", async () => {
  const port = await freePort();
  const children: ChildProcess[] = [];
  const start = () => void children.push(spawn(process.execPath, ["-e", LISTENS, `${port}`]));
  onTestFinished(() => children.forEach((child) => child.kill("SIGKILL")));
  const probe = answers(port);

  const record = await treat(service({ start, probe }), "ECONNREFUSED");

  expect(record).toMatchObject({
    outcome: "healed",
    deeds: ["ran start"],
    because: "probe is well",
  });
});

test.runIf(hasProc)(
  "one that stands still takes connections, and is continued when its probe has no answer",
  async () => {
    const server = await running(LISTENS);
    const path = join(folder(), "pid");
    writeFileSync(path, `${server.pid}`);
    server.kill("SIGSTOP");
    const probe = answers(server.said);
    const started: string[] = [];

    const record = await treat(
      service({
        start: () => void started.push("start"),
        probe,
        pidFile: path,
        probeTimeout: "500ms",
      }),
      "TIMED_OUT",
    );

    expect(record).toMatchObject({
      outcome: "healed",
      plan: ["continue its process, which was stopped", "run start"],
      deeds: [`continued process ${server.pid}`],
    });
    expect(started).toEqual([]);
  },
);

test("a service that does not come up has failed, and what was done is told", async () => {
  const record = await treat(
    service({
      stop: [process.execPath, "-e", "console.error('not running'); process.exit(3)"],
      start: () => undefined,
      probe: [process.execPath, "-e", "process.exit(7)"],
      startWithin: 1,
    }),
    "ECONNREFUSED",
  );

  expect(record.outcome).toBe("failed");
  expect(record.deeds).toEqual([
    expect.stringMatching(/^ran .* which failed: .*exit code 3, not running$/),
    "ran start",
  ]);
  expect(record.because).toMatch(/^the symptom is still there: .*exit code 7$/);
});

test("a service that answers is not what is wrong", async () => {
  const { outcome, because } = await treat(service({ unit: "x", probe: () => true }), "ECONNRESET");

  expect([outcome, because]).toEqual(["skipped", "its symptom is not there: probe is well"]);
});

test.for<[name: string, options: object, problem: string]>([
  ["neither unit nor start", {}, 'service: expected either "unit" or "start"'],
  ["both", { unit: "a", start: () => 1 }, 'service: expected either "unit" or "start"'],
  ["start alone", { start: () => 1 }, "service.probe: expected one beside start"],
  [
    "an option as a unit",
    { unit: "--now" },
    'service.unit: expected the name of one service, received "--now"',
  ],
  [
    "a pattern as a unit",
    { unit: "*" },
    'service.unit: expected the name of one service, received "*"',
  ],
  ["a class of letters", { unit: "[a-z]d" }, "service.unit: expected the name of one service"],
  ["the path of a mount", { unit: "/srv" }, "service.unit: expected the name of one service"],
  ["two units", { unit: "a b" }, "service.unit: expected the name of one service"],
  [
    "what restarts the machine",
    { unit: "reboot.target" },
    "service.unit: expected the name of one service",
  ],
])("a service with %s is refused", ([, options, problem]) => {
  expect(() => service(options)).toThrow(problem);
});
