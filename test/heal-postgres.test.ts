/** Postgres that crashed, stands still, or has another transaction in the way: the step goes through. A real server. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { automation, execute } from "holdfast/automation";
import { memoryJournal } from "holdfast/journal";
import { databaseLock, service, type Remedy } from "holdfast/remedies";
import { startServer, whyNoServer, type Server } from "./postgres/server.ts";

const missing = whyNoServer();
let server: Server | undefined;
afterAll(() => server?.end());

/** The server that all of these use. */
async function ownServer(): Promise<Server> {
  server ??= await startServer();
  return server;
}

/** Does something with a connection of its own. */
async function connected<Value>(url: string, work: (client: pg.Client) => Promise<Value>) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 20_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** One step under one remedy: its exit code and attempts. */
async function heals(remedy: Remedy, work: () => Promise<unknown>) {
  const journal = memoryJournal();
  const one = automation("one", async (run) => {
    await run.step("one", async () => void (await work()), {
      heal: [remedy],
      repeatable: true,
      retry: { attempts: 1 },
      timeout: { attempt: "5s" },
    });
  });
  const { exitCode, runId } = await execute(one, { journal });
  const [step] = await journal.readSteps(runId, { kind: "step" });
  return { exitCode, attempts: step?.attempts };
}

test.runIf(missing === undefined)(
  "a stopped Postgres is started, asked, and the step goes through",
  async () => {
    const own = await ownServer();
    await own.crash();
    const ask = (sql: string) =>
      connected(own.url, async (client) => (await client.query(sql)).rows as unknown[]);
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

test.runIf(missing === undefined)(
  "a transaction that met another one is begun anew",
  { timeout: 60_000 },
  async () => {
    const { url } = await ownServer();
    await connected(url, (client) =>
      client.query("create table account (balance int); insert into account values (100)"),
    );
    let attempts = 0;
    const withdraw = () =>
      connected(url, async (client) => {
        await client.query("begin isolation level serializable");
        await client.query("select balance from account");
        if (++attempts === 1) {
          await connected(url, (other) => other.query("update account set balance = balance + 5"));
        }
        await client.query("update account set balance = balance - 1");
        await client.query("commit");
      });

    const { exitCode, attempts: made } = await heals(databaseLock({ wait: 1 }), withdraw);
    const { rows } = await connected(url, (client) => client.query("select balance from account"));

    expect([exitCode, rows]).toEqual([0, [{ balance: 104 }]]);
    expect(made).toMatchObject([
      { fault: { code: "SQLSTATE_40001" }, healings: [{ outcome: "healed" }] },
      { number: 2 },
    ]);
  },
);

test.runIf(missing === undefined && process.platform === "linux")(
  "a Postgres that stands still takes connections; it is continued, and not started again",
  { timeout: 60_000 },
  async () => {
    const { url } = await ownServer();
    const { rows } = await connected(url, (client) => client.query("show data_directory"));
    const pidFile = join(
      String((rows as { data_directory: string }[])[0]?.data_directory),
      "postmaster.pid",
    );
    const pid = Number.parseInt(readFileSync(pidFile, "utf8"), 10);
    const started: string[] = [];
    const ask = () => connected(url, (client) => client.query("select 1"));
    process.kill(pid, "SIGSTOP");
    onTestFinished(() => void process.kill(pid, "SIGCONT"));

    const { exitCode, attempts } = await heals(
      service({ start: () => void started.push("start"), probe: ask, pidFile }),
      ask,
    );

    expect([exitCode, started]).toEqual([0, []]);
    expect(attempts).toMatchObject([
      {
        fault: { code: "TIMED_OUT" },
        healings: [{ outcome: "healed", deeds: [`continued process ${pid}`] }],
      },
      { number: 2 },
    ]);
  },
);
