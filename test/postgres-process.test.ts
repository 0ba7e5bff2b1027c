/** Owners that die, freeze, or lose their server. Real processes and a real server, for the promise is about those. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { automation, execute } from "../src/automation/index.ts";
import type { Duration } from "../src/core/duration.ts";
import { postgresJournal } from "../src/journal/postgres/index.ts";
import type { Order } from "./postgres/runner.ts";
import { startServer } from "./postgres/server.ts";
import { freshSchema, serverUrl, SKIPPED } from "./postgres/shared-server.ts";

/** A place for two processes that run the same automation, on the server that all tests share. */
async function setUp(options: Pick<Order, "lease" | "seesProcesses">) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-pg-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const ledger = join(folder, "ledger");
  writeFileSync(ledger, "");
  const order = { url: await serverUrl(), schema: freshSchema(), ledger, go: join(folder, "go") };
  return {
    start: (name: string) => startRunner({ ...order, ...options, name }),
    go: () => writeFileSync(order.go, ""),
    did: () => readFileSync(ledger, "utf8").split("\n").slice(0, -1),
  };
}

function startRunner(order: Order): ChildProcess & { readonly answer: Promise<string> } {
  const file = join(import.meta.dirname, "postgres/runner.ts");
  const settings = ["--conditions=holdfast:source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...settings, file, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return Object.assign(child, { answer: text(child.stdout) });
}

const POLL = { timeout: 25_000, interval: 10 };

test.skipIf(SKIPPED)(
  "after kill -9 another process goes on where it was cut off, at once",
  async () => {
    // With a lease that is not over in this test's life.
    const at = await setUp({ lease: 3_600_000, seesProcesses: true });
    const killed = at.start("ann");
    await expect.poll(at.did, POLL).toContain("ann second");
    killed.kill("SIGKILL");
    await once(killed, "exit");
    at.go();

    const answer = await at.start("bob").answer;

    expect([answer, at.did()]).toEqual([
      "0\n",
      ["ann first", "ann second", "bob second", "bob third"],
    ]);
  },
);

test.skipIf(SKIPPED)(
  "a frozen owner that wakes up can write nothing more, and its next step does not run",
  async () => {
    const at = await setUp({ lease: 500, seesProcesses: false });
    const frozen = at.start("ann");
    await expect.poll(at.did, POLL).toContain("ann second");
    frozen.kill("SIGSTOP");
    at.go();
    const answers: string[] = [];
    // Until the lease has run out, by the database's clock.
    while (answers.at(-1) !== "0\n" && answers.length < 100) {
      answers.push(await at.start("bob").answer);
    }

    frozen.kill("SIGCONT");

    expect({
      bob: [answers.filter((answer) => answer !== "LEASE_HELD\n"), answers.at(-1)],
      ann: await frozen.answer,
      did: at.did(),
    }).toEqual({
      bob: [["0\n"], "0\n"],
      ann: "LEASE_LOST\n",
      did: ["ann first", "ann second", "bob second", "bob third"],
    });
  },
);

/** Ten runs of ten steps each; `did` counts how often each step's work ran. */
async function manyRuns(url: string, outage: Duration) {
  const pool = new pg.Pool({ connectionString: url });
  const journal = postgresJournal(pool, { outage, endPool: true });
  onTestFinished(() => journal.close());
  const did = new Map<string, number>();
  const automations = Array.from({ length: 10 }, (_, number) =>
    automation(`run-${number}`, async (run) => {
      for (let index = 0; index < 10; index++) {
        await run.step(`step-${index}`, () => note(`run-${number} step-${index}`), {
          repeatable: true,
        });
      }
    }),
  );
  async function note(key: string): Promise<void> {
    did.set(key, (did.get(key) ?? 0) + 1);
    // So that the server is gone while runs are in all parts of theirs.
    await setTimeout(20);
  }
  return {
    did,
    journal,
    run: () =>
      Promise.allSettled(automations.map((each) => execute(each, { journal, codeHash: "same" }))),
  };
}

function counts(values: Iterable<unknown>): Record<string, number> {
  const groups = Map.groupBy(values, String);
  return Object.fromEntries([...groups].map(([value, group]) => [value, group.length]));
}

function endings(outcomes: readonly PromiseSettledResult<{ exitCode: number }>[]) {
  return counts(
    outcomes.map((outcome) =>
      outcome.status === "fulfilled"
        ? outcome.value.exitCode
        : (outcome.reason as { code?: unknown }).code,
    ),
  );
}

test.skipIf(SKIPPED)(
  "runs wait out a server that crashes and is back in two seconds: nothing is lost, nothing is done twice",
  async () => {
    const server = await startServer();
    onTestFinished(() => server.end());
    const { did, journal, run } = await manyRuns(server.url, "25s");
    const running = run();
    await expect.poll(() => did.size, POLL).toBeGreaterThan(20);

    await server.crash();
    const before = did.size;
    await setTimeout(2_000);
    const meanwhile = did.size - before;
    await server.start();
    const outcomes = await running;

    const steps = await Promise.all(
      (await journal.findRuns()).map(async ({ id }) => (await journal.readSteps(id)).length),
    );
    // What was under way ends; nothing begins whose beginning is not written down.
    expect(meanwhile).toBeLessThanOrEqual(10);
    expect({ endings: endings(outcomes), did: counts(did.values()), steps: counts(steps) }).toEqual(
      {
        endings: { 0: 10 },
        did: { 1: 100 },
        steps: { 10: 10 },
      },
    );
  },
);

test.skipIf(SKIPPED)(
  "an outage that is too long halts the runs, and the next start goes on with them",
  async () => {
    const server = await startServer();
    onTestFinished(() => server.end());
    const { did, journal, run } = await manyRuns(server.url, "100ms");
    const running = run();
    await expect.poll(() => did.size, POLL).toBeGreaterThan(20);
    await server.crash();
    const halted = await running;
    await server.start();
    const recorded = new Set<string>();
    for (const { id, automation: name } of await journal.findRuns()) {
      for (const step of await journal.readSteps(id, { kind: "step" })) {
        if (step.status === "completed") recorded.add(`${name} ${step.name}`);
      }
    }

    // Their leases are this process's own, which lives: so they are over before anybody takes them up.
    const next = await manyRuns(server.url, "25s");
    await endLeases(server.url);
    const resumed = await next.run();

    const total = [...did].filter(([key]) => recorded.has(key));
    expect({
      halted: endings(halted),
      resumed: endings(resumed),
      again: [...next.did.keys()].filter((key) => recorded.has(key)),
      recorded: counts(total.map(([, count]) => count)),
    }).toEqual({
      halted: { JOURNAL_FAILED: 10 },
      resumed: { 0: 10 },
      again: [],
      recorded: { 1: recorded.size },
    });
    expect(recorded.size + next.did.size).toBe(100);
  },
);

async function endLeases(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("UPDATE holdfast.runs SET renewed_at_ms = renewed_at_ms - 3600000");
  await client.end();
}
