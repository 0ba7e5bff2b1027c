/** Runs that are controlled from other processes, by their names. Real processes. */

import { renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixture, holdfast, place, start, steady, type Place } from "./cli-process.ts";

const CONTROLLED = fixture("controlled.ts");

function inputOf(at: Place, moment: string): string {
  return JSON.stringify({ ledger: at.ledger, go: join(at.root, "go"), moment });
}

/** Starts the automation, and resolves once it says `heard`. */
async function standing(at: Place, moment: string, heard = "stands still") {
  const running = start(at, ["run", CONTROLLED, "--input", inputOf(at, moment)]);
  await running.heard(heard);
  return running;
}

interface End {
  readonly owner: number;
  readonly canceller: number;
  readonly says: string;
  readonly did: string[];
}

const MOMENTS: [moment: string, heard: string | undefined, end: End][] = [
  [
    "before the first step",
    undefined,
    {
      owner: 1,
      canceller: 0,
      says: "was cancelled, nothing was there to roll back (exit code 1)",
      did: [],
    },
  ],
  [
    "in a step",
    undefined,
    {
      owner: 80,
      canceller: 0,
      says: "was cancelled, rolled back completely (exit code 80)",
      did: ["first", "second 1", "undo second", "undo first"],
    },
  ],
  [
    "between attempts",
    "is tried again",
    {
      owner: 80,
      canceller: 0,
      says: "was cancelled, rolled back completely (exit code 80)",
      did: ["first", "second 1", "undo second", "undo first"],
    },
  ],
  [
    "in stuck work",
    undefined,
    {
      owner: 81,
      canceller: 81,
      says: "was cancelled, ROLLBACK INCOMPLETE, a human is needed (exit code 81)",
      did: ["first", "second 1", "undo second", "undo first"],
    },
  ],
];

test.concurrent.for(MOMENTS)("cancelled from another process %s", async ([moment, heard, end]) => {
  const at = place();
  const running = await standing(at, moment, heard);

  const cancelled = await holdfast(at, ["cancel", "last", "--reason", "a trial"]);
  const owner = await running.ended;

  expect({
    owner: owner.exitCode,
    canceller: cancelled.exitCode,
    says: steady(cancelled.stdout, at),
    did: at.did(),
  }).toEqual({ ...end, says: `Run RUN of controlled ${end.says}\n` });
  expect(owner.stderr).toMatch(/is cancelled by .+ on .+: a trial/);
});

test.concurrent.for<[moment: string, end: End]>([
  [
    "in an undo",
    {
      owner: 80,
      canceller: 1,
      says: "ended: failed, rolled back completely (exit code 80)",
      did: ["first", "second 1", "undo second", "undo first"],
    },
  ],
])("cancelled %s, it ends as it would have", async ([moment, end]) => {
  const at = place();
  const running = await standing(at, moment);
  const asked = start(at, ["cancel", "last"]);
  await expect
    .poll(async () => (await holdfast(at, ["show", "last"])).stdout, { timeout: 20_000 })
    .toContain("cancel asked for by");
  at.file("go", "");

  const cancelled = await asked.ended;
  const owner = await running.ended;

  expect({
    owner: owner.exitCode,
    canceller: cancelled.exitCode,
    says: steady(cancelled.stdout, at),
    did: at.did(),
  }).toEqual({ ...end, says: `Run RUN of controlled ${end.says}\n` });
});

test.concurrent("a cancel that comes after the end says how it ended", async () => {
  const at = place();
  const running = await standing(at, "in the end");
  at.file("go", "");
  await running.ended;

  const late = await holdfast(at, ["cancel", "last"]);
  const document = await holdfast(at, ["cancel", "last", "--json"]);

  expect({ ...late, stdout: steady(late.stdout, at) }).toEqual({
    exitCode: 1,
    stdout:
      "Run RUN of controlled had ended before: succeeded, all tasks succeeded (exit code 0)\n",
    stderr: "",
  });
  expect(JSON.parse(document.stdout)).toMatchObject({
    schema: 1,
    automation: "controlled",
    outcome: "had ended",
    status: "succeeded",
    exitCode: 0,
  });
});

test.concurrent("an owner that does not hear is named when the waiting is over, and one can go on waiting", async () => {
  const at = place();
  const running = await standing(at, "in a step");
  running.child.kill("SIGSTOP");

  const waited = await holdfast(at, ["cancel", "last", "--wait", "100ms"]);
  const asked = await holdfast(at, ["cancel", "last", "--no-wait"]);
  running.child.kill("SIGCONT");
  const owner = await running.ended;

  expect([waited.exitCode, asked.exitCode, owner.exitCode]).toEqual([75, 0, 80]);
  expect(waited.stdout).toMatch(/has not ended within 100 ms; it is run by .+ the request stays/);
  expect(asked.stdout).toMatch(/is asked to end; it is run by/);
});

