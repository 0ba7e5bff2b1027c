import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { OptionsError } from "../core/errors.ts";
import { UsageError } from "./command.ts";
import { lint } from "./lint.ts";
import { fakeWorld, runCommand } from "./world-fixture.contract.ts";

const CURL = "#!/bin/sh\ncurl x\n";
const WARNED = "#!/bin/sh\nmake || echo no\n";
const AUTOMATION = `import { automation } from "holdfast/automation";
export default automation("a", (run) => { run.step("s", () => 1); });
`;

/** Runs it in a directory with these files. */
async function linting(files: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const cwd = mkdtempSync(join(tmpdir(), "holdfast-lint-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), text);
  }
  return runCommand(lint, words, { ...fakeWorld(), cwd });
}

test("each problem is a line that editors understand, with what to do below it, and then the sum", async () => {
  const { exitCode, stdout } = await linting({ "a.sh": CURL, "b.sh": WARNED }, "a.sh", "b.sh");

  expect([exitCode, stdout]).toMatchInlineSnapshot(`
    [
      1,
      "a.sh:2:1  error  curl-fail  curl exits 0 although the server answered 404 or 503, and takes its error page for the result
        add --fail, or --fail-with-body where the answer tells why
    b.sh:2:1  warning  swallowed-failure  when make fails, echo tells of it, and its success is what counts
        || { echo …; exit 1; }
    2 files: 1 error, 1 warning
    ",
    ]
  `);
});

test("hints are told when they are asked for, and never change the exit code", async () => {
  const files = { "a.sh": "curl -f x\n" };

  const without = await linting(files, "a.sh");
  const withHints = await linting(files, "a.sh", "--hints");

  expect([without.exitCode, without.stdout]).toEqual([0, "1 file: nothing found\n"]);
  expect([withHints.exitCode, withHints.stdout.split("\n").at(-2)]).toEqual([0, "1 file: 1 hint"]);
});

test.for<[words: string[], exitCode: number]>([
  [["a.sh"], 1],
  [["b.sh"], 0],
  [["b.sh", "--max-warnings", "1"], 0],
  [["b.sh", "--max-warnings", "0"], 1],
  [["c.sh", "--max-warnings", "0"], 0],
])("%j exits with %i", async ([words, exitCode]) => {
  const files = { "a.sh": CURL, "b.sh": WARNED, "c.sh": "ls\n" };

  expect((await linting(files, ...words)).exitCode).toBe(exitCode);
});

test("for programs it is JSON, files without problems included", async () => {
  const { stdout } = await linting({ "a.sh": CURL, "c.sh": "ls\n" }, "a.sh", "c.sh", "--json");

  expect(JSON.parse(stdout)).toEqual({
    schema: 1,
    count: { error: 1, warning: 0, hint: 0 },
    files: [
      {
        path: "a.sh",
        problems: [
          {
            rule: "curl-fail",
            severity: "error",
            line: 2,
            column: 1,
            says: expect.any(String),
            fix: expect.any(String),
          },
        ],
      },
      { path: "c.sh", problems: [] },
    ],
  });
});

test("for a pull request they are annotations, escaped", async () => {
  const { stdout } = await linting(
    { "a,b.sh": 'rm -rf "$A"/100%\n' },
    "a,b.sh",
    "--format",
    "github",
  );

  expect(stdout).toBe(
    "::error file=a%2Cb.sh,line=1,col=1,title=remove-variable::when A is empty, this removes /100%25: write ${A:?}, which ends the script when it is empty\n",
  );
});

test("of a directory it takes what is a script, a crontab or an automation", async () => {
  const { stdout } = await linting(
    {
      "bin/job": CURL,
      "bin/tool": "#!/usr/bin/python3\ncurl x\n",
      "bin/data": "curl x\n",
      "bin/perl.cron": "#!/usr/bin/perl\n$x = (1);\n",
      "bin/a.bash": "curl x\n",
      "etc/cron.d/job": "* * * * * root curl x\n",
      "etc/crontab": "* * * * * curl x\n",
      "a.mts": AUTOMATION,
      "b.js": AUTOMATION,
      "node_modules/x/a.sh": CURL,
      ".git/hooks/a.sh": CURL,
      "large.sh": `curl x\n${"#".repeat(1_000_000)}`,
    },
    ".",
    "--json",
  );

  const { files } = JSON.parse(stdout) as {
    files: { path: string; problems: { rule: string }[] }[];
  };
  expect(files.map(({ path, problems }) => [path, ...problems.map(({ rule }) => rule)])).toEqual([
    ["a.mts", "floating-step"],
    ["b.js", "floating-step"],
    ["bin/a.bash", "curl-fail"],
    ["bin/job", "curl-fail"],
    ["etc/cron.d/job", "curl-fail"],
    ["etc/crontab", "curl-fail"],
  ]);
});

test("what stands after -- is a command, and the script that it runs is looked through too", async () => {
  const { stdout } = await linting({ job: CURL }, "--", "./job", "--fail");
  const command = await linting({}, "--", "bash", "-c", "curl 'a b' | tee $X", "it's");

  expect([stdout.split("\n")[0], stdout.split("\n").at(-2)]).toEqual([
    expect.stringMatching(/^\.\/job:2:1 {2}error {2}curl-fail/),
    "2 files: 1 error",
  ]);
  expect(command.stdout).toMatch(
    /^command:1:1 {2}error {2}curl-fail.*\n.*\ncommand:1:1 .*pipe-status/,
  );
});

test("a command in one word is a line for a shell", async () => {
  const { exitCode, stdout } = await linting({}, "--", "curl x | gzip > y");

  expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/curl-fail[^]*pipe-status/)]);
});

