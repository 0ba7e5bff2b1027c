/** The journal of a process that is to die: it tells of its windows, and the world's ledger of what it acknowledged. */

import type { Journal, StepRecord } from "../../src/core/journal.ts";
import { decodeValue, journalFile, sqliteJournal } from "../../src/journal/index.ts";
import { journalWith } from "../../src/journal/journal-with.contract.ts";
import { noteIn, type Entry } from "./many/ledger.ts";
import { reach } from "./moments.ts";
import { subjectOf, watchedJournal, writtenOf } from "./windows.ts";

/** Opens the journal of this process's environment. */
export async function openVictimJournal(): Promise<Journal> {
  if (process.env["CRASH_DISK"] !== undefined) await import("./full/disk-moments.ts");
  const journal = sqliteJournal(journalFile(process.env));
  const { CRASH_PLACE: place } = process.env;
  return watchedJournal(place === undefined ? journal : notedJournal(journal, place), reach);
}

/** `journal`, whose word that a result is safe goes into the ledger before anybody can die of it. */
function notedJournal(journal: Journal, place: string): Journal {
  return journalWith(journal, {
    async writeStep(hold, step) {
      await journal.writeStep(hold, step);
      const entry = acknowledgementOf(step);
      if (entry !== undefined) noteIn(place, entry);
    },
  });
}

function acknowledgementOf(step: StepRecord): Entry | undefined {
  const { key, value, kind } = step;
  const what = kind === "task" ? undefined : writtenOf(step);
  const about = { step: subjectOf(step), key };
  if (what === "undo's result") return { what: "undo recorded", ...about };
  if (what !== "result") return undefined;
  return { what: "recorded", ...about, value: String(decodeValue(value ?? "null")) };
}
