/** The maps of a run in `holdfast show`: a line with counts for each, and the first failed items. */

import type { MapSum } from "../../automation/parallel/map-result.ts";
import { itemTask } from "../../automation/parallel/map-result.ts";
import type { ErrorSummary } from "../../core/error-summary.ts";
import { errorLine } from "../../core/error-summary.ts";
import type { Fault } from "../../core/fault.ts";
import type { Journal, StepRecord } from "../../core/journal.ts";
import { clip } from "../../core/show.ts";
import { decodeValue } from "../../journal/codec.ts";

/** As many failed items as are shown. */
const MAX_FAILURES = 20;

const PAGE = 500;

/** What is shown of a map. */
export interface MapShown {
  readonly name: string;
  readonly status: string;
  readonly succeeded: number;
  readonly failed: number;
  /** Begun and not ended. */
  readonly open: number;
  readonly failures: readonly ItemFailure[];
}

/** An item that failed. */
interface ItemFailure {
  readonly task: string;
  readonly fault?: Fault | undefined;
  readonly error?: ErrorSummary | undefined;
  readonly rollback: string;
}

/** Counts the items of all maps among `steps`, page by page where a map has not ended. */
export function readMaps(
  journal: Journal,
  steps: readonly StepRecord[],
): Promise<readonly MapShown[]> {
  const maps = steps.filter(({ kind }) => kind === "map");
  return Promise.all(
    maps.map((map) => (map.status === "completed" ? endedMap(map) : openMap(journal, map))),
  );
}

async function endedMap({ task, status, value }: StepRecord): Promise<MapShown> {
  const { succeeded, failed, failures } = decodeValue(value ?? "") as MapSum;
  const shown = failures.slice(0, MAX_FAILURES).map(({ key, ...failure }) => ({
    ...failure,
    task: itemTask(task, key),
  }));
  return { name: task, status, succeeded, failed, open: 0, failures: shown };
}

async function openMap(journal: Journal, { runId, task, status }: StepRecord): Promise<MapShown> {
  const counts = { completed: 0, failed: 0, open: 0 };
  const failures: ItemFailure[] = [];
  for (let after: number | undefined; ;) {
    const page = await journal.readSteps(runId, { map: task, kind: "task", after, limit: PAGE });
    for (const item of page) {
      if (item.status === "completed" || item.status === "failed") counts[item.status]++;
      else counts.open++;
      if (item.status === "failed" && failures.length < MAX_FAILURES) {
        const { fault, error, undo } = item;
        failures.push({ task: item.task, fault, error, rollback: ROLLBACKS[undo] ?? "none" });
      }
    }
    if (page.length < PAGE) break;
    after = page.at(-1)?.position;
  }
  const { completed: succeeded, failed, open } = counts;
  return { name: task, status, succeeded, failed, open, failures };
}

const ROLLBACKS: Readonly<Record<string, string>> = { done: "complete", failed: "incomplete" };

const ROLLBACK_WORDS: Readonly<Record<string, string>> = {
  complete: "rolled back completely",
  incomplete: "ROLLBACK INCOMPLETE",
};

/** The lines about a map. */
export function mapLines({ name, status, succeeded, failed, open, failures }: MapShown): string[] {
  const total = succeeded + failed + open;
  const underWay = open === 0 ? "" : `, ${open} not ended`;
  const more = failed - failures.length;
  return [
    "",
    `map ${name}: ${status}, ${succeeded}/${total} items succeeded, ${failed} failed${underWay}`,
    ...failures.map(({ task, fault, error, rollback }) => {
      const code = fault === undefined ? "" : `: ${fault.code} (${fault.class})`;
      const cause = error === undefined ? "" : `: ${clip(errorLine(error), 200)}`;
      return `  ✗ ${task}${code}${cause}; ${ROLLBACK_WORDS[rollback] ?? "nothing to roll back"}`;
    }),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}