test("a file that cannot be read does not hide what is in the others", async () => {
  const files = { "a.sh": CURL, "c.py": "#!/usr/bin/env python3\n" };
  const cwd = mkdtempSync(join(tmpdir(), "holdfast-lint-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(cwd, path), text);
  const world = { ...fakeWorld(), cwd };
  const printed: string[] = [];
  const told: string[] = [];

  const ended = runCommand(lint, ["none.sh", "a.sh", "c.py"], {
    ...world,
    print: (text) => void printed.push(text),
    complain: (text) => void told.push(text),
  });

  await expect(ended).rejects.toThrow(/^c\.py: .* its first line says "\/usr\/bin\/env python3"$/);
  expect([printed.join("").split("\n")[0], told]).toEqual([
    expect.stringMatching(/^a\.sh:2:1 {2}error {2}curl-fail/),
    ["holdfast: none.sh: there is no such file\n"],
  ]);
});

test("what a step calls is looked for in the files beside it, and nothing is said of what is missing", async () => {
  const { stdout } = await linting(
    {
      "a.ts": `import { automation } from "holdfast/automation";
import { save } from "./lib/save.js";
import { gone } from "./gone.ts";
import { broken } from "./broken.ts";
export default automation("a", async (run) => {
  await run.step("save", () => save("x"));
  await run.step("gone", () => gone("x"));
  await run.step("broken", () => broken("x"));
});
`,
      "lib/save.ts": 'export { write as save } from "../write";\n',
      "write.ts": 'export const write = (text: string) => writeFile("f", text);\n',
      "broken.ts": "export const broken = (\n",
    },
    "a.ts",
    "--json",
  );

  const { files } = JSON.parse(stdout) as {
    files: { problems: { rule: string; line: number }[] }[];
  };
  expect(files.map(({ problems }) => problems.map(({ rule, line }) => `${rule} ${line}`))).toEqual([
    ["step-undo 6"],
  ]);
});

test("a crontab is known by what is in it", async () => {
  const { stdout } = await linting({ mine: "@daily date +%F\n" }, "mine");

  expect(stdout).toMatch(/^mine:1:14 {2}error {2}cron-percent/);
});

test.for<[words: string[], error: Error]>([
  [["none.sh"], new OptionsError("none.sh", "there is no such file")],
  [
    ["data"],
    new OptionsError(
      "data",
      "is neither a shell script, nor a crontab, nor TypeScript or JavaScript; a script says so in its first line: #!/bin/bash",
    ),
  ],
  [["binary.sh"], new OptionsError("binary.sh", "is no text: there are NUL bytes in it")],
  [["large.sh"], new OptionsError("large.sh", "has more than 1 MB, and is no script")],
  [
    ["data", "--max-warnings", "x"],
    new UsageError('--max-warnings: expected a whole number from 0, received "x"'),
  ],
  [[], new UsageError("FILE is missing")],
])("%j is refused", async ([words, error]) => {
  const files = { data: "curl x\n", "binary.sh": "\x7fELF\0\0", "large.sh": "#".repeat(1_000_001) };

  await expect(linting(files, ...words)).rejects.toThrow(error);
});
