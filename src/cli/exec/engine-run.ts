/** A guarded command as a run of the engine: executed, or ended where it was broken off. */

import { abandonRun } from "../../automation/claim/abandon.ts";
import { execute } from "../../automation/execute.ts";
import type { RunResult } from "../../automation/run.ts";
import { LeaseHeldError, RunRefusedError } from "../../core/errors.ts";
import type { Journal } from "../../core/journal.ts";
import { loggerTo } from "../../core/logger.ts";
import { redactor } from "../../core/redact.ts";
import type { Remedy } from "../../core/remedy.ts";
import { thisProcess } from "../../journal/owner.ts";
import type { RollbackOutcome } from "../../policies/task-result.ts";
import type { Wrap } from "../../process/contain.ts";
import type { World } from "../command.ts";
import type { Interruption } from "../interruption.ts";
import { EXEC_CODE } from "./code.ts";
import { compareWithFormer } from "./compare.ts";
import { execAutomation, type ExecParts } from "./exec-automation.ts";
import type { ExecOutput } from "./exec-output.ts";
import { takeBack } from "./former-runs.ts";
import type { HeldOutput } from "./held-output.ts";
import type { Overlaid } from "./overlaid.ts";
import type { ExecPlan } from "./plan.ts";
import type { Progress } from "./progress.ts";
import { recordsIn } from "./records.ts";
import { toRecorded } from "./recorded-plan.ts";

/** What all that is done for one start is done with. */
export interface Surroundings {
  readonly world: World;
  readonly output: ExecOutput;
  readonly journal: Journal;
  readonly progress: Progress;
  readonly remedies: readonly Remedy[];
  readonly interruption: Interruption;
}

/** What stands between the command and the rest of the machine. */
export interface Between {
  readonly held?: HeldOutput | undefined;
  readonly wrap?: Wrap | undefined;
  readonly overlaid?: Overlaid | undefined;
}

/** Runs the command to its end. Rejects as `execute` does. */
export async function runCommand(
  id: string,
  plan: ExecPlan,
  between: Between,
  surroundings: Surroundings,
): Promise<RunResult> {
  const { world, output, journal, interruption, progress } = surroundings;
  const log = await output.openRun(plan);
  try {
    const parts = { ...(await partsOf(plan, surroundings)), ...between };
    return await execute(execAutomation(plan, parts), {
      journal,
      input: toRecorded(plan, redactor({ env: world.env })),
      newRunId: id,
      // Two commands of one name may run beside each other: that is what --lock is for.
      lock: id,
      codeHash: EXEC_CODE,
      sinks: [...log.sinks, progress.unhealed.sink],
      signal: interruption.signal,
      env: world.env,
      clock: world.clock,
    });
  } finally {
    log.close();
  }
}

/** A run that is ended. */
export interface Ending {
  readonly plan: ExecPlan;
  /** What this process will exit with. Default: it goes on. */
  readonly exitCode?: number | undefined;
}

/**
 * Ends a run that no process has, or that this one has just broken off: undoes it, or gives it up.
 * Answers `undefined` where another process does so, or has done so.
 */
export async function endRun(
  id: string,
  ending: Ending,
  surroundings: Surroundings,
): Promise<RollbackOutcome | undefined> {
  try {
    return await endFree(id, ending, surroundings);
  } catch (error) {
    if (error instanceof LeaseHeldError || error instanceof RunRefusedError) return undefined;
    throw error;
  }
}

async function endFree(
  id: string,
  { plan, exitCode }: Ending,
  surroundings: Surroundings,
): Promise<RollbackOutcome | undefined> {
  const { world, output, journal } = surroundings;
  const { env, clock } = world;
  const log = await output.openRun(plan);
  const { sinks } = log;
  try {
    if (plan.undo !== undefined) {
      const parts = { ...(await partsOf(plan, surroundings)), exitCode };
      return rollbackOf(await takeBack(id, plan, parts, { journal, sinks, env, clock }));
    }
    const logger = loggerTo((level, message) => output.complain(`holdfast: ${message}\n`, level));
    const options = { journal, clock, log: logger, exitCode };
    return (await abandonRun(id, thisProcess(), options)) ? "none" : undefined;
  } finally {
    log.close();
  }
}

/** What became of what it had done. */
export function rollbackOf({ tasks }: RunResult): RollbackOutcome {
  const own = tasks.at(0)?.result;
  return own?.ok === false ? own.rollback : "none";
}

async function partsOf(
  plan: ExecPlan,
  { world, journal, progress, remedies }: Surroundings,
): Promise<ExecParts> {
  const { env, clock } = world;
  return {
    env,
    clock,
    remedies,
    state: journal,
    records: await recordsIn(world),
    compare: (done, log) => compareWithFormer(done, { plan, journal, log }),
    begun: () => progress.begin(),
    ended: (end) => progress.end(end),
  };
}
