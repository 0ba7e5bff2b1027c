/**
 * The SQL of the Postgres journal.
 *
 * Each statement is a transaction of its own, so that nothing is held open between two of them: a
 * process that dies or is frozen leaves no lock behind, and any pooler may stand in between. Every
 * write checks its fence by itself: no rows, no hold.
 */

import { quoted } from "./schema.ts";

/** The time of day: as handed in, else the database's own, read when it is needed and not when the transaction began. */
function now(parameter: string): string {
  return `coalesce(${parameter}::float8, (extract(epoch FROM clock_timestamp()) * 1000)::float8)`;
}

const LEASE = "runs.id, record, is_unfinished, fence, token, owner, renewed_at_ms, lease_ms";

const STEP_COLUMNS = "run_id, fence, task, name, kind, map, position, record, revision";

/** So many parameters from `first` on, each a column of steps. */
function stepRows(first: number): string {
  const types = ["text", "int", "text", "text", "text", "text", "float8", "text", "int8"];
  const columns = types.map((type, index) => `$${first + index}::${type}[]`);
  return `unnest(${columns.join(", ")}) WITH ORDINALITY AS step (${STEP_COLUMNS}, nth)`;
}

function stepStatements(s: string) {
  return {
    /**
     * The rows of the runs are locked until the steps are written, and what the lock was granted for
     * is the answer: a claim that comes meanwhile waits, and one that came before is seen.
     *
     * A row that has a newer revision stays. So a write that was given up for lost and repeated, and
     * whose first copy arrives after all, cannot bring an old record back.
     */
    writeSteps: `
      WITH held AS MATERIALIZED (
        SELECT runs.id, runs.fence FROM ${s}.runs
        JOIN unnest($1::text[], $2::int[]) AS hold (id, fence)
          ON runs.id = hold.id AND runs.fence = hold.fence
        WHERE runs.owner IS NOT NULL
        ORDER BY runs.id
        FOR SHARE OF runs
      ), written AS (
        INSERT INTO ${s}.steps AS old (${STEP_COLUMNS})
        SELECT step.run_id, step.fence, step.task, step.name, step.kind, step.map, step.position,
          step.record, step.revision
        FROM ${stepRows(3)}
        JOIN held ON held.id = step.run_id AND held.fence = step.fence
        ORDER BY nth
        ON CONFLICT (run_id, task, name) DO UPDATE SET fence = excluded.fence,
          kind = excluded.kind, map = excluded.map, position = excluded.position,
          record = excluded.record, revision = excluded.revision
        WHERE (old.fence, old.revision) <= (excluded.fence, excluded.revision)
        RETURNING run_id, fence
      )
      SELECT held.id, held.fence, count(written.run_id)::int AS written
      FROM held LEFT JOIN written ON written.run_id = held.id AND written.fence = held.fence
      GROUP BY held.id, held.fence`,
    findSteps: `
      SELECT record FROM ${s}.steps WHERE run_id = $1 AND map IS NULL ORDER BY position, number`,
  };
}

function claimStatements(s: string) {
  return {
    insertRun: `
      WITH run AS (
        INSERT INTO ${s}.runs (id, automation, lock, parent_id, status, is_unfinished,
          started_at_ms, ended_at_ms, record, revision, fence, token, owner, renewed_at_ms, lease_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12, ${now("$13")}, $14)
        ON CONFLICT (lock) WHERE is_unfinished DO NOTHING
        RETURNING id
      ), begun AS (
        INSERT INTO ${s}.steps (${STEP_COLUMNS})
        SELECT step.run_id, step.fence, step.task, step.name, step.kind, step.map, step.position,
          step.record, step.revision
        FROM run, ${stepRows(15)}
        ORDER BY nth
      )
      SELECT id FROM run`,
    findUnfinished: `
      SELECT ${LEASE}, ${now("$2")} AS now_ms FROM ${s}.runs WHERE lock = $1 AND is_unfinished`,
    findRun: `SELECT ${LEASE}, ${now("$2")} AS now_ms FROM ${s}.runs WHERE id = $1`,
    /**
     * Only while the lease is the one that was looked at. Revisions begin anew: the former owner's came
     * from another machine's clock, which may be ahead, and what it still sends is kept out by the fence.
     */
    takeOver: `
      UPDATE ${s}.runs SET fence = fence + 1, revision = 0, token = $6, owner = $7,
        renewed_at_ms = ${now("$8")}, lease_ms = $9
      WHERE id = $1 AND fence = $2 AND is_unfinished = $3 AND owner IS NOT DISTINCT FROM $4
        AND renewed_at_ms IS NOT DISTINCT FROM $5
      RETURNING ${LEASE}`,
    setRenewal: `
      UPDATE ${s}.runs SET renewed_at_ms = $4
      WHERE id = $1 AND fence = $2 AND renewed_at_ms = $3`,
  };
}

