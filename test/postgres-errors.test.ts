/** What goes wrong with a database, and what users are told to do about it. Real refusals of a real server. */

import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import type { PoolConfig } from "pg";
import { JournalError } from "../src/core/errors.ts";
import type { Journal } from "../src/core/journal.ts";
import { owner, refusal, runRecord, stepRecord } from "../src/journal/journal-fixtures.contract.ts";
import { postgresJournal, type PostgresJournalOptions } from "../src/journal/postgres/index.ts";
import { freshSchema, poolOf, serverUrl, SKIPPED } from "./postgres/shared-server.ts";

const url = SKIPPED === undefined ? await serverUrl() : "";
const pool = SKIPPED === undefined ? poolOf(url) : undefined;

/** No outage is waited out: an error comes at once. */
const AT_ONCE: PostgresJournalOptions = { outage: 0 };

function open(config: PoolConfig = {}, options: PostgresJournalOptions = {}): Journal {
  const own = new pg.Pool({ connectionString: url, ...config });
  const journal = postgresJournal(own, { ...AT_ONCE, endPool: true, ...options });
  onTestFinished(() => journal.close());
  return journal;
}

/** `SELECT`s as the server's own administrator. */
async function admin(...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await pool!.query(statement);
}

/** What a first claim is told. */
function told(journal: Journal): Promise<string | undefined> {
  return refusal(journal.claim(runRecord(), owner(1)), "message");
}

function withUser(user: string, password: string): string {
  const address = new URL(url);
  return Object.assign(address, { username: user, password }).href;
}

function withDatabase(name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

test.skipIf(SKIPPED)("a wrong password, which is not shown", async () => {
  const journal = open({ connectionString: withUser("postgres", "wrong-4711") }, { schema: "s" });

  const { host } = new URL(url);
  expect(await told(journal)).toBe(
    `Journal "s" in Postgres at ${host}/postgres does not let this user in: check user, password and database in the address, and the server's pg_hba.conf (password authentication failed for user "postgres")`,
  );
});

test.skipIf(SKIPPED)("a database that is not there", async () => {
  const journal = open({ connectionString: withDatabase("nowhere") });

  expect(await told(journal)).toContain("is not there: make the database, or name another one");
});

test.skipIf(SKIPPED)("a server that is not there", async () => {
  const journal = open({ connectionString: "postgres://a:b@127.0.0.1:1/c" });

  expect(await told(journal)).toMatch(
    /^Journal "holdfast" in Postgres at 127\.0\.0\.1:1\/c cannot be reached: .*\(connect ECONNREFUSED 127\.0\.0\.1:1\)$/,
  );
});

test.skipIf(SKIPPED)("a server that never answers", async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  const own = new pg.Pool({ host: "127.0.0.1", port, user: "a", password: "b" });
  const journal = postgresJournal(own, { timeout: 50 });
  onTestFinished(() => journal.close());

  expect(await told(journal)).toContain("does not answer: see whether");
});

test.skipIf(SKIPPED)("a standby, or whatever else is read-only", async () => {
  const journal = open(
    { options: "-c default_transaction_read_only=on" },
    { schema: freshSchema() },
  );

  expect(await told(journal)).toContain("is read-only, perhaps a standby: name the primary server");
});

test.skipIf(SKIPPED)("a role that may not make a schema, until somebody makes it", async () => {
  const [role, schema] = [freshSchema(), freshSchema()];
  await admin(`CREATE ROLE ${role} LOGIN PASSWORD 'Pass-4711'`);
  const journal = open({ connectionString: withUser(role, "Pass-4711") }, { schema });
  const before = await told(journal);
  await admin(`CREATE SCHEMA ${schema} AUTHORIZATION ${role}`);

  expect([before, await told(journal)]).toEqual([
    expect.stringContaining("does not let this user do that: give the rights"),
    undefined,
  ]);
});

