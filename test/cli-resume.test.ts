/** Runs that are stopped or killed, and what the next start makes of them. Real processes and signals. */

import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { fixture, holdfast, place, start, steady, type Ended, type Place } from "./cli-process.ts";

type Env = Readonly<Record<string, string>>;

const TWO_STEPS = fixture("two-steps.ts");

function inputOf(at: Place): string {
  return JSON.stringify({ ledger: at.ledger, go: join(at.root, "go") });
}

/** Starts two steps, and resolves when the second is under way. */
async function secondUnderWay(at: Place, ...flags: string[]) {
  const running = start(at, ["run", TWO_STEPS, "--input", inputOf(at), ...flags]);
  await expect.poll(() => at.did(), { timeout: 20_000, interval: 5 }).toContain("second");
  return running;
}

/** Lets the second step end, and starts again. */
function again(at: Place, ...flags: string[]): Promise<Ended> {
  at.file("go", "");
  return holdfast(at, ["run", TWO_STEPS, "--input", inputOf(at), ...flags]);
}

test.concurrent.for<[signal: NodeJS.Signals, exitCode: number]>([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
])("%s stops gracefully with %i, and the next start goes on", async ([signal, exitCode]) => {
  const at = place();
  const running = await secondUnderWay(at);
  running.child.kill(signal);
  const stopped = await running.ended;
  const shown = await holdfast(at, ["show", "last", "--json"]);

  const next = await again(at);

  expect({
    exitCode: stopped.exitCode,
    recorded: (JSON.parse(shown.stdout) as { run: { exitCode: number } }).run.exitCode,
    summary: steady(stopped.stdout, at),
    says: steady(stopped.stderr, at).split("\n").slice(-4),
    next: [next.exitCode, steady(next.stdout, at)],
    did: at.did(),
  }).toEqual({
    exitCode,
    recorded: exitCode,
    summary: `0/1 tasks succeeded: two-steps, run RUN, LENGTH
Interrupted: stopped by ${signal}
Go on with it, or take it back:
  holdfast resume RUN
  holdfast rollback RUN
`,
    says: [
      `Stopping on ${signal}: steps under way are being ended. A second signal kills.`,
      'TIME ·  Step "second" was interrupted',
      `TIME ·  Automation "two-steps" was interrupted after LENGTH: stopped by ${signal}`,
      "",
    ],
    next: [0, "1/1 tasks succeeded: two-steps, run RUN, LENGTH\n"],
    // Its end was not seen, so the second step is undone before it is done again; the first is not.
    did: ["first", "second", "undo second", "second"],
  });
});

test.concurrent("a second Ctrl-C kills at once", async () => {
  const at = place();
  const file = at.file(
    "deaf.ts",
    `import { automation } from "holdfast/automation";
    export default automation("deaf", (run) => run.step("deaf", ({ log }) => {
      log.info("under way");
      return new Promise(() => {});
    }, { grace: "1h" }));`,
  );
  const running = start(at, ["run", file]);
  await running.heard("under way");

  running.child.kill("SIGINT");
  await running.heard("A second signal kills.");
  // Sooner it would be taken for the same one: see below.
  await wait(600);
  running.child.kill("SIGINT");

  const { exitCode, stdout } = await running.ended;
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: "" });
});

test.concurrent("a Ctrl-C that comes twice at once, as npm hands it on, counts as one", async () => {
  const at = place();
  const running = await secondUnderWay(at);

  running.child.kill("SIGINT");
  await running.heard("A second signal kills.");
  running.child.kill("SIGINT");

  const { exitCode, stdout } = await running.ended;
  expect([exitCode, stdout]).toEqual([
    130,
    expect.stringContaining("Interrupted: stopped by SIGINT"),
  ]);
});

