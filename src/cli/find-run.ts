/** Finds the run that is meant on the command line. */

import type { Journal, RunRecord } from "../core/journal.ts";
import { UsageError } from "./command.ts";
import { nearest } from "./nearest.ts";

/** What is said of RUN in the help of every command that takes one. */
export const RUN_IN_HELP = `
RUN is a run's name as holdfast runs lists it, or enough of its beginning or end to be the
only one; last is the newest.`;

/** How many runs such a command takes, and what completes them. */
export const ONE_RUN = { min: 1, max: 1, words: ["last"], areRuns: true } as const;

/** How many of the newest runs a mistyped name is held against. */
const MOST_SUGGESTED = 100;

/** So many that fit a name are counted: a journal may hold a million runs. */
const MOST_COUNTED = 100;

/**
 * The run that `name` means, or why there is not exactly one. `name` is a run's id, enough of its
 * beginning or end, or `last`, the newest that is no child of another one.
 */
export async function findRun(journal: Journal, name: string): Promise<RunRecord | string> {
  const exact = await journal.findRun(name);
  if (exact !== undefined) return exact;
  if (name === "last") {
    const newest = await findNewest(journal);
    return newest ?? "there are no runs yet; holdfast run FILE makes the first";
  }
  const fitting = await journal.findRuns({ id: name, limit: MOST_COUNTED + 1 });
  const [first, second] = fitting;
  if (first === undefined)
    return `there is no run ${JSON.stringify(name)}; ${await advice(journal, name)}`;
  if (second === undefined) return first;
  const count = fitting.length > MOST_COUNTED ? `more than ${MOST_COUNTED}` : fitting.length;
  return `${count} runs fit ${JSON.stringify(name)}; give more of the name`;
}

/** A run with more children than this is the newest by one of them. */
const MAX_CHILDREN = 1_000;

async function findNewest(journal: Journal): Promise<RunRecord | undefined> {
  const [newest] = await journal.findRuns({ limit: 1 });
  if (newest?.parentId === undefined) return newest;
  const runs = await journal.findRuns({ limit: MAX_CHILDREN });
  return runs.find(({ parentId }) => parentId === undefined) ?? newest;
}

/** As `findRun`, for commands that do something with it. @throws {UsageError} When there is not exactly one. */
export async function requireRun(journal: Journal, name: string): Promise<RunRecord> {
  const found = await findRun(journal, name);
  if (typeof found === "string") throw new UsageError(found);
  return found;
}

async function advice(journal: Journal, name: string): Promise<string> {
  const newest = await journal.findRuns({ limit: MOST_SUGGESTED });
  const near = nearest(name, ["last", ...newest.map(({ id }) => id)]);
  return near === undefined ? "holdfast runs lists them" : `did you mean ${near}?`;
}
