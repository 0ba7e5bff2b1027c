/**
 * The journal's tables in a schema of their own, made or brought up to date at the first use.
 *
 * Many processes may start at once: one makes the tables, under an advisory lock and in one
 * transaction, and the others wait for it. Who only uses tables that are there needs no right to make any.
 */

import { JournalError } from "../../core/errors.ts";
import type { PostgresClient, Row } from "./pool.ts";

/**
 * One entry per version, applied in order; what is released is never changed. `S` is the schema.
 *
 * `record` holds the whole record as JSON, as text: what `json` cannot hold, such as NUL, is escaped
 * in it, and it comes back as it was written. The other columns are what is searched for, compared by their
 * bytes (`COLLATE "C"`) so that a prefix is a range. The index `one_unfinished` keeps a second
 * unfinished run with the same lock out, whatever the code does. Runs are in the order of their
 * numbers, for the clocks of machines differ. A version in `state` never comes
 * again: it is from a sequence. No foreign key: it would lock the run once more for every step.
 *
 * Rows of `runs` and `steps` are written over several times, and no column with an index changes then.
 * The room that `fillfactor` leaves on a page lets Postgres do that without touching an index.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE S.runs (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    automation text COLLATE "C" NOT NULL,
    lock text COLLATE "C" NOT NULL,
    parent_id text COLLATE "C",
    status text NOT NULL,
    is_unfinished boolean NOT NULL,
    started_at_ms double precision NOT NULL,
    ended_at_ms double precision,
    record text NOT NULL,
    revision bigint NOT NULL,
    fence integer NOT NULL,
    token uuid,
    owner text,
    renewed_at_ms double precision,
    lease_ms double precision
  ) WITH (fillfactor = 70);
  CREATE UNIQUE INDEX one_unfinished ON S.runs (lock) WHERE is_unfinished;
  CREATE INDEX runs_by_automation ON S.runs (automation, number);
  CREATE INDEX runs_by_status ON S.runs (status, number);
  CREATE INDEX runs_by_end ON S.runs (ended_at_ms, number) WHERE NOT is_unfinished;
  CREATE INDEX runs_by_parent ON S.runs (parent_id) WHERE parent_id IS NOT NULL;
  CREATE INDEX runs_by_end_of_id ON S.runs (reverse(id));

  CREATE TABLE S.steps (
    number bigint GENERATED ALWAYS AS IDENTITY,
    run_id text COLLATE "C" NOT NULL,
    task text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    map text COLLATE "C",
    position double precision NOT NULL,
    record text NOT NULL,
    fence integer NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (run_id, task, name)
  ) WITH (fillfactor = 70);
  CREATE INDEX steps_outside_maps ON S.steps (run_id, position, number) WHERE map IS NULL;
  CREATE INDEX steps_by_map ON S.steps (run_id, map, position, number) WHERE map IS NOT NULL;

  CREATE SEQUENCE S.versions;
  CREATE TABLE S.state (
    key text COLLATE "C" PRIMARY KEY,
    value text NOT NULL,
    version bigint NOT NULL DEFAULT nextval('S.versions'),
    written_at_ms double precision NOT NULL
  );
  CREATE TABLE S.state_writes (
    token uuid PRIMARY KEY,
    written_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX state_writes_by_time ON S.state_writes (written_at);

  CREATE TABLE S.holdfast_schema (version integer NOT NULL);
  INSERT INTO S.holdfast_schema VALUES (0);
  `,
];

/** The schema's version that this holdfast writes. @internal */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** A name as it stands in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Checks the tables, and makes or mends them where that is needed.
 *
 * @param journal How the journal is called in messages.
 * @throws {JournalError} When a newer holdfast or another program made them, or the database would
 * lose what it acknowledged.
 */
export async function openSchema(
  client: PostgresClient,
  schema: string,
  journal: string,
): Promise<void> {
  const [settings = {}] = await rowsOf(
    client,
    `SELECT to_regclass($1) IS NOT NULL AS is_there, current_setting('server_encoding') AS encoding,
      current_setting('synchronous_commit') AS synchronous_commit`,
    [`${quoted(schema)}.holdfast_schema`],
  );
  checkSettings(settings, journal);
  const version = settings["is_there"] === true ? await readVersion(client, schema, journal) : 0;
  if (version < SCHEMA_VERSION) await migrate(client, schema, journal);
}

function checkSettings({ encoding, synchronous_commit: commit }: Row, journal: string): void {
  if (encoding !== "UTF8") {
    throw new JournalError(
      `${journal} cannot hold every text, for the database's encoding is ${String(encoding)}: make one with ENCODING 'UTF8'`,
    );
  }
  if (commit === "off") {
    throw new JournalError(
      `${journal} would lose what it acknowledged, for synchronous_commit is off: ALTER ROLE … SET synchronous_commit = on, and start again`,
    );
  }
}

async function readVersion(
  client: PostgresClient,
  schema: string,
  journal: string,
): Promise<number> {
  const [row] = await rowsOf(client, `SELECT version FROM ${quoted(schema)}.holdfast_schema`);
  const version = Number(row?.["version"]);
  if (version <= SCHEMA_VERSION) return version;
  throw new JournalError(
    `${journal} was written by a newer holdfast (schema ${version}, known here up to ${SCHEMA_VERSION}): update holdfast, or name another schema`,
  );
}

/** When anything fails the connection is closed, which rolls this back. */
async function migrate(client: PostgresClient, schema: string, journal: string): Promise<void> {
  const s = quoted(schema);
  await client.query("BEGIN");
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`holdfast ${s}`]);
  // Now that no one else makes them: another process may have been faster.
  const [found] = await rowsOf(
    client,
    "SELECT to_regnamespace($1) IS NOT NULL AS schema, to_regclass($2) IS NOT NULL AS tables",
    [s, `${s}.holdfast_schema`],
  );
  if (found?.["schema"] !== true) await client.query(`CREATE SCHEMA ${s}`);
  else if (found["tables"] !== true) await requireEmpty(client, schema, journal);
  const version = found?.["tables"] === true ? await readVersion(client, schema, journal) : 0;
  for (const migration of MIGRATIONS.slice(version)) {
    await client.query(migration.replaceAll(/\bS\./g, () => `${s}.`));
  }
  await client.query(`UPDATE ${s}.holdfast_schema SET version = ${SCHEMA_VERSION}`);
  await client.query("COMMIT");
}

/** A schema that somebody made for us is empty. */
async function requireEmpty(
  client: PostgresClient,
  schema: string,
  journal: string,
): Promise<void> {
  const found = await rowsOf(
    client,
    "SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace($1) LIMIT 1",
    [quoted(schema)],
  );
  if (found.length === 0) return;
  throw new JournalError(
    `${journal} is another program's schema: name another one, and leave this one alone`,
  );
}

async function rowsOf(client: PostgresClient, text: string, values?: unknown[]): Promise<Row[]> {
  return (await client.query(text, values)).rows;
}
