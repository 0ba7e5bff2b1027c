/** `run.transaction` on a real Postgres, by a client and by a pool of `pg`. */

import pg from "pg";
import { expect, test } from "vitest";
import { automation, execute, type Run } from "../src/automation/index.ts";
import { memoryJournal } from "../src/journal/index.ts";
import { journalWith } from "../src/journal/journal-with.contract.ts";
import { freshSchema, poolOf, serverUrl, SKIPPED } from "./postgres/shared-server.ts";

/** A schema of its own with a table of orders, and a pool that uses it. */
async function shop() {
  const schema = freshSchema();
  const pool = poolOf(await serverUrl(), { max: 4 });
  await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.orders (name text)`);
  const countOf = async (table: string): Promise<number> => {
    const { rows } = await pool.query<{ n: string }>(
      `SELECT count(*) AS n FROM ${schema}.${table}`,
    );
    return Number(rows[0]?.n);
  };
  return { schema, pool, table: `${schema}.holdfast_step`, countOf };
}

const fail = () => {
  throw Object.assign(new Error("no"), { code: "EACCES" });
};

const perform = (main: (run: Run) => unknown) => execute(automation("demo", main));

test.skipIf(SKIPPED)("by a pool it commits with its marker, and is undone with it", async () => {
  const { schema, pool, table, countOf } = await shop();
  const order = (end: () => unknown) =>
    perform(async (run) => {
      await run.transaction(
        "order",
        pool,
        (client) => client.query(`INSERT INTO ${schema}.orders VALUES ($1)`, ["a"]).then(() => 1),
        { table, undo: (client) => client.query(`DELETE FROM ${schema}.orders`) },
      );
      await end();
    });

  const bad = await order(fail);
  const undone = [await countOf("orders"), await countOf("holdfast_step")];
  const well = await order(() => undefined);

  expect([bad.exitCode, undone, well.exitCode]).toEqual([80, [0, 0], 0]);
  expect([await countOf("orders"), await countOf("holdfast_step")]).toEqual([1, 1]);
  expect(pool.idleCount).toBe(pool.totalCount);
});

test.skipIf(SKIPPED)("by a client that is connected, what throws is taken back", async () => {
  const { schema, table, countOf } = await shop();
  const client = new pg.Client({ connectionString: await serverUrl() });
  await client.connect();

  const { exitCode } = await perform((run) =>
    run.transaction(
      "order",
      client,
      async (db) => {
        await db.query(`INSERT INTO ${schema}.orders VALUES ('a')`);
        fail();
      },
      { table },
    ),
  );
  await client.end();

  expect([exitCode, await countOf("orders"), await countOf("holdfast_step")]).toEqual([1, 0, 0]);
});

test.skipIf(SKIPPED)(
  "killed between commit and record, the next start finds the marker",
  async () => {
    const { schema, pool, table, countOf } = await shop();
    const journal = memoryJournal({ isGone: () => true });
    const main = automation("demo", (run) =>
      run.transaction(
        "order",
        pool,
        (client) => client.query(`INSERT INTO ${schema}.orders VALUES ('a')`).then(() => "done"),
        { table },
      ),
    );
    await new Promise<void>((resolve) => {
      const dying = journalWith(journal, {
        writeStep: (hold, step) => {
          if (step.status !== "completed") return journal.writeStep(hold, step);
          resolve();
          return new Promise(() => {});
        },
      });
      void execute(main, { journal: dying });
    });

    const { exitCode } = await execute(main, { journal });

    expect([exitCode, await countOf("orders")]).toEqual([0, 1]);
  },
);

test.skipIf(SKIPPED)(
  "conflicts of serializable transactions are done again, none is lost",
  async () => {
    const { schema, pool, table } = await shop();
    await pool.query(`CREATE TABLE ${schema}.counter AS SELECT 0 AS n`);
    const names = ["a", "b", "c", "d"];

    const { exitCode } = await perform((run) =>
      Promise.all(
        names.map((name) =>
          run.transaction(
            name,
            pool,
            async (client) => {
              const { rows } = await client.query(`SELECT n FROM ${schema}.counter`);
              const { n } = rows[0] as { n: number };
              await client.query(`UPDATE ${schema}.counter SET n = $1`, [n + 1]);
            },
            { table, isolation: "serializable", retry: { attempts: 20 } },
          ),
        ),
      ),
    );

    const { rows } = await pool.query<{ n: number }>(`SELECT n FROM ${schema}.counter`);
    expect([exitCode, rows[0]?.n]).toEqual([0, names.length]);
  },
);

test.skipIf(SKIPPED)(
  "another attempt under the same key waits for the one that is under way, and finds that it happened",
  async () => {
    const { schema, pool, table, countOf } = await shop();
    const started = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    let calls = 0;
    const journal = memoryJournal({ isGone: () => true });
    const main = automation("demo", (run) =>
      run.transaction(
        "order",
        pool,
        async (client) => {
          calls++;
          await client.query(`INSERT INTO ${schema}.orders VALUES ('a')`);
          started.resolve();
          await goOn.promise;
          return calls;
        },
        { table },
      ),
    );
    // The first process is taken for dead while its transaction is still open.
    const first = execute(main, { journal }).catch((error: unknown) => error);
    await started.promise;
    const second = execute(main, { journal });
    await pool.query("SELECT pg_sleep(0.3)");
    goOn.resolve();

    const { exitCode } = await second;
    await first;

    expect([exitCode, calls, await countOf("orders")]).toEqual([0, 1, 1]);
  },
);
