/** What every journal promises about shared values, locks of runs, maps' items and retention. */

import { describe, expect, test } from "vitest";
import type { Hold, Journal, RunRecord } from "../core/journal.ts";
import {
  LEASE_MS,
  owner,
  refusal,
  runRecord,
  setUp,
  stepRecord,
  type OpenJournal,
} from "./journal-fixtures.contract.ts";

const ANN = owner(1);
const BOB = owner(2);

/** Runs this part of the suite for one kind of journal. */
export function sharedContract(kind: string, open: OpenJournal): void {
  locksContract(kind, open);
  claimRunContract(kind, open);
  stepsContract(kind, open);
  stateContract(kind, open);
  pruneContract(kind, open);
}

function locksContract(kind: string, open: OpenJournal): void {
  describe(`${kind}: locks of runs`, () => {
    test("runs of one automation with locks of their own run side by side", async () => {
      const { journal } = setUp(open);
      const runs = ["a", "b"].map((id) => runRecord({ id, lock: id }));

      const claims = await Promise.all(runs.map((run) => journal.claim(run, ANN)));

      expect(claims.map(({ isNew, run }) => [isNew, run])).toEqual(runs.map((run) => [true, run]));
    });

    test("a run is taken up by its lock, whatever the automation", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord({ lock: "store" }), ANN);
      await journal.release(hold);

      const claim = await journal.claim(
        runRecord({ id: "run-2", automation: "weekly", lock: "store" }),
        BOB,
      );

      expect([claim.isNew, claim.run.id]).toEqual([false, "run-1"]);
    });

    test("the unfinished run with a lock is found by it, until it has ended", async () => {
      const { journal } = setUp(open);
      const run = runRecord();
      const { hold } = await journal.claim(run, ANN);
      const before = await journal.findRuns({ lock: "nightly" });
      await journal.writeRun(hold, { ...run, status: "cancelled" });

      expect([before, await journal.findRuns({ lock: "nightly" })]).toEqual([[run], []]);
    });
  });
}

function claimRunContract(kind: string, open: OpenJournal): void {
  describe(`${kind}: claimRun`, () => {
    test("a finished run is claimed under a higher fence, with its steps", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      await journal.writeStep(hold, stepRecord());
      const failed = runRecord({ status: "failed", exitCode: 81 });
      await journal.writeRun(hold, failed);
      await journal.release(hold);

      const claim = await journal.claimRun("run-1", BOB);

      expect(claim).toEqual({
        hold: { runId: "run-1", fence: 2 },
        run: failed,
        isNew: false,
        steps: [stepRecord()],
      });
      expect(await refusal(journal.writeStep(hold, stepRecord()))).toBe("LEASE_LOST");
    });

    test("a run that is held is refused until its lease has run out", async () => {
      const { world, journal } = setUp(open);
      await journal.claim(runRecord(), ANN);

      const early = await refusal(journal.claimRun("run-1", BOB));
      world.nowMs += LEASE_MS;

      expect([early, (await journal.claimRun("run-1", BOB))?.hold.fence]).toEqual([
        "LEASE_HELD",
        2,
      ]);
    });

    test("a run that is not there cannot be claimed", async () => {
      const { journal } = setUp(open);

      expect(await journal.claimRun("run-1", ANN)).toBeUndefined();
    });

    test("a run that is opened again beside another one with its lock is refused", async () => {
      const { journal } = setUp(open);
      const first = await journal.claim(runRecord(), ANN);
      await journal.writeRun(first.hold, runRecord({ status: "failed" }));
      await journal.release(first.hold);
      await journal.claim(runRecord({ id: "run-2" }), BOB);

      const { hold } = (await journal.claimRun("run-1", ANN)) as { hold: Hold };

      expect(await refusal(journal.writeRun(hold, runRecord()))).toBe("JOURNAL_FAILED");
    });
  });
}