test.concurrent("a run that nobody has any more is rolled back by the one who cancels it", async () => {
  const at = place();
  const running = await standing(at, "in a step");
  running.child.kill("SIGKILL");
  await running.ended;

  const cancelled = await holdfast(at, ["cancel", "last"]);
  const shown = await holdfast(at, ["show", "last"]);

  expect([cancelled.exitCode, at.did()]).toEqual([
    0,
    ["first", "second 1", "undo second", "undo first"],
  ]);
  expect(cancelled.stderr).toContain("No process has run");
  expect(steady(shown.stdout, at).split("\n")[0]).toBe(
    "controlled, run RUN: cancelled, exit code 80, 0/1 tasks succeeded",
  );
});

test.concurrent("cancelled and killed at once, the next start goes on rolling back", async () => {
  const at = place();
  const running = await standing(at, "in a step");
  running.child.kill("SIGSTOP");
  await holdfast(at, ["cancel", "last", "--no-wait"]);
  running.child.kill("SIGKILL");
  await running.ended;

  const next = await holdfast(at, ["resume", "last"]);

  expect([next.exitCode, at.did()]).toEqual([
    80,
    ["first", "second 1", "undo second", "undo first"],
  ]);
});

test.concurrent("of two resumes at once one gets 69, and the log is followed across the resume", async () => {
  const at = place();
  const running = await standing(at, "in a step");
  running.child.kill("SIGKILL");
  await running.ended;
  const following = start(at, ["logs", "last", "-f"]);
  await following.heard("waiting for it to go on");
  const resumed = start(at, ["resume", "last"]);
  await resumed.heard("stands still");

  const second = await holdfast(at, ["resume", "last"]);
  at.file("go", "");
  const ended = await resumed.ended;
  const followed = await following.ended;

  expect([second.exitCode, ended.exitCode, followed.exitCode]).toEqual([69, 0, 0]);
  expect(at.did()).toEqual(["first", "second 1", "second 2"]);
  const lines = steady(followed.stdout, at).split("\n");
  expect([lines[0], lines.at(-2)]).toEqual([
    'TIME ·  Automation "controlled" started, run RUN',
    'TIME ·  Automation "controlled" completed in LENGTH: 1/1 tasks succeeded',
  ]);
  expect(lines.filter((line) => line.includes("goes on where it was cut off"))).toHaveLength(1);
});

test.concurrent("Ctrl-C ends the following with 130, and the run goes on", async () => {
  const at = place();
  const running = await standing(at, "in a step");
  const following = start(at, ["logs", "last", "--follow"]);
  let said = "";
  following.child.stdout?.on("data", (part: Buffer) => (said += part.toString()));
  await expect.poll(() => said, { timeout: 20_000 }).toContain("stands still");

  following.child.kill("SIGINT");
  const followed = await following.ended;
  at.file("go", "");
  const ended = await running.ended;

  expect([followed.exitCode, followed.stderr, ended.exitCode]).toEqual([130, "", 0]);
});

test.concurrent("a log tells what the run told, at the level that is asked for, or as it is", async () => {
  const at = place();
  const file = at.file(
    "telling.ts",
    `import { automation } from "holdfast/automation";
    export default automation("telling", (run) => run.step("only", ({ log }) => {
      log.debug("fine print");
      log.warning("mind the gap");
      return 1;
    }));`,
  );
  const ran = await holdfast(at, ["run", file]);

  const [all, loud, raw, none] = await Promise.all([
    holdfast(at, ["logs", "last"]),
    holdfast(at, ["logs", "last", "--level", "warning"]),
    holdfast(at, ["logs", "last", "--json", "--level", "debug"]),
    holdfast(at, ["logs", "lats"]),
  ]);

  expect(steady(all.stdout, at)).toBe(
    `${steady(ran.stderr, at)}TIME ·  Automation "telling" completed in LENGTH: 1/1 tasks succeeded\n`,
  );
  expect(steady(loud.stdout, at)).toBe("TIME !  mind the gap\n");
  expect(
    raw.stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { message: string }).message),
  ).toContain("fine print");
  expect([none.exitCode, none.stderr]).toEqual([
    1,
    'holdfast logs: there is no run "lats"; did you mean last?\n',
  ]);
});

