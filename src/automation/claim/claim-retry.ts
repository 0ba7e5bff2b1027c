/** Claims a new run that does a finished one again, with what it takes over from that. */

import { RunRefusedError } from "../../core/errors.ts";
import { UNFINISHED, type Claim, type RunRecord } from "../../core/journal.ts";
import type { Automation } from "../automation.ts";
import { claimExisting, requireFreeLock } from "./claim-by-id.ts";
import { checkedRecordedInput, type Asked, type Claimed } from "./claim-run.ts";
import { findRetryOf, markRetried } from "../retry-mark.ts";
import { takeOver } from "./take-over.ts";

/** Rejects as `execute` does; then nothing is held, and no new run is left behind. */
export async function claimRetry<Input>(
  automation: Automation<Input>,
  asked: Asked,
  { runId, from }: NonNullable<RunRecord["retryOf"]>,
): Promise<Claimed<Input>> {
  const { journal, owner, wanted, clock } = asked;
  const old = await claimExisting(automation, asked, runId);
  try {
    await checkRetriable(old, asked);
    const input = await checkedRecordedInput(automation, old);
    const taken = takeOver(wanted.id, { ...old, from });
    await requireFreeLock(journal, old.run);
    await markRetried(journal, runId, { newId: wanted.id, atMs: clock.now() });
    const { lock, input: recorded } = old.run;
    const retryOf = { runId, from: taken.from };
    const claim = await journal.claim(
      { ...wanted, lock, input: recorded, retryOf },
      owner,
      taken.steps,
    );
    if (!claim.isNew) throw await lateRefusal(claim, asked);
    return { claim, choice: "fresh", input, hasEnded: false, retried: { of: runId, ...taken } };
  } finally {
    // The new run may be claimed by now, and goes on without this; the lease runs out by itself.
    await journal.release(old.hold).catch(() => undefined);
  }
}

async function checkRetriable({ run }: Claim, { journal }: Asked): Promise<void> {
  const { id, automation, status } = run;
  const refuse = (problem: string) =>
    new RunRefusedError(id, `Run ${id} of "${automation}" ${problem}`);
  if (UNFINISHED.includes(status)) {
    throw refuse(`is unfinished (${status}); resume it or roll it back`);
  }
  if (status === "succeeded") throw refuse("succeeded, so there is nothing to do again");
  const retriedBy = await findRetryOf(journal, id);
  if (retriedBy !== undefined) throw refuse(`was done again already, as run ${retriedBy}`);
}

/** Another process began a run between the look and the claim. */
async function lateRefusal({ run, hold }: Claim, { journal }: Asked): Promise<RunRefusedError> {
  await journal.release(hold);
  return new RunRefusedError(
    run.id,
    `Run ${run.id} of "${run.automation}" was begun meanwhile; wait until it has ended`,
  );
}