function holdStatements(s: string) {
  return {
    renew: `
      UPDATE ${s}.runs SET renewed_at_ms = ${now("$3")}, lease_ms = $4
      WHERE id = $1 AND fence = $2 AND owner IS NOT NULL RETURNING id`,
    release: `
      UPDATE ${s}.runs SET token = NULL, owner = NULL, renewed_at_ms = NULL, lease_ms = NULL
      WHERE id = $1 AND fence = $2`,
    updateRun: `
      UPDATE ${s}.runs SET automation = $3, lock = $4, parent_id = $5, status = $6,
        is_unfinished = $7, started_at_ms = $8, ended_at_ms = $9, record = $10, revision = $11
      WHERE id = $1 AND fence = $2 AND owner IS NOT NULL AND revision <= $11 RETURNING id`,
  };
}

function pruneStatements(s: string) {
  return {
    /** A page of those that ended before `$1`, after the one that `$3` and `$4` name. */
    findPrunable: `
      SELECT id, fence, owner, renewed_at_ms, lease_ms, ended_at_ms, number,
        ${now("$6")} AS now_ms
      FROM ${s}.runs AS run
      WHERE NOT is_unfinished AND ended_at_ms < $1 AND (ended_at_ms, number) > ($3, $4)
        AND $2::bigint <= (
          SELECT count(*) FROM (
            SELECT 1 FROM ${s}.runs AS newer
            WHERE newer.automation = run.automation AND NOT newer.is_unfinished
              AND newer.number > run.number
            LIMIT $2) AS newest)
        AND NOT EXISTS (
          SELECT 1 FROM ${s}.runs AS parent WHERE parent.id = run.parent_id AND parent.is_unfinished)
      ORDER BY ended_at_ms, number LIMIT $5`,
    /** Not those that were claimed since they were looked at. */
    deleteRuns: `
      WITH gone AS (
        DELETE FROM ${s}.runs USING unnest($1::text[], $2::int[]) AS old (id, fence)
        WHERE runs.id = old.id AND runs.fence = old.fence AND NOT runs.is_unfinished
        RETURNING runs.id
      ), steps AS (
        DELETE FROM ${s}.steps USING gone WHERE steps.run_id = gone.id
      ), state AS (
        DELETE FROM ${s}.state
        USING gone JOIN unnest($1::text[], $3::text[], $4::text[]) AS old (id, first, past)
          ON gone.id = old.id
        WHERE state.key >= old.first AND state.key < old.past
      )
      SELECT id FROM gone`,
    findLeft: `SELECT id FROM ${s}.runs WHERE id = ANY ($1::text[])`,
  };
}

function stateStatements(s: string) {
  /** A write of a value, with a note that it happened: whoever repeats it finds out by that. */
  const noted = (change: string, token: string) => `
    WITH changed AS (${change} RETURNING 1), noted AS (
      INSERT INTO ${s}.state_writes (token) SELECT ${token} FROM changed
    ), forgotten AS (
      DELETE FROM ${s}.state_writes WHERE token IN (
        SELECT token FROM ${s}.state_writes WHERE written_at < now() - interval '1 hour'
        LIMIT 100 FOR UPDATE SKIP LOCKED)
    )
    SELECT 1 FROM changed`;
  return {
    findState: `SELECT key, value, version, written_at_ms FROM ${s}.state WHERE key = $1`,
    findStates: `
      SELECT key, value, version, written_at_ms FROM ${s}.state
      WHERE key >= $1 AND key < $2 AND key > $3 ORDER BY key LIMIT $4`,
    putState: noted(
      `INSERT INTO ${s}.state (key, value, written_at_ms) VALUES ($2, $3, $4)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value,
        version = nextval('${s}.versions'), written_at_ms = excluded.written_at_ms`,
      "$1::uuid",
    ),
    insertState: noted(
      `INSERT INTO ${s}.state (key, value, written_at_ms) VALUES ($2, $3, $4)
      ON CONFLICT (key) DO NOTHING`,
      "$1::uuid",
    ),
    replaceState: noted(
      `UPDATE ${s}.state SET value = $3, version = nextval('${s}.versions'), written_at_ms = $4
      WHERE key = $2 AND version = $5`,
      "$1::uuid",
    ),
    deleteState: noted(
      `DELETE FROM ${s}.state WHERE key = $2 AND ($3::bigint IS NULL OR version = $3)`,
      "$1::uuid",
    ),
    findWrite: `SELECT 1 FROM ${s}.state_writes WHERE token = $1`,
  };
}

/** Every statement that is always the same, for the tables in `schema`. */
export function statementsFor(schema: string): Statements {
  const s = quoted(schema);
  return Object.freeze({
    ...stepStatements(s),
    ...claimStatements(s),
    ...holdStatements(s),
    ...pruneStatements(s),
    ...stateStatements(s),
  });
}

/** SQL by what it does. */
export type Statements = Readonly<
  ReturnType<typeof stepStatements> &
    ReturnType<typeof claimStatements> &
    ReturnType<typeof holdStatements> &
    ReturnType<typeof pruneStatements> &
    ReturnType<typeof stateStatements>
>;
