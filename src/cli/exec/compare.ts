/** Compares a command that ended well with its former runs, where there are enough of them. */

import type { Journal } from "../../core/journal.ts";
import type { Logger } from "../../core/logger.ts";
import type { FEWEST_RUNS } from "../../policies/envelope.ts";
import type { Done } from "./exec-automation.ts";
import type { ExecPlan } from "./plan.ts";

/** What it is compared with, and who hears of it. */
export interface Comparing {
  readonly plan: ExecPlan;
  readonly journal: Journal;
  readonly log: Logger;
}

/** With fewer, nothing is unusual; and few modules are loaded where there is nothing to compare with. */
const FEWEST: typeof FEWEST_RUNS = 10;

/** Rejects where it is unusual and `--strict-envelope` is given; else warns. */
export async function compareWithFormer(done: Done, parts: Comparing): Promise<void> {
  const { plan, journal, log } = parts;
  const { name: automation, strictEnvelope } = plan;
  let unusual: string | undefined;
  try {
    const known = await journal.findRuns({ automation, status: "succeeded", limit: FEWEST });
    if (known.length < FEWEST) return;
    const { findUnusual } = await import("./envelope.ts");
    unusual = await findUnusual(done, plan, journal);
  } catch (error) {
    // The command did what it was to do, whatever became of the records of others.
    const { message } = error as Error;
    log.warning(
      `what the former runs took cannot be read, so this one is not compared: ${message}`,
    );
  }
  if (unusual === undefined) return;
  if (strictEnvelope) throw new Error(unusual);
  log.warning(unusual);
}
