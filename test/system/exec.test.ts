/** `holdfast exec` where it takes more than Node: overlays, sandboxes, another user, a terminal. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lookOf } from "../../src/process/overlay-finish.ts";
import { holdfast, place, start, type Place } from "../cli-process.ts";
import { isReadable, UNPRIVILEGED } from "../nobody.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const exec = (at: Place, words: readonly string[], env?: Readonly<Record<string, string>>) =>
  holdfast(at, ["exec", ...words], env);
const sh = (line: string): string[] => ["--", "sh", "-c", line];
const read = (at: Place, name: string) => readFileSync(join(at.root, name), "utf8");

/** A place with two files, and what changes both and makes a third. */
function withFiles(): Place {
  const at = place();
  at.file("a", "one\ntwo\n");
  at.file("b", "b");
  return at;
}
const CHANGES = "sed -i s/two/2/ a; rm b; echo new > c; echo done";
const names = (at: Place) => readdirSync(at.root).filter((name) => /^[abc.]/.test(name));
const layers = (at: Place) => readdirSync(join(at.home, "overlays"));

test("--dry-run shows what it would change and its exit code, and changes, undoes and journals nothing", async () => {
  const at = withFiles();
  const others = [
    "--undo",
    "touch undone",
    "--cleanup",
    "touch cleaned",
    "--alert",
    "touch alerted",
  ];
  const guards = ["--lock", "a", "--breaker", "b", "--report", "report.json"];

  const ended = await exec(at, ["--dry-run", ...others, ...guards, ...sh(`${CHANGES}; exit 3`)]);
  const runs = await holdfast(at, ["runs", "--ids"]);

  expect({ exitCode: ended.exitCode, stdout: ended.stdout }).toEqual({
    exitCode: 3,
    stdout: "done\n",
  });
  expect(ended.stderr).toContain(`holdfast: dry run: it would make 3 changes in files:
  changed  a  8 → 6 bytes
      -two
      +2
  deleted  b  1 bytes
  added    c  4 bytes
      +new
`);
  const { changes } = JSON.parse(read(at, "report.json")) as { changes: object[] };
  expect({
    changes: changes.length,
    names: names(at),
    done: ["undone", "cleaned", "alerted"].filter((name) => existsSync(join(at.root, name))),
    runs: runs.stdout,
    layers: layers(at),
  }).toEqual({ changes: 3, names: ["a", "b"], done: [], runs: "", layers: [] });
});

test("--dry-run sends nothing, and writes nowhere else", async () => {
  const at = place();

  const { stdout, stderr } = await exec(at, [
    "--dry-run",
    ...sh("grep -c : /proc/net/dev; echo x > /var/tmp/holdfast-outside"),
  ]);

  // The loopback of its own.
  expect(stdout).toBe("1\n");
  expect(stderr).toContain("Read-only file system");
  expect(stderr).toContain("it would change no files");
});

test("--transaction puts its changes in place when it and its verification went well", async () => {
  const at = withFiles();
  const checks = ["--verify", "grep -q 2 a", "--min-size", "c=4B"];

  const ended = await exec(at, ["--transaction", ...checks, ...sh(CHANGES)]);

  expect({ ended, names: names(at), a: read(at, "a"), layers: layers(at) }).toEqual({
    ended: { exitCode: 0, stdout: "done\n", stderr: "" },
    names: ["a", "c"],
    a: "one\n2\n",
    layers: [],
  });
});

test.for([
  ["it failed", [], `${CHANGES}; exit 4`, 4],
  ["its verification failed", ["--verify", "false"], CHANGES, 65],
  ["a file is too small", ["--min-size", "c=5B"], CHANGES, 65],
  ["a file is not there", ["--min-size", "b=1B"], CHANGES, 65],
  ["its time is up", ["--timeout", "500ms", "--grace", "0s"], `${CHANGES}; sleep 60`, 124],
  ["it was not found", [], undefined, 127],
] as const)("--transaction leaves all as it is when %s", async ([, flags, line, exitCode]) => {
  const at = withFiles();

  const ended = await exec(at, [
    "--transaction",
    ...flags,
    ...(line === undefined ? ["--", "no-such-program"] : sh(line)),
  ]);

  expect({
    exitCode: ended.exitCode,
    names: names(at),
    a: read(at, "a"),
    layers: layers(at),
  }).toEqual({ exitCode, names: ["a", "b"], a: "one\ntwo\n", layers: [] });
});

