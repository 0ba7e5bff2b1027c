/** `holdfast exec` as a real process: what users, crontabs and scripts see of it. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NAMED } from "../src/heal/names.ts";
import { holdfast, place, steady, type Ended, type Place } from "./cli-process.ts";

type Env = Readonly<Record<string, string>>;

const exec = (at: Place, words: readonly string[], env?: Env): Promise<Ended> =>
  holdfast(at, ["exec", ...words], env);

/** A shell's line as a command. */
const sh = (line: string): string[] => ["--", "sh", "-c", line];

test("a command that succeeds has the streams for itself, and its run is in the journal", async () => {
  const at = place();

  const ended = await exec(at, [
    "--name",
    "greet",
    "--tag",
    "nightly",
    ...sh("echo out; echo err >&2"),
  ]);
  const shown = JSON.parse((await holdfast(at, ["show", "last", "--json"])).stdout) as {
    run: { automation: string; status: string; input: { exec: { argv: string[]; tag: string[] } } };
  };

  const { automation, status, input } = shown.run;
  expect({ ended, automation, status, argv: input.exec.argv, tag: input.exec.tag }).toEqual({
    ended: { exitCode: 0, stdout: "out\n", stderr: "err\n" },
    automation: "greet",
    status: "succeeded",
    argv: ["sh", "-c", "echo out; echo err >&2"],
    tag: ["nightly"],
  });
});

test("arguments go to the command as they are, empty ones and flags too", async () => {
  const at = place();

  const { stdout } = await exec(at, ["--", "printf", "[%s]", "", "--help", "a b", "*", "$HOME"]);

  expect(stdout).toBe("[][--help][a b][*][$HOME]");
});

test("with --shell it is a line, and what follows are its arguments", async () => {
  const at = place();

  const { stdout } = await exec(at, ["--shell", "--", 'echo "$1" | tr a-z A-Z', "loud"]);

  expect(stdout).toBe("LOUD\n");
});

test.for([
  ["its own", "exit 7", 7],
  ["its own, also where others use it", "exit 124", 124],
  ["by a signal", "kill -KILL $$", 137],
] as const)("an exit code that is %s passes through", async ([, line, exitCode]) => {
  const at = place();

  expect((await exec(at, sh(line))).exitCode).toBe(exitCode);
});

test("a command that is not found, and one that cannot be executed", async () => {
  const at = place();
  at.file("data", "no program");

  const codes = [
    (await exec(at, ["--", "no-such-program"])).exitCode,
    (await exec(at, ["--", "./data"])).exitCode,
    (await exec(at, ["--cwd", "no-such-directory", "--", "true"])).exitCode,
  ];

  expect(codes).toEqual([127, 126, 126]);
});

test("attempts are made as often as asked for, and only then it fails", async () => {
  const at = place();
  const line = `echo "$HOLDFAST_ATTEMPT" >> ledger; test "$HOLDFAST_ATTEMPT" = 3`;

  const healed = await exec(at, ["--attempts", "3", "--backoff", "fixed:1ms", ...sh(line)]);
  const failed = await exec(at, ["--attempts", "2", "--backoff", "1ms,2ms", ...sh(line)]);

  expect({ healed: healed.exitCode, failed: failed.exitCode, did: at.did() }).toEqual({
    healed: 0,
    failed: 1,
    did: ["1", "2", "3", "1", "2"],
  });
  expect(steady(failed.stderr, at)).toBe(
    `TIME !  sh failed at attempt 1: sh failed with exit code 1 (EXIT_1, unknown)
TIME ·  sh is tried again in LENGTH
TIME !  sh failed at attempt 2
holdfast: sh failed after 2 attempts, LENGTH: sh failed with exit code 1; holdfast show RUN
`,
  );
});

test.for([
  ["what it names is retried", ["--retry-on", "70-80"], "exit 75", 2],
  ["what it does not name is not", ["--retry-on", "70-80"], "exit 3", 1],
  ["by what was written", ["--retry-on", "/try later/i"], "echo Try Later; exit 3", 2],
  ["by a signal", ["--retry-on", "SIGKILL"], "kill -KILL $$", 2],
  ["what is fatal is not, whatever else is said", ["--fatal-on", "3"], "exit 3", 1],
  ["fatal comes first", ["--fatal-on", "3", "--retry-on", "3"], "exit 3", 1],
] as const)("--retry-on and --fatal-on: %s", async ([, flags, line, attempts]) => {
  const at = place();
  const all = ["--attempts", "2", "--backoff", "fixed:1ms", ...flags];

  await exec(at, [...all, ...sh(`echo attempt >> ledger; ${line}`)]);

  expect(at.did()).toHaveLength(attempts);
});