test.concurrent("after kill -9 the next start goes on, and says so", async () => {
  const at = place();
  const running = await secondUnderWay(at);
  running.child.kill("SIGKILL");
  const killed = await running.ended;
  const shown = await holdfast(at, ["show", "last"]);

  const next = await again(at);

  expect({
    exitCodes: [killed.exitCode, next.exitCode],
    shown: steady(shown.stdout, at).split("\n").slice(0, 6),
    says: steady(next.stderr, at),
    did: at.did(),
  }).toEqual({
    exitCodes: [137, 0],
    shown: [
      "two-steps, run RUN: cut off",
      expect.stringMatching(/^ {2}started \d{4}-\d\d-\d\d TIME$/) as string,
      `  file ${TWO_STEPS}`,
      `  input {"ledger":"PLACE/ledger","go":"PLACE/go"}`,
      "  Its process is gone. To go on with it:",
      `    holdfast resume RUN`,
    ],
    says: `TIME !  Automation "two-steps" goes on where it was cut off, run RUN, resume 1
TIME ·  Step "first" was completed before
TIME ·  Step "second" started
TIME ·  Step "second" is being undone
TIME ✓  Step "second" was undone in LENGTH
TIME ✓  Step "second" completed in LENGTH at attempt 2
`,
    did: ["first", "second", "undo second", "second"],
  });
});

/** Runs an automation that dies in the middle. */
async function cutOff(at: Place, name: string, env: Env = { CRASH: "1" }): Promise<string[]> {
  const words = ["run", fixture(name), "--input", JSON.stringify({ ledger: at.ledger })];
  const { exitCode } = await holdfast(at, words, env);
  expect(exitCode).toBe(137);
  return words;
}

test.concurrent("killed in the middle of a rollback, the next start finishes it", async () => {
  const at = place();
  const words = await cutOff(at, "dying-undo.ts");

  const next = await holdfast(at, words);

  expect({ exitCode: next.exitCode, did: at.did(), summary: steady(next.stdout, at) }).toEqual({
    exitCode: 80,
    did: ["first", "second", "undo second", "undo first", "undo first"],
    summary: `0/1 tasks succeeded: dying-undo, run RUN, LENGTH
  failed: dying-undo: ERROR (unknown): no such bucket; rolled back completely
What happened: holdfast show RUN
`,
  });
});

test.concurrent("a step in doubt stops the run for a human, and asks again until one decides", async () => {
  const at = place();
  const words = await cutOff(at, "charge.ts");

  const asked = await holdfast(at, words);
  const askedAgain = await holdfast(at, [...words, "--resume"]);
  const shown = await holdfast(at, ["show", "last"]);

  const summary = `0/1 tasks succeeded: charge, run RUN, LENGTH
In doubt: Step "the charge" was begun and nobody saw its end; it can be neither repeated, undone nor looked up
Look whether it happened; the step's key is told by
  holdfast show RUN
If it did not happen:
  holdfast resume RUN --decide 'the charge=absent'
If it did (replace null by what it answered, as JSON):
  holdfast resume RUN --decide 'the charge=null'
Or take the run back:
  holdfast rollback RUN
`;
  expect({
    asked: [asked, askedAgain].map(({ exitCode, stdout }) => [exitCode, steady(stdout, at)]),
    says: steady(asked.stderr, at).split("\n").at(-2),
    shown: steady(shown.stdout, at).split("\n").slice(4, 11),
    did: at.did(),
  }).toEqual({
    asked: [
      [82, summary],
      [82, summary],
    ],
    says: 'TIME ✗✗ Automation "charge" stopped: Step "the charge" was begun and nobody saw its end; it can be neither repeated, undone nor looked up (IN_DOUBT, fatal)',
    shown: [
      '  Nobody knows whether step "the charge" happened. Look, then decide.',
      ...summary
        .split("\n")
        .slice(4, -1)
        .map((line) => `  ${line}`),
    ],
    did: ["order", "charge"],
  });
});

const DECISIONS: [flags: string[], exitCode: number, did: string[]][] = [
  [["--decide", "the charge=absent"], 0, ["charge", "paid 5"]],
  [["--decide", "the charge=7"], 0, ["paid 7"]],
  [["--rollback"], 81, ["undo order"]],
  [["--rollback", "--decide", "the charge=absent"], 80, ["undo order"]],
  [["--fresh"], 0, ["order", "charge", "paid 5"]],
  [["--resume"], 82, []],
];

test.concurrent.for(DECISIONS)("of a run in doubt, %j makes %i", async ([flags, exitCode, did]) => {
  const at = place();
  const words = await cutOff(at, "charge.ts");

  const ended = await holdfast(at, [...words, ...flags]);

  expect({ exitCode: ended.exitCode, did: at.did() }).toEqual({
    exitCode,
    did: ["order", "charge", ...did],
  });
});

