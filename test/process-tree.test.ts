/**
 * The whole tree of a command ends: real processes, which leave their parents, groups and sessions.
 *
 * Where there is no /proc a tree is told by parents and groups alone: macOS could not be tried.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Duration } from "holdfast";
import {
  command,
  reapLeftovers,
  runCommand,
  startCommand,
  type EndedCommand,
  type RunCommandOptions,
} from "holdfast/process";
import type { Clock } from "../src/core/clock.ts";
import { systemClock } from "../src/core/system.ts";
import { pidSpace } from "../src/process/process-table.ts";
import { commandLine, Descendants, until } from "./process/descendants.ts";

const CHILD = join(import.meta.dirname, "process/guarded-child.ts");

/** What leaves its parents, its session and its environment is found by nobody from outside. */
const OUT_OF_REACH = [6];

const isLinux = existsSync("/proc/self/environ");

function descendants(): Descendants {
  const made = new Descendants();
  onTestFinished(() => made.close());
  return made;
}

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "holdfast-process-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Another process, which runs `argv`. */
function guarding(argv: readonly string[], options: object): ChildProcess {
  const child = spawn(
    process.execPath,
    ["--conditions=holdfast:source", CHILD, JSON.stringify(options), ...argv],
    { stdio: "ignore" },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** The machine's clock, but for the waits of `limitMs`: those end when they are told to. */
function clockWithLimit(limitMs: number): Clock & { reachLimit: () => void } {
  let reachLimit = (): void => undefined;
  const after: Clock["after"] = (ms, run) => {
    if (ms !== limitMs) return systemClock.after(ms, run);
    reachLimit = run;
    return () => undefined;
  };
  return { ...systemClock, after, reachLimit: () => reachLimit() };
}

test.runIf(isLinux)("its time is up: the tree has ended by then", async () => {
  const six = descendants();
  const clock = clockWithLimit(12_345);
  const running = startCommand(six.argv, { timeout: 12_345, grace: 200, clock });
  await six.started();
  clock.reachLimit();

  const { endedBy, signal, leftovers } = await running.end;

  expect({ endedBy, signal, leftovers, survivors: six.survivors() }).toEqual({
    endedBy: "timeout",
    signal: "SIGTERM",
    leftovers: [],
    survivors: OUT_OF_REACH,
  });
});

test.runIf(isLinux)("it is cancelled: the tree has ended by then", async () => {
  const six = descendants();
  const cancelling = new AbortController();
  const [program = "", ...args] = six.argv;
  const ended = command(program, args, { signal: cancelling.signal, grace: 200 });
  await six.started();

  cancelling.abort(new Error("nobody wants it"));

  await expect(ended).rejects.toThrow("nobody wants it");
  expect(six.survivors()).toEqual(OUT_OF_REACH);
});

test.runIf(isLinux)("the one that ran it is killed: a shell ends the tree", async () => {
  const six = descendants();
  const child = guarding(six.argv, {});
  await six.started();

  child.kill("SIGKILL");

  await six.survivorsAre(OUT_OF_REACH);
  expect(six.survivors()).toEqual(OUT_OF_REACH);
});

test.runIf(isLinux)("the one that ran it is killed as soon as the command runs", async () => {
  const file = join(directory(), "pid");
  // Before its own start is done.
  const argv = ["sh", "-c", 'echo $$ > "$0"; kill -s KILL $PPID; exec sleep 600', file];
  guarding(argv, {});
  await until(() => existsSync(file) && readFileSync(file, "utf8") !== "");
  const pid = readFileSync(file, "utf8").trim();

  await until(() => commandLine(pid) === "");

  expect(commandLine(pid)).toBe("");
});

test.runIf(isLinux)("the one that ran it just ends: so does the tree", async () => {
  const six = descendants();
  const program = `import { startCommand } from "holdfast/process";
    startCommand(${JSON.stringify(six.argv)});
    process.stdin.once("data", () => process.exit());`;
  const child = spawn(
    process.execPath,
    ["--conditions=holdfast:source", "--input-type=module", "-e", program],
    { stdio: ["pipe", "ignore", "inherit"], cwd: import.meta.dirname },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  await six.started();

  child.stdin.write("end\n");

  await six.survivorsAre(OUT_OF_REACH);
  expect(six.survivors()).toEqual(OUT_OF_REACH);
});

test.runIf(isLinux)(
  "what a command left running by its own end outlives this process",
  async () => {
    const program = `import { runCommand } from "holdfast/process";
    const { stdout } = await runCommand(["sh", "-c", "sleep 600 > /dev/null & echo $!"]);
    process.stdout.write(stdout);
    process.stdin.once("data", () => process.exit());`;
    const child = spawn(
      process.execPath,
      ["--conditions=holdfast:source", "--input-type=module", "-e", program],
      { stdio: ["pipe", "pipe", "inherit"], cwd: import.meta.dirname },
    );
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    const service = said.toString().trim();
    onTestFinished(() => void process.kill(Number(service), "SIGKILL"));
    const [watchdog = ""] = watchdogsOf(child);

    child.stdin.write("end\n");
    await until(() => commandLine(watchdog) === "");

    expect(commandLine(service)).toBe("sleep\u0000600\u0000");
  },
);

test.runIf(isLinux)(
  "should the shell that watches be killed, the next one watches at once",
  async () => {
    const six = descendants();
    const program = `import { startCommand } from "holdfast/process";
    startCommand(${JSON.stringify(six.argv)});
    process.stdin.once("data", () => process.exit());`;
    const child = spawn(
      process.execPath,
      ["--conditions=holdfast:source", "--input-type=module", "-e", program],
      { stdio: ["pipe", "ignore", "inherit"], cwd: import.meta.dirname },
    );
    onTestFinished(() => void child.kill("SIGKILL"));
    await six.started();
    const [watchdog = ""] = watchdogsOf(child);
    process.kill(Number(watchdog), "SIGKILL");
    await until(() => watchdogsOf(child).some((pid) => pid !== watchdog));

    child.stdin.write("end\n");

    await six.survivorsAre(OUT_OF_REACH);
    expect(six.survivors()).toEqual(OUT_OF_REACH);
  },
);

test.runIf(isLinux)(
  "the shell that watches has a session of its own, which Ctrl-C does not reach",
  async () => {
    const child = guarding(["sleep", "600"], {});
    await until(() => watchdogsOf(child).length > 0);
    const [watchdog = ""] = watchdogsOf(child);

    await until(() => statOf(watchdog)?.[3] === watchdog);
    expect(statOf(watchdog)?.[3]).toBe(watchdog);
  },
);

test.runIf(isLinux)("what a killed process left is ended at the next start, and told", async () => {
  const records = directory();
  const six = descendants();
  const child = guarding(six.argv, { records });
  await six.started();
  await until(() => readdirSync(records).length === 1);
  await killWithWatchdog(child);

  const reaped = await reapLeftovers(records, { grace: 100 });
  const again = await reapLeftovers(records);

  expect(reaped).toEqual([
    {
      program: "sh",
      startedAtMs: expect.any(Number),
      ended: expect.any(Array),
      leftovers: [],
    },
  ]);
  // The script itself, its six descendants, and the shell of one of them.
  expect(reaped[0]?.ended).toHaveLength(8);
  expect({ again, records: readdirSync(records), survivors: six.survivors() }).toEqual({
    again: [],
    records: [],
    survivors: [],
  });
});

test.runIf(isLinux)(
  "a command that is written down is marked: none of its tree gets away",
  async () => {
    const records = directory();
    const six = descendants();
    const cancelling = new AbortController();
    const running = startCommand(six.argv, { records, signal: cancelling.signal, grace: 200 });
    await six.started();

    cancelling.abort();

    const { level, leftovers } = await running.end;
    expect({ level, leftovers, survivors: six.survivors() }).toEqual({
      level: "marked",
      leftovers: [],
      survivors: [],
    });
  },
);

test.runIf(isLinux)(
  "the one that ran a marked command is killed: a shell ends the tree",
  async () => {
    const six = descendants();
    const child = guarding(six.argv, { records: directory() });
    await six.started();

    child.kill("SIGKILL");

    await six.survivorsAre([]);
    expect(six.survivors()).toEqual([]);
  },
);

test.runIf(isLinux).for<[string, readonly string[], RunCommandOptions, object]>([
  ["an exit code", ["sh", "-c", "exit 255"], {}, { exitCode: 255 }],
  ["a signal", ["sh", "-c", "kill -s SEGV $$"], {}, { exitCode: undefined, signal: "SIGSEGV" }],
  ["its streams", ["sh", "-c", "cat; echo b >&2"], { input: "a" }, { stdout: "a", stderr: "b\n" }],
  ["no program", ["no-such-program"], {}, { startError: "ENOENT", exitCode: undefined }],
  ["no shell reads it", ["echo", "$HOME; *"], {}, { stdout: "$HOME; *\n" }],
  ["no options of a wrapper's", ["--version"], {}, { startError: "ENOENT" }],
])("marked it ends as without: %s", async ([, argv, options, expected]) => {
  const ended = await runCommand(argv, { ...options, records: directory() });

  expect(ended).toMatchObject({ level: "marked", ...expected });
});

/** What a command sees that has something around it, but for its limit, its parent and its marks. */
const SEEN = [
  ["env"],
  ["sh", "-c", "ls /proc/self/fd | wc -w; tr '\\0' '|' < /proc/$$/cmdline; echo $0", "a\nb", " "],
  ["grep", "-E", "^(Umask|Sig[BIC]|Cap|NoNewPrivs)", "/proc/self/status"],
  ["grep", "-v", "file locks", "/proc/self/limits"],
];

test.runIf(isLinux).for<RunCommandOptions>([{ records: "" }, { supervise: true }])(
  "what is around a command changes nothing for it: %o",
  async (around) => {
    const records = around.records === undefined ? {} : { records: directory() };
    const env = { PATH: process.env["PATH"], "foo.bar": "1", "a b": "2", PWD: "/no", IFS: "x" };
    const seen = async (options: RunCommandOptions) => {
      const ends = SEEN.map((argv) => runCommand(argv, { env, ...options }));
      const sorted = (await Promise.all(ends)).map(({ stdout }) => stdout.split("\n").toSorted());
      return sorted.map((lines) => lines.filter((line) => !line.startsWith("HOLDFAST_COMMAND=")));
    };

    expect(await seen({ ...around, ...records })).toEqual(await seen({}));
  },
);

/** A record of something that lives and is no command of ours. */
function recordOf(bystander: ChildProcess, changes: object): string {
  const pid = bystander.pid ?? 0;
  const startTime = statOf(`${pid}`)?.[19] ?? "";
  return JSON.stringify({
    mark: randomUUID(),
    program: "sleep",
    command: { pid, startTime },
    ownsGroup: true,
    owner: { pid: 2 ** 22 + 1, startTime: "1" },
    ...pidSpace(),
    startedAtMs: 0,
    ...changes,
  });
}

test.runIf(isLinux).for<[string, (bystander: ChildProcess) => object, string[]]>([
  ["its pid is another's by now", ({ pid }) => ({ command: { pid, startTime: "1" } }), []],
  ["the machine was started again", () => ({ bootId: "another" }), []],
  ["it ran in another container", () => ({ pidNamespace: "pid:[1]" }), ["x.command.json"]],
])("whoever has the pid of a leftover is left alone: %s", async ([, changes, kept]) => {
  const records = directory();
  const bystander = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
  onTestFinished(() => void bystander.kill("SIGKILL"));
  writeFileSync(join(records, "x.command.json"), recordOf(bystander, changes(bystander)));

  const reaped = await reapLeftovers(records, { grace: 0 });

  expect({
    reaped,
    kept: readdirSync(records),
    lives: commandLine(`${bystander.pid}`),
  }).toEqual({ reaped: [], kept, lives: "sleep\u0000600\u0000" });
});

/** Both at once, as the end of a container or the kernel for lack of memory may. */
async function killWithWatchdog(child: ChildProcess): Promise<void> {
  // Held still, so that it starts no other one.
  child.kill("SIGSTOP");
  for (const pid of watchdogsOf(child)) process.kill(Number(pid), "SIGKILL");
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** The shells that it has started besides its command. */
function watchdogsOf(child: ChildProcess): string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && statOf(pid)?.[1] === String(child.pid))
    .filter((pid) => commandLine(pid).includes("trap") && !isScript(pid));
}

function statOf(pid: string): string[] | undefined {
  try {
    return /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]?.split(" ");
  } catch {
    return undefined;
  }
}

function isScript(pid: string): boolean {
  return commandLine(pid).includes("descendants.sh");
}

test.runIf(isLinux)(
  "what runs under a living owner is left alone, and so is who asks",
  async () => {
    const records = directory();
    const running = startCommand(["sleep", "600"], { records });
    await until(() => readdirSync(records).length === 1);

    const reaped = await reapLeftovers(records);

    expect({ reaped, kept: readdirSync(records).length }).toEqual({ reaped: [], kept: 1 });
    running.forward("SIGTERM");
    expect(await running.end).toMatchObject({ signal: "SIGTERM", endedBy: undefined });
    expect(readdirSync(records)).toEqual([]);
  },
);

test("a record that was cut off is cleared away, a directory that is not there holds none", async () => {
  const records = directory();
  writeFileSync(join(records, "x.command.json"), "{");
  writeFileSync(join(records, "of somebody else"), "");

  expect(await reapLeftovers(records)).toEqual([]);
  expect(await reapLeftovers(join(records, "nowhere"))).toEqual([]);
  expect(readdirSync(records)).toEqual(["of somebody else"]);
});

test("a command that cannot be written down runs all the same", async () => {
  const records = join(directory(), "file");
  writeFileSync(records, "");

  expect(await runCommand(["true"], { records })).toMatchObject({ exitCode: 0 });
});

/** Runs a shell's script, and ends it once it has stopped itself. */
async function endStopped(script: string, grace: string | number): Promise<EndedCommand> {
  const cancelling = new AbortController();
  const argv = ["sh", "-c", `${script}; kill -s STOP $$; sleep 600`];
  const running = startCommand(argv, { signal: cancelling.signal, grace: grace as Duration });
  await until(() => statOf(`${running.pid}`)?.[0] === "T");
  cancelling.abort();
  return running.end;
}

test.runIf(isLinux)("a stopped process, and one that takes no SIGTERM, end as well", async () => {
  expect(await endStopped("trap '' TERM", 100)).toMatchObject({
    signal: "SIGKILL",
    endedBy: "cancel",
    leftovers: [],
  });
});

test.runIf(isLinux)("a stopped process that can end by itself is let go on for that", async () => {
  const { exitCode, stdout } = await endStopped("trap 'echo cleaned; exit 7' TERM", "20s");

  expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: "cleaned\n" });
});

