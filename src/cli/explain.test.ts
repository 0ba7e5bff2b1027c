import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { explain } from "./explain.ts";
import { fakeWorld, runCommand } from "./world-fixture.contract.ts";

const ask = (...words: string[]) => runCommand(explain, words, fakeWorld());

test("an exit code and its command are explained in a paragraph", async () => {
  expect(await ask("5", "sqlite3")).toEqual({
    exitCode: 0,
    stdout: `exit code 5 of sqlite3
  fault    transient, effect none, code SQLITE_BUSY
  cause    another connection is writing to the database
  default  retries first at once, then after the backoff, within the policy's limits; is ignored by
           the breaker; exit code 75 when it stays, 80 when it was rolled back
  advice   wait for it: PRAGMA busy_timeout=5000, short transactions, WAL; then retry
  remedy   database-lock: holdfast exec --heal "database-lock"
  symptom  20 of docs/symptoms.md
`,
    stderr: "",
  });
});

test("several meanings are several paragraphs", async () => {
  const { stdout } = await ask("5");

  expect(stdout.match(/^exit code.*$/gm)).toEqual([
    "exit code 5 of rsync",
    "exit code 5 of curl",
    "exit code 5 of wget",
    "exit code 5 of sqlite3",
  ]);
});

test.for<[words: string[], first: string]>([
  [["81"], "exit code 81 of holdfast"],
  [["75", "holdfast"], "exit code 75 of holdfast"],
  [["503"], "HTTP status 503"],
  [["HTTP", "503"], "the code HTTP_503"],
  [["curl", "28"], "exit code 28 of curl"],
  [["exit", "code", "137"], "exit code 137 of any program"],
  [["psql:", "could", "not", "translate", "host", "name"], "what it wrote"],
  [["ENOSPC"], "the code ENOSPC"],
  [["eNoSpC"], "the code ENOSPC"],
  [["40001"], "the code 40001"],
  [["0"], "exit code 0 of holdfast"],
  [["0", "curl"], "exit code 0 of curl"],
  [["--exit", "0", "--", "curl", "-f"], "exit code 0 of curl -f"],
  [["404", "page not found: Connection refused"], "what it wrote"],
])("%j is %s", async ([words, first]) => {
  const { exitCode, stdout } = await ask(...words);

  expect([exitCode, stdout.split("\n")[0]]).toEqual([0, first]);
});

test("what a command wrote is read from a file", async () => {
  const root = mkdtempSync(join(tmpdir(), "holdfast-explain-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const file = join(root, "err.txt");
  writeFileSync(file, "tar: a: Cannot write: No space left on device\n");

  const beside = await ask("--exit", "2", "--stderr", file, "--json", "--", "tar", "-cf", "a", "b");
  const alone = await ask("--stderr", file, "--json");

  const [first, second] = [beside, alone].map(
    ({ stdout }) => JSON.parse(stdout) as { explanations: { of: string; code: string }[] },
  );
  expect([first?.explanations[0], second?.explanations[0]]).toMatchObject([
    { of: "exit code 2 of tar -cf a b", code: "ENOSPC", class: "degraded", remedy: "disk-full" },
    { of: "what it wrote", code: "ENOSPC" },
  ]);
});

test("which complaint of a script counts is read from the script", async () => {
  const root = mkdtempSync(join(tmpdir(), "holdfast explain-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [file, job] = [join(root, "err.txt"), join(root, "job")];
  writeFileSync(
    file,
    "curl: (7) Failed to connect\ntar: x: Cannot open: No such file or directory\n",
  );
  const codeFor = async (text: string) => {
    writeFileSync(job, `#!/bin/sh\n${text}\n`);
    const { stdout } = await ask("--exit", "2", "--stderr", file, "--", job);
    return /, code (\w+)/.exec(stdout)?.[1];
  };

  expect([await codeFor("curl x"), await codeFor("set -e")]).toEqual(["ECONNREFUSED", "ENOENT"]);
});

test("what is not known is said to be, with the code that was probably meant", async () => {
  const { exitCode, stdout } = await ask("ECONREFUSED");
  const json = await ask("ECONREFUSED", "--json");

  expect([exitCode, stdout.split("\n").slice(0, 2)]).toEqual([
    1,
    ["unknown: nothing here fits it", "Did you mean ECONNREFUSED?"],
  ]);
  expect([json.exitCode, JSON.parse(json.stdout)]).toEqual([
    1,
    { schema: 1, explanations: [], didYouMean: "ECONNREFUSED" },
  ]);
});

test("what is not known and like nothing else has no hint", async () => {
  const { stdout } = await ask("nobody knows this", "--json");

  expect(JSON.parse(stdout)).toEqual({ schema: 1, explanations: [] });
});

test.for<[words: string[], message: string]>([
  [["--exit", "256", "curl"], '--exit: expected 0 to 255, received "256"'],
  [["--exit", "-1", "curl"], "--exit needs a value"],
  [["--exit", "7"], "--exit needs the command: --exit 28 -- curl"],
  [["256"], 'an exit code is 0 to 255, received "256"'],
  [["--", "-1"], 'an exit code is 0 to 255, received "-1"'],
  [["1000"], 'an exit code is 0 to 255, received "1000"'],
  [["007"], 'an exit code is 0 to 255, received "007"'],
  [["256", "curl"], 'an exit code is 0 to 255, received "256"'],
  [["curl", "256"], 'an exit code is 0 to 255, received "256"'],
  [["--", "exit", "code", "-1"], 'an exit code is 0 to 255, received "-1"'],
  [["   "], "there is nothing to explain: what is given is empty"],
  [["--stderr", "/dev/null"], "there is nothing to explain: what is given is empty"],
  [
    ["--stderr", "/nowhere/err"],
    "--stderr: ENOENT: no such file or directory, open '/nowhere/err'",
  ],
])("%j is refused", async ([words, message]) => {
  await expect(ask(...words)).rejects.toThrow(message);
});

test("an exit code that holdfast does not have is none of other tools'", async () => {
  expect(await ask("5", "holdfast")).toMatchObject({ exitCode: 1 });
});

test.for([
  [["ECONREFUSED"], "Did you mean ECONNREFUSED?"],
  [["http_53"], "Did you mean HTTP_503?"],
  [["x".repeat(500_000)], undefined],
] as const)(
  "of what nobody knows the nearest code is told, of a log none",
  async ([words, hint]) => {
    const { exitCode, stdout } = await ask(...words);

    expect([exitCode, /^Did you mean.*$/m.exec(stdout)?.[0]]).toEqual([1, hint]);
  },
);

test("the password that a command was called with is not printed", async () => {
  const { stdout } = await ask("7", "curl", "https://app:hunter2hunter2@store.example/");

  expect([stdout.includes("hunter2"), stdout.split(" of ")[0]]).toEqual([false, "exit code 7"]);
});
