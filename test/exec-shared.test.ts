/** `holdfast exec` beside others of its kind, and under signals: real processes, real kills. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place, start, type Place } from "./cli-process.ts";

const MAIN = join(import.meta.dirname, "../src/cli/main.ts");

const sh = (line: string): string[] => ["--", "sh", "-c", line];
const exec = (at: Place, words: readonly string[]) => holdfast(at, ["exec", ...words]);

/** A command that says when it has begun, and ends only by a signal or the file that is named. */
const until = (file: string) =>
  sh(`echo begun >&2; while [ ! -e ${file} ]; do sleep 0.05; done; echo ended >> ledger`);

const TOLD = ["--cleanup", 'echo "$HOLDFAST_OUTCOME $HOLDFAST_EXIT_CODE" >> ledger'];

test.for([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s reaches the command, and what it did is undone", async ([signal, exitCode]) => {
  const at = place();
  const name = signal.slice(3);
  const line = `trap "echo got ${name} >> ledger; exit 0" ${name}; echo begun >&2; while :; do sleep 0.05; done`;
  const undo = ["--undo", "echo undone >> ledger"];
  const running = start(at, ["exec", ...undo, ...TOLD, ...sh(line)]);
  await running.heard("begun");

  running.child.kill(signal);
  const ended = await running.ended;

  expect({ exitCode: ended.exitCode, did: at.did() }).toEqual({
    exitCode,
    did: [`got ${name}`, "undone", `interrupted ${exitCode}`],
  });
});

test("what ignores the signal is killed after its grace, with all that it started", async () => {
  const at = place();
  const line = 'trap "" TERM; sleep 60 & echo "begun $!" >&2; wait; wait; sleep 60';
  const running = start(at, ["exec", "--grace", "100ms", ...sh(line)]);
  await running.heard("begun");

  running.child.kill("SIGTERM");
  const { exitCode, stderr } = await running.ended;

  const pid = Number(/begun (\d+)/.exec(stderr)?.[1]);
  expect({ exitCode, isThere: isThere(pid) }).toEqual({ exitCode: 143, isThere: false });
});

test.for(["SIGTERM", "SIGINT"] as const)(
  "whoever ignores the %s that ends the command does not outlive it",
  async (signal) => {
    const at = place();
    const line = `sh -c 'trap "" TERM INT; echo "begun $$" >&2; exec sleep 60' & trap "exit 0" TERM INT; wait; wait`;
    const running = start(at, ["exec", "--grace", "100ms", ...sh(line)]);
    await running.heard("begun");

    running.child.kill(signal);
    const { exitCode, stderr } = await running.ended;

    const pid = Number(/begun (\d+)/.exec(stderr)?.[1]);
    const isLeft = isThere(pid);
    if (isLeft) process.kill(pid, "SIGKILL");
    expect({ exitCode, isLeft }).toEqual({
      exitCode: signal === "SIGINT" ? 130 : 143,
      isLeft: false,
    });
  },
);