test("each attempt of a transaction begins with the files as they are", async () => {
  const at = withFiles();
  const flags = ["--attempts", "2", "--backoff", "1ms"];

  const { exitCode } = await exec(at, [
    "--transaction",
    ...flags,
    ...sh('echo "$HOLDFAST_ATTEMPT" >> a; [ "$HOLDFAST_ATTEMPT" = 2 ]'),
  ]);

  expect([exitCode, read(at, "a")]).toEqual([0, "one\ntwo\n2\n"]);
});

test("a transaction does not overwrite what others changed meanwhile", async () => {
  const at = withFiles();
  // What is made in the directory meanwhile is not seen from within.
  const elsewhere = place();
  const line = `echo mine > a; rm b; echo begun >&2; while [ ! -e '${elsewhere.root}/go' ]; do sleep 0.05; done`;
  const running = start(at, ["exec", "--transaction", ...sh(line)]);
  await running.heard("begun");

  at.file("a", "theirs");
  elsewhere.file("go", "");
  const { exitCode, stderr } = await running.ended;

  expect([exitCode, read(at, "a"), names(at)]).toEqual([125, "theirs", ["a", "b"]]);
  expect(stderr).toContain("was changed by others while the command ran");
});

test("what a killed transaction left is removed at the next start, and a commit that was begun is done", async () => {
  const at = withFiles();
  const running = start(at, [
    "exec",
    "--transaction",
    ...sh("echo x > a; echo begun >&2; sleep 60"),
  ]);
  await running.heard("begun");

  running.child.kill("SIGKILL");
  await running.ended;
  const left = layers(at).length;
  const [record = ""] = layers(at).filter((name) => name.endsWith(".json"));
  const { place: layersAt } = JSON.parse(
    readFileSync(join(at.home, "overlays", record), "utf8"),
  ) as { place: string };
  const [name = ""] = readdirSync(layersAt);
  // As it stands when it is killed among its renames.
  const stage = join(at.root, ".stage");
  const staged = at.file(".stage/new/a", "committed");
  const to = join(at.root, "a");
  const moves = [{ from: staged, to, aside: join(stage, "gone-0"), look: await lookOf(to) }];
  const ready = { stages: [stage], moves, attributes: [] };
  writeFileSync(join(layersAt, name, "ready"), JSON.stringify(ready));
  const next = await exec(at, ["--", "true"]);

  expect({
    left: left > 0,
    now: layers(at),
    a: read(at, "a"),
    isThere: existsSync(layersAt),
  }).toEqual({
    isThere: false,
    left: true,
    now: [],
    a: "committed",
  });
  expect(next.stderr).toContain("was cut off while its changes were put in place");
});

test("where the layers would lie in what is laid over, they lie elsewhere", async () => {
  const at = withFiles();

  const { exitCode, stderr } = await exec(at, ["--transaction", ...sh("echo x > a")], {
    HOLDFAST_HOME: join(at.root, "state"),
  });

  expect({ exitCode, stderr, a: read(at, "a") }).toEqual({ exitCode: 0, stderr: "", a: "x\n" });
});

test.for([["--dry-run"], ["--transaction"], ["--require-sandbox", "--no-net"]] as const)(
  "where the machine does not allow it, %s says why and runs nothing, with 77",
  async (flags) => {
    const at = place();
    // Neither unshare nor bwrap is there.
    const bin = join(at.root, "bin");
    mkdirSync(bin);
    for (const name of ["sh", "node"]) {
      symlinkSync(spawnSync("which", [name], { encoding: "utf8" }).stdout.trim(), join(bin, name));
    }

    const { exitCode, stderr } = await exec(at, [...flags, ...sh("echo ran >> ledger")], {
      PATH: bin,
    });

    expect({ exitCode, did: at.did() }).toEqual({ exitCode: 77, did: [] });
    expect(stderr).toMatch(/unshare|bubblewrap/);
  },
);

test.for([
  ["--transaction", "", 77],
  ["--transaction", "echo 'tar: unrecognized option' >&2; exit 1", 77],
  ["--dry-run", "", 0],
] as const)("%s where what is called tar does %j: exit code %d", async ([flag, tar, code]) => {
  const at = place();
  const bin = join(at.root, "bin");
  mkdirSync(bin);
  const programs = "sh node bwrap unshare setpriv mount find xargs true perl";
  for (const name of programs.split(" ")) {
    symlinkSync(spawnSync("which", [name], { encoding: "utf8" }).stdout.trim(), join(bin, name));
  }
  if (tar !== "") at.file("bin/tar", `#!/bin/sh\n[ "$*" = --version ] || { ${tar}; }\n`);
  if (tar !== "") chmodSync(join(bin, "tar"), 0o755);

  const { exitCode, stdout, stderr } = await exec(at, [flag, ...sh("echo ran")], { PATH: bin });

  expect([exitCode, stdout]).toEqual(code === 0 ? [0, "ran\n"] : [77, ""]);
  expect(stderr).toContain(code === 0 ? "no files" : "GNU tar is needed to put changes in place");
});

