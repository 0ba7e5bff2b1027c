/** Everything that a journal holds: its runs, children among them, and all of their steps. */

import { childRunId } from "../../src/automation/key.ts";
import type { Journal, RunRecord, StepRecord } from "../../src/core/journal.ts";

/** A run, its records with those of its maps' items, and what stands before the names of its steps. */
export interface WholeRun {
  readonly run: RunRecord;
  readonly steps: readonly StepRecord[];
  /** `child/` for people who look at its parent. */
  readonly prefix: string;
}

/** The newest run that is no child, then its children, and theirs. */
export async function readAll(journal: Journal): Promise<readonly WholeRun[]> {
  const runs = await journal.findRuns({ limit: Infinity });
  const root = runs.find(({ parentId }) => parentId === undefined);
  return root === undefined ? [] : readWhole(journal, root, "");
}

async function readWhole(
  journal: Journal,
  run: RunRecord,
  prefix: string,
): Promise<readonly WholeRun[]> {
  const own = await journal.readSteps(run.id);
  const maps = own.filter(({ kind }) => kind === "map");
  const items = await Promise.all(maps.map(({ task }) => journal.readSteps(run.id, { map: task })));
  const children = own.filter(({ kind }) => kind === "child");
  const nested = children.map(async ({ name }) => {
    const child = await journal.findRun(childRunId(run.id, name));
    return child === undefined ? [] : readWhole(journal, child, `${prefix}${name}/`);
  });
  const steps = [...own, ...items.flat()].toSorted((a, b) => a.position - b.position);
  return [{ run, steps, prefix }, ...(await Promise.all(nested)).flat()];
}
