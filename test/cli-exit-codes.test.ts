/** Every exit code that the command line has, reached as a user would reach it. Real processes. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { fixture, holdfast, place, start, steady, type Place } from "./cli-process.ts";

const ENDINGS: [ending: string, exitCode: number, summary: string][] = [
  ["well", 0, "2/2 tasks succeeded: endings, run RUN, LENGTH\n"],
  [
    "by an error outside of any step",
    1,
    `0/1 tasks succeeded: endings, run RUN, LENGTH
  failed: endings: ERROR (unknown): no such customer; nothing to roll back
What happened: holdfast show RUN
`,
  ],
  [
    "by a step that is refused",
    1,
    `0/1 tasks succeeded: endings, run RUN, LENGTH
  failed: endings: EACCES (fatal): read EACCES; nothing to roll back
What happened: holdfast show RUN
`,
  ],
  [
    "by a value that is not good",
    65,
    `0/1 tasks succeeded: endings, run RUN, LENGTH
  failed: endings: VERIFY_FAILED (unknown): Step "count" did not pass its verification: it answered false for 1; nothing to roll back
What happened: holdfast show RUN
`,
  ],
  [
    "by giving up",
    75,
    `0/1 tasks succeeded: endings, run RUN, LENGTH
  failed: endings: ECONNRESET (transient): read ECONNRESET; nothing to roll back
What happened: holdfast show RUN
`,
  ],
  [
    "by a time limit",
    75,
    `0/1 tasks succeeded: endings, run RUN, LENGTH
  failed: endings: TIMED_OUT (timeout): Work under "upload" did not end within LENGTH; nothing to roll back
What happened: holdfast show RUN
`,
  ],
  [
    "rolled back",
    80,
    `0/1 tasks succeeded: endings, run RUN, LENGTH
  failed: endings: EACCES (fatal): read EACCES; rolled back completely
What happened: holdfast show RUN
`,
  ],
];

test.concurrent.for(ENDINGS)(
  "a run that ends %s exits with %i",
  async ([ending, exitCode, summary]) => {
    const at = place();

    const ended = await holdfast(at, [
      "run",
      fixture("endings.ts"),
      "--input",
      JSON.stringify({ ending }),
    ]);

    expect({ exitCode: ended.exitCode, summary: steady(ended.stdout, at) }).toEqual({
      exitCode,
      summary,
    });
  },
);

test.concurrent("an undo that stays failed exits with 81, with a critical record in the log", async ({
  expect,
}) => {
  const at = place();
  const input = JSON.stringify({ ending: "by an undo that fails" });

  const ended = await holdfast(at, [
    "run",
    fixture("endings.ts"),
    "--input",
    input,
    "--log",
    "log",
  ]);

  const records = readFileSync(join(at.root, "log"), "utf8").trimEnd().split("\n").map(parse);
  const critical = records.filter((record) => record["log.level"] === "CRITICAL");
  expect({
    exitCode: ended.exitCode,
    summary: steady(ended.stdout, at),
    critical: critical.map(({ message }) => message),
  }).toEqual({
    exitCode: 81,
    summary: `0/1 tasks succeeded: endings, run RUN, LENGTH
  failed: endings: EACCES (fatal): read EACCES; ROLLBACK INCOMPLETE
A human is needed: what could not be undone is listed by holdfast show RUN
Once its cause is mended, try again what is missing:
  holdfast rollback RUN
`,
    critical: [
      'Step "archive" could not be undone, a human is needed: read EPERM (fatal)',
      "The run's own task could not be rolled back, a human is needed: the effect of archive may still be there",
    ],
  });
});

interface LogLine {
  readonly "log.level": string;
  readonly message: string;
}

function parse(line: string): LogLine {
  return JSON.parse(line) as LogLine;
}

test.concurrent("a second start while the first runs exits with 69 and says who holds it", async ({
  expect,
}) => {
  const at = place();
  const words = [
    "run",
    fixture("two-steps.ts"),
    "--input",
    JSON.stringify({ ledger: at.ledger, go: join(at.root, "go") }),
  ];
  const first = start(at, words);
  await first.heard('Step "second" started');

  const second = await holdfast(at, words);

  at.file("go", "");
  expect({
    first: (await first.ended).exitCode,
    did: at.did(),
    second: { ...second, stderr: steady(second.stderr, at) },
  }).toEqual({
    first: 0,
    did: ["first", "second"],
    second: {
      exitCode: 69,
      stdout: "",
      stderr: expect.stringMatching(
        `^holdfast: Automation "two-steps" is being run \\(RUN\\) by process ${first.child.pid} on .+
Wait until it has ended; a process that died is noticed by itself.
$`,
      ) as string,
    },
  });
});

const well = ["run", fixture("endings.ts"), "--input", '{"ending":"well"}'];

test.concurrent("a bug of our own exits with 70, and says so with the stack", async ({
  expect,
}) => {
  const at = place();
  const preload = at.file(
    "break.mjs",
    'String.prototype.padEnd = () => { throw new RangeError("planted"); };',
  );
  await holdfast(at, well);

  const ended = await holdfast(at, ["runs"], {
    NODE_OPTIONS: `--import=${pathToFileURL(preload).href}`,
  });

  expect({ ...ended, stderr: ended.stderr.split("\n").slice(0, 2) }).toEqual({
    exitCode: 70,
    stdout: "",
    stderr: [
      "holdfast: this is a bug in holdfast; please report it with the lines below",
      "RangeError: planted",
    ],
  });
});

test.concurrent("an error that nobody caught exits with 70, and the next start goes on with the run", async ({
  expect,
}) => {
  const at = place();
  const file = at.file(
    "stray.ts",
    `import { automation } from "holdfast/automation";
    import { appendFileSync } from "node:fs";
    export default automation("stray", async (run) => {
      await run.step("first", () => appendFileSync(${JSON.stringify(at.ledger)}, "first\\n"), { undo() {} });
      if (process.env.STRAY) setTimeout(() => { throw new Error("stray " + process.env.API_TOKEN); }, 5);
      await run.step("second", () => new Promise((done) => setTimeout(done, process.env.STRAY ? 10_000 : 0)), { undo() {} });
    });`,
  );

  const first = await holdfast(at, ["run", file], { STRAY: "1", API_TOKEN: "hunter2-hunter2" });
  const second = await holdfast(at, ["run", file]);

  expect({
    first: {
      exitCode: first.exitCode,
      stdout: first.stdout,
      says: /holdfast: .*\n.*/.exec(first.stderr)?.[0],
    },
    second: second.exitCode,
    did: at.did(),
  }).toEqual({
    first: {
      exitCode: 70,
      stdout: "",
      says: `holdfast: an error that nobody caught, outside of any step; a run that was under way is cut off, and the next start goes on with it
Error: stray ***`,
    },
    second: 0,
    did: ["first"],
  });
});

