import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Machine, play, rollingBack, stepAt, type Main } from "../play.contract.ts";

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "holdfast-file-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const sum = (text: string) => createHash("sha256").update(text).digest("hex");

const fail = () => {
  throw Object.assign(new Error("no"), { code: "EACCES" });
};

/** What is in a directory, by name. */
const filesIn = (place: string) =>
  Object.fromEntries(
    readdirSync(place).map((name) => [name, readFileSync(join(place, name), "utf8")]),
  );

/** Makes `report` in `place`, and fails after it unless it is told otherwise. */
const making =
  (place: string, end: () => unknown = fail): Main =>
  async (run, did) => {
    const made = await run.file("report", join(place, "report"), () => "new");
    did.push(`made ${made.bytes}`);
    await end();
  };

test("a file that a step makes is there, its value is where, how long and its sum, and nothing else is left", async () => {
  const place = directory();
  const path = join(place, "report");

  const { result, steps } = await play(async (run) => {
    const made = await run.file("report", path, async function* () {
      yield "ne";
      yield Buffer.from("w");
    });
    return made;
  });

  expect([result.exitCode, filesIn(place)]).toEqual([0, { report: "new" }]);
  const { value } = steps.find(({ name }) => name === "report") ?? {};
  expect(JSON.parse(value ?? "")).toEqual({ path, bytes: 3, sha256: sum("new") });
});

test.for<[what: string, before: Record<string, string>]>([
  ["is removed where there was none", {}],
  ["gives way to the one that was there before", { report: "old" }],
])("a file whose task fails %s", async ([, before]) => {
  const place = directory();
  for (const [name, text] of Object.entries(before)) writeFileSync(join(place, name), text);

  const { result } = await play(making(place));

  expect([result.exitCode, filesIn(place)]).toEqual([80, before]);
});

test("a file that somebody else put there meanwhile is left as it is, and that is told", async () => {
  const place = directory();

  const { result, events } = await play(
    making(place, () => {
      writeFileSync(join(place, "report"), "somebody else's");
      fail();
    }),
  );

  expect([result.exitCode, filesIn(place)]).toEqual([80, { report: "somebody else's" }]);
  expect(events.filter(({ type }) => type === "log.written")).toMatchObject([
    {
      level: "WARNING",
      message: `${join(place, "report")} was changed by somebody else, and is left as it is`,
    },
  ]);
});

test("a file that was removed meanwhile is put back, where there was one", async () => {
  const place = directory();
  writeFileSync(join(place, "report"), "old");

  await play(
    making(place, () => {
      rmSync(join(place, "report"));
      fail();
    }),
  );

  expect(filesIn(place)).toEqual({ report: "old" });
});

test("it is made again after a failed attempt, and its undo still knows what was there before", async () => {
  const place = directory();
  writeFileSync(join(place, "report"), "old");
  const seen: string[] = [];

  const { result } = await play(async (run) => {
    await run.file("report", join(place, "report"), ({ attempt }) => `attempt ${attempt}`, {
      verify: ({ path }) => {
        seen.push(readFileSync(path, "utf8"));
        return seen.length > 1;
      },
    });
    fail();
  });

  expect([result.exitCode, seen, filesIn(place)]).toEqual([
    80,
    ["attempt 1", "attempt 2"],
    { report: "old" },
  ]);
});

test("made in a scope that completes, it is still taken back with the task", async () => {
  const place = directory();
  writeFileSync(join(place, "report"), "old");

  const { result, steps } = await play(async (run) => {
    await run.scope("part", async (scope) => {
      await scope.file("report", join(place, "report"), () => "new");
    });
    fail();
  });

  expect([result.exitCode, filesIn(place)]).toEqual([80, { report: "old" }]);
  expect(steps.find(({ kind }) => kind === "resource")).toMatchObject({
    name: "part/report (before)",
    status: "completed",
  });
});

