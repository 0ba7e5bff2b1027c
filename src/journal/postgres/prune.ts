/** Deletes finished runs that have been kept for long enough, a page at a time. */

import type { Retention } from "../../core/journal.ts";
import { leaseState, type IsGone } from "../lease.ts";
import { endOf, nameOf, nameText, statePrefix } from "../records.ts";
import { leaseOf } from "./columns.ts";
import type { PostgresClient, Row } from "./pool.ts";
import type { Statements } from "./statements.ts";

/** So many runs are looked at, and deleted, by one statement. */
const PAGE = 500;

/** What pruning needs of its journal. */
export interface Pruning {
  readonly statements: Statements;
  readonly isGone: IsGone;
  readonly nowMs: () => number | null;
  readonly ask: <Value>(
    work: (client: PostgresClient, attempt: number) => Promise<Value>,
  ) => Promise<Value>;
}

/** Deletes the oldest first, and answers their ids. */
export async function pruneRuns(retention: Retention, pruning: Pruning): Promise<string[]> {
  const { limit } = retention;
  const pruned: string[] = [];
  let last: Row | undefined;
  do {
    const page: Row[] = await findPage(retention, pruning, last);
    const free = page.filter((row) => isFree(row, pruning.isGone)).slice(0, limit - pruned.length);
    pruned.push(...(await deleteRuns(free, pruning)));
    last = page.length < PAGE ? undefined : page.at(-1);
  } while (last !== undefined && pruned.length < limit);
  return pruned;
}

function findPage(
  { endedBeforeMs, keep }: Retention,
  { statements, nowMs, ask }: Pruning,
  last: Row | undefined,
): Promise<Row[]> {
  const after = last === undefined ? ["-Infinity", 0] : [last["ended_at_ms"], last["number"]];
  const values = [endedBeforeMs, keep, ...after, PAGE, nowMs()];
  return ask(async (client) => (await client.query(statements.findPrunable, values)).rows);
}

function isFree(row: Row, isGone: IsGone): boolean {
  return leaseState(leaseOf(row), Number(row["now_ms"]), isGone) === "free";
}

async function deleteRuns(
  rows: readonly Row[],
  { statements, ask }: Pruning,
): Promise<readonly string[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row["id"] as string);
  const firsts = ids.map((id) => nameText(statePrefix(nameOf(id))));
  const values = [ids, rows.map((row) => row["fence"]), firsts, firsts.map(endOf)];
  const gone = await ask(async (client, attempt) => {
    const deleted = idsOf((await client.query(statements.deleteRuns, values)).rows);
    if (attempt === 1) return deleted;
    // The attempt before may have deleted them, and broken off before it could say so.
    const left = idsOf((await client.query(statements.findLeft, [ids])).rows);
    return new Set(ids).difference(left);
  });
  return ids.filter((id) => gone.has(id)).map(nameOf);
}

function idsOf(rows: readonly Row[]): Set<string> {
  return new Set(rows.map((row) => row["id"] as string));
}