function stepsContract(kind: string, open: OpenJournal): void {
  describe(`${kind}: what a run begins with, and maps' items`, () => {
    test("a new run begins with the steps that it is given", async () => {
      const { journal } = setUp(open);
      const steps = [stepRecord({ name: "a", position: 2 }), stepRecord({ name: "b" })];

      const claim = await journal.claim(runRecord(), ANN, steps);

      const inOrder = steps.toReversed();
      expect([claim.steps, await journal.readSteps("run-1")]).toEqual([inOrder, inOrder]);
    });

    test("a run that is taken up keeps its own steps", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN, [stepRecord()]);
      await journal.release(hold);
      const other = stepRecord({ runId: "run-2", name: "other" });

      const claim = await journal.claim(runRecord({ id: "run-2" }), BOB, [other]);

      expect(claim.steps).toEqual([stepRecord()]);
    });

    test("a step of another run cannot be handed in, and nothing is written", async () => {
      const { journal } = setUp(open);
      const claiming = journal.claim(runRecord(), ANN, [stepRecord({ runId: "run-2" })]);

      await expect(claiming).rejects.toThrow("run-2");
      expect(await journal.findRuns()).toEqual([]);
    });

    test("the items of maps are read by task, by map and by kind, and not with the rest", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      const plain = stepRecord({ name: "plain", position: 1 });
      const items = [2, 3, 4].map((position) =>
        stepRecord({ task: `m/${position}`, name: "", kind: "task", map: "m", position }),
      );
      const inside = stepRecord({ task: "m/2", name: "copy", map: "m", position: 5 });
      for (const step of [...items, inside, plain]) await journal.writeStep(hold, step);
      await journal.release(hold);

      const claim = await journal.claimRun("run-1", BOB);

      expect({
        claim: claim?.steps,
        all: await journal.readSteps("run-1"),
        task: await journal.readSteps("run-1", { task: "m/2" }),
        map: await journal.readSteps("run-1", { map: "m" }),
        page: await journal.readSteps("run-1", { map: "m", kind: "task", after: 2, limit: 1 }),
        own: await journal.readSteps("run-1", { task: "" }),
      }).toEqual({
        claim: [plain],
        all: [plain],
        task: [items[0], inside],
        map: [...items, inside],
        page: [items[1]],
        own: [plain],
      });
    });
  });

  describe(`${kind}: findRuns`, () => {
    test("runs are found by how their ids begin or end, and by their parent", async () => {
      const { journal } = setUp(open);
      const ids = ["abc-1", "abd-2", "xyz-1"];
      for (const [index, id] of ids.entries()) {
        const parentId = index === 1 ? "abc-1" : undefined;
        await journal.claim(runRecord({ id, lock: id, startedAtMs: index, parentId }), ANN);
      }
      const find = async (filter: object) => (await journal.findRuns(filter)).map((run) => run.id);

      expect({
        begin: await find({ id: "ab" }),
        end: await find({ id: "-1" }),
        none: await find({ id: "b" }),
        children: await find({ parentId: "abc-1" }),
      }).toEqual({
        begin: ["abd-2", "abc-1"],
        end: ["xyz-1", "abc-1"],
        none: [],
        children: ["abd-2"],
      });
    });
  });
}

function stateContract(kind: string, open: OpenJournal): void {
  describe(`${kind}: shared values`, () => {
    test("a value comes back letter by letter, whatever is in it", async () => {
      const { journal } = setUp(open);
      const value = 'half a pair \ud800, a NUL \0, "quoted", \\ and \u{1F680}';

      await journal.writeState({ key: "a", value, atMs: 1 });

      expect((await journal.readState("a"))?.value).toBe(value);
    });

    test("a value is written, replaced and deleted", async () => {
      const { journal } = setUp(open);
      const seen = [await journal.readState("k")];
      for (const value of ["one", "two", undefined]) {
        await journal.writeState({ key: "k", value, atMs: 5 });
        seen.push(await journal.readState("k"));
      }

      const [none, one, two, gone] = seen;
      expect([none, gone]).toEqual([undefined, undefined]);
      expect([one, two]).toEqual([
        { key: "k", value: "one", version: one?.version, writtenAtMs: 5 },
        { key: "k", value: "two", version: two?.version, writtenAtMs: 5 },
      ]);
      expect(one?.version).toBeGreaterThan(0);
      expect(two?.version).toBeGreaterThan(one?.version as number);
    });

    test("of two that replace the same version, one does", async () => {
      const { journal } = setUp(open);
      const write = (value: string, replaces: number) =>
        journal.writeState({ key: "k", value, replaces, atMs: 1 });

      const made = await Promise.all([write("a", 0), write("b", 0)]);
      const { version = 0 } = (await journal.readState("k")) ?? {};
      const replaced = await Promise.all([write("c", version), write("d", version)]);

      expect([made, replaced, (await journal.readState("k"))?.value]).toEqual([
        [true, false],
        [true, false],
        "c",
      ]);
    });

    test("a version never comes again, also not after its value was deleted", async () => {
      const { journal } = setUp(open);
      await journal.writeState({ key: "k", value: "old", atMs: 1 });
      const old = await journal.readState("k");
      await journal.writeState({ key: "k", value: undefined, replaces: old?.version, atMs: 1 });
      await journal.writeState({ key: "k", value: "new", replaces: 0, atMs: 1 });

      const late = await journal.writeState({
        key: "k",
        value: "late",
        replaces: old?.version,
        atMs: 1,
      });

      expect([late, (await journal.readState("k"))?.value]).toEqual([false, "new"]);
    });

    test("values are listed by how their keys begin, page by page", async () => {
      const { journal } = setUp(open);
      for (const key of ["run/1/é", "run/1/a", "run/1/\n", "run/2/a", "lock/a"]) {
        await journal.writeState({ key, value: key.toUpperCase(), atMs: 1 });
      }
      const keys = async (filter: { prefix: string; after?: string; limit?: number }) =>
        (await journal.readStates(filter)).map(({ key }) => key);

      const run = await keys({ prefix: "run/1/" });
      expect({
        run: run.toSorted(),
        all: (await keys({ prefix: "" })).length,
        first: await keys({ prefix: "run/1/", limit: 1 }),
        rest: await keys({ prefix: "run/1/", after: run[0] as string }),
      }).toEqual({
        run: ["run/1/\n", "run/1/a", "run/1/é"],
        all: 5,
        first: run.slice(0, 1),
        rest: run.slice(1),
      });
    });
  });
}

