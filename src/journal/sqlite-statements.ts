/** The SQL of the SQLite journal. Every write checks its fence by itself: no rows, no hold. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SettledFilter } from "./records.ts";
import { nameText } from "./records.ts";

/** A row of `runs`; owner and lease are null when nobody holds the run. */
export interface RunRow {
  readonly record: string;
  readonly fence: number;
  readonly owner: string | null;
  readonly renewed_at_ms: number | null;
  readonly lease_ms: number | null;
}

const SQL = {
  findUnfinished: `
    SELECT record, fence, owner, renewed_at_ms, lease_ms FROM runs
    WHERE automation = :automation AND is_unfinished = 1`,
  findRun: `
    SELECT record, fence, owner, renewed_at_ms, lease_ms FROM runs WHERE id = :id`,
  findSteps: `SELECT record FROM steps WHERE run_id = :id ORDER BY position, number`,
  insertRun: `
    INSERT INTO runs (id, automation, status, is_unfinished, started_at_ms, record,
      fence, owner, renewed_at_ms, lease_ms)
    VALUES (:id, :automation, :status, :isUnfinished, :startedAtMs, :record,
      1, :owner, :renewedAtMs, :leaseMs)`,
  takeOver: `
    UPDATE runs SET fence = :fence, owner = :owner, renewed_at_ms = :renewedAtMs,
      lease_ms = :leaseMs
    WHERE id = :id`,
  setRenewal: `UPDATE runs SET renewed_at_ms = :renewedAtMs WHERE id = :id`,
  renew: `
    UPDATE runs SET renewed_at_ms = :renewedAtMs, lease_ms = :leaseMs
    WHERE id = :id AND fence = :fence AND owner IS NOT NULL`,
  release: `
    UPDATE runs SET owner = NULL, renewed_at_ms = NULL, lease_ms = NULL
    WHERE id = :id AND fence = :fence`,
  updateRun: `
    UPDATE runs SET automation = :automation, status = :status, is_unfinished = :isUnfinished,
      started_at_ms = :startedAtMs, record = :record
    WHERE id = :id AND fence = :fence AND owner IS NOT NULL`,
  upsertStep: `
    INSERT INTO steps (run_id, task, name, position, record)
    SELECT id, :task, :name, :position, :record FROM runs
    WHERE id = :id AND fence = :fence AND owner IS NOT NULL
    ON CONFLICT (run_id, task, name) DO UPDATE
    SET position = excluded.position, record = excluded.record`,
} as const;

/** The statements, prepared once per connection. */
export type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

/** Compiles every statement. */
export function prepareStatements(db: DatabaseSync): Statements {
  return Object.fromEntries(
    Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)]),
  ) as unknown as Statements;
}

/** The records of the runs that fit `filter`, the newest first; of two at once, the later written. */
export function findRunRecords(db: DatabaseSync, filter: SettledFilter): readonly string[] {
  const conditions = [
    ...(filter.automation === undefined ? [] : ["automation = :automation"]),
    ...(filter.status === undefined ? [] : ["status = :status"]),
  ];
  const rows = db
    .prepare(
      `SELECT record FROM runs ${conditions.length > 0 ? "WHERE" : ""} ${conditions.join(" AND ")}
      ORDER BY started_at_ms DESC, number DESC LIMIT :limit`,
    )
    .all({
      ...(filter.automation === undefined ? {} : { automation: nameText(filter.automation) }),
      ...(filter.status === undefined ? {} : { status: filter.status }),
      // SQLite's word for "no limit".
      limit: filter.limit === Infinity ? -1 : filter.limit,
    });
  return rows.map(({ record }) => record as string);
}