test.for([
  ["in all", ["--timeout", "300ms"]],
  ["of an attempt", ["--attempt-timeout", "300ms"]],
  ["of silence", ["--idle-timeout", "300ms"]],
] as const)("a limit %s ends it with 124, and its cleanup knows", async ([, flags]) => {
  const at = place();
  const told = ["--cleanup", 'echo "$HOLDFAST_OUTCOME $HOLDFAST_EXIT_CODE" >> ledger'];

  const { exitCode } = await exec(at, [...flags, "--grace", "50ms", ...told, ...sh("sleep 60")]);

  expect({ exitCode, did: at.did() }).toEqual({ exitCode: 124, did: ["timed-out 124"] });
});

test("a verification decides, and what it writes goes to the standard error", async () => {
  const at = place();
  at.file("out", "1234");
  const verify = ["--verify", "echo looking; test -s out"];

  const good = await exec(at, [...verify, "--min-size", "out=4B", ...sh("echo done")]);
  const bad = [
    await exec(at, ["--verify", "exit 3", ...sh("echo done")]),
    await exec(at, ["--min-size", "out=5B", ...sh("echo done")]),
    await exec(at, ["--min-size", "missing=1B", ...sh("echo done")]),
    await exec(at, ["--expect-output", "DONE", ...sh("echo done")]),
    await exec(at, ["--expect-output", "/^do.e$/m", "--expect-output", "/x/", ...sh("echo done")]),
  ];

  expect(good).toEqual({ exitCode: 0, stdout: "done\n", stderr: "looking\n" });
  expect(bad.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(
    bad.map(() => [65, "done\n"]),
  );
  expect(bad.map(({ stderr }) => /failed its verification, .*?: (.*?);/.exec(stderr)?.[1])).toEqual(
    [
      "exit 3 ended with exit code 3",
      "out has 4 B, and 5 B are expected",
      "missing cannot be read (ENOENT)",
      'the output has no "DONE"',
      "the output has no /x/",
    ],
  );
});

test("an undo takes back each failed attempt, and then tells more than the command's own code", async () => {
  const at = place();
  const flags = ["--attempts", "2", "--backoff", "fixed:1ms", "--undo", "echo undone >> ledger"];

  const { exitCode } = await exec(at, [...flags, ...sh("echo done >> ledger; exit 5")]);

  expect({ exitCode, did: at.did() }).toEqual({
    exitCode: 80,
    did: ["done", "undone", "done", "undone"],
  });
});

test("a verification that failed says more than that it was undone", async () => {
  const at = place();

  const { exitCode } = await exec(at, [
    "--undo",
    "echo undone >> ledger",
    "--verify",
    "false",
    ...sh("true"),
  ]);

  expect({ exitCode, did: at.did() }).toEqual({ exitCode: 65, did: ["undone"] });
});

test("an undo that fails needs a human, who is alerted", async () => {
  const at = place();

  const { exitCode } = await exec(at, [
    "--undo",
    "exit 1",
    "--alert",
    "cat > alert.json",
    ...sh("exit 5"),
  ]);

  const { outcome, rollback } = JSON.parse(readFileSync(join(at.root, "alert.json"), "utf8")) as {
    outcome: string;
    rollback: string;
  };
  expect({ exitCode, outcome, rollback }).toEqual({
    exitCode: 81,
    outcome: "failed",
    rollback: "incomplete",
  });
});

test("an alert gets what happened as JSON, without secrets", async () => {
  const at = place();
  const env = { API_TOKEN: "hunter2hunter2hunter2" };

  await exec(
    at,
    [
      "--name",
      "backup",
      "--tag",
      "nightly",
      "--alert",
      "cat > alert.json",
      ...sh('echo "refused: $API_TOKEN" >&2; exit 5'),
    ],
    env,
  );

  const alert = JSON.parse(readFileSync(join(at.root, "alert.json"), "utf8")) as object;
  expect(alert).toEqual({
    schema: 1,
    name: "backup",
    runId: expect.stringMatching(/^01[0-9a-z]{24}$/),
    tags: ["nightly"],
    host: expect.any(String),
    command: ["sh", "-c", 'echo "refused: $API_TOKEN" >&2; exit 5'],
    cwd: at.root,
    outcome: "failed",
    exitCode: 5,
    commandExitCode: 5,
    fault: { class: "unknown", code: expect.any(String), effect: "unknown" },
    error: "sh failed with exit code 5: refused: ***",
    stderr: "refused: ***\n",
    rollback: "none",
    attempts: 1,
    startedAt: expect.stringMatching(/Z$/),
    durationMs: expect.any(Number),
  });
});

test("nobody is alerted of what went well, and one that fails itself is told", async () => {
  const at = place();

  const good = await exec(at, ["--alert", "echo alert >> ledger", ...sh("true")]);
  const bad = await exec(at, ["--alert", "exit 4", ...sh("exit 5")]);

  expect({ did: at.did(), good: good.stderr, exitCode: bad.exitCode }).toEqual({
    did: [],
    good: "",
    exitCode: 5,
  });
  expect(bad.stderr).toContain("holdfast: the alert of sh ended with exit code 4\n");
});

test("a cleanup that fails is told, and changes nothing", async () => {
  const at = place();

  const { exitCode, stderr } = await exec(at, ["--cleanup", "exit 4", ...sh("true")]);

  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: "holdfast: the cleanup of sh ended with exit code 4\n",
  });
});

