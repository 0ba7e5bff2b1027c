/** Claims the run that `execute` is asked for: a certain one, one done again, or the next. */

import type { Automation } from "../automation.ts";
import { claimById } from "./claim-by-id.ts";
import { claimRetry } from "./claim-retry.ts";
import { claimRun, type Asked, type Claimed } from "./claim-run.ts";

/** Rejects as `execute` does; then nothing is held. */
export function claimFor<Input>(
  automation: Automation<Input>,
  asked: Asked,
): Promise<Claimed<Input>> {
  const { runId, retryOf } = asked;
  if (runId !== undefined) return claimById(automation, asked, runId);
  if (retryOf !== undefined) return claimRetry(automation, asked, retryOf);
  return claimRun(automation, asked);
}