test("a disk that is full is a fault of class degraded, and another attempt may go well", async () => {
  const place = directory();

  const { result, steps } = await play(async (run) => {
    await run.file("report", join(place, "report"), async function* ({ attempt }) {
      yield "half";
      if (attempt === 1) throw Object.assign(new Error("full"), { code: "ENOSPC" });
    });
  });

  const { attempts } = steps.find(({ name }) => name === "report") ?? {};
  expect([result.exitCode, filesIn(place)]).toEqual([0, { report: "half" }]);
  expect(attempts?.map(({ fault }) => fault)).toEqual([
    { class: "degraded", code: "ENOSPC", effect: "partial" },
    undefined,
  ]);
});

test("a directory at its place is refused, and stays", async () => {
  const place = directory();
  mkdirSync(join(place, "report"));

  const { result } = await play(making(place));

  expect([result.exitCode, readdirSync(place)]).toEqual([80, ["report"]]);
  expect(result.error).toMatchObject({ code: "FILE_REFUSED" });
});

test("an option that is none is refused, and so is a mode that is none", async () => {
  const wrong = (options: object) =>
    play((run) => run.file("a", "/nowhere/a", () => "", options)).then(({ result }) =>
      String(result.error),
    );

  expect([await wrong({ undo: () => {} }), await wrong({ mode: "rw" })]).toEqual([
    expect.stringContaining('file "a".undo: unknown; it is made by the step itself'),
    expect.stringContaining('file "a".mode: expected an integer'),
  ]);
});

test.for<[when: string, fits: Parameters<Machine["startAndKill"]>[0]]>([
  ["before it acts", stepAt("report", { status: "begun" })],
  ["after it", stepAt("report", { status: "completed" })],
  ["in the rollback", rollingBack],
  ["after its undo", stepAt("report", { undo: "done" })],
  ["when what was kept is gone", stepAt("report (before)", { status: "completed" })],
])("killed %s, the file is as before after the next start", async ([, fits]) => {
  const place = directory();
  writeFileSync(join(place, "report"), "old");
  const machine = new Machine(making(place));
  await machine.startAndKill(fits);

  const { result } = await machine.start();

  expect([result.exitCode, filesIn(place)]).toEqual([80, { report: "old" }]);
});

test("a run that is given up leaves the file, and nothing that was kept for it", async () => {
  const place = directory();
  writeFileSync(join(place, "report"), "old");
  const machine = new Machine((run, did, clock) =>
    did.length === 0 ? making(place, () => undefined)(run, did, clock) : undefined,
  );
  await machine.startAndKill(stepAt("report", { status: "completed" }));
  const kept = readdirSync(place).length;
  machine.did.push("again");

  await machine.start({ unfinished: "fresh", random: () => 0.7 });

  expect([kept, filesIn(place)]).toEqual([3, { report: "new" }]);
});

test("what was kept to put a file back stays while that has failed, and a later rollback uses it", async () => {
  const place = directory();
  const path = join(place, "report");
  writeFileSync(path, "old");
  const machine = new Machine(
    making(place, () => {
      rmSync(path);
      mkdirSync(path);
      fail();
    }),
  );
  const first = await machine.start();
  rmSync(path, { recursive: true });

  const again = await machine.start({ runId: first.result.runId, unfinished: "rollback" });

  expect([first.result.exitCode, again.result.exitCode, filesIn(place)]).toEqual([
    81,
    80,
    { report: "old" },
  ]);
});

test("a file is not said to be put back when what was kept for that was let go of", async () => {
  const place = directory();
  const path = join(place, "report");
  writeFileSync(path, "old");
  const machine = new Machine(making(place, () => undefined));
  await machine.startAndKill(stepAt("report (before)", { status: "completed" }));

  const { result } = await machine.start({ unfinished: "rollback" });

  expect([result.exitCode, filesIn(place)]).toEqual([81, { report: "new" }]);
});