/** Makes what stands where the journal should be; answers $HOLDFAST_HOME. */
type Obstacle = (at: Place) => string;

const OBSTACLES: [what: string, make: Obstacle, complaint: string][] = [
  [
    "HOLDFAST_HOME is a file",
    (at) => at.file("a-file", ""),
    "cannot be opened or written by this user",
  ],
  [
    "holdfast.db is garbage",
    (at) => join(at.file("home/holdfast.db", Buffer.alloc(10_000, "garbage")), ".."),
    "is not a SQLite database",
  ],
  ["a newer holdfast wrote it", newerJournal, "was written by a newer holdfast (schema 99"],
  ["another program's database lies there", otherDatabase, "is another program's database"],
];

function newerJournal(at: Place): string {
  return makeDatabase(at, "PRAGMA application_id = 0x484f4c44; PRAGMA user_version = 99");
}

function otherDatabase(at: Place): string {
  return makeDatabase(at, "PRAGMA user_version = 1");
}

function makeDatabase(at: Place, sql: string): string {
  const file = at.file("home/holdfast.db", "");
  const database = new DatabaseSync(file);
  database.exec(`${sql}; CREATE TABLE anything (at_all)`);
  database.close();
  return join(file, "..");
}

test.concurrent.for(OBSTACLES)(
  "when %s, run and runs exit with 74",
  async ([, make, complaint]) => {
    const at = place();
    const home = make(at);

    const ended = await Promise.all(
      [well, ["runs"]].map((words) => holdfast(at, words, { HOLDFAST_HOME: home })),
    );

    expect(ended.map(({ exitCode, stdout }) => ({ exitCode, stdout }))).toEqual([
      { exitCode: 74, stdout: "" },
      { exitCode: 74, stdout: "" },
    ]);
    for (const { stderr } of ended) {
      expect(stderr).toContain(`holdfast: Journal ${join(home, "holdfast.db")} ${complaint}`);
    }
  },
);