test.skipIf(SKIPPED)(
  "a role that may use the tables and make none needs no more than that",
  async () => {
    const [role, schema] = [freshSchema(), freshSchema()];
    await open({}, { schema }).findRuns();
    await admin(
      `CREATE ROLE ${role} LOGIN PASSWORD 'Pass-4711'`,
      `GRANT USAGE ON SCHEMA ${schema} TO ${role}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
      `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`,
    );
    const journal = open({ connectionString: withUser(role, "Pass-4711") }, { schema });

    const { hold } = await journal.claim(runRecord(), owner(1), [stepRecord()]);
    await journal.writeState({ key: "k", value: "v", atMs: 1 });
    await journal.writeState({ key: "k", value: "w", replaces: 1, atMs: 1 });
    await journal.writeRun(hold, runRecord({ status: "failed", endedAtMs: 1 }));
    await journal.release(hold);

    expect(await journal.prune({ endedBeforeMs: 2, keep: 0, limit: 1 })).toEqual(["run-1"]);
  },
);

test.skipIf(SKIPPED)("a journal of a newer holdfast", async () => {
  const schema = freshSchema();
  await open({}, { schema }).findRuns();
  await admin(`UPDATE ${schema}.holdfast_schema SET version = 99`);

  expect(await told(open({}, { schema }))).toContain(
    "was written by a newer holdfast (schema 99, known here up to 1): update holdfast",
  );
});

test.skipIf(SKIPPED)("another program's schema, which is left alone", async () => {
  const schema = freshSchema();
  await admin(`CREATE SCHEMA ${schema}`, `CREATE TABLE ${schema}.theirs ()`);

  expect(await told(open({}, { schema }))).toContain("is another program's schema");
});

test.skipIf(SKIPPED)(
  "steps that are written together all fail where the journal cannot be used",
  async () => {
    const schema = freshSchema();
    const hold = { runId: "run-1", fence: 1 };
    await open({}, { schema }).findRuns();
    await admin(`UPDATE ${schema}.holdfast_schema SET version = 99`);
    const journal = open({}, { schema });

    const outcomes = ["a", "b"].map((name) =>
      refusal(journal.writeStep(hold, stepRecord({ name }))),
    );

    expect(await Promise.all(outcomes)).toEqual(["JOURNAL_FAILED", "JOURNAL_FAILED"]);
  },
);

test.skipIf(SKIPPED)("a table that somebody dropped", async () => {
  const schema = freshSchema();
  const journal = open({}, { schema });
  await journal.findRuns();
  await admin(`DROP TABLE ${schema}.runs`);

  expect(await told(journal)).toMatch(/is not as holdfast made it.*restore it from a backup/);
});

test.skipIf(SKIPPED)(
  "a lock that is held for longer than the role's statement_timeout",
  async () => {
    const schema = freshSchema();
    const { hold } = await open({}, { schema }).claim(runRecord(), owner(1));
    const blocker = await pool!.connect();
    onTestFinished(() => blocker.release(true));
    await blocker.query(`BEGIN; LOCK TABLE ${schema}.runs`);
    const journal = open({ options: "-c statement_timeout=50" }, { schema });

    expect(await refusal(journal.writeStep(hold, stepRecord()), "message")).toMatch(
      /was told to cancel, by a statement_timeout or by hand: .*statement timeout\)$/,
    );
  },
);

test.skipIf(SKIPPED)("a role that does not wait for the disk", async () => {
  const journal = open({ options: "-c synchronous_commit=off" }, { schema: freshSchema() });

  expect(await told(journal)).toContain("would lose what it acknowledged, for synchronous_commit");
});

test.skipIf(SKIPPED)("a database that cannot hold every sign", async () => {
  const name = freshSchema();
  await admin(`CREATE DATABASE ${name} ENCODING 'LATIN1' TEMPLATE template0`);

  expect(await told(open({ connectionString: withDatabase(name) }))).toContain(
    "the database's encoding is LATIN1: make one with ENCODING 'UTF8'",
  );
});

test.skipIf(SKIPPED)("a damaged record leaves the run to be claimed", async () => {
  const schema = freshSchema();
  const journal = open({}, { schema, isGone: () => true });
  const { hold } = await journal.claim(runRecord(), owner(1), [stepRecord()]);
  await admin(`UPDATE ${schema}.steps SET record = '{'`);
  const ofStep = await refusal(journal.claimRun("run-1", owner(2)), "message");
  const holder = await journal.findHolder("run-1");
  await admin(`UPDATE ${schema}.runs SET record = '{'`);
  const ofRun = await refusal(journal.claimRun("run-1", owner(2)), "message");

  expect({ hold, ofStep, holder, ofRun }).toEqual({
    hold: { runId: "run-1", fence: 1 },
    ofStep: "The journal is damaged: the record of one step cannot be read",
    holder: undefined,
    ofRun: "The journal is damaged: the record of one run cannot be read",
  });
});

test.skipIf(SKIPPED)(
  "of steps that are written together, one that is refused fails alone",
  async () => {
    const schema = freshSchema();
    const journal = open({}, { schema });
    const { hold } = await journal.claim(runRecord(), owner(1));
    // More random letters than an index takes.
    const name = Array.from({ length: 8_000 }, (_, index) =>
      (index * 7_919 * index).toString(36),
    ).join("");

    const outcomes = await Promise.all([
      refusal(journal.writeStep(hold, stepRecord({ name: "first" }))),
      refusal(journal.writeStep(hold, stepRecord({ name })), "message"),
      refusal(journal.writeStep(hold, stepRecord({ name: "second" }))),
    ]);

    const steps = await journal.readSteps("run-1");
    expect({ outcomes, names: steps.map((step) => step.name) }).toEqual({
      outcomes: [undefined, expect.stringContaining("refuses a record"), undefined],
      names: ["first", "second"],
    });
  },
);

test.skipIf(SKIPPED)("a connection that breaks while nobody uses it ends no process", async () => {
  const own = new pg.Pool({ connectionString: url, application_name: freshSchema(), max: 1 });
  const journal = postgresJournal(own, { schema: freshSchema(), endPool: true });
  onTestFinished(() => journal.close());
  await journal.findRuns();
  const broken = once(own, "error");
  await admin(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = '${own.options.application_name}'`,
  );
  await broken;

  expect(await told(journal)).toBeUndefined();
});

