/** Makes the automation of a run of `holdfast exec` anew, for `resume`, `rollback`, `retry` and `cancel`. */

import type { Journal, RunRecord } from "../../core/journal.ts";
import type { World } from "../command.ts";
import type { LoadedAutomation } from "../load-automation.ts";
import { EXEC_CODE } from "./code.ts";
import { execAutomation } from "./exec-automation.ts";
import { remediesOf } from "./remedies.ts";
import { recordsIn } from "./records.ts";
import { fromRecorded } from "./recorded-plan.ts";

/** Rejects with `AutomationFileError` when the journal does not hold its whole command line. */
export async function loadExec(
  run: RunRecord,
  world: World,
  journal: Journal,
): Promise<LoadedAutomation> {
  const plan = fromRecorded(run);
  const automation = execAutomation(plan, {
    remedies: await remediesOf(plan, "heal"),
    env: world.env,
    clock: world.clock,
    state: journal,
    records: await recordsIn(world),
  });
  return { automation, file: undefined, codeHash: EXEC_CODE, rehearsal: undefined };
}