test("a dry run whose overlay is killed does not say that nothing would change", async () => {
  const at = place();
  const flags = ["--dry-run", "--timeout", "1s", "--grace", "100ms"];
  const line = "trap '' TERM; echo x > made; while :; do sleep 1; done";

  const { exitCode, stderr } = await exec(at, [...flags, ...sh(line)]);

  expect([exitCode, stderr]).toEqual([124, expect.stringContaining("is not known")]);
});

test("--write, --read and --no-net hold", async () => {
  const at = place();
  at.file("in/data", "data");
  at.file("secret", "secret");
  mkdirSync(join(at.root, "out"));
  const limits = ["--read", "in", "--write", "out", "--no-net"].map((word) =>
    word.startsWith("--") ? word : join(at.root, word),
  );
  const line = `cat in/data > out/copy; cat secret; echo x > in/new; grep -c : /proc/net/dev`;

  const { stdout, stderr } = await exec(at, [...limits, ...sh(line)]);

  expect({
    stdout,
    copy: read(at, "out/copy"),
    isNew: existsSync(join(at.root, "in/new")),
  }).toEqual({ stdout: "1\n", copy: "data", isNew: false });
  expect(stderr).toMatch(/secret: No such file[^]*in\/new/);
});

test("a relative --cwd, and paths that lead through links, are as they are without a sandbox", async () => {
  const at = place();
  at.file("data/f", "seen");
  mkdirSync(join(at.root, "work"));
  symlinkSync(join(at.root, "data"), join(at.root, "link"));
  const flags = ["--cwd", "work", "--read", "../link", "--write", "."];
  const words = [...flags, ...sh(`cat ../link/f > copy; pwd`)];

  const { exitCode, stdout } = await exec(at, words);

  expect([exitCode, stdout, read(at, "work/copy")]).toEqual([0, `${at.root}/work\n`, "seen"]);
});

test("--require-sandbox runs nothing where a limit would not be kept", async () => {
  const at = place();

  const { exitCode, stderr } = await exec(at, [
    "--require-sandbox",
    "--net",
    "127.0.0.1:1",
    ...sh("echo ran >> ledger"),
  ]);

  expect([exitCode, at.did(), stderr]).toEqual([
    77,
    [],
    expect.stringContaining("none keeps which hosts it reaches"),
  ]);
});

/** The programs of a machine without bubblewrap. */
function withoutBubblewrap(at: Place): string {
  const bin = join(at.root, "bin");
  mkdirSync(bin);
  for (const name of "sh true setpriv prlimit unshare grep sleep setsid".split(" ")) {
    symlinkSync(spawnSync("which", [name], { encoding: "utf8" }).stdout.trim(), join(bin, name));
  }
  return bin;
}

test("without bubblewrap it has no network and no new rights, and what is not kept is told", async () => {
  const at = place();
  const line = "grep -c : /proc/net/dev; grep NoNewPrivs /proc/self/status; ulimit -Hc";

  const { exitCode, stdout, stderr } = await exec(
    at,
    ["--no-net", "--write", at.root, ...sh(line)],
    { PATH: withoutBubblewrap(at) },
  );

  expect([exitCode, stdout]).toEqual([0, "1\nNoNewPrivs:\t1\n0\n"]);
  expect(stderr).toMatch(
    /^holdfast: not kept in the sandbox: what it writes; kept: no network, it gains no rights, it writes no memory image.*bubblewrap is not installed/,
  );
});

test("without bubblewrap nobody outlives it either, also when it is killed", async () => {
  const at = place();
  const line = `setsid sh -c 'echo $$ >> ledger; exec sleep 600' & sleep 0.2; echo on >&2; sleep 600`;
  const words = ["exec", "--no-net", ...sh(line)];
  const running = start(at, words, { PATH: withoutBubblewrap(at) });
  await running.heard("on\n");

  running.child.kill("SIGKILL");
  await running.ended;

  const [pid] = at.did();
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 20_000 }).toBe(false);
});

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)("without bubblewrap root has only the rights over files and users", async () => {
  const at = place();

  const { stdout } = await exec(at, ["--no-net", ...sh("grep CapEff /proc/self/status")], {
    PATH: withoutBubblewrap(at),
  });

  // chown, dac_override, fowner, fsetid, kill, setgid, setuid, net_bind_service: capability.h.
  expect(stdout).toBe("CapEff:\t00000000000004fb\n");
});

