/** Runs that were cut off are ended before a new one begins, and their ends are told of. */

import { EXIT } from "../../core/exit-codes.ts";
import type { RunRecord } from "../../core/journal.ts";
import type { RollbackOutcome } from "../../policies/task-result.ts";
import { afterwards } from "./afterwards.ts";
import { COMMAND } from "./exec-automation.ts";
import { endRun, type Surroundings } from "./engine-run.ts";
import { findBrokenOff } from "./former-runs.ts";
import type { ExecPlan } from "./plan.ts";
import { fromRecorded } from "./recorded-plan.ts";
import type { Ended } from "./report.ts";

/** How this start tells of any run; each has an end of its own. */
export type Teller = (runId: string) => Omit<Ended, "outcome" | "exitCode" | "rollback">;

/** What a run that was cut off is told to have ended with. */
const EXIT_BY_ROLLBACK: Readonly<Record<RollbackOutcome, number>> = {
  none: EXIT.failed,
  complete: EXIT.rolledBack,
  incomplete: EXIT.rollbackIncomplete,
};

/** Answers the exit code where what is left of one is in the way, of which all is told by then. */
export async function takeBackFormer(
  plan: ExecPlan,
  tellOf: Teller,
  surroundings: Surroundings,
): Promise<number | undefined> {
  for (const run of await findBrokenOff(plan, surroundings.journal)) {
    const rollback = await takeBackOne(run, { plan, tellOf }, surroundings);
    if (rollback === "incomplete") return EXIT_BY_ROLLBACK[rollback];
  }
  return undefined;
}

interface ThisStart {
  readonly plan: ExecPlan;
  readonly tellOf: Teller;
}

async function takeBackOne(
  run: RunRecord,
  { plan, tellOf }: ThisStart,
  surroundings: Surroundings,
): Promise<RollbackOutcome | undefined> {
  const { world, output, journal } = surroundings;
  const own = planOf(run, surroundings);
  const former = own ?? { ...plan, ...UNKNOWN, name: run.automation };
  const what = former.undo === undefined ? "what it did is left as it is" : "it is undone first";
  const text = `holdfast: run ${run.id} of ${run.automation} was cut off; ${what}\n`;
  output.complain(text, "WARNING");
  const steps = await journal.readSteps(run.id);
  const rollback = await endRun(run.id, { plan: former }, surroundings);
  if (rollback === undefined) return undefined;
  const command = steps.find(({ name }) => name === COMMAND);
  const end = {
    outcome: "cut-off",
    exitCode: EXIT_BY_ROLLBACK[rollback],
    rollback,
    error: new Error("its process was killed"),
    plan: former,
    startedAtMs: run.startedAtMs,
    durationMs: world.clock.now() - run.startedAtMs,
    attempts: command?.attempts.length ?? 0,
    hasBegun: command !== undefined,
  } as const;
  const { complain } = output;
  await afterwards({ ...tellOf(run.id), ...end }, { world, complain });
  return rollback;
}

/** What there is not, where the journal could not keep the command line. */
const UNKNOWN = { undo: undefined, cleanup: undefined, lock: undefined } as const;

/** Without its secrets it cannot be undone: then it is only ended. */
function planOf(run: RunRecord, { output }: Surroundings): ExecPlan | undefined {
  try {
    return fromRecorded(run);
  } catch (error) {
    const { message } = error as Error;
    output.complain(`holdfast: ${message}\n`, "WARNING");
    return undefined;
  }
}
