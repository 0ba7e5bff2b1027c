/** What every journal promises about what it keeps: whole records, found again as they were. */

import { describe, expect, test } from "vitest";
import type { Journal } from "../core/journal.ts";
import {
  owner,
  refusal,
  runRecord,
  setUp,
  spoil,
  stepRecord,
  type OpenJournal,
} from "./journal-fixtures.contract.ts";

const ANN = owner(1);
const BOB = owner(2);

/** Runs this part of the suite for one kind of journal. */
export function recordsContract(kind: string, open: OpenJournal): void {
  describe(`${kind}: records`, () => {
    test("a run's record is replaced as a whole", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord({ file: "/old.ts" }), ANN);
      const ended = runRecord({
        status: "failed",
        endedAtMs: 2_000,
        exitCode: 80,
        tasks: { succeeded: 1, total: 2 },
      });

      await journal.writeRun(hold, ended);

      expect(await journal.findRun("run-1")).toEqual(ended);
    });

    test("a run is found by what its record says now", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord({ startedAtMs: 1 }), ANN);
      const other = runRecord({ id: "run-2", automation: "weekly", startedAtMs: 2 });
      await journal.claim(other, ANN);
      const changed = runRecord({ automation: "hourly", startedAtMs: 3 });

      await journal.writeRun(hold, changed);

      expect({
        all: await journal.findRuns(),
        before: await journal.findRuns({ automation: "nightly" }),
        now: await journal.findRuns({ automation: "hourly" }),
      }).toEqual({ all: [other, changed], before: [], now: [changed] });
    });

    test("a finished run cannot be opened again beside an unfinished one", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      await journal.writeRun(hold, runRecord({ status: "failed" }));
      await journal.claim(runRecord({ id: "run-2" }), BOB);

      const refused = await refusal(journal.writeRun(hold, runRecord()));

      expect({ refused, run: await journal.findRun("run-1") }).toEqual({
        refused: "JOURNAL_FAILED",
        run: runRecord({ status: "failed" }),
      });
    });

    test("steps are kept by task and name, replaced, and read in the order of their positions", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      const first = stepRecord({ task: "prune", name: "", kind: "task", position: 1 });
      const second = stepRecord({ task: "prune", name: "upload", position: 2 });
      const tenth = stepRecord({ name: "upload", position: 10, status: "completed", value: "1" });

      await journal.writeStep(hold, stepRecord({ name: "upload", position: 0 }));
      await journal.writeStep(hold, second);
      await journal.writeStep(hold, first);
      await journal.writeStep(hold, tenth);

      expect(await journal.readSteps("run-1")).toEqual([first, second, tenth]);
    });

    test("steps of one position keep the order in which they were first written", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      for (const name of ["b", "a", "c", "b"]) await journal.writeStep(hold, stepRecord({ name }));

      const steps = await journal.readSteps("run-1");

      expect(steps.map(({ name }) => name)).toEqual(["b", "a", "c"]);
    });

    test("a read sees what was asked to be written before it", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);

      const written = journal.writeStep(hold, stepRecord());
      const steps = await journal.readSteps("run-1");
      await written;

      expect(steps).toEqual([stepRecord()]);
    });

    test("nothing that goes in or comes out is shared with the journal", async () => {
      const { journal } = setUp(open);
      const run = structuredClone(runRecord({ tasks: { succeeded: 0, total: 1 } }));
      const holder = { ...ANN };
      const claimed = journal.claim(run, holder);
      spoil(run);
      spoil(holder);
      const { hold, run: answered } = await claimed;
      const step = structuredClone(stepRecord());
      const written = journal.writeStep(hold, step);
      spoil(step);
      await written;
      spoil(answered);
      for (const found of await journal.readSteps("run-1")) spoil(found);
      for (const found of await journal.findRuns()) spoil(found);
      spoil((await journal.findHolder("run-1")) ?? {});

      expect({
        run: await journal.findRun("run-1"),
        steps: await journal.readSteps("run-1"),
        refused: await refusal(journal.claim(runRecord(), BOB), "message"),
      }).toEqual({
        run: runRecord({ tasks: { succeeded: 0, total: 1 } }),
        steps: [stepRecord()],
        refused: expect.stringContaining("process 1 on alpha"),
      });
    });

    test.for([
      ["signs beyond ASCII", "žluťoučký kůň 🐎 \u2028"],
      ["NUL", "a\0b"],
      ["half a surrogate pair", "a\ud800b"],
      ["a quote and a backslash", String.raw`"\\'`],
      ["a megabyte", "é".repeat(500_000)],
    ] as const)("text with %s is kept as it is, in names and in values", async ([, text]) => {
      const { journal } = setUp(open);
      const name = text.slice(0, 100);
      const run = runRecord({ id: name, automation: name, input: text });
      const { hold } = await journal.claim(run, ANN);
      const step = stepRecord({ runId: name, task: name, name, value: text });

      await journal.writeStep(hold, step);

      expect({
        run: await journal.findRun(name),
        runs: await journal.findRuns({ automation: name }),
        steps: await journal.readSteps(name),
      }).toEqual({ run, runs: [run], steps: [step] });
    });

    test("names that differ in one sign are two, whatever the sign", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      const names = [
        "a",
        "a\0",
        "a\0b",
        "a\ud800",
        "a\ud801",
        "a\ufffd",
        "A",
        "a ",
        "ä",
        "a\u0308",
      ];

      for (const name of names) await journal.writeStep(hold, stepRecord({ name }));

      expect((await journal.readSteps("run-1")).map(({ name }) => name)).toEqual(names);
    });
  });

  describe(`${kind}: findRuns`, () => {
    async function fill(journal: Journal): Promise<void> {
      for (let index = 0; index < 25; index++) {
        const run = runRecord({
          id: `run-${index}`,
          automation: index % 2 === 0 ? "even" : "odd",
          // The clock is set forward and back.
          startedAtMs: (Math.floor(index / 2) * 7) % 13,
        });
        const { hold } = await journal.claim(run, ANN);
        const status = index % 3 === 0 ? "failed" : "succeeded";
        await journal.writeRun(hold, { ...run, status });
      }
    }

    test.for([
      [{}, 20],
      [{ limit: 3 }, 3],
      [{ limit: Infinity }, 25],
      [{ automation: "even" }, 13],
      [{ status: "failed" }, 9],
      [{ automation: "odd", status: "failed" }, 4],
      [{ automation: "odd", status: "failed", limit: 2 }, 2],
      [{ automation: "never" }, 0],
      [{ status: "running" }, 0],
    ] as const)("%o finds %i, the newest first", async ([filter, count]) => {
      const { journal } = setUp(open);
      await fill(journal);

      const found = await journal.findRuns(filter);

      const places = found.map(({ id }) => Number(id.slice(4)));
      const misfits = found.filter(
        (run) =>
          ("automation" in filter && run.automation !== filter.automation) ||
          ("status" in filter && run.status !== filter.status),
      );
      expect({ count: found.length, places, misfits }).toEqual({
        count,
        places: places.toSorted((one, other) => other - one),
        misfits: [],
      });
    });

    test.for([
      [{ limit: 0 }, "findRuns.limit: expected an integer >= 1, or Infinity, received 0"],
      [{ status: "done" }, "findRuns.status: expected"],
      [
        { state: "failed" },
        "findRuns.state: unknown; known are automation, status, id, lock, parentId, limit",
      ],
    ] as const)("%o is refused", async ([filter, message]) => {
      const { journal } = setUp(open);

      await expect(journal.findRuns(filter as object)).rejects.toThrow(message);
    });
  });

  describe(`${kind}: close`, () => {
    test("may be asked for twice, keeps what was asked for before it, and refuses what comes later", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);

      const written = refusal(journal.writeStep(hold, stepRecord()));
      await Promise.all([journal.close(), journal.close()]);

      expect(
        await Promise.all([
          written,
          refusal(journal.claim(runRecord(), ANN)),
          refusal(journal.renew(hold)),
          refusal(journal.release(hold)),
          refusal(journal.writeRun(hold, runRecord())),
          refusal(journal.writeStep(hold, stepRecord())),
          refusal(journal.findRun("run-1")),
          refusal(journal.findHolder("run-1")),
          refusal(journal.findRuns()),
          refusal(journal.readSteps("run-1")),
        ]),
      ).toEqual([undefined, ...Array.from({ length: 9 }, () => "JOURNAL_FAILED")]);
    });
  });
}
