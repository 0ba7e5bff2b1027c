import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Journal } from "../core/journal.ts";
import { memoryJournal } from "../journal/memory.ts";
import { sqliteJournal } from "../journal/sqlite.ts";
import { automation } from "./automation.ts";
import { execute } from "./execute.ts";

const demo = automation("demo", (run) => run.step("one", () => 1));

const JOURNALS: Readonly<Record<string, (folder: string) => Journal>> = {
  memory: () => memoryJournal(),
  SQLite: (folder) => sqliteJournal(join(folder, "holdfast.db")),
};

test.for(Object.keys(JOURNALS))("a name is given to one run, in a journal in %s", async (kind) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-named-"));
  const journal = JOURNALS[kind]?.(folder) as Journal;
  const named = { journal, newRunId: "r1", scheduledForMs: 5 };

  const first = await execute(demo, named);
  const second = await execute(demo, named).catch((error: unknown) => error);

  const run = await journal.findRun("r1");
  await journal.close();
  rmSync(folder, { recursive: true });
  expect([first.runId, first.status, run?.scheduledForMs]).toEqual(["r1", "succeeded", 5]);
  expect(second).toMatchObject({
    code: "RUN_EXISTS",
    message: "Run r1 has been run already: succeeded",
  });
});

test("a journal that fails otherwise is told of as it is", async () => {
  const journal = memoryJournal();
  await journal.close();

  await expect(execute(demo, { journal, newRunId: "r1" })).rejects.toMatchObject({
    code: "JOURNAL_FAILED",
  });
});

test("a run without a name of its own gets a new one each time, and is for no moment", async () => {
  const journal = memoryJournal();

  const ids = [await execute(demo, { journal }), await execute(demo, { journal })];

  expect(new Set(ids.map(({ runId }) => runId)).size).toBe(2);
  expect(Object.keys((await journal.findRun(ids[0]?.runId ?? "")) ?? {})).not.toContain(
    "scheduledForMs",
  );
});

test.for([{ newRunId: "" }, { scheduledForMs: -1 }, { scheduledForMs: 0.5 }])(
  "refuses %o",
  async (options) => {
    await expect(execute(demo, options)).rejects.toMatchObject({ code: "OPTIONS_INVALID" });
  },
);