/** What has ended and is in nobody's care may stand in the table of processes for ever: state Z. */
function isThere(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("after kill -9 the next start undoes what was left, cleans up, and runs", async () => {
  const at = place();
  const flags = ["--name", "job", "--lock", "job", "--undo", "echo undone >> ledger", ...TOLD];
  const running = start(at, ["exec", ...flags, ...until("never")]);
  await running.heard("begun");

  running.child.kill("SIGKILL");
  await running.ended;
  const next = await exec(at, [...flags, ...sh("echo next >> ledger")]);
  const runs = await holdfast(at, ["runs", "--status", "running", "--ids"]);

  expect({ exitCode: next.exitCode, did: at.did(), left: runs.stdout }).toEqual({
    exitCode: 0,
    did: ["undone", "cut-off 80", "next", "succeeded 0"],
    left: "",
  });
  expect(next.stderr).toContain("was cut off; it is undone first");
});

test.for([[], ["--undo", "echo undone >> ledger; sleep 0.3"]])(
  "of those that start at once after kill -9, one takes back what was left, and all run: %o",
  { timeout: 60_000 },
  async (undo) => {
    const at = place();
    const flags = ["--name", "job", ...undo];
    const running = start(at, ["exec", ...flags, ...TOLD, ...until("never")]);
    await running.heard("begun");
    running.child.kill("SIGKILL");
    await running.ended;

    const others = Array.from({ length: 8 }, () =>
      exec(at, [...flags, ...sh("echo ran >> ledger")]),
    );
    const codes = (await Promise.all(others)).map(({ exitCode }) => exitCode);

    const [undone, cutOff] = undo.length === 0 ? [[], 1] : [["undone"], 80];
    const ran = others.map(() => "ran");
    expect({ codes, did: at.did().toSorted() }).toEqual({
      codes: others.map(() => 0),
      did: [`cut-off ${cutOff}`, ...ran, ...undone],
    });
  },
);

test("one that was killed while it waited for its lock has begun nothing that is to be cleaned up", async () => {
  const at = place();
  const holder = start(at, ["exec", "--lock", "x", ...until("over")]);
  await holder.heard("begun");
  const flags = ["--name", "waiter", "--lock", "x", "--lock-wait", "1h", ...TOLD];
  const waiter = start(at, ["exec", ...flags, "--undo", "echo undone >> ledger", "--", "true"]);
  await waiter.heard("is awaited");
  waiter.child.kill("SIGKILL");
  await waiter.ended;

  const next = await exec(at, ["--name", "waiter", ...sh("echo next >> ledger")]);
  at.file("over", "");
  await holder.ended;

  expect({ exitCode: next.exitCode, did: at.did() }).toEqual({
    exitCode: 0,
    did: ["next", "ended"],
  });
});

test("a lock of a run that was killed is not held against others", async () => {
  const at = place();
  const running = start(at, ["exec", "--name", "a", "--lock", "x", ...until("never")]);
  await running.heard("begun");
  running.child.kill("SIGKILL");
  await running.ended;

  const next = await exec(at, ["--name", "b", "--lock", "x", ...sh("echo next >> ledger")]);

  expect({ exitCode: next.exitCode, did: at.did() }).toEqual({ exitCode: 0, did: ["next"] });
});

test("an undo of what was left that fails keeps the command from running on top of it", async () => {
  const at = place();
  const flags = ["--name", "job", "--undo", "test -e mended"];
  const running = start(at, ["exec", ...flags, ...until("never")]);
  await running.heard("begun");
  running.child.kill("SIGKILL");
  await running.ended;

  const next = await exec(at, [...flags, ...sh("echo next >> ledger")]);

  expect({ exitCode: next.exitCode, did: at.did() }).toEqual({ exitCode: 81, did: [] });
});

test("two of one name run beside each other, for that is what a lock is for", async () => {
  const at = place();
  const running = start(at, ["exec", "--name", "job", ...until("go")]);
  await running.heard("begun");

  const second = await exec(at, ["--name", "job", ...sh("echo second >> ledger")]);
  at.file("go", "");

  expect([second.exitCode, (await running.ended).exitCode, at.did()]).toEqual([
    0,
    0,
    ["second", "ended"],
  ]);
});

test("while a lock is held, others fail, skip or wait, as they were told", async () => {
  const at = place();
  const lock = ["--lock", "job"];
  const second = sh("echo second >> ledger");
  const running = start(at, ["exec", ...lock, ...until("go")]);
  await running.heard("begun");

  const failed = await exec(at, [...lock, ...TOLD, "--alert", "echo alert >> ledger", ...second]);
  const skipped = await exec(at, [...lock, "--lock-wait", "skip", ...second]);
  const tooLong = await exec(at, [...lock, "--lock-wait", "10ms", ...second]);
  const waiting = start(at, ["exec", ...lock, "--lock-wait", "1h", ...second]);
  await waiting.heard('Lock "job" is awaited');
  at.file("go", "");
  const waited = await waiting.ended;

  const codes = [failed, skipped, tooLong, waited].map(({ exitCode }) => exitCode);
  expect({ codes, did: at.did() }).toEqual({
    codes: [69, 0, 69, 0],
    did: ["alert", "ended", "second"],
  });
  expect(skipped.stderr).toContain("was skipped");
});

test("a breaker is shared by processes, and opens for those that start later", async () => {
  const at = place();
  const flags = ["--breaker", "store", "--breaker-failures", "2"];
  const line = "echo ran >> ledger; test -e up";

  const codes = [];
  for (let call = 0; call < 3; call++)
    codes.push((await exec(at, [...flags, ...sh(line)])).exitCode);
  at.file("up", "");
  // Any pause of a minute is over for somebody who asks for less: what is kept says until when.
  const other = await exec(at, ["--breaker", "another", ...sh(line)]);

  expect({ codes, other: other.exitCode, did: at.did() }).toEqual({
    codes: [1, 1, 75],
    other: 0,
    did: ["ran", "ran", "ran"],
  });
});

test("after its pause a breaker lets one probe through, whose success closes it", async () => {
  const at = place();
  const flags = ["--breaker", "store", "--breaker-failures", "1", "--breaker-pause", "1ms"];
  await exec(at, [...flags, ...sh("exit 1")]);
  const probing = start(at, ["exec", ...flags, ...until("go")]);
  await probing.heard("begun");

  const meanwhile = await exec(at, [...flags, ...sh("echo meanwhile >> ledger")]);
  at.file("go", "");
  await probing.ended;
  const after = await exec(at, [...flags, ...sh("echo after >> ledger")]);

  expect([meanwhile.exitCode, after.exitCode, at.did()]).toEqual([75, 0, ["ended", "after"]]);
});

test("binary input and output pass through untouched, far more than is kept", async () => {
  const at = place();
  const bytes = randomBytes(3 * 2 ** 20);
  const { status, stdout } = await piped(at, ["--expect-output", "/^/", "--", "cat"], bytes);

  expect([status, digest(stdout)]).toEqual([0, digest(bytes)]);
});

test("output that is held back for a failure is handed on untouched, beyond what memory holds", async () => {
  const at = place();
  const bytes = randomBytes(6 * 2 ** 20);
  const { status, stdout } = await piped(at, ["--quiet-on-success", ...sh("cat; exit 3")], bytes);

  expect([status, digest(stdout)]).toEqual([3, digest(bytes)]);
});

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** With bytes on its standard input, which the shared fixture leaves empty. */
async function piped(at: Place, words: readonly string[], input: Buffer) {
  const child = spawn(process.execPath, [MAIN, "exec", ...words], {
    cwd: at.root,
    env: { PATH: process.env["PATH"], HOME: at.root, HOLDFAST_HOME: at.home },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stdout: Buffer.concat(parts) };
}
