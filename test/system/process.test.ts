/**
 * Commands where it takes more than Node: pid namespaces (bubblewrap; root, or user namespaces), a
 * terminal (script of bsdutils), limits of the kernel (prlimit of util-linux).
 */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runCommand, startCommand } from "holdfast/process";
import { Descendants } from "../process/descendants.ts";

const SOURCE = "--conditions=holdfast:source";
const CHILD = join(import.meta.dirname, "../process/guarded-child.ts");
const IN_TERMINAL = join(import.meta.dirname, "../process/in-terminal.ts");
const NOBODY = 65_534;

const isRoot = process.getuid?.() === 0;

/** Root makes a namespace by unshare, anybody else by bubblewrap. */
const USERS = isRoot ? ([0, NOBODY] as const) : ([process.getuid?.() ?? 0] as const);

function descendants(): Descendants {
  const made = new Descendants();
  onTestFinished(() => made.close());
  return made;
}

function guarding(argv: readonly string[], options: object, uid: number): ChildProcess {
  const child = spawn(process.execPath, [SOURCE, CHILD, JSON.stringify(options), ...argv], {
    stdio: "ignore",
    uid,
    gid: uid,
    cwd: "/",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

test("in a namespace nobody survives the end of its time", async () => {
  const six = descendants();
  const running = startCommand(six.argv, { contain: true, timeout: "5s", grace: 200 });
  await six.started();

  const { level, leftovers } = await running.end;

  expect({ level, leftovers, survivors: six.survivors() }).toEqual({
    level: "namespace",
    leftovers: [],
    survivors: [],
  });
});

test("in a namespace nobody survives a cancellation, nor is anybody who cleans up cut short", async () => {
  const six = descendants();
  const cancelling = new AbortController();
  const script = `trap 'echo cleaned; exit 7' TERM; ${six.argv.join(" ")} & wait`;
  const running = startCommand(["sh", "-c", script], {
    contain: true,
    signal: cancelling.signal,
    grace: 500,
  });
  await six.started();

  cancelling.abort();
  const { stdout, exitCode } = await running.end;

  expect({ stdout, exitCode, survivors: six.survivors() }).toEqual({
    stdout: "cleaned\n",
    exitCode: 7,
    survivors: [],
  });
});

test.for(USERS)(
  "in a namespace nobody survives kill -9 of the one that ran it, user %i",
  async (uid) => {
    const six = descendants();
    const child = guarding(six.argv, { contain: true }, uid);
    await six.started();

    child.kill("SIGKILL");

    await six.survivorsAre([]);
    expect(six.survivors()).toEqual([]);
  },
);

test("in a namespace nobody is left when the command has ended by itself", async () => {
  const six = descendants();
  const script = `${six.argv.join(" ")} > /dev/null & sleep 1; exit 5`;

  const { exitCode } = await runCommand(["sh", "-c", script], { contain: true });

  expect(exitCode).toBe(5);
  await six.survivorsAre([]);
  expect(six.survivors()).toEqual([]);
});

test.runIf(isRoot)("in a namespace as another user", async () => {
  const end = await runCommand(["id", "-un"], { contain: true, user: "nobody", cwd: "/" });

  expect(end).toMatchObject({ level: "namespace", stdout: "nobody\n", argv: ["id", "-un"] });
});

test("a user namespace that is not allowed is told of, and the command is run plainly", () => {
  const program = `
    import { runCommand } from "holdfast/process";
    const { level, stdout } = await runCommand(["/bin/echo", "a"], { contain: true });
    console.log(level, stdout.trim());`;
  const { stdout } = spawnSync(process.execPath, [SOURCE, "--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
    env: { PATH: "/nowhere" },
    encoding: "utf8",
  });

  // The wrappers are not found on that PATH.
  expect(stdout).toBe("plain a\n");
});

/** What is seen on a terminal, in which a command is run and things are typed. */
function onTerminal(argv: readonly string[], typed: string): string {
  const words = [process.execPath, SOURCE, IN_TERMINAL, ...argv];
  const line = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
  const { stdout } = spawnSync("script", ["-qec", line, "/dev/null"], {
    input: typed,
    encoding: "utf8",
  });
  return stdout.replaceAll("\r", "");
}

test("on a terminal the command has it: colours, prompts on /dev/tty, and what is typed", () => {
  const program = `
    test -t 0 && test -t 1 && test -t 2 && echo all are terminals
    printf 'password: ' > /dev/tty; read answer < /dev/tty; echo "got $answer"
    ps -o pgid= -p $$ | tr -d ' ' > /dev/null
    test "$(ps -o tpgid= -p $$)" = "$(ps -o pgid= -p $$)" && echo in the foreground`;

  const seen = onTerminal(["sh", "-c", program], "hunter2\n");

  expect(seen).toContain("all are terminals\n");
  expect(seen).toContain("got hunter2\n");
  expect(seen).toContain("in the foreground\n");
  expect(seen).toContain("ended with 0\n");
});

test.runIf(isRoot)("when no process can be made any more, that is what is said", () => {
  const program = `
    import { spawnSync } from "node:child_process";
    import { runCommand } from "holdfast/process";
    spawnSync("prlimit", ["--pid", String(process.pid), "--nproc=1:1"]);
    const { startError, exitCode } = await runCommand(["true"]);
    console.log(startError, exitCode);`;
  const { stdout } = spawnSync(process.execPath, [SOURCE, "--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
    uid: NOBODY,
    gid: NOBODY,
    encoding: "utf8",
  });

  expect(stdout).toBe("EAGAIN undefined\n");
});

test("a disk that is full where a command writes is measured", () => {
  const program = `
    import { runCommand } from "holdfast/process";
    const dd = (count) => runCommand(["dd", "if=/dev/zero", "of=/mnt/x", "bs=1k", "count=" + count]);
    const full = await dd(999);
    console.log(full.exitCode, full.symptoms, full.stderr.includes("No space left on device"));
    console.log((await runCommand(["false"], { cwd: "/proc" })).symptoms);`;
  const within = ["--dev-bind", "/", "/", "--size", "65536", "--tmpfs", "/mnt"];
  const { stdout } = spawnSync(
    "bwrap",
    [...within, process.execPath, SOURCE, "--input-type=module", "-e", program],
    { cwd: import.meta.dirname, encoding: "utf8" },
  );

  expect(stdout).toBe("1 { full: 'bytes', oomKills: 0 } true\n{ full: 'neither', oomKills: 0 }\n");
});
