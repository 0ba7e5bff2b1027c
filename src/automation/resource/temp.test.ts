import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Machine, play, rollingBack, stepAt, undoInto, type Main } from "../play.contract.ts";

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "holdfast-temp-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const fail = () => {
  throw Object.assign(new Error("no"), { code: "EACCES" });
};

/** A block with a temporary directory, a file in it, and what comes after the block. */
const withBlock =
  (place: string, after: () => unknown = () => undefined): Main =>
  async (run, did) => {
    {
      await using temp = await run.tempDirectory("scratch", { in: place });
      const file = join(temp.path, "rows");
      await run.step("write", () => writeFileSync(file, "rows"), undoInto(did, "write"));
      await run.step("read", () => void did.push(readFileSync(file, "utf8")));
    }
    did.push(`left ${readdirSync(place).length}`);
    await after();
  };

test("a temporary directory is there in its block, and gone after it", async () => {
  const place = directory();

  const { result, did, steps } = await play(withBlock(place));

  expect([result.exitCode, did]).toEqual([0, ["rows", "left 0"]]);
  expect(steps[0]).toMatchObject({ name: "scratch", kind: "resource", status: "completed" });
});

test("without a block it is there until the task has ended", async () => {
  const place = directory();

  const { did } = await play(async (run, did) => {
    await run.task("inner", async (task) => {
      await task.tempDirectory("a", { in: place });
      await task.tempFile("b", { in: place, suffix: ".sql" });
      did.push(`${readdirSync(place).length} in it`);
    });
    did.push(`${readdirSync(place).length} after it`);
  });

  expect(did).toEqual(["2 in it", "0 after it"]);
});

test("both are for their user alone, in the system's place, and named by run and step", async () => {
  const { did, result } = await play(async (run, did) => {
    const { path } = await run.tempDirectory("my scratch");
    const file = await run.tempFile("dump", { suffix: ".sql" });
    for (const made of [path, file.path]) {
      did.push(`${basename(made)} ${(statSync(made).mode & 0o777).toString(8)}`);
    }
    did.push(path, file.path);
  });

  const [first, second, ...paths] = did;
  expect(first).toMatch(new RegExp(`^holdfast-${result.runId}-my-scratch-[0-9a-f]{16} 700$`));
  expect(second).toMatch(new RegExp(`^holdfast-${result.runId}-dump-[0-9a-f]{16}\\.sql 600$`));
  expect(paths.map((path) => [path.startsWith(tmpdir()), existsSync(path)])).toEqual([
    [true, false],
    [true, false],
  ]);
});

test("removing it twice does nothing more, and its path after that is an error", async () => {
  const place = directory();

  const { result } = await play(async (run) => {
    const temp = await run.tempFile("scratch", { in: place });
    await temp.remove();
    await temp.remove();
    return temp.path;
  });

  expect(String(result.error)).toBe(
    'AutomationError: Temporary file "scratch" was used after its end',
  );
  expect(readdirSync(place)).toEqual([]);
});

test("interrupted in its block, it stays, and the next start finds it with its content", async () => {
  const place = directory();
  const stop = new AbortController();
  const machine = new Machine(async (run, did) => {
    await using temp = await run.tempFile("scratch", { in: place });
    await run.step("write", () => writeFileSync(temp.path, "rows"));
    if (!run.isResumed) stop.abort(new Error("stop"));
    await run.step("read", () => void did.push(readFileSync(temp.path, "utf8")));
  });

  const first = await machine.start({ signal: stop.signal });
  const left = readdirSync(place).length;
  const second = await machine.start();

  expect([first.result.status, left, second.did, readdirSync(place)]).toEqual([
    "interrupted",
    1,
    ["rows"],
    [],
  ]);
});

test.for<[when: string, fits: Parameters<Machine["startAndKill"]>[0], end: () => unknown]>([
  ["before it was made", stepAt("scratch", { status: "begun" }), () => undefined],
  ["in its block", stepAt("write", { status: "completed" }), () => undefined],
  ["after its block", stepAt("scratch", { status: "completed" }), () => undefined],
  ["in the rollback", rollingBack, fail],
])("killed %s, it is found again and nothing is left", async ([, fits, end]) => {
  const place = directory();
  const machine = new Machine(withBlock(place, end));
  await machine.startAndKill(fits);

  const { run, did } = await machine.start();

  expect(run?.status).toBe(end === fail ? "failed" : "succeeded");
  expect([readdirSync(place), did.filter((word) => word === "rows")]).toEqual([[], ["rows"]]);
});

test("one that was cleared away between two starts is made again, empty", async () => {
  const place = directory();
  const machine = new Machine(async (run, did) => {
    await using temp = await run.tempDirectory("scratch", { in: place });
    await run.step("a", () => 1);
    await run.step("b", () => void did.push(`${readdirSync(temp.path).length}`));
  });
  await machine.startAndKill(stepAt("a", { status: "completed" }));
  for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true });

  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([0, ["0"]]);
});

