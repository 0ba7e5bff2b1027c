/** A journal whose process dies: for tests of what comes after. */

import type { Journal } from "../src/core/journal.ts";
import { journalWith } from "../src/journal/journal-with.contract.ts";

/** Where a process dies: at which of its writes to the journal, just before or just after it. */
export interface Death {
  /** Counts writes of runs and steps from 1. */
  readonly write: number;
  readonly side: "before" | "after";
}

/**
 * `journal`, as seen by a process that dies at `death`: from then on nothing it asks for is ever
 * answered. `onDeath` is called at that moment. @internal
 */
export function dyingJournal(journal: Journal, death: Death, onDeath: () => void): Journal {
  let writes = 0;
  let isDead = false;
  const never = new Promise<never>(() => {});
  async function write(work: () => Promise<void>): Promise<void> {
    if (isDead) return never;
    writes++;
    const isTheOne = writes === death.write;
    if (!(isTheOne && death.side === "before")) await work();
    if (!isTheOne) return undefined;
    isDead = true;
    onDeath();
    return never;
  }
  return journalWith(journal, {
    renew: (hold) => (isDead ? never : journal.renew(hold)),
    release: (hold) => (isDead ? never : journal.release(hold)),
    writeRun: (hold, run) => write(() => journal.writeRun(hold, run)),
    writeStep: (hold, step) => write(() => journal.writeStep(hold, step)),
  });
}
