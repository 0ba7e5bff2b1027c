/**
 * What it takes to have a step in Postgres, against a bare `INSERT` of the same bytes by the same
 * driver: one row of 200 bytes, one round trip, one commit. The server runs on this machine and waits
 * for its disk.
 */

import pg from "pg";
import { automation, execute } from "../src/automation/index.ts";
import { postgresJournal, type PostgresPool } from "../src/journal/postgres/index.ts";
import { startServer } from "../test/postgres/server.ts";
import type { Case } from "./measure/compare.ts";
import { printTable } from "./measure/harness.ts";

const RECORD = "x".repeat(200);
/** So many side by side. */
const TOGETHER = 64;
/** Steps of a run. */
const STEPS = 30;
/** Rows, one after another, in a batch. */
const SINGLE = 50;
const GROUPS = 5;

const server = await startServer();
const pool = new pg.Pool({ connectionString: server.url });

/** One batch of `size` records by `write`; what one costs is in milliseconds. */
function timedBatch(name: string, size: number, write: () => Promise<void>): Case {
  return {
    name,
    cost: async () => {
      const startedAtMs = performance.now();
      await write();
      return (performance.now() - startedAtMs) / size;
    },
    cells: ({ median }) => [1, 1_000 / median],
  };
}

function inserting(name: string, groups: number, together: number): Case {
  const rows = Array.from({ length: together }, () => RECORD);
  return timedBatch(name, groups * together, async () => {
    for (let group = 0; group < groups; group++) {
      await pool.query("INSERT INTO records SELECT unnest($1::text[])", [rows]);
    }
  });
}

/** `runs` runs at once, of so many steps each, their beginnings and ends included. */
function running(name: string, runs: number, steps: number): Case {
  let statements = 0;
  const journal = postgresJournal(counted(pool, () => statements++));
  const automations = Array.from({ length: runs }, (_, number) =>
    automation(`${name} ${number}`, async (run) => {
      for (let step = 0; step < steps; step++) await run.step(`step ${step}`, () => RECORD);
    }),
  );
  return {
    name,
    cost: async () => {
      statements = 0;
      const startedAtMs = performance.now();
      await Promise.all(automations.map((each) => execute(each, { journal })));
      return (performance.now() - startedAtMs) / (runs * steps);
    },
    cells: ({ median }) => [statements / (runs * steps), 1_000 / median],
  };
}

/** `whole`, which tells of each statement. */
function counted(whole: PostgresPool, tell: () => void): PostgresPool {
  return {
    on: (event, listener) => whole.on(event, listener),
    off: (event, listener) => whole.off(event, listener),
    end: () => whole.end(),
    async connect() {
      const client = await whole.connect();
      return {
        on: (event, listener) => client.on(event, listener),
        off: (event, listener) => client.off(event, listener),
        release: (destroy) => client.release(destroy),
        query(text, values) {
          tell();
          return client.query(text, values);
        },
      };
    },
  };
}

try {
  await pool.query("CREATE TABLE records (text text)");
  await printTable({
    name: "journal-postgres",
    title: "Journal in Postgres: the time of a record, or a step",
    baseline: inserting("INSERT of one row", SINGLE, 1),
    cases: [
      inserting("INSERT of 64 rows", GROUPS, TOGETHER),
      running("a step, one run", 1, STEPS),
      running("a step, 64 runs at once", TOGETHER, STEPS),
    ],
    heads: ["statements", "per second"],
    unit: (ms) => `${Math.round(ms * 1e3)} µs`,
  });
} finally {
  await pool.end();
  await server.end();
}
