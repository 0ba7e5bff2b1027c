/**
 * Commands where it takes more than Node: pid namespaces (bubblewrap; root, or user namespaces), a
 * terminal (script of bsdutils), limits of the kernel (prlimit of util-linux).
 */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { reapLeftovers, runCommand, startCommand } from "holdfast/process";
import { quoted } from "../../src/core/shell-word.ts";
import { thisProcess } from "../../src/journal/owner.ts";
import { findProcess, pidSpace } from "../../src/process/process-table.ts";
import { Descendants, until } from "../process/descendants.ts";

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
  const script = `trap 'echo cleaned; exit 7' TERM; ${six.argv.map(quoted).join(" ")} & wait`;
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

/** What ends its first thread, and goes on in another one; its argument tells it apart. */
const IN_ANOTHER_THREAD = `
import ctypes, sys, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
print(sys.argv[1], flush=True)
exit_of_a_thread = {"x86_64": 60}.get(__import__("platform").machine(), 93)
ctypes.CDLL(None).syscall(exit_of_a_thread, 0)`;

test.for([
  [{ supervise: true }, "supervised"],
  [{}, "plain"],
] as const)(
  "a process whose first thread has ended is no zombie, and ends: %o",
  async ([how, level]) => {
    const cancelling = new AbortController();
    const said = { pid: "" };
    const script = 'setsid python3 -c "$0" mark & echo $!; wait';
    const running = startCommand(["sh", "-c", script, IN_ANOTHER_THREAD], {
      ...how,
      signal: cancelling.signal,
      grace: 0,
      onLine: (line) => (said.pid += /^\d+$/.test(line) ? line : ""),
    });
    const stat = () => statLine(said.pid);
    await until(() => / Z /.test(stat()));

    cancelling.abort();
    const ended = await running.end;

    // It may not be reaped yet.
    expect([ended.level, ended.leftovers, stat() === "" || threadsOf(stat()) === 1]).toEqual([
      level,
      [],
      true,
    ]);
  },
);

function statLine(pid: string): string {
  try {
    return pid === "" ? "" : readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return "";
  }
}

function threadsOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[17]);
}

test.for([
  ["is not there", "/dev/null"],
  ["is broken", "/bin/false"],
])("where perl %s, the command is run all the same, marked", ([, instead = ""]) => {
  const program = `
    import { runCommand } from "holdfast/process";
    const { level, stdout, exitCode } = await runCommand(["sh", "-c", "cat; exit 3"], { supervise: true, input: "in" });
    console.log(level, stdout, exitCode);`;
  const within = ["--dev-bind", "/", "/", "--ro-bind", instead, "/usr/bin/perl"];
  const { stdout } = spawnSync(
    "bwrap",
    [...within, process.execPath, SOURCE, "--input-type=module", "-e", program],
    { cwd: import.meta.dirname, encoding: "utf8" },
  );

  expect(stdout).toBe("marked in 3\n");
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
  const line = words.map(quoted).join(" ");
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

/** `sh` with job control around it; what is typed when `seen` holds a word. Answers what was seen at the end. */
async function inShell(script: string, typed: readonly (readonly [string, string])[]) {
  const shell = spawn("script", ["-qec", `bash -mc '${script}'`, "/dev/null"]);
  onTestFinished(() => void shell.kill("SIGKILL"));
  let seen = "";
  const rest = [...typed];
  shell.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    while (rest[0] !== undefined && seen.includes(rest[0][0])) shell.stdin.write(rest.shift()![1]);
  });
  await until(() => seen.includes("ended with") || shell.exitCode !== null);
  return seen.replaceAll("\r", "");
}

