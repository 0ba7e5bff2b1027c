/** What every journal promises, as one suite that is run for each. */

import type { OpenJournal } from "./journal-fixtures.contract.ts";
import { holdsContract } from "./journal-holds.contract.ts";
import { journalModel } from "./journal-model.contract.ts";
import { recordsContract } from "./journal-records.contract.ts";
import { sharedContract } from "./journal-shared.contract.ts";

/** Runs the suite for one kind of journal. */
export function journalContract(kind: string, open: OpenJournal): void {
  holdsContract(kind, open);
  recordsContract(kind, open);
  sharedContract(kind, open);
  journalModel(kind, open);
}
