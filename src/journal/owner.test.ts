import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import type { Owner } from "../core/journal.ts";
import { describeOwner, isGone, isGoneFor, parseStat, thisProcess } from "./owner.ts";

const ME: Owner = {
  host: "alpha",
  bootId: "boot-1",
  pidNamespace: "pid:[1]",
  pid: 1,
  startTime: "10",
};
const OTHER: Owner = { ...ME, pid: 2, startTime: "20" };
/** A machine without /proc. */
const BARE = { bootId: "", pidNamespace: "", startTime: "" };

test("this process is named by its machine, its namespace, its pid and its start", () => {
  const me = thisProcess();

  expect(me).toEqual({
    host: hostname(),
    bootId: expect.any(String),
    pidNamespace: expect.any(String),
    pid: process.pid,
    startTime: expect.any(String),
  });
  expect(thisProcess()).toEqual(me);
});

test.runIf(process.platform === "linux")("on Linux every part of it is there", () => {
  expect(thisProcess()).toMatchObject({
    bootId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    pidNamespace: expect.stringMatching(/^pid:\[\d+\]$/),
    startTime: expect.stringMatching(/^\d+$/),
  });
});

test("which of its own executions holds a run, a process cannot tell", () => {
  expect(isGone(thisProcess())).toBeUndefined();
});

test.runIf(process.platform === "linux")("a child is there until it ends", async () => {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const pid = child.pid as number;
  const { startTime } = parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  const owner = { ...thisProcess(), pid, startTime };
  const before = isGone(owner);
  const ended = once(child, "exit");
  child.stdin.end();
  await ended;

  expect([before, isGone(owner)]).toEqual([false, true]);
});

test.runIf(process.platform === "linux")("a pid that is used again is another process", () => {
  const me = thisProcess();

  expect(isGone({ ...me, startTime: `${me.startTime}1` })).toBe(true);
});

const RUNNING = { startTime: "20", isZombie: false };

test.for<[situation: string, owner: Owner, found: typeof RUNNING | undefined, gone?: boolean]>([
  ["the process is there", OTHER, RUNNING, false],
  ["the process is not there", OTHER, undefined, true],
  ["its pid is used again", OTHER, { ...RUNNING, startTime: "21" }, true],
  ["it is a zombie", OTHER, { ...RUNNING, isZombie: true }, true],
  ["its start cannot be had now", OTHER, { ...RUNNING, startTime: "" }],
  ["its start could not be had then", { ...OTHER, startTime: "" }, RUNNING],
  ["it is this very process", { ...OTHER, pid: ME.pid }, RUNNING],
  ["the machine was started anew", { ...OTHER, bootId: "boot-0" }, RUNNING, true],
  ["it ran on another machine", { ...OTHER, host: "beta", bootId: "boot-2" }, undefined],
  ["it ran in another namespace", { ...OTHER, pidNamespace: "pid:[2]" }, undefined],
  ["the host was renamed", { ...OTHER, host: "beta" }, undefined, true],
  ["its boot id could not be had", { ...OTHER, bootId: "" }, undefined],
])("%s", ([, owner, found, gone]) => {
  expect(isGoneFor(ME, owner, (pid) => (pid === 2 ? found : RUNNING))).toBe(gone);
});

test.for<[situation: string, owner: Owner, found: typeof RUNNING | undefined, gone?: boolean]>([
  ["the process is there", { ...OTHER, ...BARE }, { ...RUNNING, startTime: "" }],
  ["the process is not there", { ...OTHER, ...BARE }, undefined, true],
  ["it ran on another machine", { ...OTHER, ...BARE, host: "beta" }, undefined],
])("without /proc: %s", ([, owner, found, gone]) => {
  expect(isGoneFor({ ...ME, ...BARE }, owner, () => found)).toBe(gone);
});

test.for([
  ["1 (node) S 0 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0", "4711", false],
  ["1 (a) Z 5 (b)) Z 0 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0", "4711", true],
  ["1 (node) X 0 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0", "4711", true],
  ["", "", false],
] as const)("%o is read as start %o, zombie %o", ([stat, startTime, isZombie]) => {
  expect(parseStat(stat)).toEqual({ startTime, isZombie });
});

test("an owner is told in words", () => {
  expect(describeOwner(OTHER)).toBe("process 2 on alpha");
});