function pruneContract(kind: string, open: OpenJournal): void {
  describe(`${kind}: prune`, () => {
    async function write(journal: Journal, change: Partial<RunRecord>): Promise<Hold> {
      const run = runRecord({ lock: change.id, ...change });
      const { hold } = await journal.claim({ ...run, status: "running" }, ANN);
      await journal.writeStep(hold, stepRecord({ runId: run.id }));
      await journal.writeRun(hold, run);
      return hold;
    }

    async function idsLeft(journal: Journal): Promise<string[]> {
      return (await journal.findRuns({ limit: Infinity })).map(({ id }) => id).toSorted();
    }

    test("finished runs go, the oldest first, with their steps and shared values", async () => {
      const { journal } = setUp(open);
      for (const [index, id] of ["b", "a", "c", "d"].entries()) {
        const endedAtMs = index + 1;
        await journal.release(
          await write(journal, { id, status: "failed", startedAtMs: index, endedAtMs }),
        );
        await journal.writeState({ key: `run/${id}/cancel`, value: "", atMs: 1 });
      }

      const pruned = await journal.prune({ endedBeforeMs: 4, keep: 0, limit: 2 });

      expect({
        pruned,
        left: await idsLeft(journal),
        steps: await Promise.all(
          ["b", "c"].map(async (id) => (await journal.readSteps(id)).length),
        ),
        states: (await journal.readStates({ prefix: "run/" })).map(({ key }) => key),
      }).toEqual({
        pruned: ["b", "a"],
        left: ["c", "d"],
        steps: [0, 1],
        states: ["run/c/cancel", "run/d/cancel"],
      });
    });

    test("what is unfinished, held, too young or among the newest of its automation stays", async () => {
      const { journal } = setUp(open);
      const ended = { status: "succeeded", endedAtMs: 1 } as const;
      await journal.release(await write(journal, { id: "unfinished", status: "interrupted" }));
      await write(journal, { id: "held", ...ended, startedAtMs: 1 });
      const free: Partial<RunRecord>[] = [
        { id: "young", ...ended, endedAtMs: 9, startedAtMs: 2 },
        { id: "old", ...ended, startedAtMs: 9 },
        { id: "newer", ...ended, startedAtMs: 4 },
        { id: "newest", ...ended, startedAtMs: 5 },
        { id: "only", ...ended, automation: "weekly" },
      ];
      for (const run of free) await journal.release(await write(journal, run));

      const pruned = await journal.prune({ endedBeforeMs: 9, keep: 2, limit: Infinity });

      expect(pruned).toEqual(["old"]);
      expect(await idsLeft(journal)).toEqual(
        ["held", "newer", "newest", "only", "unfinished", "young"].toSorted(),
      );
    });

    test("a child stays for as long as its parent is unfinished, which may not have read its end yet", async () => {
      const { journal } = setUp(open);
      const child = { id: "child", parentId: "parent", status: "succeeded", endedAtMs: 1 } as const;
      const parent = await write(journal, { id: "parent", status: "interrupted" });
      await journal.release(await write(journal, child));
      const retention = { endedBeforeMs: 9, keep: 0, limit: Infinity };

      const early = await journal.prune(retention);
      const ended = runRecord({ id: "parent", status: "succeeded", endedAtMs: 2 });
      await journal.writeRun(parent, { ...ended, lock: "parent" });
      await journal.release(parent);

      expect([early, await journal.prune(retention)]).toEqual([[], ["child", "parent"]]);
    });
  });
}
