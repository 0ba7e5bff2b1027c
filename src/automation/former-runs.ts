/** What a step took in former successful runs: the history that `outlierOf` compares with. */

import type { Journal, RunRecord, StepRecord } from "../core/journal.ts";
import { MOST_RUNS, type Measure } from "../policies/envelope.ts";

/** Runs of many commands may share a name, such as `sh`: the alike ones are sought among so many. */
const MOST_READ = 500;

/** Which step of which automation. */
export interface FormerRuns {
  readonly automation: string;
  /** Default: the run's own task. */
  readonly task?: string | undefined;
  readonly step: string;
  /** How much a run of the step wrote. Default: the length of its value, as it is in the journal. */
  readonly outputBytesOf?: ((step: StepRecord) => number | undefined) | undefined;
  /** How long it took. Default: from the begin of its last attempt to the end of that, its `verify` included. */
  readonly durationMsOf?: ((step: StepRecord) => number | undefined) | undefined;
  /** Which runs count. Default: all of the automation. */
  readonly isAlike?: ((run: RunRecord) => boolean) | undefined;
}

/**
 * Reads what the step's last attempts took, in at most 50 runs of the automation that succeeded and are alike,
 * the newest first, out of its 500 newest. A run that is under way has not succeeded, and so is not among them.
 */
export async function readFormerRuns(
  journal: Pick<Journal, "findRuns" | "readSteps">,
  {
    automation,
    task = "",
    step,
    outputBytesOf = valueLength,
    durationMsOf = lastAttemptMs,
    isAlike = () => true,
  }: FormerRuns,
): Promise<readonly Measure[]> {
  const runs = await journal.findRuns({ automation, status: "succeeded", limit: MOST_READ });
  const measures: Measure[] = [];
  // One after another: a database should not get fifty questions at once.
  for (const { id } of runs.filter(isAlike).slice(0, MOST_RUNS)) {
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
