/** How the tables are made, and how a real server finds its way in them. */

import pg from "pg";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { owner, runRecord, stepRecord } from "../src/journal/journal-fixtures.contract.ts";
import { findRuns, findSteps } from "../src/journal/postgres/find.ts";
import { postgresJournal } from "../src/journal/postgres/index.ts";
import { statementsFor } from "../src/journal/postgres/statements.ts";
import { readFilter, readStepFilter } from "../src/journal/records.ts";
import { breaking, type Asked } from "./postgres/broken-pool.ts";
import { freshSchema, poolOf, serverUrl, SKIPPED } from "./postgres/shared-server.ts";

const pool = SKIPPED === undefined ? poolOf(await serverUrl()) : undefined;
const SCHEMA = freshSchema();
const STATEMENTS = statementsFor(SCHEMA);
const STEP_NULLS = Array.from({ length: 9 }, () => []);

/** Ten thousand runs of a hundred automations, and a thousand steps each of twenty runs, half of them a map's. */
async function fill(): Promise<void> {
  await postgresJournal(pool!, { schema: SCHEMA }).findRuns();
  await pool!.query(`
    INSERT INTO ${SCHEMA}.runs (id, automation, lock, parent_id, status, is_unfinished,
      started_at_ms, ended_at_ms, record, revision, fence)
    SELECT md5(n::text), 'automation-' || n % 100, 'lock-' || n,
      CASE WHEN n % 50 = 0 THEN 'parent-' || n END, CASE WHEN n % 100 = 1 THEN 'failed' ELSE 'succeeded' END,
      n > 9900, n, n, '{}', 1, 1
    FROM generate_series(1, 10000) AS n`);
  await pool!.query(`
    INSERT INTO ${SCHEMA}.steps (run_id, task, name, kind, map, position, record, fence, revision)
    SELECT 'run-' || n % 20, 'task-' || n, '', 'task', CASE WHEN n % 40 < 20 THEN 'map' END, n, '{}', 1, 1
    FROM generate_series(1, 20000) AS n`);
  await pool!.query(`
    INSERT INTO ${SCHEMA}.state (key, value, written_at_ms)
    SELECT 'run/' || n || '/cancel', '', 1 FROM generate_series(1, 10000) AS n`);
  await pool!.query(`ANALYZE ${SCHEMA}.runs, ${SCHEMA}.steps, ${SCHEMA}.state`);
}

