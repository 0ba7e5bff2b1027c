/** What goes where: summary, progress, JSON, logs, colours, help; and never a secret. Real processes. */

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fixture, holdfast, place, start, steady, type Place } from "./cli-process.ts";

const MAIN = join(import.meta.dirname, "../src/cli/main.ts");
const ENDINGS = fixture("endings.ts");

function ending(name: string, ...flags: string[]): string[] {
  return ["run", ENDINGS, "--input", JSON.stringify({ ending: name }), ...flags];
}

const PROGRESS: [ending: string, progress: string][] = [
  [
    "well",
    `TIME ·  Automation "endings" started, run RUN
TIME ·  Step "upload" started
TIME !  Step "upload" failed at attempt 1: read ECONNRESET (transient)
TIME ·  Step "upload" is tried again at once
TIME ✓  Step "upload" completed in LENGTH at attempt 2
TIME ·  Task "prune" started
TIME ·  Step "prune/list" started
TIME ✓  Step "prune/list" completed in LENGTH
TIME ✓  Task "prune" completed in LENGTH
`,
  ],
  [
    "by an undo that fails",
    `TIME ·  Automation "endings" started, run RUN
TIME ·  Step "archive" started
TIME ✓  Step "archive" completed in LENGTH
TIME ·  Step "upload" started
TIME !  Step "upload" failed at attempt 1: read EACCES (fatal)
TIME ✗  Step "upload" failed after 1 attempt
TIME !  The run's own task is being rolled back, 1 step
TIME ·  Step "archive" is being undone
TIME !  Step "archive" could not be undone: read EPERM (fatal)
TIME ·  Step "archive" (undo) is tried again in LENGTH
TIME !  Step "archive" could not be undone
TIME ✗✗ Step "archive" could not be undone, a human is needed: read EPERM (fatal)
TIME ✗✗ The run's own task could not be rolled back, a human is needed: the effect of archive may still be there
TIME ✗  Automation "endings" failed after LENGTH, 0/1 tasks succeeded: read EACCES (fatal)
`,
  ],
];

test.concurrent.for(PROGRESS)("the progress of a run that ends %s", async ([name, progress]) => {
  const at = place();

  const { stderr } = await holdfast(at, ending(name));

  expect(steady(stderr, at)).toBe(progress);
});

interface Record {
  readonly "@timestamp": string;
  readonly "log.level": string;
  readonly message: string;
  readonly "ecs.version": string;
  readonly event: { readonly action: string };
}

function recordsOf(lines: string): Record[] {
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record);
}

test.concurrent("with --log-format json every line on the standard error is a record, and so is the log", async () => {
  const at = place();
  const { stdout, stderr } = await holdfast(
    at,
    ending("rolled back", "--log-format", "json", "--log", "a.log"),
  );
  await holdfast(at, ending("well", "--log", "a.log"));

  const records = recordsOf(stderr);
  const log = recordsOf(readFileSync(join(at.root, "a.log"), "utf8"));
  expect(Object.keys(records[0] ?? {}).slice(0, 4)).toEqual([
    "@timestamp",
    "log.level",
    "message",
    "ecs.version",
  ]);
  expect(records.map(({ event }) => event.action)).toEqual([
    "run.started",
    "task.started",
    "step.started",
    "attempt.started",
    "attempt.succeeded",
    "step.completed",
    "step.started",
    "attempt.started",
    "attempt.failed",
    "retry.stopped",
    "step.failed",
    "rollback.started",
    "undo.started",
    "undo.completed",
    "rollback.completed",
    "task.failed",
    "run.failed",
  ]);
  // The second run is appended.
  expect(log.slice(0, records.length)).toEqual(records);
  expect(log.length).toBeGreaterThan(records.length);
  expect(steady(stdout, at)).toContain("0/1 tasks succeeded: endings, run RUN, LENGTH\n");
});

