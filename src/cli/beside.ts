/** What belongs to a run and is not among its own steps. */

import type { Journal, RunRecord, StepRecord } from "../core/journal.ts";
import { readDoubts } from "./doubts.ts";
import { readMaps, type MapShown } from "./show/show-maps.ts";
import { readWaits, type Awaited } from "./show/waits.ts";

/** See the header. */
export interface Beside {
  readonly maps: readonly MapShown[];
  readonly waits: readonly Awaited[];
  /** In the order in which they were begun. */
  readonly children: readonly { readonly id: string; readonly automation: string }[];
  /** The steps in doubt, wherever they are. */
  readonly doubts: readonly string[];
}

/** @param steps The run's own, without its maps' items. */
export async function readBeside(
  journal: Journal,
  run: RunRecord,
  steps: readonly StepRecord[],
): Promise<Beside> {
  const children = await journal.findRuns({ parentId: run.id, limit: Infinity });
  return {
    maps: await readMaps(journal, steps),
    waits: await readWaits(journal, run),
    children: children.map(({ id, automation }) => ({ id, automation })).toReversed(),
    doubts: run.status === "in doubt" ? await readDoubts(journal, run, steps) : [],
  };
}
