/** The SQL of the SQLite journal. Every write checks its fence by itself: no rows, no hold. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { RecordRow } from "./sqlite-rows.ts";
import { endOf, nameText, type SettledFilter, type SettledStepFilter } from "./records.ts";

const RUN_COLUMNS =
  "record, checksum, hold_checksum, fence, owner, renewed_at_ms, lease_length_ms FROM runs";

const SQL = {
  findUnfinished: `SELECT ${RUN_COLUMNS} INDEXED BY one_unfinished WHERE lock = :lock AND is_unfinished = 1`,
  findRun: `SELECT ${RUN_COLUMNS} INDEXED BY sqlite_autoindex_runs_1 WHERE id = :id`,
  findRunTwin: `SELECT 1 FROM runs INDEXED BY runs_twin WHERE id = :id`,
  findSteps: `
    SELECT record, checksum FROM steps INDEXED BY steps_by_position
    WHERE run_id = :id AND map IS NULL ORDER BY position, number`,
  // The table is read by its own numbers, so that each index is compared with it and not with itself.
  // Compared in the answer: in a condition, SQLite takes the entry's run for the one that it looked for.
  compareSteps: `
    SELECT
      (SELECT count(*) FROM steps INDEXED BY sqlite_autoindex_steps_1 WHERE run_id = :id) AS names,
      (SELECT count(*) FROM steps INDEXED BY steps_by_position WHERE run_id = :id) AS positions,
      (SELECT total((step.run_id, step.task, step.name) = (entry.run_id, entry.task, entry.name))
        FROM steps AS entry INDEXED BY sqlite_autoindex_steps_1
        CROSS JOIN steps AS step NOT INDEXED ON step.number = entry.number
        WHERE entry.run_id = :id) AS named,
      (SELECT total(step.run_id = entry.run_id AND step.map IS entry.map
          AND step.position = entry.position)
        FROM steps AS entry INDEXED BY steps_by_position
        CROSS JOIN steps AS step NOT INDEXED ON step.number = entry.number
        WHERE entry.run_id = :id) AS positioned`,
  insertRun: `
    INSERT INTO runs (id, automation, lock, parent_id, status, is_unfinished, started_at_ms,
      ended_at_ms, checksum, hold_checksum, fence, owner, renewed_at_ms, lease_length_ms, record)
    VALUES (:id, :automation, :lock, :parentId, :status, :isUnfinished, :startedAtMs,
      :endedAtMs, :checksum, :holdChecksum, 1, :owner, :renewedAtMs, :leaseMs, :record)`,
  takeOver: `
    UPDATE runs SET fence = :fence, owner = :owner, hold_checksum = :holdChecksum,
      renewed_at_ms = :renewedAtMs, lease_length_ms = :leaseMs
    WHERE id = :id`,
  setRenewal: `UPDATE runs SET renewed_at_ms = :renewedAtMs WHERE id = :id`,
  renew: `
    UPDATE runs SET renewed_at_ms = :renewedAtMs, lease_length_ms = :leaseMs
    WHERE id = :id AND fence = :fence AND owner IS NOT NULL`,
  release: `
    UPDATE runs SET owner = NULL, hold_checksum = :holdChecksum, renewed_at_ms = NULL,
      lease_length_ms = NULL
    WHERE id = :id AND fence = :fence`,
  updateRun: `
    UPDATE runs SET automation = :automation, lock = :lock, parent_id = :parentId,
      status = :status, is_unfinished = :isUnfinished, started_at_ms = :startedAtMs,
      ended_at_ms = :endedAtMs, checksum = :checksum, record = :record
    WHERE id = :id AND fence = :fence AND owner IS NOT NULL`,
  upsertStep: `
    INSERT INTO steps (run_id, task, name, map, position, checksum, record)
    SELECT id, :task, :name, :map, :position, :checksum, :record FROM runs
    WHERE id = :id AND fence = :fence AND owner IS NOT NULL
    ON CONFLICT (run_id, task, name) DO UPDATE
    SET map = excluded.map, position = excluded.position, checksum = excluded.checksum,
      record = excluded.record`,
  findPrunable: `
    SELECT id, (SELECT count(*) FROM steps WHERE run_id = run.id) AS steps FROM runs AS run
    WHERE is_unfinished = 0 AND ended_at_ms < :endedBeforeMs AND :keep <= (
      SELECT count(*) FROM (
        SELECT 1 FROM runs AS newer
        WHERE newer.automation = run.automation AND newer.is_unfinished = 0
          AND newer.number > run.number
        LIMIT :keep))
    ORDER BY ended_at_ms`,
  deleteSteps: `DELETE FROM steps WHERE run_id = :id`,
  deleteRun: `DELETE FROM runs WHERE id = :id`,
  deleteStates: `DELETE FROM state WHERE key >= :prefix AND key < :end`,
  findState: `SELECT * FROM state INDEXED BY sqlite_autoindex_state_1 WHERE key = :key`,
  findStateTwin: `SELECT 1 FROM state INDEXED BY state_twin WHERE key = :key`,
  nextVersion: `
    SELECT coalesce(max(seq), 0) + 1 AS version FROM sqlite_sequence WHERE name = 'state'`,
  findStates: `
    SELECT * FROM state WHERE key >= :prefix AND key < :end AND key > :after
    ORDER BY key LIMIT :limit`,
  deleteState: `DELETE FROM state WHERE key = :key`,
  insertState: `
    INSERT INTO state (version, key, value, written_at_ms, checksum)
    VALUES (:version, :key, :value, :written_at_ms, :checksum)`,
} as const;

/** The statements, prepared once per connection. */
export type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