test.concurrent("with --log-format json also a complaint and a signal are records", async () => {
  const at = place();
  const words = [
    "run",
    fixture("two-steps.ts"),
    "--input",
    JSON.stringify({ ledger: at.ledger, go: "/nowhere" }),
    "--log-format",
    "json",
  ];
  const running = start(at, words);
  await running.heard('Step \\"second\\" started');

  const refused = await holdfast(at, words);
  running.child.kill("SIGINT");
  const stopped = await running.ended;

  const complaint = recordsOf(refused.stderr).map((record) => [
    record["log.level"],
    record.message,
  ]);
  expect([refused.exitCode, complaint]).toEqual([
    69,
    [["ERROR", expect.stringContaining('two-steps" is being run (') as string]],
  ]);
  expect(recordsOf(stopped.stderr).map(({ message }) => message)).toContain(
    "Stopping on SIGINT: steps under way are being ended. A second signal kills.",
  );
});

test.concurrent("a log that cannot be opened exits with 78, one that fails later is told of once", async () => {
  const at = place();

  const [refused, full] = await Promise.all([
    holdfast(at, ending("well", "--log", "no/such/directory/log")),
    holdfast(at, ending("well", "--log", "/dev/full")),
  ]);

  expect({ ...refused, stderr: steady(refused.stderr, at) }).toEqual({
    exitCode: 78,
    stdout: "",
    stderr: `holdfast: log file: "PLACE/no/such/directory/log" cannot be opened: ENOENT: no such file or directory, open 'PLACE/no/such/directory/log'\n`,
  });
  const complaints = full.stderr.split("\n").filter((line) => line.startsWith("holdfast:"));
  expect([full.exitCode, complaints]).toEqual([
    0,
    ["holdfast: log /dev/full is incomplete: ENOSPC: no space left on device, write"],
  ]);
});