test("a run that is given up leaves nothing of it", async () => {
  const place = directory();
  const machine = new Machine((run, did, clock) =>
    did.length === 0 ? withBlock(place)(run, did, clock) : undefined,
  );
  await machine.startAndKill(stepAt("write", { status: "completed" }));
  const left = readdirSync(place).length;
  machine.did.push("again");

  await machine.start({ unfinished: "fresh", random: () => 0.7 });

  expect([left, readdirSync(place)]).toEqual([1, []]);
});

test("what cannot be removed when a run is given up is told, and keeps nobody", async () => {
  const place = directory();
  const machine = new Machine(() => undefined);
  await machine.cutOff([
    { ...(await recordOf(place)), value: JSON.stringify({ remove: [join(place, "theirs")] }) },
  ]);
  writeFileSync(join(place, "theirs"), "");

  const { result, events } = await machine.start({ unfinished: "fresh" });

  expect([result.exitCode, readdirSync(place)]).toEqual([0, ["theirs"]]);
  expect(events.find(({ type }) => type === "log.written")).toMatchObject({
    level: "ERROR",
    message: 'What run r1 held as "scratch" is left behind',
    data: { error: { message: `${join(place, "theirs")} is not named by its key` } },
  });
});

/** The record of a temporary directory in a run that was killed. */
async function recordOf(place: string) {
  const machine = new Machine(withBlock(place));
  await machine.startAndKill(stepAt("scratch", { status: "begun" }));
  const [record] = await machine.records();
  return { ...(record ?? expect.unreachable()), runId: "r1" };
}

test.for<[what: string, make: (path: string) => void]>([
  ["a link", (path) => symlinkSync(tmpdir(), path)],
  ["a file", (path) => writeFileSync(path, "")],
])("%s in the place of the directory is refused after a resume", async ([, make]) => {
  const place = directory();
  const machine = new Machine(withBlock(place));
  await machine.startAndKill(stepAt("scratch", { status: "begun" }));
  const path = placeIn(await machine.records());
  make(path);

  const { result } = await machine.start();

  expect(result.error).toMatchObject({ code: "FILE_REFUSED", path });
});

function placeIn(records: Awaited<ReturnType<Machine["records"]>>): string {
  const { remove } = JSON.parse(records[0]?.value ?? "") as { remove: string[] };
  return remove[0] ?? expect.unreachable();
}

test("what is there before it was ever made is somebody else's, and stays", async () => {
  const place = directory();
  const machine = new Machine(withBlock(place));
  await machine.startAndKill(stepAt("scratch", { status: "begun" }));
  const path = placeIn(await machine.records());
  const again = new Machine(withBlock(place));
  mkdirSync(path);

  const { result } = await again.start();

  expect(result.error).toMatchObject({ code: "EEXIST" });
});

test("one that could not be made fails the same way after a kill", async () => {
  const machine = new Machine(async (run, did) => {
    await run.tempFile("scratch", { in: "/nowhere/at/all" }).catch((error: unknown) => {
      did.push(String((error as { code?: unknown }).code));
    });
    await run.step("a", () => 1);
    await run.step("b", () => 1);
  });
  await machine.startAndKill(stepAt("a", { status: "completed" }));

  const { result, did, steps } = await machine.start();

  expect([result.exitCode, did]).toEqual([0, ["ENOENT", "ENOENT"]]);
  expect(steps[0]).toMatchObject({ status: "failed", fault: { code: "ENOENT" } });
});

test("left by the failure of one step, a directory stays for those beside it until they have ended", async () => {
  const place = directory();

  const { result } = await play(async (run, _, clock) => {
    await using temp = await run.tempDirectory("scratch", { in: place });
    await Promise.all([
      run.step("slow", async ({ signal }) => {
        const { path } = temp;
        await clock.sleep(10, signal).catch(() => undefined);
        mkdirSync(join(path, "more"), { recursive: true });
      }),
      run.step("fast", fail),
    ]);
  });

  expect([result.exitCode, readdirSync(place)]).toEqual([1, []]);
});

test.for<[options: object, message: string]>([
  [{ in: "" }, 'tempFile "a".in: expected text that is not empty, received ""'],
  [{ suffix: "/b" }, 'tempFile "a".suffix: expected up to 40 letters, digits, dots and dashes'],
  [{ prefix: "b" }, 'tempFile "a".prefix: unknown; known are in, suffix'],
])("refuses %o", async ([options, message]) => {
  const { result } = await play((run) => run.tempFile("a", options));

  expect(String(result.error)).toContain(message);
});
