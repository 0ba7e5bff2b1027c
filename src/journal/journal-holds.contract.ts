/** What every journal promises about who may write to a run: claims, leases and fences. */

import { describe, expect, test } from "vitest";
import { JournalError, LeaseHeldError } from "../core/errors.ts";
import type { Hold, Journal } from "../core/journal.ts";
import {
  LEASE_MS,
  owner,
  refusal,
  runRecord,
  setUp,
  stepRecord,
  type OpenJournal,
  type World,
} from "./journal-fixtures.contract.ts";

const ANN = owner(1);
const BOB = owner(2);

/** Runs this part of the suite for one kind of journal. */
export function holdsContract(kind: string, open: OpenJournal): void {
  describe(`${kind}: claim`, () => {
    test("a new run is written and held", async () => {
      const { journal } = setUp(open);
      const run = runRecord({ file: "/nightly.ts" });

      const claim = await journal.claim(run, ANN);

      expect({ claim, found: await journal.findRun("run-1") }).toEqual({
        claim: { hold: { runId: "run-1", fence: 1 }, run, isNew: true, steps: [] },
        found: run,
      });
    });

    test.for(["running", "interrupted", "in doubt"] as const)(
      "a run that is %s is taken up once it is released, with its steps, and not begun anew",
      async (status) => {
        const { journal } = setUp(open);
        const { hold } = await journal.claim(runRecord(), ANN);
        await journal.writeStep(hold, stepRecord());
        await journal.writeRun(hold, runRecord({ status, resumes: 3 }));
        await journal.release(hold);

        const claim = await journal.claim(runRecord({ id: "run-2" }), BOB);

        expect({ claim, second: await journal.findRun("run-2") }).toEqual({
          claim: {
            hold: { runId: "run-1", fence: 2 },
            run: runRecord({ status, resumes: 3 }),
            isNew: false,
            steps: [stepRecord()],
          },
          second: undefined,
        });
      },
    );

    test.for(["succeeded", "failed", "abandoned"] as const)(
      "a run that %s leaves the automation free, also while it is held",
      async (status) => {
        const { journal } = setUp(open);
        const { hold } = await journal.claim(runRecord(), ANN);
        await journal.writeRun(hold, runRecord({ status }));

        const claim = await journal.claim(runRecord({ id: "run-2" }), BOB);

        expect(claim).toMatchObject({ hold: { runId: "run-2", fence: 1 }, isNew: true });
      },
    );

    test("a held run is refused, and the message names the holder in words", async () => {
      const { world, journal } = setUp(open);
      await journal.claim(runRecord(), ANN);
      world.nowMs += LEASE_MS - 1;

      const refused = journal.claim(runRecord({ id: "run-2" }), BOB);

      await expect(refused).rejects.toMatchObject({
        code: "LEASE_HELD",
        runId: "run-1",
        message: 'Automation "nightly" is being run (run-1) by process 1 on alpha',
      });
    });

    test("its own owner is refused too: one process may start an automation twice", async () => {
      const { journal } = setUp(open);
      await journal.claim(runRecord(), ANN);

      await expect(journal.claim(runRecord({ id: "run-2" }), ANN)).rejects.toThrow(LeaseHeldError);
    });

    test("another automation is not kept waiting", async () => {
      const { journal } = setUp(open);
      await journal.claim(runRecord(), ANN);

      const claim = await journal.claim(runRecord({ id: "run-2", automation: "weekly" }), BOB);

      expect(claim.isNew).toBe(true);
    });

    test("an owner that is known to be gone loses the run at once", async () => {
      const { world, journal } = setUp(open);
      await journal.claim(runRecord(), ANN);
      world.gone.add(ANN.pid);

      const claim = await journal.claim(runRecord({ id: "run-2" }), BOB);

      expect(claim.hold).toEqual({ runId: "run-1", fence: 2 });
    });

    test("any other owner loses it at the moment the lease runs out", async () => {
      const { world, journal } = setUp(open);
      await journal.claim(runRecord(), ANN);
      world.nowMs += LEASE_MS;

      const claim = await journal.claim(runRecord({ id: "run-2" }), BOB);

      expect(claim.hold).toEqual({ runId: "run-1", fence: 2 });
    });

    test("an owner that is known to live keeps the run, however late it renews", async () => {
      const { world, journal } = setUp(open);
      await journal.claim(runRecord(), ANN);
      world.alive.add(ANN.pid);
      world.nowMs += 100 * LEASE_MS;
      const late = await refusal(journal.claim(runRecord({ id: "run-2" }), BOB));
      world.nowMs -= 200 * LEASE_MS;
      const early = await refusal(journal.claim(runRecord({ id: "run-2" }), BOB));

      expect([late, early, await journal.findHolder("run-1")]).toEqual([
        "LEASE_HELD",
        "LEASE_HELD",
        ANN,
      ]);
    });

    test("of many callers at once exactly one wins", async () => {
      const { journal } = setUp(open);

      const outcomes = await Promise.allSettled(
        Array.from({ length: 50 }, (_, index) =>
          journal.claim(runRecord({ id: `run-${index}` }), owner(index)),
        ),
      );

      const refusals = outcomes.flatMap((outcome) =>
        outcome.status === "rejected" ? [(outcome.reason as LeaseHeldError).holder] : [],
      );
      expect(refusals).toEqual(Array.from({ length: 49 }, () => "process 0 on alpha"));
    });

    test("a run of an id that is taken is refused", async () => {
      const { journal } = setUp(open);
      await journal.claim(runRecord(), ANN);

      const refused = journal.claim(runRecord({ automation: "weekly" }), ANN);

      await expect(refused).rejects.toThrow(JournalError);
    });
  });

  describe(`${kind}: findHolder`, () => {
    test("tells who holds a run, and nothing of one that is not there", async () => {
      const { journal } = setUp(open);
      await journal.claim(runRecord(), ANN);
      await journal.claim(runRecord({ id: "run-2", automation: "weekly" }), BOB);

      const holders = ["run-1", "run-2", "run-3"].map((id) => journal.findHolder(id));

      expect(await Promise.all(holders)).toEqual([ANN, BOB, undefined]);
    });

    test.for<[why: string, end: (world: World, journal: Journal, hold: Hold) => unknown]>([
      ["it was released", (_, journal, hold) => journal.release(hold)],
      ["its owner is gone", (world) => world.gone.add(ANN.pid)],
      ["its lease has run out", (world) => (world.nowMs += LEASE_MS)],
    ])("nobody holds a run when %s", async ([, end]) => {
      const { world, journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      await end(world, journal, hold);

      expect(await journal.findHolder("run-1")).toBeUndefined();
    });

    test("a lease holds to its end, and also when the clock went back", async () => {
      const { world, journal } = setUp(open);
      await journal.claim(runRecord(), ANN);
      world.nowMs += LEASE_MS - 1;
      const atItsEnd = await journal.findHolder("run-1");
      world.nowMs -= 3_600_000;

      expect([atItsEnd, await journal.findHolder("run-1")]).toEqual([ANN, ANN]);
    });

    test("to look does not set a lease right that lies in the future", async () => {
      const { world, journal } = setUp(open);
      await journal.claim(runRecord(), ANN);
      world.nowMs -= 3_600_000;
      await journal.findHolder("run-1");
      world.nowMs += LEASE_MS;

      expect(await refusal(journal.claim(runRecord(), BOB))).toBe("LEASE_HELD");
    });
  });

  describe(`${kind}: lease`, () => {
    test("is to be renewed three times before it runs out", () => {
      const { journal } = setUp(open);

      expect(journal.renewEveryMs).toBe(LEASE_MS / 3);
    });

    test("lasts its whole length again after it was renewed", async () => {
      const { world, journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      world.nowMs += LEASE_MS - 1;
      await journal.renew(hold);
      world.nowMs += LEASE_MS - 1;

      await expect(journal.claim(runRecord(), BOB)).rejects.toThrow(LeaseHeldError);
    });

    test("can be renewed late, as long as no one else took the run", async () => {
      const { world, journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      world.nowMs += 10 * LEASE_MS;

      await journal.renew(hold);

      await expect(journal.claim(runRecord(), BOB)).rejects.toThrow(LeaseHeldError);
    });

    test("is not held longer by a dead owner when the clock goes back an hour", async () => {
      const { world, journal } = setUp(open);
      await journal.claim(runRecord(), ANN);
      world.nowMs -= 3_600_000;

      const first = await refusal(journal.claim(runRecord({ id: "run-2" }), BOB));
      world.nowMs += LEASE_MS - 1;
      const second = await refusal(journal.claim(runRecord({ id: "run-2" }), BOB));
      world.nowMs += 1;
      const claim = await journal.claim(runRecord({ id: "run-2" }), BOB);

      expect({ first, second, hold: claim.hold }).toEqual({
        first: "LEASE_HELD",
        second: "LEASE_HELD",
        hold: { runId: "run-1", fence: 2 },
      });
    });

    test("is kept by a live owner when the clock goes back an hour", async () => {
      const { world, journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      world.nowMs -= 3_600_000;
      await refusal(journal.claim(runRecord(), BOB));
      world.nowMs += LEASE_MS / 3;
      await journal.renew(hold);
      world.nowMs += LEASE_MS - 1;

      await expect(journal.claim(runRecord(), BOB)).rejects.toThrow(LeaseHeldError);
    });
  });

  describe(`${kind}: fence`, () => {
    /** What becomes of every write under `hold`, and what the journal holds after it. */
    async function tryAll(journal: Journal, hold: Hold) {
      const { runId } = hold;
      const refusals = [
        await refusal(journal.renew(hold)),
        await refusal(journal.writeRun(hold, runRecord({ id: runId, status: "failed" }))),
        await refusal(journal.writeStep(hold, stepRecord({ runId, status: "failed" }))),
        await refusal(journal.writeStep(hold, stepRecord({ runId, name: "new" }))),
      ];
      return { refusals, run: await journal.findRun(runId), steps: await journal.readSteps(runId) };
    }

    const LOST = Array.from({ length: 4 }, () => "LEASE_LOST");

    test("a former owner can write nothing more, nor prolong or end the new owner's lease", async () => {
      const { world, journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      await journal.writeStep(hold, stepRecord());
      world.nowMs += LEASE_MS;
      await journal.claim(runRecord(), BOB);

      const outcome = await tryAll(journal, hold);
      await journal.release(hold);

      expect({ ...outcome, claim: await refusal(journal.claim(runRecord(), ANN)) }).toEqual({
        refusals: LOST,
        run: runRecord(),
        steps: [stepRecord()],
        claim: "LEASE_HELD",
      });
    });

    test("a hold that was released is a hold no more", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);
      await journal.release(hold);

      expect(await tryAll(journal, hold)).toEqual({ refusals: LOST, run: runRecord(), steps: [] });
    });

    test("a run that is not there cannot be written", async () => {
      const { journal } = setUp(open);

      const outcome = await tryAll(journal, { runId: "run-9", fence: 1 });

      expect(outcome).toEqual({ refusals: LOST, run: undefined, steps: [] });
    });

    test("of writes asked for together, a lost one fails alone", async () => {
      const { world, journal } = setUp(open);
      const lost = await journal.claim(runRecord(), ANN);
      world.nowMs += LEASE_MS;
      await journal.claim(runRecord(), BOB);
      const kept = await journal.claim(runRecord({ id: "run-2", automation: "weekly" }), ANN);

      const outcomes = await Promise.all([
        refusal(journal.writeStep(kept.hold, stepRecord({ runId: "run-2", name: "first" }))),
        refusal(journal.writeStep(lost.hold, stepRecord())),
        refusal(journal.writeStep(kept.hold, stepRecord({ runId: "run-2", name: "second" }))),
      ]);

      const steps = await journal.readSteps("run-2");
      expect({ outcomes, names: steps.map(({ name }) => name) }).toEqual({
        outcomes: [undefined, "LEASE_LOST", undefined],
        names: ["first", "second"],
      });
    });

    test("a record of another run is refused", async () => {
      const { journal } = setUp(open);
      const { hold } = await journal.claim(runRecord(), ANN);

      const refusals = [
        journal.writeRun(hold, runRecord({ id: "run-2" })),
        journal.writeStep(hold, stepRecord({ runId: "run-2" })),
      ];

      for (const refused of refusals) await expect(refused).rejects.toThrow("cannot be written");
    });
  });
}