test("with --quiet-on-success nothing is seen of a success, and all of a failure", async () => {
  const at = place();
  const line = (code: number) => sh(`echo out; sleep 0.1; echo err >&2; exit ${code}`);

  const good = await exec(at, ["--quiet-on-success", ...line(0)]);
  const bad = await exec(at, ["--quiet-on-success", ...line(5)]);

  expect(good).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect({ ...bad, stderr: bad.stderr.split("\n")[0] }).toEqual({
    exitCode: 5,
    stdout: "out\n",
    stderr: "err",
  });
});

test("cwd and environment are the command's, and of all that is run for it", async () => {
  const at = place();
  const flags = ["--cwd", "/", "--env", "A=1=2", "--env", "B=", "--name", "x"];
  const line = 'echo "$PWD [$A] [$B] $HOLDFAST_NAME"';

  const { stdout, stderr } = await exec(at, [...flags, "--verify", line, ...sh(line)]);

  expect({ stdout, stderr }).toEqual({ stdout: "/ [1=2] [] x\n", stderr: "/ [1=2] [] x\n" });
});

test("a report says how it ended, and is read by its user alone", async () => {
  const at = place();

  await exec(at, ["--report", "report.json", ...sh("exit 5")]);

  const file = join(at.root, "report.json");
  const { outcome, exitCode } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  const mode = statSync(file).mode & 0o777;
  expect({ outcome, exitCode, mode }).toEqual({ outcome: "failed", exitCode: 5, mode: 0o600 });
});

test("with --log-format json every line of ours is a record", async () => {
  const at = place();

  const { stderr } = await exec(at, [
    "--log-format",
    "json",
    "--log",
    "log.jsonl",
    ...sh("exit 5"),
  ]);

  const read = (text: string) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { event: { action: string } }).event.action);
  const actions = read(stderr);
  expect(actions.at(-1)).toBe("log.written");
  expect(read(readFileSync(join(at.root, "log.jsonl"), "utf8"))).toEqual(actions.slice(0, -1));
});

test("what a secret stands in is run as it is, and kept without it", async () => {
  const at = place();
  const env = { API_TOKEN: "hunter2hunter2hunter2" };

  const { stdout } = await exec(at, ["--", "echo", "hunter2hunter2hunter2"], env);
  const shown = await holdfast(at, ["show", "last", "--json"]);
  const again = await holdfast(at, ["retry", "last"]);

  const { isMasked } = (JSON.parse(shown.stdout) as { run: { input: { isMasked: boolean } } }).run
    .input;
  expect({ stdout, isMasked, isKept: shown.stdout.includes("hunter2") }).toEqual({
    stdout: "hunter2hunter2hunter2\n",
    isMasked: true,
    isKept: false,
  });
  expect(again.exitCode).not.toBe(0);
});

test("a run that failed can be done again by its name", async () => {
  const at = place();
  const line = "test -e ready && echo again >> ledger";

  const failed = await exec(at, sh(line));
  at.file("ready", "");
  const again = await holdfast(at, ["retry", "last"]);

  expect([failed.exitCode, again.exitCode, at.did()]).toEqual([1, 0, ["again"]]);
});