/** Compiles every statement. */
export function prepareStatements(db: DatabaseSync): Statements {
  return Object.fromEntries(
    Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)]),
  ) as unknown as Statements;
}

/** The runs that fit `filter`, the newest first. */
export function findRunRows(db: DatabaseSync, filter: SettledFilter): readonly RecordRow[] {
  const { automation, status, id, lock, parentId, limit } = filter;
  const { where, values } = conditions({
    "automation = :automation": named("automation", automation),
    "status = :status": status === undefined ? undefined : { status },
    // Each half by the index of ids.
    [`id IN (SELECT id FROM runs WHERE id >= :id AND id < :end
      UNION SELECT id FROM runs WHERE substr(id, -length(:id)) = :id)`]:
      id === undefined ? undefined : { id: nameText(id), end: endOf(nameText(id)) },
    "lock = :lock AND is_unfinished = 1": named("lock", lock),
    "parent_id = :parentId": named("parentId", parentId),
  });
  return db
    .prepare(`SELECT record, checksum FROM runs ${where} ORDER BY number DESC LIMIT :limit`)
    .all({ ...values, limit: rowLimit(limit) }) as unknown as RecordRow[];
}

/** The steps of a run that fit `filter`, in order. */
export function findStepRows(
  db: DatabaseSync,
  runId: string,
  filter: SettledStepFilter,
): readonly RecordRow[] {
  const { task, map, kind, after, limit } = filter;
  const { where, values } = conditions({
    "run_id = :runId": named("runId", runId),
    "task = :task": named("task", task),
    "map = :map": named("map", map),
    "map IS NULL": task === undefined && map === undefined ? {} : undefined,
    "record ->> '$.kind' = :kind": kind === undefined ? undefined : { kind },
    "position > :after": after === undefined ? undefined : { after },
  });
  // A task has few steps, and its run may have many.
  const index = task === undefined ? "steps_by_position" : "sqlite_autoindex_steps_1";
  return db
    .prepare(
      `SELECT record, checksum FROM steps INDEXED BY ${index} ${where}
      ORDER BY position, number LIMIT :limit`,
    )
    .all({ ...values, limit: rowLimit(limit) }) as unknown as RecordRow[];
}

type Values = Readonly<Record<string, string | number>>;

/** Those conditions whose values are given, and all their values. */
function conditions(all: Readonly<Record<string, Values | undefined>>) {
  const given = Object.entries(all).filter(([, values]) => values !== undefined);
  return {
    where: given.length === 0 ? "" : `WHERE ${given.map(([sql]) => sql).join(" AND ")}`,
    values: Object.assign({}, ...given.map(([, values]) => values)) as Values,
  };
}

function named(name: string, value: string | undefined): Values | undefined {
  return value === undefined ? undefined : { [name]: nameText(value) };
}

/** SQLite's word for "no limit" is -1. */
export function rowLimit(limit: number): number {
  return limit === Infinity ? -1 : limit;
}