async function plan(text: string, values: unknown[]): Promise<string> {
  const { rows } = await pool!.query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`, values);
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

const runs = (filter: object) => findRuns(SCHEMA, readFilter(filter));
const steps = (filter: object) => findSteps(SCHEMA, "run-1", readStepFilter(filter));

describe.skipIf(SKIPPED)("plans", () => {
  beforeAll(fill);

  test.for<[what: string, query: { text: string; values: unknown[] }, indexes: string[]]>([
    ["the newest runs", runs({}), ["runs_pkey"]],
    ["an automation's runs", runs({ automation: "automation-7" }), ["runs_by_automation"]],
    ["the failed runs", runs({ status: "failed" }), ["runs_by_status"]],
    ["the children of a run", runs({ parentId: "parent-50" }), ["runs_by_parent"]],
    ["runs by a part of the id", runs({ id: "abcd" }), ["runs_id_key", "runs_by_end_of_id"]],
    ["the run with a lock", runs({ lock: "lock-9999" }), ["one_unfinished"]],
    [
      "the run to be claimed",
      { text: STATEMENTS.findUnfinished, values: ["lock-9999", null] },
      ["one_unfinished"],
    ],
    ["a run", { text: STATEMENTS.findRun, values: ["abc", null] }, ["runs_id_key"]],
    [
      "the steps of a run",
      { text: STATEMENTS.findSteps, values: ["run-1"] },
      ["steps_outside_maps"],
    ],
    ["the steps of a task", steps({ task: "task-5" }), ["steps_pkey"]],
    ["a page of a map", steps({ map: "map", after: 100, limit: 10 }), ["steps_by_map"]],
    [
      "what can be pruned",
      { text: STATEMENTS.findPrunable, values: [100, 1, "-Infinity", 0, 500, null] },
      ["runs_by_end", "runs_by_automation"],
    ],
    ["a shared value", { text: STATEMENTS.findState, values: ["run/5/cancel"] }, ["state_pkey"]],
    [
      "shared values by a prefix",
      { text: STATEMENTS.findStates, values: ["run/5/", "run/5/\u{10FFFF}", "", 10] },
      ["state_pkey"],
    ],
    [
      "steps that are written",
      { text: STATEMENTS.writeSteps, values: [["abc"], [1], ...STEP_NULLS] },
      ["runs_id_key"],
    ],
  ])("%s are found by an index", async ([, { text, values }, indexes]) => {
    const found = await plan(text, values);

    expect(found).not.toContain("Seq Scan");
    for (const index of indexes) expect(found).toContain(index);
  });
});

describe.skipIf(SKIPPED)("tables", () => {
  function setUp() {
    const schema = freshSchema();
    const journal = postgresJournal(pool!, { schema });
    onTestFinished(() => journal.close());
    return { schema, journal };
  }

  test("many that start at once all get them", async () => {
    const schema = freshSchema();
    const starters = Array.from({ length: 20 }, () => new pg.Pool(pool!.options));
    onTestFinished(async () => {
      await Promise.all(starters.map((each) => each.end()));
    });

    const found = await Promise.all(
      starters.map((each) => postgresJournal(each, { schema }).findRuns()),
    );

    expect(found).toEqual(starters.map(() => []));
  });

  test("they rule out two unfinished runs with one lock by themselves", async () => {
    const { schema, journal } = setUp();
    await journal.claim(runRecord(), owner(1));

    const second = pool!.query(`INSERT INTO ${schema}.runs (id, automation, lock, status,
      is_unfinished, started_at_ms, record, revision, fence)
      SELECT 'other', automation, lock, status, true, 1, record, 1, 1 FROM ${schema}.runs`);

    await expect(second).rejects.toThrow('violates unique constraint "one_unfinished"');
  });

  test("a name of a schema that needs quotes is one name", async () => {
    const schema = `A "b" ${freshSchema()}`;
    const journal = postgresJournal(pool!, { schema });
    onTestFinished(() => journal.close());

    await journal.claim(runRecord(), owner(1), [stepRecord()]);

    const { rows } = await pool!.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
    expect([rows.length, await journal.readSteps("run-1")]).toEqual([1, [stepRecord()]]);
  });

  test("a row that is written over stays on its page: no index is touched", async () => {
    const { schema, journal } = setUp();
    const { hold } = await journal.claim(runRecord(), owner(1), [stepRecord()]);
    for (let turn = 0; turn < 20; turn++) {
      await journal.renew(hold);
      await journal.writeStep(hold, stepRecord({ generation: turn }));
    }

    const count = async (table: string) => {
      // The server counts a little later.
      const { rows } = await pool!.query<{ all: number; hot: number }>(
        `SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables
        WHERE schemaname = $1 AND relname = $2`,
        [schema, table],
      );
      return rows[0];
    };
    for (const table of ["runs", "steps"]) {
      await expect.poll(() => count(table), { timeout: 20_000 }).toEqual({ all: 20, hot: 20 });
    }
  });

  test("leases run out by the database's clock where none is handed in", async () => {
    const { schema, journal } = setUp();
    const lease = 3_600_000;
    const unknown = () => undefined;
    const first = postgresJournal(pool!, { schema, lease, isGone: unknown });
    await first.claim(runRecord(), owner(1));
    await pool!.query(`UPDATE ${schema}.runs SET renewed_at_ms = renewed_at_ms - $1`, [
      lease - 60_000,
    ]);
    const before = await first.findHolder("run-1");
    await pool!.query(`UPDATE ${schema}.runs SET renewed_at_ms = renewed_at_ms - 60000`);
    const { rows } = await pool!.query<{ ms: number }>(
      `SELECT abs(extract(epoch FROM now()) * 1000 - renewed_at_ms - ${lease})::float8 AS ms
      FROM ${schema}.runs`,
    );

    // Within a minute, whatever this machine's clock says.
    expect(rows[0]?.ms).toBeLessThan(60_000);
    expect([before, await first.findHolder("run-1")]).toEqual([owner(1), undefined]);
    expect(await journal.findRun("run-1")).toEqual(runRecord());
  });

  test("what can be pruned is pruned page by page, up to the limit", async () => {
    const { schema, journal } = setUp();
    await journal.findRuns();
    await pool!.query(`INSERT INTO ${schema}.runs (id, automation, lock, status, is_unfinished,
      started_at_ms, ended_at_ms, record, revision, fence)
      SELECT n::text, 'a', 'a', 'failed', false, n, n, '{}', 1, 1 FROM generate_series(1, 1200) AS n`);

    const some = await journal.prune({ endedBeforeMs: 9_999, keep: 1, limit: 700 });
    const rest = await journal.prune({ endedBeforeMs: 9_999, keep: 1, limit: Infinity });

    const ids = Array.from({ length: 1_199 }, (_, index) => String(index + 1));
    expect([...some, ...rest]).toEqual(ids);
    expect(some.length).toBe(700);
  });

  test.for([
    ["600 small steps", 600, "", 3],
    ["20 steps of a megabyte", 20, "x".repeat(1_000_000), 3],
  ] as const)(
    "%s that are asked for at once take a few statements",
    async ([, count, value, most]) => {
      const asked: Asked[] = [];
      const counted = breaking(pool!, { isFatal: () => false, asked });
      const journal = postgresJournal(counted, { schema: freshSchema() });
      onTestFinished(() => journal.close());
      const { hold } = await journal.claim(runRecord(), owner(1));
      const names = Array.from({ length: count }, (_, index) => `step-${index}`);

      await Promise.all(names.map((name) => journal.writeStep(hold, stepRecord({ name, value }))));

      const found = await journal.readSteps("run-1");
      expect(found.map(({ name }) => name)).toEqual(names);
      const statements = asked.filter(({ text }) => /INTO "\w+".steps AS old/.test(text));
      expect(statements.length).toBe(most);
    },
  );

  test("of two records of one step that are asked for at once, the later stays", async () => {
    const { journal } = setUp();
    const { hold } = await journal.claim(runRecord(), owner(1));
    const records = [stepRecord(), stepRecord({ status: "completed" })];

    await Promise.all(records.map((record) => journal.writeStep(hold, record)));

    expect(await journal.readSteps("run-1")).toEqual([records[1]]);
  });

  test("that a shared value was written is noted for an hour", async () => {
    const { schema, journal } = setUp();
    await journal.writeState({ key: "k", value: "old", atMs: 1 });
    await pool!.query(
      `UPDATE ${schema}.state_writes SET written_at = now() - interval '61 minutes'`,
    );
    await journal.writeState({ key: "k", value: "new", atMs: 1 });
    await journal.writeState({ key: "k", value: "newer", atMs: 1 });

    const { rows } = await pool!.query(`SELECT 1 FROM ${schema}.state_writes`);
    expect(rows.length).toBe(2);
  });
});
