/** The journal of a guarded command, which is run even where no journal can be had. */

import type { Journal } from "../../core/journal.ts";
import { redactor } from "../../core/redact.ts";
import { memoryJournal } from "../../journal/memory.ts";
import type { World } from "../command.ts";
import type { Complain } from "../run-output.ts";
import { PatientJournal } from "./patient-journal.ts";
import type { ExecPlan } from "./plan.ts";
import type { Progress } from "./progress.ts";

/** What becomes known while it is used. */
export interface KeptJournal {
  readonly journal: Journal;
  /** Whether what is written there outlives this process. */
  readonly isKept: boolean;
  close(): Promise<void>;
}

/** For whom it is opened. */
export interface KeptJournalParts {
  readonly progress: Progress;
  readonly world: World;
  readonly complain: Complain;
}

/** Rejects only where a lock would be in vain. A dry run leaves no trace. */
export async function openKeptJournal(
  plan: ExecPlan,
  { progress, world, complain }: KeptJournalParts,
): Promise<KeptJournal> {
  const instead = memoryJournal({ clock: world.clock });
  const kept = {
    journal: instead as Journal,
    isKept: !plan.dryRun,
    close: () => kept.journal.close(),
  };
  if (plan.dryRun) return kept;
  const lost = ({ message }: Error) => {
    kept.isKept = false;
    const text = `holdfast: the journal cannot be used, so this run of ${plan.name} is not recorded: ${message}\n`;
    complain(redactor({ env: world.env }).text(text), "CRITICAL");
  };
  const isBorne = () => progress.hasBegun || plan.lock === undefined;
  try {
    const journal = await world.openJournal();
    kept.journal = new PatientJournal(journal, { instead, isBorne, lost });
  } catch (error) {
    if (!isBorne()) throw error;
    lost(error as Error);
  }
  return kept;
}