test.concurrent("--json prints one document with a schema on the standard output, for run, runs and show", async () => {
  const at = place();

  const run = await holdfast(at, ending("rolled back", "--json"));
  const [runs, show, text, plain] = await Promise.all([
    holdfast(at, ["runs", "--json"]),
    holdfast(at, ["show", "last", "--json"]),
    holdfast(at, ["show", "last"]),
    holdfast(at, ["runs"]),
  ]);

  const summary = JSON.parse(run.stdout) as { runId: string };
  const shared = { status: "failed", exitCode: 80 };
  expect(summary).toMatchObject({
    schema: 1,
    automation: "endings",
    ...shared,
    tasksSucceeded: 0,
    tasksTotal: 1,
    tasks: [
      {
        name: "endings",
        ok: false,
        rollback: "complete",
        fault: { code: "EACCES", class: "fatal" },
      },
    ],
    error: { message: "read EACCES" },
  });
  expect(JSON.parse(runs.stdout)).toMatchObject({
    schema: 1,
    runs: [{ id: summary.runId, ...shared }],
  });
  expect(JSON.parse(show.stdout)).toMatchObject({
    schema: 1,
    run: { id: summary.runId, input: { ending: "rolled back" }, ...shared },
    steps: [
      { name: "archive", undo: "done" },
      { name: "upload", status: "failed", attempts: [{ number: 1, fault: { code: "EACCES" } }] },
      { name: "", kind: "task", status: "failed" },
    ],
  });
  expect(steady(text.stdout, at)).toContain("\n  ✓ step archive: completed in LENGTH, undone\n");
  expect(plain.stdout.split("\n")[1]).toMatch(
    /^01\w{24} {2}endings {5}failed {2}80 {4}0\/1 {4}\d{4}-/,
  );
  expect([runs, show, text, plain].map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(
    Array.from({ length: 4 }, () => [0, ""]),
  );
});

test.concurrent("secrets in the environment never get out: not to the outputs, the log or the journal", async () => {
  const at = place();
  const file = at.file(
    "leaky.ts",
    `import { automation } from "holdfast/automation";
    const token = process.env.API_TOKEN;
    if (process.env.EARLY) throw new Error("loading with " + token);
    export default automation("leaky", async (run) => {
      run.log.warning("with " + token, { url: "https://user:" + token + "@example.test/", token });
      await run.step("leak", () => { throw new Error("no " + token, { cause: new Error("because " + token) }); });
    });`,
  );
  const env = { API_TOKEN: "hunter2-hunter2" };
  const said = await Promise.all(
    [
      ["run", file, "--log", "log"],
      ["run", file, "hunter2-hunter2"],
      ["hunter2-hunter2"],
      ["show", "hunter2-hunter2"],
      ["run", "hunter2-hunter2.ts"],
      ["run", file, "--input", '{"a":"hunter2-hunter2"}'],
      ["runs", "--limit", "hunter2-hunter2"],
    ].map((words) => holdfast(at, words, env)),
  );
  said.push(await holdfast(at, ["run", file], { ...env, EARLY: "1" }));
  said.push(
    await holdfast(at, ["show", "last"], env),
    await holdfast(at, ["show", "last", "--json"], env),
  );

  const written = readdirSync(at.home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"));
  const log = readFileSync(join(at.root, "log"), "utf8");
  const all = [...said.flatMap(({ stdout, stderr }) => [stdout, stderr]), log, ...written];
  expect(all.filter((text) => text.includes("hunter2"))).toEqual([]);
  // They would have: each says something about it.
  expect(
    said.map(({ exitCode, stdout, stderr }) => [exitCode, `${stdout}${stderr}`.includes("***")]),
  ).toEqual([1, 2, 2, 1, 78, 2, 2, 78, 0, 0].map((exitCode, index) => [exitCode, index !== 5]));
});

test.concurrent("input is JSON or a file with JSON, and what does not fit is refused before anything starts", async () => {
  const at = place();
  at.file("input.json", '{"ending":"by a step that is refused"}');
  at.file("broken.json", "{");
  const inputs = ["@input.json", "{", "@broken.json", "@missing.json", "5", "[]", "null"];

  const ended = await Promise.all(
    inputs.map((input) => holdfast(at, ["run", ENDINGS, "--input", input])),
  );
  const { stdout } = await holdfast(at, ["runs", "--json"]);

  expect(
    ended.map(({ exitCode, stderr }) => [exitCode, exitCode === 2 ? stderr.split("\n")[0] : ""]),
  ).toEqual([
    [1, ""],
    [
      2,
      `holdfast run: --input: not JSON (Expected property name or '}' in JSON at position 1 (line 1 column 2)); give it as '{"name":"value"}', or as @file`,
    ],
    [
      2,
      "holdfast run: --input @broken.json: not JSON (Expected property name or '}' in JSON at position 1 (line 1 column 2))",
    ],
    [2, "holdfast run: --input @missing.json: there is no such file"],
    [2, 'holdfast: The input does not fit "endings": expected an object, received 5'],
    [2, 'holdfast: The input does not fit "endings": expected an object, received an array'],
    [2, 'holdfast: The input does not fit "endings": expected an object, received null'],
  ]);
  expect((JSON.parse(stdout) as { runs: unknown[] }).runs).toHaveLength(1);
});

const shell = promisify(execFile);

/** Runs a line of shell in which $HOLDFAST is the command line. Fails unless all of its parts end well. */
async function inShell(at: Place, line: string, env: NodeJS.ProcessEnv = {}) {
  const { stdout, stderr } = await shell("bash", ["-o", "pipefail", "-c", line], {
    cwd: at.root,
    env: {
      PATH: process.env["PATH"],
      HOME: at.root,
      HOLDFAST_HOME: at.home,
      NODE: process.execPath,
      MAIN,
      ENDINGS,
      TERM: "xterm-256color",
      ...env,
    },
    timeout: 25_000,
  });
  return { stdout, stderr };
}

test.concurrent("a reader that has read enough is no failure", async () => {
  const at = place();
  await holdfast(at, ending("well"));

  const { stdout, stderr } = await inShell(
    at,
    '"$NODE" "$MAIN" runs --json | head -c 3; "$NODE" "$MAIN" --help | true',
  );

  expect({ stdout, stderr }).toEqual({ stdout: "{\n ", stderr: "" });
});

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
const ESCAPE = "\u001b[";
const IN_TERMINAL = `script -qec '"$NODE" "$MAIN" run "$ENDINGS"' /dev/null`;

test.concurrent.for<[what: string, line: string, env: NodeJS.ProcessEnv, isColoured: boolean]>([
  ["in a terminal there are colours", IN_TERMINAL, {}, true],
  ["NO_COLOR takes them away", IN_TERMINAL, { NO_COLOR: "1" }, false],
  ["a dumb terminal has none", IN_TERMINAL, { TERM: "dumb" }, false],
  ["a pipe has none", '"$NODE" "$MAIN" run "$ENDINGS" 2>&1', {}, false],
])("%s", async ([, line, env, isColoured]) => {
  const { stdout } = await inShell(place(), line, env);

  expect([stdout.includes("1/1 tasks succeeded"), stdout.includes(ESCAPE)]).toEqual([
    true,
    isColoured,
  ]);
});

test.concurrent("control characters in an error reach no terminal", async () => {
  const at = place();
  const file = at.file(
    "red.ts",
    `import { automation } from "holdfast/automation";
    export default automation("red", () => { throw new Error("\\u001b[31mred\\u001b[0m\\u0007 \\u001b[2Jgone"); });`,
  );

  const { stdout, stderr } = await holdfast(at, ["run", file]);
  const shown = await holdfast(at, ["show", "last"]);

  const all = stdout + stderr + shown.stdout;
  expect([all.split("red gone").length - 1, CONTROL.test(all)]).toEqual([3, false]);
});

test.concurrent("--version prints the version, and every command has a help with examples", async () => {
  const at = place();
  const names = ["run", "runs", "show", "completion"];

  const [version, overview, ...helps] = await Promise.all(
    [["--version"], ["--help"], ...names.map((name) => [name, "--help"])].map((words) =>
      holdfast(at, words),
    ),
  );

  const { version: expected } = JSON.parse(
    readFileSync(join(MAIN, "../../../package.json"), "utf8"),
  ) as { version: string };
  expect(version).toEqual({ exitCode: 0, stdout: `${expected}\n`, stderr: "" });
  expect(names.filter((name) => !overview?.stdout.includes(`\n  ${name} `))).toEqual([]);
  expect(
    helps.map(({ exitCode, stderr, stdout }) => [
      exitCode,
      stderr,
      /\nUsage: holdfast (\S+) /.exec(stdout)?.[1],
      /\nExamples:\n {2}# .+\n {2}.*holdfast /.test(stdout),
    ]),
  ).toEqual(names.map((name) => [0, "", name, true]));
});

test.concurrent("--version loads nothing but what finds a command", async () => {
  const at = place();
  const preload = at.file(
    "watch.mjs",
    `import { registerHooks } from "node:module";
    import { appendFileSync } from "node:fs";
    registerHooks({ load(url, context, next) {
      if (url.includes("/src/")) appendFileSync(${JSON.stringify(at.ledger)}, url.split("/src/")[1] + "\\n");
      return next(url, context);
    } });`,
  );

  await holdfast(at, ["--version"], { NODE_OPTIONS: `--import=${pathToFileURL(preload).href}` });

  expect(at.did()).toEqual([
    "cli/main.ts",
    "cli/code-home.ts",
    "cli/start.ts",
    "core/exit-codes.ts",
    "core/system.ts",
    "core/clock.ts",
    "cli/dispatch.ts",
    "cli/command.ts",
    "cli/version.ts",
    "cli/commands.ts",
    "cli/exec-listing.ts",
  ]);
});

test.concurrent("the completion for bash completes commands, flags, values and files", async () => {
  const at = place();
  at.file("nightly.ts", "");
  at.file("odd name", "");
  const { stdout } = await inShell(
    at,
    `source <("$NODE" "$MAIN" completion bash)
    ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _holdfast; echo "\${COMPREPLY[@]}"; }
    ask holdfast ru
    ask holdfast show --j
    ask holdfast run --log-format ""
    ask holdfast runs --status in
    ask holdfast run nigh
    ask holdfast run --log-format json --re
    ask holdfast completion f
    ask holdfast show la
    ask holdfast runs ""
    ask holdfast run --log odd
    ask holdfast runs --automation nigh`,
  );

  expect(stdout.split("\n")).toEqual([
    "run runs",
    "--json",
    "text json",
    "interrupted in-doubt",
    "nightly.ts",
    "--resume --require-sandbox",
    "fish",
    "last",
    "",
    "odd name",
    "",
    "",
  ]);
});
