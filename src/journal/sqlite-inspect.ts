/** Reads a whole journal, and tells everything in it that is not as it was written. */

import type { DatabaseSync } from "node:sqlite";
import { toLease, toRun, toSharedValue, toStep, type RunRow } from "./sqlite-rows.ts";
import type { StateRow } from "./row-checksum.ts";
import { nameOf } from "./records.ts";

/** Findings that are told one by one. */
const MAX_FINDINGS = 20;

/** What is in a journal, and what is wrong with it. */
export interface Inspection {
  readonly runs: number;
  readonly steps: number;
  /** Sentences, the first twenty; empty when nothing is wrong. */
  readonly damage: readonly string[];
}

/**
 * Checks how the pages hang together, that tables and indexes agree, and every row's checksum. Takes
 * as long as reading the whole file does, and keeps nobody from writing.
 *
 * @param hasChecksums Whether its rows have checksums: not those of the first version.
 */
export function inspectJournal(db: DatabaseSync, hasChecksums: boolean): Inspection {
  // One moment for all: whoever writes meanwhile changes nothing in what is read.
  db.exec("BEGIN");
  try {
    const damage = [...pageDamage(db), ...(hasChecksums ? rowDamage(db) : [])].slice(
      0,
      MAX_FINDINGS,
    );
    return { runs: countOf(db, "runs"), steps: countOf(db, "steps"), damage };
  } finally {
    db.exec("ROLLBACK");
  }
}

function pageDamage(db: DatabaseSync): string[] {
  return found(() => {
    const rows = db.prepare(`PRAGMA integrity_check(${MAX_FINDINGS})`).all();
    return rows.map((row) => String(row["integrity_check"])).filter((text) => text !== "ok");
  });
}

function rowDamage(db: DatabaseSync): string[] {
  return [
    ...rowsOf(db, "SELECT * FROM runs NOT INDEXED", (row) => {
      const run = toRun(row as unknown as RunRow, nameOf(row["id"] as string));
      toLease(run.id, row as unknown as RunRow);
    }),
    ...rowsOf(db, "SELECT * FROM steps NOT INDEXED", (row) =>
      toStep(row as unknown as RunRow, nameOf(row["run_id"] as string)),
    ),
    ...rowsOf(db, "SELECT * FROM state NOT INDEXED", (row) =>
      toSharedValue(row as unknown as StateRow & { checksum: number }),
    ),
  ];
}

type Row = Readonly<Record<string, unknown>>;

function rowsOf(db: DatabaseSync, sql: string, check: (row: Row) => unknown): string[] {
  const damage: string[] = [];
  const read = found(() => {
    for (const row of db.prepare(sql).iterate()) {
      if (damage.length >= MAX_FINDINGS) break;
      damage.push(...found(() => (check(row), [])));
    }
    return [];
  });
  return [...damage, ...read];
}

function countOf(db: DatabaseSync, table: "runs" | "steps"): number {
  let count = 0;
  found(() => {
    count = Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"]);
    return [];
  });
  return count;
}

/** What `look` found, or why it could not look on. */
function found(look: () => string[]): string[] {
  try {
    return look();
  } catch (error) {
    return [(error as Error).message];
  }
}