test.concurrent.for<[flags: string[], exitCode: number, says: string]>([
  [
    ["--decide", "chrage=absent"],
    2,
    'holdfast: Run RUN has no step "chrage", and nothing was done; decide only about what is in doubt: "the charge"\n',
  ],
  [
    ["--resume", "--decide", "order=absent"],
    2,
    'holdfast: Step "order" of run RUN is not in doubt, and nothing was done; decide only about what is in doubt: "the charge"\n',
  ],
  [
    ["--rollback", "--decide", "the charge=absent", "--decide", "order=1"],
    2,
    'holdfast: Step "order" of run RUN is not in doubt, and nothing was done; decide only about what is in doubt: "the charge"\n',
  ],
  [
    ["--fresh", "--decide", "the charge=absent"],
    2,
    "holdfast run: --fresh and --decide exclude each other\n",
  ],
])(
  "a decision that is about no step in doubt is refused before anything runs: %j",
  async ([flags, exitCode, says]) => {
    const at = place();
    const words = await cutOff(at, "charge.ts");

    const refused = await holdfast(at, [...words, ...flags]);
    const decided = await holdfast(at, [...words, "--decide", "the charge=absent"]);

    const [complaint = ""] = steady(refused.stderr, at).split(/(?<=\n)/);
    expect({ exitCode: refused.exitCode, complaint, stdout: refused.stdout }).toEqual({
      exitCode,
      complaint: says,
      stdout: "",
    });
    expect([decided.exitCode, at.did()]).toEqual([0, ["order", "charge", "charge", "paid 5"]]);
  },
);

test.concurrent("a decision where nothing was cut off is refused, and no run is left behind", async () => {
  const at = place();
  const words = ["run", fixture("charge.ts"), "--input", JSON.stringify({ ledger: at.ledger })];

  const refused = await holdfast(at, [...words, "--decide", "the charge=absent"]);
  const { stdout } = await holdfast(at, ["runs", "--json"]);

  expect([refused, (JSON.parse(stdout) as { runs: unknown[] }).runs, at.did()]).toEqual([
    {
      exitCode: 2,
      stdout: "",
      stderr:
        'holdfast: There is no run of "charge" to go on with, so nothing can be decided about its steps; leave the decisions out\n',
    },
    [],
    [],
  ]);
});

test.concurrent("other input asks first, and each answer does what it says", async () => {
  const at = place();
  const running = await secondUnderWay(at);
  running.child.kill("SIGKILL");
  await running.ended;
  at.file("go", "");

  const asked = await holdfast(at, ["run", TWO_STEPS, "--input", "{}"]);
  const rolledBack = await holdfast(at, ["run", TWO_STEPS, "--rollback"]);
  const nothingLeft = await holdfast(at, ["run", TWO_STEPS, "--rollback"]);

  expect({
    asked: { ...asked, stderr: steady(asked.stderr, at) },
    rolledBack: rolledBack.exitCode,
    nothingLeft,
    did: at.did(),
  }).toEqual({
    asked: {
      exitCode: 82,
      stdout: "",
      stderr: `holdfast: Run RUN of "two-steps" was cut off, and it was started with other input; choose: resume it, start fresh and leave its effects as they are, or roll it back
  --resume    go on with that run, its input and the code as it is now
  --rollback  take back what it did
  --fresh     leave what it did, and start a new run
`,
    },
    rolledBack: 80,
    nothingLeft: {
      exitCode: 2,
      stdout: "",
      stderr: 'holdfast: There is no unfinished run of "two-steps" that could be rolled back\n',
    },
    did: ["first", "second", "undo second", "undo first"],
  });
});

test.concurrent("--resume goes on with the run's own input, also where that of the command does not fit", async () => {
  const at = place();
  const file = at.file(
    "picky.ts",
    `import { automation } from "holdfast/automation";
    const input = { "~standard": { version: 1, vendor: "test", validate: (value: any) =>
      typeof value.name === "string" ? { value } : { issues: [{ message: "expected text", path: ["name"] }] } } } as const;
    export default automation("picky", { input }, async (run) => {
      await run.step("only", () => process.env.CRASH ? process.kill(process.pid, "SIGKILL") : 1, { undo() {} });
    });`,
  );
  await holdfast(at, ["run", file, "--input", '{"name":"a"}'], { CRASH: "1" });

  const unfit = await holdfast(at, ["run", file]);
  const resumed = await holdfast(at, ["run", file, "--resume"]);
  const unfitToo = await holdfast(at, ["run", file, "--resume"]);

  const refusal = {
    exitCode: 2,
    stdout: "",
    stderr: 'holdfast: The input does not fit "picky": name: expected text\n',
  };
  expect({ unfit, resumed: resumed.exitCode, unfitToo }).toEqual({
    unfit: refusal,
    resumed: 0,
    unfitToo: refusal,
  });
});

