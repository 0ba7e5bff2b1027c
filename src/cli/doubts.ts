/** Which steps of a run are in doubt, wherever they are: in a map's items, or in its children. */

import { stepsInDoubt } from "../automation/check-decisions.ts";
import { UNFINISHED, type Journal, type RunRecord, type StepRecord } from "../core/journal.ts";
import { childRunId } from "../automation/key.ts";

const PAGE = 500;

/** Their names, as decisions about them have it. @param steps The run's own, without its maps' items. */
export async function readDoubts(
  journal: Journal,
  run: RunRecord,
  steps: readonly StepRecord[],
): Promise<readonly string[]> {
  const begun = steps.filter(({ status }) => status === "begun");
  const maps = begun.filter(({ kind }) => kind === "map");
  const children = begun.filter(({ kind }) => kind === "child");
  const ofItems = await Promise.all(maps.map(({ task }) => inMap(journal, run.id, task)));
  const ofChildren = await Promise.all(children.map(({ name }) => inChild(journal, run.id, name)));
  return [...stepsInDoubt(steps), ...ofItems.flat(), ...ofChildren.flat()];
}

async function inMap(journal: Journal, runId: string, map: string): Promise<readonly string[]> {
  const doubts: string[] = [];
  for (let after: number | undefined; ;) {
    const page = await journal.readSteps(runId, { map, kind: "step", after, limit: PAGE });
    doubts.push(...stepsInDoubt(page));
    if (page.length < PAGE) return doubts;
    after = page.at(-1)?.position;
  }
}

async function inChild(journal: Journal, runId: string, name: string): Promise<readonly string[]> {
  const child = await journal.findRun(childRunId(runId, name));
  if (child === undefined || !UNFINISHED.includes(child.status)) return [];
  const doubts = await readDoubts(journal, child, await journal.readSteps(child.id));
  return doubts.map((label) => `${name}/${label}`);
}
