import { expect, test } from "vitest";
import { isDryRun } from "../core/context.ts";
import { full, patient, scripted } from "../heal/scripted.contract.ts";
import { memoryJournal } from "../journal/memory.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { automation, type Run } from "./automation.ts";
import { execute } from "./execute.ts";

/** Runs `main` dry, and answers what came of it and what was done. */
async function dry(main: (run: Run, did: string[]) => unknown) {
  const clock = new VirtualClock();
  const did: string[] = [];
  const demo = automation("demo", async (run) => void (await main(run, did)));
  const { plan, status, exitCode, count, error } = await clock.settle(() =>
    execute(demo, { dryRun: true, clock }),
  );
  return { plan, status, exitCode, count, error, did };
}

test("reads are done, and all else tells what it would do", async () => {
  const { plan, status, exitCode, count, did } = await dry(async (run, log) => {
    const files = await run.read("files", () => ["a", "b"]);
    for (const file of files) await run.step(`delete ${file}`, () => void log.push(file));
    await run.sleep("a while", "1h");
    await run.waitForSignal("go");
    await run.approval("sure");
    await run.cleanup("tidy", () => void log.push("tidied"));
    await run.file("report", "/nowhere/report", () => "text");
    await run.scope("inner", (scope) => scope.step("deep", () => void log.push("deep")));
    await run.child(
      "other",
      automation("other", () => void log.push("other")),
    );
    await run.task("last", (task) => task.step("one", () => void log.push("one")));
    await run.transaction("pay", { exec: () => log.push("paid") } as never, () => undefined);
  });

  expect({ plan, status, exitCode, count, did }).toEqual({
    plan: [
      { label: "delete a", would: "do" },
      { label: "delete b", would: "do" },
      { label: "a while", would: "wait" },
      { label: "go", would: "wait" },
      { label: "sure", would: "wait" },
      { label: "tidy", would: "clean up" },
      { label: "report", would: "do" },
      { label: "inner/deep", would: "do" },
      { label: "other", would: "run" },
      { label: "last/one", would: "do" },
      { label: "pay", would: "do" },
    ],
    status: "succeeded",
    exitCode: 0,
    count: { succeeded: 2, total: 2 },
    did: [],
  });
});

test("a plan answers what the step would, and is shown; it is in the dry run too", async () => {
  const { plan, did } = await dry(async (run, log) => {
    const name = await run.step("name", () => "done", {
      plan: () => (isDryRun() ? "a.tar" : "never"),
    });
    const size = await run.step("size", () => 1, { plan: async () => undefined as never });
    log.push(name, String(size));
  });

  expect({ plan, did }).toEqual({
    plan: [
      { label: "name", would: "do", detail: '"a.tar"' },
      { label: "size", would: "do" },
    ],
    did: ["a.tar", "undefined"],
  });
});

test.for([
  ["a property of it is read", (value: { id: string }) => value.id],
  ["it is put into text", (value: unknown) => `${value as string}`],
  ["it is called", (value: () => void) => value()],
  ["it is made", (value: new () => unknown) => new value()],
  ["it is listed", (value: object) => Object.keys(value)],
  ["it is searched", (value: object) => "a" in value],
  ["it is changed", (value: { a: number }) => (value.a = 1)],
  ["its class is asked for", (value: unknown) => value instanceof Date],
] as const)("what needs a value that nobody knows is not reached: %s", async ([, look]) => {
  const { plan, exitCode, count } = await dry(async (run) => {
    await run.task("one", async (task) => {
      const value = await task.step("make", () => "x");
      look(value as never);
      await task.step("use", () => 1);
    });
    await run.task("two", (task) => task.step("go on", () => 1));
  });

  expect({ plan, exitCode, count }).toEqual({
    plan: [
      { label: "one/make", would: "do" },
      {
        label: "one",
        would: "not reached",
        detail: 'the value of "one/make", which has no plan',
      },
      { label: "two/go on", would: "do" },
    ],
    exitCode: 0,
    count: { succeeded: 1, total: 2 },
  });
});

test("what is not reached in the run's own task is named by the automation", async () => {
  const { plan, status } = await dry(async (run) => {
    const value = await run.step("make", () => ({ id: 1 }));
    return value.id;
  });

  expect([plan?.at(-1)?.label, plan?.at(-1)?.would, status]).toEqual([
    "demo",
    "not reached",
    "succeeded",
  ]);
});

test("a value that nobody knows may be waited for, handed on, and be what a task answers", async () => {
  const { plan } = await dry(async (run) => {
    const result = await run.task("one", async (task) =>
      task.scope("s", (s) => s.step("x", () => 1)),
    );
    await run.step("after", () => result);
  });

  expect(plan?.map(({ label, would }) => `${would} ${label}`)).toEqual(["do one/s/x", "do after"]);
});

test("a temporary place is not made, and its path is not known", async () => {
  const { error, did } = await dry(async (run, log) => {
    await using directory = await run.tempDirectory("scratch");
    const file = await run.tempFile("file");
    await file.remove();
    log.push("opened");
    log.push(directory.path);
  });

  expect([did, String(error)]).toEqual([
    ["opened"],
    'DryRunError: Making "scratch" is not done in a dry run',
  ]);
});

test("a read or a plan that fails fails the dry run, and nothing is undone", async () => {
  const { status, exitCode, did } = await dry(async (run, log) => {
    await run.step("one", () => 1, { undo: () => void log.push("undone") });
    await run.step("two", () => 1, {
      plan: () => {
        throw Object.assign(new Error("no"), { code: "ENOENT" });
      },
    });
  });

  expect({ status, exitCode, did }).toEqual({ status: "failed", exitCode: 1, did: [] });
});

test("nothing is journaled, and a run that is under way is left alone", async () => {
  const journal = memoryJournal();
  const demo = automation("demo", (run) => run.step("one", () => 1));

  await execute(demo, { dryRun: true, journal });

  expect(await journal.findRuns()).toEqual([]);
});

test("any other run has no plan, and does not ask for one", async () => {
  const demo = automation("demo", (run) =>
    run.step("one", () => isDryRun(), { plan: () => Promise.reject(new Error("asked")) }),
  );

  const { plan, status } = await execute(demo);

  expect([plan, status]).toEqual([undefined, "succeeded"]);
});

test.for([{ runId: "r" }, { retryOf: { runId: "r" } }, { unfinished: "fresh" }] as const)(
  "a dry run goes on with nothing: %j",
  async (options) => {
    const demo = automation("demo", () => undefined);

    await expect(execute(demo, { dryRun: true, ...options })).rejects.toThrow(
      "execute.dryRun: excludes runId, retryOf and unfinished",
    );
  },
);

test("a remedy for a read that failed only tells what it would do", async () => {
  const who = patient();
  const { plan, exitCode } = await dry((run) =>
    run.read(
      "look",
      () => {
        if (who.isIll) throw full();
      },
      { heal: [scripted(who)], retry: { attempts: 1 } },
    ),
  );

  expect([who.did, plan, exitCode]).toEqual([
    [],
    [{ label: "look", would: "heal", detail: "rest would send to bed" }],
    75,
  ]);
});
