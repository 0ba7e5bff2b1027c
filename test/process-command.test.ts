/** How commands are started and how they end: real processes and files. */

import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { faultOf, secret } from "holdfast";
import {
  $,
  command,
  runCommand,
  startCommand,
  type CommandError,
  type CommandOptions,
  type CommandResult,
  type RunCommandOptions,
  type WordValue,
} from "holdfast/process";

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "holdfast-command-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function script(name: string, text: string, mode: number): string {
  const file = join(directory(), name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

test("how a command ended is plain data", async () => {
  const argv = ["sh", "-c", "echo out; echo err >&2; exit 3"];

  expect(await runCommand(argv)).toEqual({
    argv,
    level: "plain",
    exitCode: 3,
    signal: undefined,
    endedBy: undefined,
    stdout: "out\n",
    stderr: "err\n",
    stdoutBytes: 4,
    stderrBytes: 4,
    durationMs: expect.any(Number),
    leftovers: [],
    symptoms: {
      full: expect.any(String),
      oomKills: expect.any(Number),
      script: { stopsAtFailure: false, hasTrap: false },
    },
  });
});

test("no symptoms are looked for where nothing failed", async () => {
  expect(await runCommand(["true"])).not.toHaveProperty("symptoms");
});

test("a signal that ended it is told by name", async () => {
  const ended = await runCommand(["sh", "-c", "kill -s TERM $$"]);

  expect(ended).toMatchObject({ exitCode: undefined, signal: "SIGTERM", endedBy: undefined });
});

test.for([
  ["no such program", () => ["no-such-program"], "ENOENT", "program"],
  ["no such file", () => ["./no/such"], "ENOENT", "program"],
  ["no such interpreter", () => [script("a", "#! /no/such -x\n", 0o755)], "ENOENT", "interpreter"],
  [
    "an interpreter whose line ends as in DOS",
    () => [script("a", "#!/bin/sh\r\n", 0o755)],
    "ENOENT",
    "interpreter",
  ],
  [
    "an interpreter that is not executable",
    () => [script("a", `#!${script("b", "", 0o644)}\n`, 0o755)],
    "EACCES",
    "interpreter",
  ],
  ["not executable", () => [script("a", "#!/bin/sh\n", 0o644)], "EACCES", "program"],
  ["a directory", () => [tmpdir()], "EACCES", "program"],
] as const)("%s: it never started, and is told why", async ([, argv, startError, what]) => {
  const ended = await runCommand(argv());

  expect(ended).toMatchObject({ exitCode: undefined, signal: undefined, startError, stdout: "" });
  expect(ended.startProblem).toMatchObject({ what, code: startError });
});

test("no such working directory, though the program is there", async () => {
  const cwd = join(directory(), "nowhere");

  expect(await runCommand(["true"], { cwd })).toMatchObject({
    startError: "ENOENT",
    startProblem: { what: "working directory", path: cwd, code: "ENOENT" },
  });
});

test("arguments that are too long for the system", async () => {
  const end = await runCommand(["true", "x".repeat(5_000_000)]);

  expect([end.startError, end.startProblem]).toEqual(["E2BIG", undefined]);
});

test("a program of the environment's own PATH, as seen from its own directory", async () => {
  const file = script("said-hello", "#!/bin/sh\necho hello\n", 0o755);
  const cwd = join(file, "..");

  expect(await runCommand(["said-hello"], { env: { PATH: cwd } })).toMatchObject({ exitCode: 0 });
  expect(await runCommand(["./said-hello"], { cwd })).toMatchObject({ stdout: "hello\n" });
});

test("what is already cancelled is not started", async () => {
  const file = join(directory(), "touched");
  const signal = AbortSignal.abort(new Error("no"));

  const end = await runCommand(["touch", file], { signal });

  expect([end.endedBy, end.exitCode, existsSync(file)]).toEqual(["cancel", undefined, false]);
  await expect(command("touch", [file], { signal })).rejects.toThrow("no");
});

test("silence for too long ends it", async () => {
  const end = await runCommand(["sleep", "600"], { idleTimeout: 50, grace: "20s" });

  expect(end).toMatchObject({ endedBy: "idle", signal: "SIGTERM" });
});

test("signals are handed on as they are", async () => {
  const begun = Promise.withResolvers<string>();
  const argv = ["sh", "-c", "trap 'exit 9' HUP; echo begun; while :; do sleep 0.01; done"];
  const running = startCommand(argv, { onLine: begun.resolve });
  await begun.promise;

  running.forward("SIGHUP");

  expect(await running.end).toMatchObject({ exitCode: 9, endedBy: undefined });
});

test("who starts it is told its pid, and how well it is held", async () => {
  const started: unknown[] = [];
  const running = startCommand(["sh", "-c", "echo $$"], { onStart: (how) => started.push(how) });

  const { stdout } = await running.end;

  expect(started).toEqual([{ pid: Number(stdout), level: "plain" }]);
  expect(running.pid).toBe(Number(stdout));
});

test("something of one's own around it: it is told of, and left out of what was run", async () => {
  const wrap: RunCommandOptions["wrap"] = (argv) => ({ argv: ["nice", ...argv], level: "mild" });

  const end = await runCommand(["echo", "a"], { wrap });
  const missing = await runCommand(["no-such-program"], { wrap });
  const refused = await runCommand([script("a", "", 0o644)], { wrap });

  expect(end).toMatchObject({ argv: ["echo", "a"], level: "mild", stdout: "a\n" });
  expect(missing).toMatchObject({ startError: "ENOENT", startProblem: { what: "program" } });
  expect(refused).toMatchObject({ startError: "EACCES", startProblem: { what: "program" } });
});

test("the environment: this process's, or the one that is given; and a mark", async () => {
  const names = async (options: RunCommandOptions): Promise<string[]> => {
    const { stdout } = await runCommand(["/usr/bin/env"], { keep: "1MiB", ...options });
    return stdout.split("\n").flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
  };

  expect(await names({ env: { A: "1", B: undefined } })).toEqual(["A", "HOLDFAST_COMMAND"]);
  expect(await names({})).toEqual(expect.arrayContaining(["PATH", "HOLDFAST_COMMAND"]));
  expect(await names({ env: {}, unattended: true })).toContain("GIT_TERMINAL_PROMPT");
});

test("each command of a command adds its mark", async () => {
  const marks = async (before: string): Promise<string[]> => {
    const { stdout } = await runCommand(["/usr/bin/env"], { env: { HOLDFAST_COMMAND: before } });
    return stdout.trim().replace("HOLDFAST_COMMAND=", "").split(" ");
  };
  const many = Array.from({ length: 20 }, (_, at) => `m${at}`);

  expect(await marks("outer")).toEqual(["outer", expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  expect(await marks(many.join(" "))).toEqual([...many.slice(5), expect.any(String)]);
});

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)("as another user: its ids, no further groups, its home", async () => {
  const argv = ["sh", "-c", 'echo $(id -u) $(id -g) $(id -G); echo "$USER $LOGNAME $HOME"'];

  const { stdout } = await runCommand(argv, { user: "nobody", cwd: "/" });

  expect(stdout).toMatch(/^(\d+) (\d+) \2\nnobody nobody \S+\n$/);
  expect(stdout).not.toMatch(/^0 /);
});

test.for<[string, RunCommandOptions]>([
  ["an unknown name", { timeoutMs: 5 } as RunCommandOptions],
  ["a keep without bound", { keep: Infinity }],
  ["a keep of half a byte", { keep: 0.5 }],
  ["no time", { timeout: 0 }],
  ["an input that is none", { input: 5 as unknown as string }],
  ["two inputs", { input: "a", stdin: "inherit" }],
  ["a target that is none", { stdout: "tty" as "pass" }],
  ["nobody who could hear it fall silent", { stdout: "inherit", stderr: "ignore", idleTimeout: 5 }],
  ["two wrappers", { contain: true, wrap: (argv) => ({ argv, level: "x" }) }],
  ["a signal that is none", { signal: {} as AbortSignal }],
  ["a variable that no system takes", { env: { A: "a\0b" } }],
  ["a user who is not there", { user: "no-such-user" }],
])("refused: %s", async ([, options]) => {
  await expect(runCommand(["true"], options)).rejects.toMatchObject({ code: "OPTIONS_INVALID" });
});

test.for<[string, unknown]>([
  ["nothing", []],
  ["no program", [""]],
  ["text", "true"],
  ["a zero byte", ["a", "b\0"]],
  ["a number", ["a", 5]],
])("no command: %s", async ([, argv]) => {
  await expect(runCommand(argv as string[])).rejects.toMatchObject({ code: "OPTIONS_INVALID" });
});

test("what a refused variable or argument holds is not shown", async () => {
  const refused = await runCommand(["a", "hunter2\0"]).catch(String);

  expect(refused).toBe(
    "OptionsError: command.argv[1]: expected text without a zero byte, received text with one",
  );
});

test("command: arguments reach the program as they are", async () => {
  const odd = ["a b", "*", "$HOME", "; rm x", "", "'\"", "é\n"];

  const { stdout } = await command("printf", ["%s|", ...odd]);

  expect(stdout).toBe(odd.map((each) => `${each}|`).join(""));
});

test("command: with a shell the program is its text, and arguments are values in it", async () => {
  const text = 'printf "%s" "$1" | tr a-z A-Z; echo; echo "$#"';

  const { lines } = await command(text, ["a; exit 1", "b"], { shell: true });
  const named = await command("echo $0", [], { shell: "/bin/sh" });

  expect([lines(), named.text()]).toEqual([["A; EXIT 1", "2"], "/bin/sh"]);
});

test.for<[string, () => Promise<CommandResult>]>([
  ["no shell", () => command("true", [], { shell: 5 } as unknown as CommandOptions)],
  ["an empty shell", () => command("true", [], { shell: "" })],
  ["text as arguments", () => command("echo", "abc" as unknown as string[])],
  ["an unknown option", () => command("true", [], { retries: 3 } as CommandOptions)],
  ["an empty template", () => $`  `],
  ["a pipe", () => $`a | b`],
  ["a value that is none", () => $`echo ${undefined as unknown as WordValue}`],
])("command: refused: %s", async ([, refused]) => {
  await expect(refused()).rejects.toMatchObject({ code: "OPTIONS_INVALID" });
});

test("command: its output as text, lines and JSON", async () => {
  const result = await command("printf", ['[1,\n"a"]\n\n']);
  const nothing = await command("true");

  expect([result.text(), result.lines(), result.json(), nothing.lines()]).toEqual([
    '[1,\n"a"]',
    ["[1,", '"a"]'],
    [1, "a"],
    [],
  ]);
});

test("command: output that was not kept whole is not taken for the whole", async () => {
  const result = await command("echo", ["0123456789"], { keep: 5 });

  expect(result.stdout).toBe("6789\n");
  for (const read of [result.text, result.lines, result.json]) {
    expect(read).toThrow("echo wrote 11 bytes, of which 5 are kept: see the option keep");
  }
  expect((await command("echo", ["0123"], { keep: 5 })).text()).toBe("0123");
});

async function failureOf(work: () => Promise<unknown>): Promise<CommandError> {
  return (await work().catch((error: unknown) => error)) as CommandError;
}

test.for<[string, () => Promise<unknown>, string]>([
  ["an exit code", () => $`sh -c 'exit 3'`, "sh failed with exit code 3"],
  [
    "its last words",
    () => $`sh -c 'echo a >&2; echo b c >&2; exit 3'`,
    "sh failed with exit code 3: b c",
  ],
  [
    "its last words, and not what is indented below them",
    () => $`sh -c 'printf "a\n%s: refused\n\t%s?\n" db running >&2; exit 3'`,
    "sh failed with exit code 3: db: refused",
  ],
  [
    "its last words, and not what points at them",
    () =>
      $`sh -c ${'for said in "gone" "Child returned status 1" "Exiting due to previous errors" "Error is not recoverable: exiting now"; do echo "tar: $said" >&2; done; exit 2'}`,
    "sh failed with exit code 2: tar: gone",
  ],
  [
    "nothing but what is indented",
    () => $`sh -c 'echo "  a" >&2; exit 3'`,
    "sh failed with exit code 3: a",
  ],
  ["a signal", () => $`sh -c 'kill -s KILL $$'`, "sh was killed by SIGKILL"],
  [
    "its time",
    () => $({ timeout: 20, grace: 0 })`sleep 600`,
    "sleep was ended, for its time was up",
  ],
  [
    "its silence",
    () => $({ idleTimeout: 20, grace: 0 })`sleep 600`,
    "sleep was ended, for it was silent for too long",
  ],
  [
    "no program",
    () => $`no-such-program`,
    "no-such-program could not be started (ENOENT): program no-such-program is not there",
  ],
  [
    "no directory",
    () => $({ cwd: "/no/such" })`true`,
    "true could not be started (ENOENT): working directory /no/such is not there",
  ],
  ["too long", () => $`true ${"x".repeat(5_000_000)}`, "true could not be started (E2BIG)"],
])("what failed is told: %s", async ([, work, message]) => {
  const error = await failureOf(work);

  expect(`${error.name}: ${error.message}`).toBe(`CommandError: ${message}`);
  expect(error.code).toBe("COMMAND_FAILED");
});

test("the fault of an error is that of how the command ended", async () => {
  const missing = await failureOf(() => $`no-such-program`);
  const late = await failureOf(() => $({ timeout: 20, grace: 0 })`sleep 600`);

  expect(faultOf(missing)).toMatchObject({ class: "fatal", effect: "none" });
  expect(faultOf(late)).toEqual({ class: "timeout", code: "TIMED_OUT", effect: "unknown" });
  expect(late.end).toMatchObject({ argv: ["sleep", "600"], endedBy: "timeout" });
});

test("no secret is shown with an error: neither arguments, nor what it complained about", async () => {
  const word = secret("correct-horse-battery");
  const error = await failureOf(
    () => $`sh -c 'echo "cannot log in with $1" >&2; exit 1' sh ${word}`,
  );

  expect(error.message).toBe("sh failed with exit code 1: cannot log in with ***");
  expect(JSON.stringify(error) + inspect(error)).not.toContain(word);
  expect(error.end.argv).toContain(word);
});

test("$: called with options it is another one with those", async () => {
  const cwd = directory();
  const there = $({ cwd });
  const inC = there({ env: { A: "1" } });

  expect((await there`pwd -P`).text()).toContain("holdfast-command-");
  expect((await inC`/bin/sh -c ${'echo "$A" && pwd -P'}`).lines()).toEqual([
    "1",
    expect.any(String),
  ]);
  expect(() => $({ retries: 3 } as CommandOptions)).toThrow("$.retries: unknown");
});

test("commands are told that nobody watches, unless a person may answer", async () => {
  const prompt = async (options: CommandOptions): Promise<string> =>
    (await command('echo "$GIT_TERMINAL_PROMPT"', [], { shell: true, env: {}, ...options })).text();

  expect([
    await prompt({}),
    await prompt({ unattended: false }),
    await prompt({ stdin: "inherit" }),
  ]).toEqual(["0", "", ""]);
});
