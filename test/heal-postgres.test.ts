/** A Postgres that crashed is started again by a remedy, and the step goes through. A real server. */

import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { automation, execute } from "holdfast/automation";
import { memoryJournal } from "holdfast/journal";
import { service } from "holdfast/remedies";
import { startServer, whyNoServer, type Server } from "./postgres/server.ts";

const missing = whyNoServer();
let server: Server | undefined;
afterAll(() => server?.end());

test.runIf(missing === undefined)(
  "a stopped Postgres is started, asked, and the step goes through",
  async () => {
    const own = await startServer();
    server = own;
    await own.crash();
    const ask = async (sql: string) => {
      const client = new pg.Client({ connectionString: own.url, connectionTimeoutMillis: 5_000 });
      await client.connect();
      try {
        return (await client.query(sql)).rows as unknown[];
      } finally {
        await client.end();
      }
    };
    const start = () => own.start();
    const postgres = service({ start, probe: () => ask("select 1") });
    const journal = memoryJournal();
    const nightly = automation("nightly", async (run) => {
      await run.step("count", () => ask("select 1 as one"), { heal: [postgres] });
    });

    const { exitCode, runId, tasks } = await execute(nightly, { journal });
    const [step] = await journal.readSteps(runId, { kind: "step" });

    expect([exitCode, tasks.map(({ result }) => result.ok && result.healed)]).toEqual([0, [true]]);
    expect(step?.attempts).toMatchObject([
      {
        fault: { code: "ECONNREFUSED" },
        healings: [{ remedy: "service", outcome: "healed", deeds: ["ran start"] }],
      },
      { number: 2 },
    ]);
  },
);
