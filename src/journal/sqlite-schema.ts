/**
 * The tables of a journal, and how those of older versions become those of this one.
 *
 * `record` holds the whole record as JSON, the other columns what is searched for. An index only
 * finds: what is answered is checked against its checksum and its own record. So that an index that a
 * disk has changed cannot hide a row either, what must not be missed is found by two: a second
 * unfinished run of one lock, whatever the code does, by `one_unfinished` and its twin, a run and a
 * shared value by their names and `…_twin`. The indexes of the steps of a run are compared with their table.
 */

import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { JournalError } from "../core/errors.ts";
import { holdChecksum, recordChecksum } from "./row-checksum.ts";
import { Damage } from "./sqlite-error.ts";

/** "HOLD" in ASCII: tells a journal from any other database. */
const APPLICATION_ID = 0x48_4f_4c_44;

/**
 * One entry per version of the schema, applied in order; what is released is never changed.
 *
 * The second makes the tables anew, and lets whoever held a run by the first one hold it no more: a
 * process of the older version that still has the file open finds no `lease_ms`, and writes nothing.
 * Runs are in the order of their numbers, which no clock that is set back can change. A version in `state` never comes again, also not after a value was deleted: that is what
 * AUTOINCREMENT is for.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    automation TEXT NOT NULL,
    status TEXT NOT NULL,
    is_unfinished INTEGER NOT NULL,
    started_at_ms REAL NOT NULL,
    record TEXT NOT NULL,
    fence INTEGER NOT NULL,
    owner TEXT,
    renewed_at_ms REAL,
    lease_ms REAL
  ) STRICT;
  CREATE UNIQUE INDEX one_unfinished ON runs (automation) WHERE is_unfinished = 1;
  CREATE INDEX runs_by_start ON runs (started_at_ms, number);
  CREATE INDEX runs_by_automation ON runs (automation, started_at_ms, number);

  CREATE TABLE steps (
    number INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (id),
    task TEXT NOT NULL,
    name TEXT NOT NULL,
    position REAL NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (run_id, task, name)
  ) STRICT;
  `,
  `
  ALTER TABLE steps RENAME TO old_steps;
  CREATE TABLE steps (
    number INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    task TEXT NOT NULL,
    name TEXT NOT NULL,
    map TEXT,
    position REAL NOT NULL,
    checksum INTEGER NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (run_id, task, name)
  ) STRICT;
  INSERT INTO steps (number, run_id, task, name, position, checksum, record)
    SELECT number, run_id, task, name, position, record_checksum(record), record FROM old_steps;
  DROP TABLE old_steps;
  CREATE INDEX steps_by_position ON steps (run_id, map, position);

  ALTER TABLE runs RENAME TO old_runs;
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    automation TEXT NOT NULL,
    lock TEXT NOT NULL,
    parent_id TEXT,
    status TEXT NOT NULL,
    is_unfinished INTEGER NOT NULL,
    started_at_ms REAL NOT NULL,
    ended_at_ms REAL,
    checksum INTEGER NOT NULL,
    hold_checksum INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    owner TEXT,
    renewed_at_ms REAL,
    lease_length_ms REAL,
    record TEXT NOT NULL
  ) STRICT;
  INSERT INTO runs (number, id, automation, lock, status, is_unfinished, started_at_ms, ended_at_ms,
      checksum, hold_checksum, fence, record)
    SELECT number, id, automation, automation, status, is_unfinished, started_at_ms,
      CASE WHEN json_valid(record) THEN json_extract(record, '$.endedAtMs') END,
      record_checksum(record), hold_checksum(id, fence + 1), fence + 1, record FROM old_runs;
  DROP TABLE old_runs;
  CREATE UNIQUE INDEX runs_twin ON runs (id);
  CREATE UNIQUE INDEX one_unfinished ON runs (lock) WHERE is_unfinished = 1;
  CREATE UNIQUE INDEX one_unfinished_twin ON runs (is_unfinished, lock) WHERE is_unfinished = 1;
  CREATE INDEX runs_by_automation ON runs (automation, number);
  CREATE INDEX runs_by_status ON runs (status, number);
  CREATE INDEX runs_by_end ON runs (ended_at_ms) WHERE is_unfinished = 0;
  CREATE INDEX runs_by_parent ON runs (parent_id) WHERE parent_id IS NOT NULL;

  CREATE TABLE state (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    value TEXT NOT NULL,
    written_at_ms REAL NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX state_twin ON state (key);
  `,
];

/** The schema that this holdfast writes; kept as the file's `user_version`. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Of the tables and indexes as they stand in the file: what they say decides what is found. @internal */
export const SCHEMA_CHECKSUM = 547849766;

/**
 * The version of a journal's schema; 0 for a database with nothing in it.
 *
 * @throws {JournalError} When it is another program's database, or a newer holdfast's.
 */
export function readVersion(db: DatabaseSync, file: string): number {
  const { id, version, tables } = db
    .prepare(
      `SELECT application_id AS id, user_version AS version,
        (SELECT count(*) FROM sqlite_schema) AS tables
        FROM pragma_application_id, pragma_user_version`,
    )
    .get() as { id: number; version: number; tables: number };
  if (id === 0 && version === 0 && tables === 0) return 0;
  if (id !== APPLICATION_ID) {
    throw new JournalError(
      `Journal ${file} is another program's database: name another file, and leave this one alone`,
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new JournalError(
      `Journal ${file} was written by a newer holdfast (schema ${version}, known here up to ${SCHEMA_VERSION}): update holdfast, or name another file`,
    );
  }
  return version;
}

/**
 * Brings the tables up to this version. When anything fails, closing the database rolls it back.
 *
 * @param requireUnused Throws when somebody still writes to the tables of an older version.
 */
export function migrate(
  db: DatabaseSync,
  file: string,
  requireUnused: () => void = () => undefined,
): void {
  const options = { deterministic: true };
  db.function("record_checksum", options, (record) => recordChecksum(String(record)));
  db.function("hold_checksum", options, (id, fence) =>
    holdChecksum(String(id), Number(fence), null),
  );
  db.exec("BEGIN IMMEDIATE");
  // Again, now that no one else writes: another process may have been faster.
  const version = readVersion(db, file);
  if (version < SCHEMA_VERSION) requireUnused();
  for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec("COMMIT");
}

/** @throws {Damage} When the tables are not those that `migrate` makes. */
export function requireSchema(db: DatabaseSync): void {
  if (schemaChecksum(db) !== SCHEMA_CHECKSUM) throw new Damage("its tables are not what they were");
}

/** Of all tables and indexes that the file has. @internal */
export function schemaChecksum(db: DatabaseSync): number {
  const rows = db
    .prepare(
      `SELECT type, name, tbl_name, sql FROM sqlite_schema
      WHERE type IN ('table', 'index') ORDER BY name`,
    )
    .all();
  return crc32(JSON.stringify(rows.map((row) => Object.values(row))));
}
