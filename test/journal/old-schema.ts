/** The tables of a journal as holdfast 0.1 made them: schema 1. */
export const OLD_SCHEMA = `
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
    PRAGMA application_id = 1213156420;
  PRAGMA user_version = 1;
  PRAGMA journal_mode = WAL;
`;
