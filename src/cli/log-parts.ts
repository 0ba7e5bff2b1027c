/**
 * The parts of a run's log: a long one keeps its beginning and its newest lines. Each part is a file of
 * bounded size, and those between the first and the newest are deleted as it grows.
 */

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** How large a part may grow, in bytes; a line is never cut in two for it. */
export const PART_BYTES = 4 * 1_024 * 1_024;

/** How many of the newest parts are kept beside the first. */
const NEWEST_KEPT = 2;

/** The file of a part, from 1; the first is `<run id>.jsonl`. */
export function partFile(directory: string, runId: string, part: number): string {
  return join(directory, part === 1 ? `${runId}.jsonl` : `${runId}.${part}.jsonl`);
}

/** Which parts are there, in order. A directory that is not there has none. */
export function findParts(directory: string, runId: string): number[] {
  const names = listNames(directory);
  const parts = names.map((name) => partOf(name, runId));
  return parts.filter((part) => part !== undefined).toSorted((a, b) => a - b);
}

/** Which of the parts go when `newest` is begun. Pure. */
export function partsToDelete(parts: readonly number[], newest: number): readonly number[] {
  return parts.filter((part) => part > 1 && part <= newest - NEWEST_KEPT);
}

/** Deletes a run's log. */
export function deleteRunLog(directory: string, runId: string): void {
  for (const part of findParts(directory, runId)) {
    rmSync(partFile(directory, runId, part), { force: true });
  }
}

function partOf(name: string, runId: string): number | undefined {
  if (!name.startsWith(`${runId}.`) || !name.endsWith(".jsonl")) return undefined;
  if (name === `${runId}.jsonl`) return 1;
  const number = name.slice(runId.length + 1, -".jsonl".length);
  return /^[1-9]\d*$/.test(number) ? Number(number) : undefined;
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
