/** What a step took in former successful runs: the history that `outlierOf` compares with. */

import type { Journal, RunRecord, StepRecord } from "../core/journal.ts";
import { MOST_RUNS, type Measure } from "../policies/envelope.ts";

/** Runs of many commands may share a name, such as `sh`: the alike ones are sought among so many. */
const MOST_READ = 500;

/** Which step, and how its record is read. */
export interface FormerStep {
  /** Default: the run's own task. */
  readonly task?: string | undefined;
  readonly step: string;
  /** How much a run of the step wrote. Default: the length of its value, as it is in the journal. */
  readonly outputBytesOf?: ((step: StepRecord) => number | undefined) | undefined;
  /** How long it took. Default: from the begin of its last attempt to the end of that, its `verify` included. */
  readonly durationMsOf?: ((step: StepRecord) => number | undefined) | undefined;
}

/**
 * At most 50 runs of the automation that succeeded and are alike, the newest first, out of its 500 newest. A run that
 * is under way has not succeeded, and so is not among them.
 *
 * @param isAlike Which count. Default: all.
 */
export async function findFormerRuns(
  journal: Pick<Journal, "findRuns">,
  automation: string,
  isAlike: (run: RunRecord) => boolean = () => true,
): Promise<readonly RunRecord[]> {
  const runs = await journal.findRuns({ automation, status: "succeeded", limit: MOST_READ });
  return runs.filter(isAlike).slice(0, MOST_RUNS);
}

/** Reads what the step's last attempts took in these runs. */
export async function readFormerRuns(
  journal: Pick<Journal, "readSteps">,
  runs: readonly RunRecord[],
  { task = "", step, outputBytesOf = valueLength, durationMsOf = lastAttemptMs }: FormerStep,
): Promise<readonly Measure[]> {
  const measures: Measure[] = [];
  // One after another: a database should not get fifty questions at once.
  for (const { id } of runs) {
    const records = await journal.readSteps(id, { task });
    const record = records.find(({ name, status }) => name === step && status === "completed");
    const durationMs = record === undefined ? undefined : durationMsOf(record);
    if (record === undefined || durationMs === undefined) continue;
    measures.push({ durationMs, outputBytes: outputBytesOf(record) });
  }
  return measures;
}

/** What failed before it, and the waits between, say nothing about how long the work takes. */
function lastAttemptMs({ attempts }: StepRecord): number | undefined {
  const last = attempts.at(-1);
  return last?.endedAtMs === undefined ? undefined : last.endedAtMs - last.startedAtMs;
}

function valueLength({ value }: StepRecord): number {
  return value?.length ?? 0;
}
