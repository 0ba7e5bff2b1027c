/** A journal with some methods of its own, for tests. */

import type { Journal } from "../core/journal.ts";

/** `journal`, but for the methods in `own`. */
export function journalWith(journal: Journal, own: Partial<Journal>): Journal {
  return {
    renewEveryMs: journal.renewEveryMs,
    claim: (run, owner, steps) => journal.claim(run, owner, steps),
    claimRun: (id, owner) => journal.claimRun(id, owner),
    renew: (hold) => journal.renew(hold),
    release: (hold) => journal.release(hold),
    writeRun: (hold, run) => journal.writeRun(hold, run),
    writeStep: (hold, step) => journal.writeStep(hold, step),
    findRun: (id) => journal.findRun(id),
    findHolder: (id) => journal.findHolder(id),
    findRuns: (filter) => journal.findRuns(filter),
    readSteps: (id, filter) => journal.readSteps(id, filter),
    prune: (retention) => journal.prune(retention),
    readState: (key) => journal.readState(key),
    readStates: (filter) => journal.readStates(filter),
    writeState: (change) => journal.writeState(change),
    close: () => journal.close(),
    ...own,
  };
}
