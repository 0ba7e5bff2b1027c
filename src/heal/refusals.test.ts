/** Options of remedies that contradict each other, or leave nothing to do, are refused at once. */

import { expect, test } from "vitest";
import { OptionsError } from "../index.ts";
import {
  databaseLock,
  diskFull,
  gitIndexLock,
  inodes,
  outOfMemory,
  packageLock,
  pidFile,
  portTaken,
  remedyFromText,
  service,
  waitUntilReachable,
} from "./index.ts";

const LESS = "expected less than the limit of the whole healing, which is";
const PIDS = { port: 80, pidFile: "/run/a.pid" };
const CLEAR = { clear: "/var/backups/*.gz" };

test.for<[problem: string, make: () => unknown]>([
  [
    `waitUntilReachable.wait: ${LESS} 1 h, received 2 h`,
    () => waitUntilReachable({ host: "a:80", wait: "2h" }),
  ],
  [
    `waitUntilReachable.probeTimeout: ${LESS} 2 s, received 5 s`,
    () => waitUntilReachable({ host: "a:80", wait: "1s", limit: "2s" }),
  ],
  [`packageLock.wait: ${LESS} 5 m, received 5 m`, () => packageLock({ limit: "5m" })],
  [
    `package-lock.wait: ${LESS} 1 m, received 10 m`,
    () => remedyFromText("package-lock wait=10m limit=1m"),
  ],
  ["packageLock.files: expected at least one", () => packageLock({ files: [] })],
  [
    `gitIndexLock.wait: ${LESS} 1 m, received 2 m`,
    () => gitIndexLock({ gitDirectory: "/srv/.git", wait: "2m", limit: "1m" }),
  ],
  [`databaseLock.wait: ${LESS} 1 m, received 2 m`, () => databaseLock({ wait: "2m" })],
  [
    `service.startWithin: ${LESS} 3 m, received 5 m`,
    () => service({ unit: "a", startWithin: "5m" }),
  ],
  [
    `service.probeTimeout: ${LESS} 4 s, received 5 s`,
    () => service({ unit: "a", startWithin: "1s", limit: "4s" }),
  ],
  [
    "portTaken.limit: expected more than 10 s, which a process has to end by itself, received 10 s",
    () => portTaken({ ...PIDS, limit: "10s" }),
  ],
  [
    "outOfMemory.factor: expected at least 0.1, which is the least load: else it never acts, received 0.05",
    () => outOfMemory({ factor: 0.05 }),
  ],
  ["diskFull.keep: expected an integer >= 0, received -1", () => diskFull({ ...CLEAR, keep: -1 })],
  [
    "diskFull.keep: expected an integer >= 0, received 1e+300",
    () => diskFull({ ...CLEAR, keep: 1e300 }),
  ],
  [
    "diskFull.keep: expected an integer >= 0, received Infinity",
    () => diskFull({ ...CLEAR, keep: Infinity }),
  ],
  [
    "disk-full.keep: expected an integer >= 0, received 7.5",
    () => remedyFromText("disk-full clear=/var/backups/*.gz keep=7.5"),
  ],
  [
    "inodes.free: expected an integer >= 1, received 0",
    () => inodes({ ...CLEAR, keep: 1, free: 0 }),
  ],
  [
    'pid-file.path: expected an absolute path, received "run/a.pid"',
    () => pidFile({ path: "run/a.pid" }),
  ],
])("%s", ([problem, make]) => {
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(problem);
});

test("what waits for a database waits no longer than half of its limit, so that it ends", () => {
  const texts = [databaseLock(), databaseLock({ limit: "20s" }), databaseLock({ wait: "45s" })].map(
    ({ blastRadius }) => blastRadius,
  );

  expect(texts).toEqual(
    ["30 s", "10 s", "45 s"].map((most) => `waits at most ${most} at a time, and changes nothing`),
  );
});