test.concurrent("changed code that no longer fits the journal exits with 78, names both, and --rollback is left", async () => {
  const at = place();
  const write = (step: string) =>
    at.file(
      "changing.ts",
      `import { automation } from "holdfast/automation";
      export default automation("changing", async (run) => {
        await run.step("${step}", () => 1, { undo() {} });
        if (process.env.CRASH) process.kill(process.pid, "SIGKILL");
      });`,
    );
  const file = write("before");
  await holdfast(at, ["run", file], { CRASH: "1" });
  write("after");

  const ended = await holdfast(at, ["run", file, "--resume"]);
  const rolledBack = await holdfast(at, ["run", file, "--rollback"]);

  expect({
    exitCode: ended.exitCode,
    says: steady(ended.stderr, at).split("\n").slice(-3),
    rolledBack: rolledBack.exitCode,
  }).toEqual({
    exitCode: 78,
    says: [
      'holdfast: Run RUN recorded "before", which the code of "changing" no longer has',
      "Bring the former code back and go on with it; or take back what still can be (holdfast rollback RUN); or leave everything as it is and start anew (holdfast run FILE --fresh).",
      "",
    ],
    rolledBack: 81,
  });
});

/** Runs a line as it was printed, in a shell that knows nothing of the tests' $HOLDFAST_HOME. */
function typed(at: Place, line: string): Promise<{ exitCode: number; stdout: string }> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: join(at.root, "other home") };
  return new Promise((resolve) => {
    execFile("sh", ["-c", line], { cwd: at.root, env, timeout: 25_000 }, (error, stdout) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout }),
    );
  });
}

/** The lines that are commands: those that name the program. */
function commandsIn(text: string): string[] {
  return text.split("\n").flatMap((line) => /HOLDFAST_HOME=.*/.exec(line)?.[0] ?? []);
}

/** Puts an automation where its path has spaces and a dash in front, cut off in its only step. */
async function cutOffAt(at: Place, crash: string) {
  mkdirSync(join(at.root, "other home"));
  const file = "-my night's.ts";
  at.file(
    file,
    `import { automation } from "holdfast/automation";
    export default automation("my night", async (run) => {
      await run.step("it's done", ({ signal }) => {
        if (process.env.CRASH === "kill") process.kill(process.pid, "SIGKILL");
        if (process.env.CRASH === "stop") process.kill(process.pid, "SIGTERM");
        return new Promise((done) => setTimeout(done, process.env.CRASH ? 20 : 0));
      }, { repeatable: run.input.repeatable === true });
    });`,
  );
  const input = JSON.stringify({ repeatable: crash === "stop", what: "it's" });
  const words = ["run", "--input", input, "--", file];
  const first = await holdfast(at, words, { CRASH: crash });
  return { words, first };
}

const TYPED: [crash: string, from: "run" | "show", exitCodes: number[]][] = [
  // In doubt: show, absent, null and --rollback; each is tried on a run of its own.
  ["kill", "run", [0, 0, 0, 81]],
  ["kill", "show", [0, 0, 81]],
  // Interrupted by SIGTERM: --resume and --rollback.
  ["stop", "run", [0, 1]],
  ["stop", "show", [0, 1]],
];

test.concurrent.for(TYPED)(
  "what is printed after %s by %s can be typed as it stands",
  async ([crash, from, exitCodes]) => {
    const ended = await Promise.all(
      exitCodes.map(async (_, index) => {
        const at = place();
        const { words, first } = await cutOffAt(at, crash);
        const last = crash === "kill" ? await holdfast(at, words) : first;
        const shown = await holdfast(at, ["show", "last"]);
        const commands = commandsIn(from === "run" ? last.stdout : shown.stdout);
        return [commands.length, (await typed(at, commands[index] ?? "")).exitCode];
      }),
    );

    expect(ended).toEqual(exitCodes.map((exitCode) => [exitCodes.length, exitCode]));
  },
);
