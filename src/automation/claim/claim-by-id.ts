/** Claims a certain run by its id, whether it has ended or not. */

import { RunRefusedError } from "../../core/errors.ts";
import {
  lockOf,
  UNFINISHED,
  type Claim,
  type Journal,
  type RunRecord,
} from "../../core/journal.ts";
import type { Automation } from "../automation.ts";
import { checkedRecordedInput, choose, type Asked, type Claimed } from "./claim-run.ts";
import { checkDecided } from "../records-to-decide.ts";
import { findRetryOf } from "../retry-mark.ts";
import { refusalOfRollback } from "./ended-run.ts";

/** Rejects as `execute` does; then nothing is held. */
export async function claimById<Input>(
  automation: Automation<Input>,
  asked: Asked,
  runId: string,
): Promise<Claimed<Input>> {
  const { journal } = asked;
  const claim = await claimExisting(automation, asked, runId);
  try {
    const hasEnded = !UNFINISHED.includes(claim.run.status);
    if (hasEnded) await checkEnded(claim, asked);
    const choice = hasEnded ? "rollback" : choose(automation, claim, asked);
    await checkDecided(journal, claim, asked.decided);
    const input = await checkedRecordedInput(automation, claim);
    return { claim, choice, input, hasEnded };
  } catch (error) {
    // Why it was refused matters more than giving the lease back, which runs out by itself.
    await journal.release(claim.hold).catch(() => undefined);
    throw error;
  }
}

/** @throws {RunRefusedError} When there is no such run, or it is another automation's. */
export async function claimExisting(
  { name }: Automation<never>,
  { journal, owner }: Asked,
  runId: string,
): Promise<Claim> {
  const claim = await journal.claimRun(runId, owner);
  if (claim === undefined) throw new RunRefusedError(runId, `There is no run ${runId}`);
  if (claim.run.automation === name) return claim;
  await journal.release(claim.hold);
  throw new RunRefusedError(
    runId,
    `Run ${runId} is one of "${claim.run.automation}", and the code that was given is "${name}"`,
  );
}

/** A run that has ended can only be rolled back, and only what is left of it. */
async function checkEnded({ run, steps }: Claim, { journal, asked }: Asked): Promise<void> {
  const { id, automation, status } = run;
  if (asked !== "rollback") {
    throw new RunRefusedError(
      id,
      `Run ${id} of "${automation}" has ended (${status}), so there is nothing to go on with; start it anew, or do it again from a step`,
    );
  }
  const refusal = refusalOfRollback({ run, steps, retriedBy: await findRetryOf(journal, id) });
  if (refusal !== undefined) {
    throw new RunRefusedError(id, `Run ${id} of "${automation}" cannot be rolled back: ${refusal}`);
  }
  await requireFreeLock(journal, run);
}

/** An automation does one thing at a time: also taking back what an earlier run left. */
export async function requireFreeLock(journal: Journal, run: RunRecord): Promise<void> {
  const [other] = await journal.findRuns({ lock: lockOf(run), limit: 1 });
  if (other === undefined) return;
  throw new RunRefusedError(
    other.id,
    `Run ${other.id} of "${other.automation}" is unfinished (${other.status}); resume it or roll it back first`,
  );
}