test.skipIf(SKIPPED)("a pool that was ended is told of, and is ended only on request", async () => {
  const own = new pg.Pool({ connectionString: url });
  const schema = freshSchema();
  const first = postgresJournal(own, { schema });
  await first.findRuns();
  await first.close();
  const second = postgresJournal(own, { schema, endPool: true });
  await second.findRuns();
  await second.close();
  const third = postgresJournal(own, { schema, ...AT_ONCE });

  expect([own.ended, own.listenerCount("error") - 1]).toEqual([true, 0]);
  await expect(third.findRuns()).rejects.toThrow(JournalError);
});

test.for<[options: object, message: string]>([
  [{ schema: "" }, "postgresJournal.schema: expected text that is not empty"],
  [{ schema: "ä".repeat(32) }, "postgresJournal.schema: expected a name of at most 63 bytes"],
  [{ schema: "a\0" }, "postgresJournal.schema: expected a name of at most 63 bytes"],
  [{ outage: "soon" }, "postgresJournal.outage: expected a duration"],
  [{ timeout: 0 }, "postgresJournal.timeout: expected a duration"],
  [{ endPool: 1 }, "postgresJournal.endPool: expected true or false"],
  [{ lease: 0 }, "postgresJournal.lease: expected a duration"],
  [
    { ttl: 5 },
    "postgresJournal.ttl: unknown; known are clock, lease, isGone, schema, outage, timeout, endPool",
  ],
])("refuses %o", ([options, message]) => {
  const own = new pg.Pool();

  expect(() => postgresJournal(own, options)).toThrow(message);
});

test.for<[pool: unknown, message: string]>([
  [undefined, "postgresJournal.pool: expected a Pool of pg, received undefined"],
  [{ query() {} }, "postgresJournal.pool: expected an object with connect(), on(), off(), end()"],
])("refuses the pool %o", ([given, message]) => {
  expect(() => postgresJournal(given as pg.Pool)).toThrow(message);
});