test.runIf(isRoot)("somebody else has no rights inside bubblewrap", async () => {
  const at = place();
  const flags = ["--user", "nobody", "--cwd", "/", "--no-net"];

  const { stdout } = await exec(at, [...flags, ...sh("grep CapEff /proc/self/status")]);

  expect(stdout).toBe("CapEff:\t0000000000000000\n");
});

test.runIf(isRoot).for([[[]], [["--write", "/var/tmp"]]] as const)(
  "--user runs it and its verification as somebody else: %o",
  async ([limits]) => {
    const at = place();
    const flags = ["--user", "nobody", "--cwd", "/", "--verify", "id -un >&2", ...limits];

    const ended = await exec(at, [...flags, ...sh('id -un; id -Gn; echo "$HOME"')]);

    expect(ended).toEqual({
      exitCode: 0,
      stdout: "nobody\nnogroup\n/nonexistent\n",
      stderr: "nobody\n",
    });
  },
);

test.runIf(isRoot && isReadable)("nobody but root may ask for another user", async () => {
  const at = place();
  const words = [MAIN, "exec", "--user", "daemon", "--", "id"];
  chmodSync(at.root, 0o777);

  const { status, stderr } = spawnSync(process.execPath, words, {
    ...UNPRIVILEGED,
    cwd: "/",
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", HOLDFAST_HOME: at.home },
  });

  expect([status, stderr]).toEqual([2, expect.stringContaining("only root may")]);
});

/** Runs a line in a terminal, types into it when it has said `cue`, and waits for its end. */
async function inTerminal(at: Place, words: readonly string[], cue: string, typed: string) {
  const line = [process.execPath, MAIN, "exec", ...words]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    cwd: at.root,
    env: { PATH: process.env["PATH"], HOME: at.root, HOLDFAST_HOME: at.home, TERM: "xterm" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (!shown.includes(cue) && (shown + text).includes(cue)) child.stdin.write(typed);
    shown += text;
  });
  const [status] = (await once(child, "close")) as [number | null];
  return { status, shown };
}

test("in a terminal the command has it, and answers what is typed", async () => {
  const at = place();

  const { status, shown } = await inTerminal(
    at,
    sh(
      "test -t 0 && test -t 1 && test -t 2; echo $?; printf 'name? '; read name < /dev/tty; echo hello $name",
    ),
    "name? ",
    "ann\n",
  );

  expect([status, shown]).toEqual([0, expect.stringMatching(/^0\r\n[^]*hello ann\r\n$/)]);
});

test("a change of the terminal's size reaches the command", async () => {
  const at = place();
  const line = `trap 'echo; stty size; exit' WINCH; stty rows 33 cols 77; while :; do sleep 0.05; done`;

  const { status, shown } = await inTerminal(at, sh(line), "never", "");

  expect([status, shown]).toEqual([0, expect.stringContaining("33 77\r\n")]);
});

test("job control: a time limit runs on while all is stopped, and who writes in the background goes on", () => {
  const at = place();
  const run = `"${process.execPath}" "${MAIN}" exec`;
  const script = at.file(
    "jobs.sh",
    `set -m
    modes=$(stty -g)
    ${run} --timeout 1s -- sh -c 'kill -s TSTP 0; sleep 600'
    echo "stopped with $?"; sleep 1; fg; echo "ended with $?"
    ${run} -- sh -c 'echo from the background; exit 4' & wait $!; echo "then with $?"
    test "$modes" = "$(stty -g)" && echo the terminal is as it was`,
  );

  const { stdout } = spawnSync("script", ["-qec", `bash '${script}'`, "/dev/null"], {
    cwd: at.root,
    env: { PATH: process.env["PATH"], HOME: at.root, HOLDFAST_HOME: at.home, TERM: "xterm" },
    encoding: "utf8",
  });

  const told = stdout
    .split("\r\n")
    .filter((line) => /^(?:stopped|ended|from|then|the) /.test(line));
  expect(told).toEqual([
    "stopped with 148",
    "ended with 124",
    "from the background",
    "then with 4",
    "the terminal is as it was",
  ]);
});

test("Ctrl-C in a terminal reaches the command once, and undo and cleanup are run", async () => {
  const at = place();
  const line = `trap "echo got >> ledger" INT; echo begun; n=0; while [ $n -lt 20 ]; do sleep 0.05; n=$((n + 1)); done; exit 3`;
  const flags = [
    "--undo",
    "echo undone >> ledger",
    "--cleanup",
    "echo $HOLDFAST_OUTCOME >> ledger",
  ];

  const { status } = await inTerminal(at, [...flags, ...sh(line)], "begun", "\u0003");

  expect([status, at.did()]).toEqual([130, ["got", "undone", "interrupted"]]);
});