test.for([0, 1])(
  "Ctrl-Z stops holdfast and its command alike, fg goes on with both; supervised: %i",
  async (supervise) => {
    const command = `sh -c "echo ready; read word < /dev/tty; echo got \\$word"`;
    const seen = await inShell(
      `SUPERVISE=${supervise} "${process.execPath}" ${SOURCE} "${IN_TERMINAL}" ${command}
       echo "left with $?"
       echo going on; fg`,
      [
        ["ready", "\u001A"],
        ["going on", "hello\n"],
      ],
    );

    expect(seen).toContain("left with 148\n");
    expect(seen).toContain("got hello\n");
    expect(seen).toContain("ended with 0\n");
  },
);

test.runIf(isRoot)(
  "another user's process is told, its record kept, and ended by who may",
  async () => {
    const place = mkdtempSync(join(tmpdir(), "holdfast-other-"));
    onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    chmodSync(place, 0o777);
    const records = join(place, "records");
    // A program that becomes root in earnest: nobody may signal it then.
    const becomeRoot = join(place, "setpriv");
    copyFileSync("/usr/bin/setpriv", becomeRoot);
    chmodSync(becomeRoot, 0o4755);
    const program = `
    import { runCommand } from "holdfast/process";
    const argv = [process.argv[1], "--reuid=0", "--regid=0", "--clear-groups", "sleep", "600"];
    const end = await runCommand(argv, { records: process.argv[2], timeout: 500, grace: 0 });
    console.log(end.leftovers.length);`;
    const { stdout } = spawnSync(
      process.execPath,
      [SOURCE, "--input-type=module", "-e", program, becomeRoot, records],
      { cwd: import.meta.dirname, uid: NOBODY, gid: NOBODY, encoding: "utf8" },
    );

    const reaped = await reapLeftovers(records, { grace: 0 });

    expect(stdout).toBe("1\n");
    expect(reaped).toMatchObject([{ leftovers: [], ended: [expect.any(Number)] }]);
    expect(readdirSync(records)).toEqual([]);
  },
);

test.runIf(isRoot)("another user's living command is not taken for gone where it is hidden", () => {
  const place = mkdtempSync(join(tmpdir(), "holdfast-hidden-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  chmodSync(place, 0o777);
  const own = { pid: process.pid, startTime: findProcess(process.pid)?.startTime };
  const record = { mark: randomUUID(), command: own, owner: own, ...pidSpace() };
  writeFileSync(join(place, "x.command.json"), JSON.stringify(record));
  const program = `
    import { existsSync } from "node:fs";
    import { reapLeftovers } from "holdfast/process";
    console.log(existsSync("/proc/${process.pid}"), await reapLeftovers(process.argv[1]));`;
  const node = [process.execPath, SOURCE, "--input-type=module", "-e"];
  const mounted = `mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$@"`;

  const { stdout } = spawnSync(
    "unshare",
    ["--mount", "sh", "-c", mounted, "sh", ...node, program, place],
    { cwd: import.meta.dirname, encoding: "utf8" },
  );

  expect([stdout, readdirSync(place)]).toEqual(["false []\n", ["x.command.json"]]);
});

test.runIf(isRoot)("another user's run whose process is hidden is not taken for gone", () => {
  const program = `
    import { existsSync } from "node:fs";
    import { isGone } from "${join(import.meta.dirname, "../../src/journal/owner.ts")}";
    const owner = JSON.parse(process.argv[1]);
    console.log(existsSync("/proc/" + owner.pid), isGone(owner), isGone({ ...owner, pid: 2 ** 22 + 1 }));`;
  const node = [process.execPath, SOURCE, "--input-type=module", "-e"];
  const mounted = `mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$@"`;
  const owner = JSON.stringify(thisProcess());

  const { stdout } = spawnSync(
    "unshare",
    ["--mount", "sh", "-c", mounted, "sh", ...node, program, owner],
    { cwd: import.meta.dirname, encoding: "utf8" },
  );

  // Its lease tells.
  expect(stdout).toBe("false undefined true\n");
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

  expect(stdout).toMatch(
    /^1 \{ full: 'bytes', oomKills: \d+ \} true\n\{ full: 'neither', oomKills: \d+ \}\n$/,
  );
});