test.for([
  [["--attempts", "0"], "--attempts: expected an integer >= 1"],
  [["--attempts", "many"], "--attempts: expected an integer >= 1"],
  [["--backoff", "slowly"], "--backoff: expected exponential:1s..60s"],
  [["--timeout", "soon"], "--timeout: expected"],
  [["--retry-on", "0"], "--retry-on[0]: expected exit codes from 1 to 255"],
  [["--fatal-on", "/(/"], '--fatal-on[0]: "/(/" is no pattern'],
  [["--min-size", "out"], "--min-size[0]: expected FILE=SIZE"],
  [["--env", "A"], "--env[0]: expected NAME=VALUE"],
  [["--lock-wait", "1m"], "--lock-wait: means nothing without --lock"],
  [["--lock", "a", "--lock-wait", "soon"], "--lock-wait: expected a duration"],
  [["--breaker-failures", "3"], "--breaker-failures: means nothing without --breaker"],
  [["--breaker-pause", "1m"], "--breaker-pause: means nothing without --breaker"],
  [["--no-net", "--net", "a:1"], "--no-net: excludes --net"],
  [["--heal", "disk-ful"], '--heal: there is no remedy "disk-ful"'],
  [["--heal", "pid-file file=x"], "--heal: pid-file.file: unknown"],
  [["--heal", "disk-full"], "--heal: disk-full: clear=GLOB is missing"],
  [["--heal", "disk-full clear"], "--heal: disk-full: expected options as name=value"],
  [["--heal", "inodes clear=/a/* keep=1 cool-down=x"], "--heal: inodes.cool-down: expected"],
  [["--backoff", "1s"], "--backoff: means nothing without --attempts"],
  [["--user", "nobody at all"], '--user: there is no user "nobody at all" here'],
  [["--dry-run", "--transaction"], "--transaction: excludes --dry-run"],
  [["--transaction", "--user", "nobody"], "--user: excludes --transaction"],
  [["--dry-run", "--read", "/"], "--read: excludes --dry-run"],
  [["--net", "nowhere"], '--net[0]: expected an address such as "store.example:443"'],
  [["--net", "a:99999"], "--net[0]: expected an address"],
  [["--read", ""], "--read[0]: expected text that is not empty"],
  [["--read", "/not there"], "--read: /not there is not there"],
  [["--write", "/not there"], "--write: /not there is not there; make it first"],
  [["--write", "~/x", "--cwd", "/"], "--write: /~/x is not there: a shell leaves ~ as it is"],
  [["--write", "/etc/passwd", "--transaction"], "--write: /etc/passwd is not a directory"],
  [["--atempts", "3"], "unknown flag --atempts; did you mean --attempts?"],
] as const)("wrong flags run nothing: %s", async ([flags, says]) => {
  const at = place();

  const { exitCode, stderr } = await exec(at, [...flags, ...sh("echo ran >> ledger")]);

  expect({ exitCode, did: at.did() }).toEqual({ exitCode: 2, did: [] });
  expect(stderr).toContain(`holdfast exec: ${says}`);
});

test.for([
  ["no program", ["--", "./not there"], 127],
  ["no directory", ["--cwd", "not there", "--", "true"], 126],
] as const)(
  "where there is %s, nothing was begun, and nothing is cleaned up",
  async ([, words, code]) => {
    const at = place();

    const { exitCode, stderr } = await exec(at, ["--cleanup", "echo cleaned >&2", ...words]);

    expect({ exitCode, isCleaned: stderr.includes("cleaned") }).toEqual({
      exitCode: code,
      isCleaned: false,
    });
  },
);

test("a verification that fails counts for the breaker, and one that hangs is ended in time", async () => {
  const at = place();
  const breaker = ["--breaker", "job", "--breaker-failures", "2"];
  const line = "echo $$ > pid; exec sleep 60";

  const failed = await exec(at, [...breaker, "--verify", "false", "--", "true"]);
  const hung = await exec(at, [...breaker, "--timeout", "1s", "--verify", line, "--", "true"]);
  const refused = await exec(at, [...breaker, "--", "true"]);

  expect([failed, hung, refused].map(({ exitCode }) => exitCode)).toEqual([65, 124, 75]);
  expect(hung.stderr).toContain("true did not end within 1 s (--timeout)");
  expect(refused.stderr).toContain('breaker "job" is open for another');
  // Its process is gone, or a zombie that nobody has reaped yet.
  expect(() =>
    readFileSync(`/proc/${readFileSync(join(at.root, "pid"), "utf8").trim()}/exe`),
  ).toThrow(/ENOENT|ESRCH/);
});

test("the help names the remedies", async () => {
  const { stdout } = await exec(place(), ["--help"]);

  const words = stdout.split(/[\s,;]+/);
  expect(Object.keys(NAMED).filter((name) => !words.includes(name))).toEqual([]);
});

test("without a command it says how one is given", async () => {
  const { exitCode, stderr } = await exec(place(), ["--attempts", "2"]);

  expect({ exitCode, says: stderr.split("\n")[0] }).toEqual({
    exitCode: 2,
    says: "holdfast exec: COMMAND is missing; it stands after --",
  });
});
