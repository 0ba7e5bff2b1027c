/** What a human may decide about beyond the run's own steps: items of maps, and children. */

import { checkDecisions } from "./check-decisions.ts";
import type { Claim, Journal, StepRecord } from "../core/journal.ts";
import { childRunId } from "./key.ts";
import { isOpenChild } from "./step-record.ts";

/** @throws {InputError} Rejects with it for a decision about a step that is not in doubt. */
export async function checkDecided(
  journal: Journal,
  claim: Claim,
  decided: readonly string[],
): Promise<void> {
  const steps = await recordsToDecide(journal, claim, decided);
  checkDecisions(decided, { ...claim, steps });
}

/**
 * The steps of `claim`, those of the items that `decided` speaks of, and those of its unfinished
 * children, under the names that they have for people: `child/step`.
 */
async function recordsToDecide(
  journal: Journal,
  { run, steps }: Pick<Claim, "run" | "steps">,
  decided: readonly string[],
): Promise<readonly StepRecord[]> {
  if (decided.length === 0) return steps;
  const items = new Set(decided.flatMap(tasksIn).filter((task) => task.endsWith("]")));
  const ofItems = [...items].map((task) => journal.readSteps(run.id, { task }));
  const children = steps.filter(isOpenChild);
  const ofChildren = children.map((child) => recordsOfChild(journal, child, decided));
  return [...steps, ...(await Promise.all([...ofItems, ...ofChildren])).flat()];
}

/** Every task that a label such as `task/step` may be about: each of the names may hold a slash. */
function tasksIn(label: string): string[] {
  const slashes = [...label.matchAll(/\//g)].map(({ index }) => index);
  return slashes.map((index) => label.slice(0, index));
}

async function recordsOfChild(
  journal: Journal,
  { runId, name }: StepRecord,
  decided: readonly string[],
): Promise<readonly StepRecord[]> {
  const run = await journal.findRun(childRunId(runId, name));
  if (run === undefined) return [];
  const prefix = `${name}/`;
  const own = decided.filter((label) => label.startsWith(prefix));
  const labels = own.map((label) => label.slice(prefix.length));
  const steps = await journal.readSteps(run.id);
  const records = await recordsToDecide(journal, { run, steps }, labels);
  return records.map((record) => ({
    ...record,
    task: record.task === "" ? name : `${name}/${record.task}`,
  }));
}
