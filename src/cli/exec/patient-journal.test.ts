import { expect, test } from "vitest";
import { JournalError, LeaseLostError } from "../../core/errors.ts";
import type { Journal, RunRecord } from "../../core/journal.ts";
import { memoryJournal } from "../../journal/memory.ts";
import { thisProcess } from "../../journal/owner.ts";
import { PatientJournal } from "./patient-journal.ts";

const RUN: RunRecord = {
  id: "r1",
  automation: "a",
  status: "running",
  codeHash: "c",
  input: "{}",
  startedAtMs: 1,
  resumes: 0,
};

/** A journal in memory whose every method fails with `error` once that is set. */
function breaking(isBorne = true) {
  const store = memoryJournal();
  const state: { error?: Error } = {};
  const broken = new Proxy(store, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== "function") return value;
      return (...words: unknown[]) =>
        state.error === undefined
          ? (value as (...all: unknown[]) => unknown).apply(target, words)
          : Promise.reject(state.error);
    },
  });
  const lost: string[] = [];
  const instead = memoryJournal();
  const journal: Journal = new PatientJournal(broken, {
    instead,
    isBorne: () => isBorne,
    lost: ({ message }) => void lost.push(message),
  });
  return { state, lost, instead, journal };
}

test("as long as the store works it is the store", async () => {
  const { journal, lost } = breaking();

  const { hold } = await journal.claim(RUN, thisProcess());
  await journal.writeRun(hold, { ...RUN, status: "succeeded", endedAtMs: 2 });
  const isWritten = await journal.writeState({ key: "k", value: "v", atMs: 1 });

  expect({
    isWritten,
    state: (await journal.readState("k"))?.value,
    status: (await journal.findRun("r1"))?.status,
    runs: (await journal.findRuns()).length,
    states: (await journal.readStates({ prefix: "k" })).length,
    renewEveryMs: journal.renewEveryMs,
    lost,
  }).toEqual({
    isWritten: true,
    state: "v",
    status: "succeeded",
    runs: 1,
    states: 1,
    renewEveryMs: memoryJournal().renewEveryMs,
    lost: [],
  });
});

test("a store that fails is told once, and what is asked of it from then on fails nothing", async () => {
  const { journal, state, lost } = breaking();
  const { hold } = await journal.claim(RUN, thisProcess());
  state.error = new JournalError("full");

  await journal.writeRun(hold, RUN);
  await journal.renew(hold);
  await journal.release(hold);
  const answers = [
    await journal.claimRun("r1", thisProcess()),
    await journal.findRun("r1"),
    await journal.findHolder("r1"),
    await journal.findRuns(),
    await journal.readSteps("r1"),
    await journal.prune({ endedBeforeMs: 0, keep: 1, limit: 1 }),
    await journal.readState("k"),
    await journal.readStates({ prefix: "k" }),
    await journal.writeState({ key: "k", value: "v", atMs: 1 }),
    await journal.close(),
  ];

  expect({ answers, lost }).toEqual({
    answers: [undefined, undefined, undefined, [], [], [], undefined, [], true, undefined],
    lost: ["full"],
  });
});

test("a run that cannot be written at all is kept in memory", async () => {
  const { journal, state, instead, lost } = breaking();
  state.error = new JournalError("full");

  const { run } = await journal.claim(RUN, thisProcess());
  const found = await journal.findRun("r1");

  expect({
    id: run.id,
    found: found?.id,
    instead: (await instead.findRun("r1"))?.id,
    lost,
  }).toEqual({
    id: "r1",
    found: "r1",
    instead: "r1",
    lost: ["full"],
  });
});

test.for([
  ["what is not to be borne", new JournalError("full"), false],
  ["the loss of the lease", new LeaseLostError("r1"), true],
] as const)("%s is no less than before", async ([, error, isBorne]) => {
  const { journal, state, lost } = breaking(isBorne);
  state.error = error;

  await expect(journal.readState("k")).rejects.toBe(error);
  expect(lost).toEqual([]);
});
