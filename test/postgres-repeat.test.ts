/** Writes whose answer never came: what was asked for happens once, and its caller is told so. */

import { expect, onTestFinished, test } from "vitest";
import type { Claim, Hold, Journal } from "../src/core/journal.ts";
import { owner, refusal, runRecord, stepRecord } from "../src/journal/journal-fixtures.contract.ts";
import { postgresJournal } from "../src/journal/postgres/index.ts";
import { breaking, type Asked } from "./postgres/broken-pool.ts";
import { freshSchema, poolOf, serverUrl, SKIPPED } from "./postgres/shared-server.ts";

const pool = SKIPPED === undefined ? poolOf(await serverUrl()) : undefined;

const ANN = owner(1);
const BOB = owner(2);

/**
 * A journal, and another one of the same tables whose connection breaks at such a statement, while
 * the first does something.
 */
function setUp(
  isFatal: (text: string) => boolean,
  meanwhile: (journal: Journal) => Promise<unknown> = async () => undefined,
) {
  const schema = freshSchema();
  const asked: Asked[] = [];
  const isGone = ({ pid }: { pid: number }) => pid === ANN.pid;
  const journal = postgresJournal(pool!, { schema, isGone });
  const torn = breaking(pool!, { isFatal, meanwhile: () => meanwhile(journal), asked });
  const broken = postgresJournal(torn, { schema, isGone });
  onTestFinished(async () => {
    await Promise.all([journal.close(), broken.close()]);
  });
  return { schema, journal, broken, asked };
}

const finished = runRecord({ status: "succeeded", endedAtMs: 1 });

/** What is done without a broken connection first, and what with one; and how often it was asked for. */
const DEEDS: [
  what: string,
  statement: RegExp,
  before: (journal: Journal) => Promise<unknown>,
  deed: (journal: Journal, hold: Hold) => Promise<unknown>,
][] = [
  [
    "a new run, with its steps",
    /INSERT INTO "\w+".runs/,
    async () => undefined,
    (journal) => journal.claim(runRecord(), ANN, [stepRecord()]),
  ],
  [
    "a run that is taken over",
    /SET fence = fence \+ 1/,
    (journal) => journal.claim(runRecord(), ANN, [stepRecord()]),
    (journal) => journal.claim(runRecord({ id: "run-2" }), BOB),
  ],
  [
    "a run that is claimed by its id",
    /SET fence = fence \+ 1/,
    (journal) => journal.claim(runRecord(), ANN),
    (journal) => journal.claimRun("run-1", BOB),
  ],
  [
    "a claim whose steps were not read",
    /SELECT record FROM "\w+".steps/,
    (journal) => journal.claim(runRecord(), ANN, [stepRecord()]),
    (journal) => journal.claimRun("run-1", BOB),
  ],
  [
    "a step",
    /INSERT INTO "\w+".steps/,
    (journal) => journal.claim(runRecord(), BOB),
    (journal, hold) => journal.writeStep(hold, stepRecord()),
  ],
  [
    "a run's record",
    /UPDATE "\w+".runs SET automation/,
    (journal) => journal.claim(runRecord(), BOB),
    (journal, hold) => journal.writeRun(hold, finished),
  ],
  [
    "a renewal",
    /UPDATE "\w+".runs SET renewed/,
    (journal) => journal.claim(runRecord(), BOB),
    (journal, hold) => journal.renew(hold),
  ],
  [
    "a release",
    /UPDATE "\w+".runs SET token = NULL/,
    (journal) => journal.claim(runRecord(), BOB),
    (journal, hold) => journal.release(hold),
  ],
  [
    "a pruned run",
    /DELETE FROM "\w+".runs/,
    async (journal) => {
      const { hold } = await journal.claim(runRecord(), ANN);
      await journal.writeRun(hold, finished);
    },
    (journal) => journal.prune({ endedBeforeMs: 9, keep: 0, limit: 9 }),
  ],
  [
    "a value that is put",
    /INSERT INTO "\w+".state /,
    async () => undefined,
    (journal) => journal.writeState({ key: "k", value: "new", atMs: 1 }),
  ],
  [
    "a first value",
    /INSERT INTO "\w+".state /,
    async () => undefined,
    (journal) => journal.writeState({ key: "k", value: "new", replaces: 0, atMs: 1 }),
  ],
  [
    "a value that replaces another",
    /UPDATE "\w+".state/,
    (journal) => journal.writeState({ key: "k", value: "old", atMs: 1 }),
    (journal) => journal.writeState({ key: "k", value: "new", replaces: 1, atMs: 1 }),
  ],
  [
    "a value that is deleted",
    /DELETE FROM "\w+".state /,
    (journal) => journal.writeState({ key: "k", value: "old", atMs: 1 }),
    (journal) => journal.writeState({ key: "k", value: undefined, replaces: 1, atMs: 1 }),
  ],
];

