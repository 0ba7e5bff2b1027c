/** Commands under a supervisor: nobody gets away from the tree. Linux, perl, and real processes. */

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { reapLeftovers, runCommand, startCommand, type RunCommandOptions } from "holdfast/process";
import type { CommandRecord } from "../src/process/leftover-record.ts";
import { readPids } from "../src/process/process-table.ts";
import { parseExit } from "../src/process/supervisor-report.ts";
import { commandLine, Descendants, until } from "./process/descendants.ts";

const CHILD = join(import.meta.dirname, "process/guarded-child.ts");
const supervise = true;

const isHere = process.platform === "linux" && existsSync("/usr/bin/perl");

function descendants(): Descendants {
  const made = new Descendants();
  onTestFinished(() => made.close());
  return made;
}

test.runIf(isHere)("it is cancelled: nobody of the tree lives, however they tried", async () => {
  const six = descendants();
  const cancelling = new AbortController();
  const options = { supervise, signal: cancelling.signal, grace: 200 };
  const running = startCommand(six.argv, options);
  await six.started();

  cancelling.abort();
  const { level, signal, leftovers } = await running.end;

  expect({ level, signal, leftovers, survivors: six.survivors() }).toEqual({
    level: "supervised",
    signal: "SIGTERM",
    leftovers: [],
    survivors: [],
  });
});

/** Forks and ends, each time in a session of its own; in the end by itself. */
const COMET = `
  use POSIX qw(_exit setsid);
  my $until = time + 15;
  while (time < $until) { _exit(0) if fork; setsid }`;

test.runIf(isHere)("who is another process at every look ends as well", async () => {
  const cancelling = new AbortController();
  const mark = randomUUID();
  const argv = ["sh", "-c", 'perl -e "$0" "$1"; echo begun; exec sleep 600', COMET, mark];
  const onLine = () => cancelling.abort();
  const running = startCommand(argv, { supervise, onLine, signal: cancelling.signal, grace: 100 });

  const { leftovers } = await running.end;

  const looks = Array.from({ length: 20 }, () => isSeen(mark));
  expect({ leftovers, isSeen: looks.includes(true) }).toEqual({ leftovers: [], isSeen: false });
});

/** Whether there is a process with such an argument. */
function isSeen(word: string): boolean {
  return readPids().some((pid) => commandLine(`${pid}`).includes(`\0${word}\0`));
}

