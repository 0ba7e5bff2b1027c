/**
 * Opens the journal's file, and makes it when there is none.
 *
 * Several processes may do so at once. What each setting is for:
 * WAL lets readers go on while one writes. `synchronous = FULL` has every commit on the disk before
 * it is acknowledged: in WAL mode, `NORMAL` may lose the last ones in a power cut, and with them the
 * knowledge that a payment was made. `fullfsync` is the same for macOS, whose fsync leaves data in
 * the drive's cache. Source: sqlite.org/pragma.html.
 */

import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { JournalError } from "../core/errors.ts";
import { SQLITE, sqliteCode, toJournalError } from "./sqlite-error.ts";

/** "HOLD" in ASCII: tells a journal from any other database. */
const APPLICATION_ID = 0x48_4f_4c_44;

/**
 * One entry per version of the schema, applied in order; what is released is never changed.
 *
 * `record` holds the whole record as JSON, the other columns what is searched for. The index
 * `one_unfinished` keeps a second unfinished run with the same lock out, whatever the code does. Runs
 * are in the order of their numbers, which no clock that is set back can change. A
 * version in `state` never comes again, also not after a value was deleted: that is what AUTOINCREMENT is for.
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
  CREATE INDEX runs_by_automation ON runs (automation, number);

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
  ALTER TABLE runs ADD COLUMN lock TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN parent_id TEXT;
  ALTER TABLE runs ADD COLUMN ended_at_ms REAL;
  UPDATE runs SET lock = automation,
    ended_at_ms = CASE WHEN json_valid(record) THEN json_extract(record, '$.endedAtMs') END;
  DROP INDEX one_unfinished;
  CREATE UNIQUE INDEX one_unfinished ON runs (lock) WHERE is_unfinished = 1;
  CREATE INDEX runs_by_status ON runs (status, number);
  CREATE INDEX runs_by_end ON runs (ended_at_ms) WHERE is_unfinished = 0;
  CREATE INDEX runs_by_parent ON runs (parent_id) WHERE parent_id IS NOT NULL;

  ALTER TABLE steps ADD COLUMN map TEXT;
  CREATE INDEX steps_by_map ON steps (run_id, map, position) WHERE map IS NOT NULL;

  CREATE TABLE state (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    value TEXT NOT NULL,
    written_at_ms REAL NOT NULL
  ) STRICT;
  `,
];

/** The schema that this holdfast writes; kept as the file's `user_version`. @internal */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** SQLite takes a signed 32-bit number of milliseconds. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** How long to wait before the switch to WAL is tried again. */
const PAUSE_MS = 10;

/**
 * Opens `file`, an absolute path. Missing directories are made for this user alone, and so is the file.
 *
 * Blocks for up to `busyTimeoutMs` when another process holds the file.
 *
 * @throws {JournalError} When it cannot be opened or made, is damaged, was written by a newer
 * holdfast, or is another program's database, which is left untouched.
 */
export function openJournalFile(file: string, busyTimeoutMs: number): DatabaseSync {
  const timeoutMs = Math.min(Math.ceil(busyTimeoutMs), LONGEST_TIMEOUT_MS);
  let db: DatabaseSync | undefined;
  try {
    makeFile(file);
    db = new DatabaseSync(file, { timeout: timeoutMs });
    // Before anything is changed in what may be another program's file.
    const version = readVersion(db, file);
    switchToWal(db, timeoutMs, file);
    db.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
    // Not otherwise: it would wait for whoever is writing.
    if (version < SCHEMA_VERSION) migrate(db, file);
    return db;
  } catch (error) {
    db?.close();
    throw toJournalError(error, file);
  }
}

function makeFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    // SQLite gives the files beside it the same permissions. Never open an existing one here: closing
    // it would drop the locks that this process holds on it. Source: sqlite.org/howtocorrupt.html.
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** The version of a journal's schema; 0 for an empty file. */
function readVersion(db: DatabaseSync, file: string): number {
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
 * SQLite waits for other processes everywhere but here: the switch begins as a reader that turns into
 * a writer, and two of those would wait for each other for ever.
 */
function switchToWal(db: DatabaseSync, timeoutMs: number, file: string): void {
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    try {
      const answer = db.prepare("PRAGMA journal_mode = WAL").get();
      if (answer?.["journal_mode"] === "wal") return;
      throw new JournalError(
        `Journal ${file} cannot be shared by several processes where it lies: name a file on a local disk`,
      );
    } catch (error) {
      if (sqliteCode(error) !== SQLITE.busy || waitedMs >= timeoutMs) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

function migrate(db: DatabaseSync, file: string): void {
  // When anything fails the database is closed, which rolls this back.
  db.exec("BEGIN IMMEDIATE");
  // Again, now that no one else writes: another process may have been faster.
  for (const migration of MIGRATIONS.slice(readVersion(db, file))) db.exec(migration);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec("COMMIT");
}