test.concurrent("a run is done again from the step that failed, and the old one is done with", async () => {
  const at = place();
  const file = at.file(
    "mendable.ts",
    `import { appendFileSync, existsSync } from "node:fs";
    import { automation } from "holdfast/automation";
    export default automation("mendable", async (run) => {
      const note = (word: string) => appendFileSync(String(run.input.ledger), word + "\\n");
      await run.step("fetch", () => note("fetch"));
      await run.step("upload", () => {
        note("upload");
        if (!existsSync(String(run.input.go))) throw Object.assign(new Error("no"), { code: "EACCES" });
      });
    });`,
  );
  const failed = await holdfast(at, ["run", file, "--input", inputOf(at, "")]);
  at.file("go", "");
  const id = (await holdfast(at, ["runs", "--ids"])).stdout.trim();

  const mistyped = await holdfast(at, ["retry", id, "--from", "uplaod"]);
  const again = await holdfast(at, ["retry", id, "--from", "upload"]);
  const back = await holdfast(at, ["rollback", id]);
  const listed = await holdfast(at, ["runs"]);

  expect([failed.exitCode, again.exitCode, at.did()]).toEqual([
    1,
    0,
    ["fetch", "upload", "upload"],
  ]);
  expect([mistyped.exitCode, steady(mistyped.stderr, at).split("\n")[0]]).toEqual([
    2,
    'holdfast retry: --from: run RUN has no step "uplaod"; did you mean upload?',
  ]);
  expect(steady(again.stderr, at)).toContain(
    'Run RUN is done again from "upload" on, with 1 step taken over\n',
  );
  expect([back.exitCode, steady(back.stderr, at)]).toEqual([
    2,
    'holdfast: Run RUN of "mendable" cannot be rolled back: run RUN did it again, and took over what it had done; roll that one back\n',
  ]);
  expect(listed.stdout).toContain("succeeded, a retry");
});

test.concurrent("a rollback that was incomplete is finished by its name, also where the file was moved", async () => {
  const at = place();
  const file = at.file(
    "stubborn.ts",
    `import { appendFileSync, existsSync } from "node:fs";
    import { automation } from "holdfast/automation";
    export default automation("stubborn", async (run) => {
      const note = (word: string) => appendFileSync(String(run.input.ledger), word + "\\n");
      await run.step("a", () => note("a"), { undo: () => note("undo a") });
      await run.step("b", () => note("b"), { undoRetry: { attempts: 1 }, undo: () => {
        note("undo b");
        if (!existsSync(String(run.input.go))) throw new Error("no way back");
      } });
      throw new Error("broken");
    });`,
  );
  const failed = await holdfast(at, ["run", file, "--input", inputOf(at, "")]);
  at.file("go", "");
  renameSync(file, join(at.root, "moved.ts"));

  const moved = await holdfast(at, ["rollback", "last"]);
  const back = await holdfast(at, ["rollback", "last", "--file", "moved.ts"]);
  // The run has recorded where the file is now.
  const done = await holdfast(at, ["rollback", "last"]);

  expect([failed, moved, back, done].map(({ exitCode }) => exitCode)).toEqual([81, 78, 80, 2]);
  expect(steady(failed.stdout, at)).toContain(
    "try again what is missing:\n  holdfast rollback RUN",
  );
  expect(steady(moved.stderr, at)).toBe(
    `holdfast: ${join("PLACE", "stubborn.ts")}: run RUN was started from it, and it is not there any more\nIf it was moved, say where it is now: --file FILE\n`,
  );
  expect(at.did()).toEqual(["a", "b", "undo b", "undo a", "undo b"]);
});

test.concurrent.for<
  [before: string, after: string, change: string, exitCode: number, says: string]
>([
  ["", "", "", 0, ""],
  ["", "", "// changed", 82, "the automation's code has changed since"],
  ['version: "1"', 'version: "1"', "// changed", 0, ""],
  ['version: "1"', 'version: "2"', "", 82, 'it was begun by version "1", and this is version "2"'],
  ["", 'version: "1"', "", 82, 'it was begun by code without a version, and this is version "1"'],
  ['version: "1"', "", "", 82, 'it was begun by version "1", and this is code without a version'],
])(
  "a run begun by {%s} and taken up by {%s} %s makes %i",
  async ([before, after, change, exitCode, says]) => {
    const at = place();
    const write = (version: string, comment: string) =>
      at.file(
        "versioned.ts",
        `import { automation } from "holdfast/automation"; ${comment}
      export default automation("versioned", { ${version} }, async (run) => {
        await run.step("only", () => 1, { undo() {} });
        if (process.env.CRASH) process.kill(process.pid, "SIGKILL");
      });`,
      );
    const file = write(before, "");
    await holdfast(at, ["run", file], { CRASH: "1" });
    write(after, change);

    const next = await holdfast(at, ["run", file]);

    expect(next.exitCode).toBe(exitCode);
    expect(next.stderr).toContain(says);
    if (exitCode === 82) {
      expect((await holdfast(at, ["resume", "last"])).exitCode).toBe(0);
    }
  },
);

test.concurrent("a run is resumed by the end of its name, and a wrong one is told of", async () => {
  const at = place();
  const running = await standing(at, "in a step");
  running.child.kill("SIGINT");
  const stopped = await running.ended;
  const [, id = ""] = /holdfast|run (01\w{24})/.exec(stopped.stdout) ?? [];
  at.file("go", "");

  const wrong = await holdfast(at, ["resume", `${id.slice(0, -1)}~`]);
  const resumed = await holdfast(at, ["resume", id.slice(-8)]);
  const again = await holdfast(at, ["resume", id]);

  expect([wrong.exitCode, resumed.exitCode, again.exitCode]).toEqual([2, 0, 2]);
  expect(wrong.stderr).toContain(`did you mean ${id}?`);
  expect(again.stderr).toContain("has ended (succeeded), so there is nothing to go on with");
});