test.runIf(isHere)("the one that ran it is killed: nobody of the tree lives", async () => {
  const six = descendants();
  const options = JSON.stringify({ supervise });
  const words = ["--conditions=holdfast:source", CHILD, options, ...six.argv];
  const child = spawn(process.execPath, words, { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  await six.started();

  child.kill("SIGKILL");

  await six.survivorsAre([]);
  expect(six.survivors()).toEqual([]);
});

test.runIf(isHere)("cancelled before it has begun, it is ended all the same", async () => {
  const six = descendants();
  const cancelling = new AbortController();
  const running = startCommand(six.argv, { supervise, signal: cancelling.signal, grace: 0 });
  const pid = running.pid ?? 0;
  process.kill(pid, "SIGSTOP");

  cancelling.abort();
  const { endedBy } = await running.end;
  process.kill(pid, "SIGCONT");
  await until(() => commandLine(`${pid}`) === "");

  expect({ endedBy, survivors: six.survivors() }).toEqual({ endedBy: "cancel", survivors: [] });
});

test.runIf(isHere)("all who knew of it are killed: the next start ends the tree", async () => {
  const six = descendants();
  const records = directory();
  const options = JSON.stringify({ supervise, records });
  const words = ["--conditions=holdfast:source", CHILD, options, ...six.argv];
  const child = spawn(process.execPath, words, { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  await six.started();
  const [record = ""] = readdirSync(records);
  const { command } = JSON.parse(readFileSync(join(records, record), "utf8")) as CommandRecord;
  // Held still, so that neither sees the other's end.
  process.kill(child.pid ?? 0, "SIGSTOP");
  process.kill(command.pid, "SIGKILL");
  child.kill("SIGKILL");
  await once(child, "exit");

  await reapLeftovers(records, { grace: 0 });

  expect(six.survivors()).toEqual([]);
});

/**
 * Starts what follows under a filter of the kernel: prctl(PR_SET_CHILD_SUBREAPER) ends with an error, or
 * says that all is well, or is deadly. On x64.
 */
const REFUSING = `
  my ($answer, @command) = @ARGV;
  my @filter = ([32, 0, 0, 0], [21, 0, 3, 157], [32, 0, 0, 16], [21, 0, 1, 36], [6, 0, 0, hex $answer], [6, 0, 0, hex '7fff0000']);
  my $code = join '', map { pack 'SCCL', @$_ } @filter;
  my $program = pack 'Sx6P', scalar @filter, $code;
  syscall 157, 38, 1, 0, 0, 0;
  syscall(157, 22, 2, $program) == 0 or die "seccomp: $!";
  exec @command;`;

test.runIf(isHere && process.arch === "x64").for([
  ["refused", "00050001"],
  ["said to have worked", "00050000"],
  ["deadly", "80000000"],
])("the level that is told is the one that is reached: the call is %s", async ([, answer = ""]) => {
  const program = `
    import { runCommand } from "holdfast/process";
    const told = [];
    const onStart = ({ level }) => told.push(level);
    const { level, exitCode } = await runCommand(["sh", "-c", "exit 3"], { supervise: true, onStart });
    console.log(level, exitCode, ...told);`;
  const node = [process.execPath, "--conditions=holdfast:source", "--input-type=module", "-e"];

  const { stdout } = await runCommand(["perl", "-e", REFUSING, answer, ...node, program], {
    cwd: import.meta.dirname,
  });

  expect(stdout).toBe("marked 3 marked\n");
});

/** A daemon that leaves its parent, its session and its environment. */
const DAEMON = "(env -i setsid sleep 600 > /dev/null & echo $!)";

test.runIf(isHere)(
  "who is left after its own end stays, or ends where that is wished",
  async () => {
    const left = await runCommand(["sh", "-c", DAEMON], { supervise });
    const ended = await runCommand(["sh", "-c", DAEMON], { supervise, leftovers: "end" });
    const pids = [left, ended].map(({ stdout }) => stdout.trim());
    const [kept = ""] = pids;
    onTestFinished(() => void process.kill(Number(kept), "SIGKILL"));

    // A zombie has no command line.
    expect(pids.map((pid) => commandLine(pid) !== "")).toEqual([true, false]);
  },
);

test.runIf(isHere)(
  "who cleans up when the one that ran it is killed is given the time",
  async () => {
    const file = join(directory(), "cleaned");
    const script = `trap 'sleep 0.1; echo cleaned > ${file}; exit' TERM; echo begun >&2; sleep 600 & wait`;
    const options = JSON.stringify({ supervise, stderr: "pass" });
    const words = ["--conditions=holdfast:source", CHILD, options, "sh", "-c", script];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "pipe"] });
    await once(child.stderr, "data");

    child.kill("SIGKILL");
    await until(() => existsSync(file) && readFileSync(file, "utf8") !== "");

    expect(readFileSync(file, "utf8")).toBe("cleaned\n");
  },
);

test.runIf(isHere)(
  "the supervisor is killed: the command ends, and is told as killed",
  async () => {
    const six = descendants();
    const running = startCommand(six.argv, { supervise, grace: 100 });
    await six.started();

    process.kill(running.pid ?? 0, "SIGKILL");

    expect(await running.end).toMatchObject({ exitCode: undefined, signal: "SIGKILL" });
    // Without its supervisor its members are told by what they inherited.
    expect(six.survivors()).toEqual([]);
  },
);

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "holdfast-supervised-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function script(text: string): string {
  const file = join(directory(), "script");
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

test.runIf(isHere).for<[string, readonly string[], RunCommandOptions, object]>([
  ["an exit code", ["sh", "-c", "exit 255"], {}, { exitCode: 255, signal: undefined }],
  ["a signal", ["sh", "-c", "kill -s SEGV $$"], {}, { exitCode: undefined, signal: "SIGSEGV" }],
  ["one of its own", ["sh", "-c", "kill -s 40 $$"], {}, { signal: "SIG40" }],
  ["a signal to its whole group", ["sh", "-c", "kill -s KILL 0"], {}, { signal: "SIGKILL" }],
  ["its streams", ["sh", "-c", "cat; echo b >&2"], { input: "a" }, { stdout: "a", stderr: "b\n" }],
  ["no descriptor but the three", ["sh", "-c", "test ! -e /dev/fd/3"], {}, { exitCode: 0 }],
  ["no program", ["no-such-program"], {}, { startError: "ENOENT", exitCode: undefined }],
  ["no shell reads it", ["echo", "$HOME; *"], {}, { stdout: "$HOME; *\n" }],
  ["no shell reads its name", ["echo a; echo b"], {}, { startError: "ENOENT" }],
  [
    "what perl would obey",
    ["sh", "-c", 'echo "$PERL5OPT-$PERL_BADLANG-$LC_ALL"; env | grep -c KEPT'],
    { env: { PATH: process.env["PATH"], PERL5OPT: "-Mnone", LC_ALL: "xx_YY" } },
    { stdout: "-Mnone--xx_YY\n0\n", stderr: "" },
  ],
])("it ends as without one: %s", async ([, argv, options, expected]) => {
  expect(await runCommand(argv, { ...options, supervise })).toMatchObject({
    level: "supervised",
    ...expected,
  });
});

test.runIf(isHere)("what the system refuses only as it is started is told as such", async () => {
  // A program of which something still writes: ETXTBSY.
  const file = script("");
  writeFileSync(file, readFileSync("/bin/true"));
  const writer = spawn("sh", ["-c", `exec 3>>"$0"; echo; exec sleep 600`, file]);
  onTestFinished(() => void writer.kill("SIGKILL"));
  await once(writer.stdout, "data");

  expect(await runCommand([file], { supervise })).toMatchObject({
    exitCode: undefined,
    signal: undefined,
    startError: "ETXTBSY",
  });
});

test.runIf(isHere)("those who lost their parents are reaped while it runs", async () => {
  const zombies = `for i in 1 2 3 4 5 6 7 8; do (sh -c 'exit 0' &); done; sleep 0.2; (true &); sleep 0.2
    grep -l '^PPid:.'$PPID'$' /proc/[0-9]*/status 2> /dev/null | wc -l`;

  const { stdout } = await runCommand(["sh", "-c", zombies], { supervise });

  // Itself.
  expect(stdout.trim()).toBe("1");
});

test("a failure that has no name here", () => {
  expect(parseExit("failed", [99_999])).toMatchObject({ startError: "UNKNOWN" });
});

test("there is none around something else that is wrapped around a command", async () => {
  const wrap: RunCommandOptions["wrap"] = (argv) => ({ argv, level: "mild" });

  expect((await runCommand(["true"], { supervise, wrap })).level).toBe("mild");
});