/** What becomes of a deed, and what the journal holds after it. */
async function perform(
  [, , before, deed]: (typeof DEEDS)[number],
  first: Journal,
  second: Journal,
) {
  await before(first);
  const answer = await deed(second, { runId: "run-1", fence: 1 });
  return {
    answer,
    runs: await first.findRuns(),
    holder: await first.findHolder("run-1"),
    steps: await first.readSteps("run-1"),
    values: await first.readStates({ prefix: "" }),
  };
}

test.skipIf(SKIPPED).for(DEEDS)(
  "%s is there once when its answer was lost, as if it had come",
  async (deed) => {
    const sound = setUp(() => false);
    const torn = setUp((text) => deed[1].test(text));

    const expected = await perform(deed, sound.journal, sound.broken);
    const outcome = await perform(deed, torn.journal, torn.broken);

    expect(outcome).toEqual(expected);
    expect(torn.asked.length).toBeGreaterThan(sound.asked.length);
  },
);

test.skipIf(SKIPPED)("a claim that was repeated keeps others out", async () => {
  const { journal, broken } = setUp((text) => text.includes("fence = fence + 1"));
  await journal.claim(runRecord(), ANN);

  const { hold } = (await broken.claimRun("run-1", BOB)) as Claim;
  await broken.writeStep(hold, stepRecord());

  expect([hold.fence, await refusal(journal.claimRun("run-1", BOB))]).toEqual([2, "LEASE_HELD"]);
});

test.skipIf(SKIPPED).for([
  ["put", undefined],
  ["first", 0],
] as const)(
  "a %s value that another one replaced meanwhile is not written over by its repetition",
  async ([, replaces]) => {
    const { journal, broken } = setUp(
      (text) => text.includes("INSERT INTO") && text.includes("ON CONFLICT (key)"),
      (other) => other.writeState({ key: "k", value: "second", replaces: 1, atMs: 2 }),
    );

    const isWritten = await broken.writeState({ key: "k", value: "first", replaces, atMs: 1 });

    expect([isWritten, (await journal.readState("k"))?.value]).toEqual([true, "second"]);
  },
);

test.skipIf(SKIPPED)(
  "a run that another one claimed meanwhile is not claimed by a repetition",
  async () => {
    const { journal, broken } = setUp(
      (text) => /INSERT INTO "\w+".runs/.test(text),
      // Its first owner is known to be gone.
      (other) => other.claim(runRecord({ id: "run-2" }), BOB),
    );

    const refused = await refusal(broken.claim(runRecord(), ANN));

    expect([refused, await journal.findHolder("run-1")]).toEqual(["LEASE_HELD", BOB]);
  },
);

test.skipIf(SKIPPED)(
  "a copy of an old record that arrives late does not bring it back",
  async () => {
    const { journal, broken, asked } = setUp((text) => text.includes("INTO"));
    const { hold } = await journal.claim(runRecord(), BOB);
    await broken.writeStep(hold, stepRecord());
    await broken.writeRun(hold, runRecord({ resumes: 1 }));
    const copies = asked.filter(({ text }) => /INTO "\w+".steps|SET automation/.test(text));
    const completed = stepRecord({ status: "completed" });
    await broken.writeStep(hold, completed);
    await broken.writeRun(hold, finished);

    for (const { text, values } of copies) await pool!.query(text, values);

    expect(copies.length).toBe(3);
    expect([await journal.readSteps("run-1"), await journal.findRun("run-1")]).toEqual([
      [completed],
      finished,
    ]);
  },
);

test.skipIf(SKIPPED)(
  "two processes that write under one hold are told, before one is lost",
  async () => {
    const { schema, journal } = setUp(() => false);
    const { hold } = await journal.claim(runRecord(), BOB);
    await journal.writeStep(hold, stepRecord());
    // As a process writes whose clock is a day ahead.
    await pool!.query(`UPDATE ${schema}.steps SET revision = revision + 86400000000`);

    const late = journal.writeStep(hold, stepRecord({ status: "completed" }));

    await expect(late).rejects.toThrow("only one process at a time may use a hold");
  },
);

test.skipIf(SKIPPED)(
  "whoever takes a run over may write to it, however far ahead the former clock was",
  async () => {
    const { schema, journal } = setUp(() => false);
    await journal.claim(runRecord(), ANN);
    // As the former owner's machine wrote it, whose clock was a day ahead.
    await pool!.query(`UPDATE ${schema}.runs SET revision = revision + 86400000000`);

    const { hold } = await journal.claim(runRecord({ id: "run-2" }), BOB);
    await journal.writeRun(hold, finished);

    expect(await journal.findRun("run-1")).toEqual(finished);
  },
);
