/** Gives a run up: what it holds is let go, and what it did stays. */

import type { Clock } from "../../core/clock.ts";
import {
  UNFINISHED,
  type Claim,
  type Journal,
  type Owner,
  type StepRecord,
} from "../../core/journal.ts";
import type { Logger } from "../../core/logger.ts";
import { stepLabel } from "../book.ts";
import { isHeld, letGo } from "../resource/held.ts";

/** With what a run is given up. */
export interface Abandoning {
  readonly journal: Journal;
  readonly clock: Clock;
  /** Is told what it leaves behind. */
  readonly log: Logger;
  /** What the process exits with that gives it up. Default: nothing is said of that. */
  readonly exitCode?: number | undefined;
}

/** Lets go of what the run still holds, and gives it up. Its effects stay. */
export async function abandon(
  { run, hold, isNew }: Claim,
  { journal, clock, log, exitCode }: Abandoning,
): Promise<void> {
  const held = isNew ? [] : await readHeld(journal, run.id);
  for (const record of held.toReversed()) {
    try {
      await letGo(record, { shared: journal, fence: hold.fence, clock });
    } catch (error) {
      const label = stepLabel(record.task, record.name);
      log.error(`What run ${run.id} held as "${label}" is left behind`, { error });
    }
  }
  const end = exitCode === undefined ? {} : { exitCode };
  const endedAtMs = clock.now();
  await journal.writeRun(hold, { ...run, status: "abandoned", ...end, endedAtMs });
  await journal.release(hold);
}

/**
 * Gives up a run that no process has. Answers whether it did: a run that has ended meanwhile stays as it
 * is. Rejects as `claimRun` of the journal does.
 */
export async function abandonRun(
  runId: string,
  owner: Owner,
  options: Abandoning,
): Promise<boolean> {
  const { journal } = options;
  const claim = await journal.claimRun(runId, owner);
  if (claim === undefined) return false;
  const isUnfinished = UNFINISHED.includes(claim.run.status);
  if (isUnfinished) await abandon(claim, options);
  else await journal.release(claim.hold);
  return isUnfinished;
}

/** What a run holds: its own, and what is an item's of its maps. */
async function readHeld(journal: Journal, runId: string): Promise<readonly StepRecord[]> {
  const maps = await journal.readSteps(runId, { kind: "map" });
  const own = journal.readSteps(runId, { kind: "resource" });
  const ofItems = maps.map(({ task }) => journal.readSteps(runId, { map: task, kind: "resource" }));
  return (await Promise.all([own, ...ofItems])).flat().filter(isHeld);
}