test.runIf(isLinux)("without a grace nobody is asked", async () => {
  const { signal, stdout } = await endStopped("trap 'echo cleaned' TERM; echo begun", 0);

  expect({ signal, stdout }).toEqual({ signal: "SIGKILL", stdout: "begun\n" });
});

test.runIf(isLinux)(
  "who is left running after its own end stays, or ends where that is wished",
  async () => {
    const script = "sleep 600 > /dev/null & echo $!";
    const left = await runCommand(["sh", "-c", script]);
    const ended = await runCommand(["sh", "-c", script], { leftovers: "end" });
    const pids = [left, ended].map(({ stdout }) => Number(stdout));
    const [kept = 0] = pids;

    // A zombie has no command line.
    expect(pids.map((pid) => commandLine(`${pid}`) !== "")).toEqual([true, false]);
    process.kill(kept, "SIGKILL");
  },
);

test.runIf(isLinux)(
  "commands of commands: the outer one still knows what the inner one has started",
  async () => {
    const six = descendants();
    const child = [process.execPath, "--conditions=holdfast:source", CHILD, "{}", ...six.argv];
    const cancelling = new AbortController();
    const running = startCommand(child, { signal: cancelling.signal, grace: 0 });
    await six.started();

    cancelling.abort();

    await running.end;
    expect(six.survivors()).toEqual(OUT_OF_REACH);
  },
);