test.concurrent("a relative HOLDFAST_HOME exits with 78, and the help says what is wrong with it", async ({
  expect,
}) => {
  const at = place();
  const problem = 'HOLDFAST_HOME: expected an absolute path, received "state"';

  const [run, help] = await Promise.all(
    [well, ["--help"]].map((words) => holdfast(at, words, { HOLDFAST_HOME: "state" })),
  );

  expect(run).toEqual({ exitCode: 78, stdout: "", stderr: `holdfast: ${problem}\n` });
  expect({
    exitCode: help?.exitCode,
    says: help?.stdout.replaceAll(/\s+/g, " ").includes(problem),
  }).toEqual({
    exitCode: 0,
    says: true,
  });
});

test.concurrent("requirements that are not met exit by what they lack, and nothing is begun", async ({
  expect,
}) => {
  const at = place();
  const file = at.file(
    "needy.ts",
    `import { automation } from "holdfast/automation";
    const requires = process.env.LATER
      ? { reachable: ["127.0.0.1:1"] }
      : { commands: ["no-such-command"], variables: ["NO_SUCH_VARIABLE"] };
    export default automation("needy", { requires }, (run) => run.step("never", () => 1));`,
  );

  const never = await holdfast(at, ["run", file]);
  const later = await holdfast(at, ["run", file], { LATER: "1" });

  expect(
    [never, later].map(({ exitCode, stdout }) => [exitCode, steady(stdout, at).split("\n")[1]]),
  ).toEqual([
    [
      1,
      '  failed: needy: REQUIREMENT_UNMET (fatal): Not everything that the automation requires is there: command "no-such-command" is not on the PATH; environment variable NO_SUCH_VARIABLE is not set; nothing to roll back',
    ],
    [
      75,
      "  failed: needy: REQUIREMENT_UNMET (transient): Not everything that the automation requires is there: 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1; nothing to roll back",
    ],
  ]);
});

const USAGE: [words: string[], complaint: string][] = [
  [["rnu"], "holdfast: there is no command rnu; did you mean run?\n"],
  [["frobnicate"], 'holdfast: there is no command "frobnicate"; holdfast --help lists them\n'],
  [["--versoin"], "holdfast: unknown flag --versoin; did you mean --version?\n"],
  [["--json", "runs"], "holdfast: unknown flag --json; a command's own flags stand after it\n"],
  [
    ["run", "a.ts", "--resume", "--fresh"],
    `holdfast run: --resume and --fresh exclude each other
Usage: holdfast run FILE [--input JSON|@FILE] [--resume|--rollback|--fresh|--dry-run] [--log FILE] [--json]
`,
  ],
];

test.concurrent.for(USAGE)("%j exits with 2", async ([words, stderr]) => {
  expect(await holdfast(place(), words)).toEqual({ exitCode: 2, stdout: "", stderr });
});

test.concurrent("no command at all exits with 2 and shows the help on the standard error", async ({
  expect,
}) => {
  const at = place();
  const [none, help] = await Promise.all([[], ["--help"]].map((words) => holdfast(at, words)));

  expect(none).toEqual({ exitCode: 2, stdout: "", stderr: help?.stdout });
});
