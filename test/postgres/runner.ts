/**
 * A process that runs an automation of three steps with its journal in Postgres, for the tests that
 * need real ones. What each step did stands in a file, with the process's name.
 */

import { appendFileSync, existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { automation, execute } from "../../src/automation/index.ts";
import { postgresJournal } from "../../src/journal/postgres/index.ts";

/** What the process is told by its first argument, as JSON. */
export interface Order {
  readonly name: string;
  readonly url: string;
  readonly schema: string;
  readonly ledger: string;
  /** The second step waits for this file. */
  readonly go: string;
  readonly lease: number;
  /** Whether it can tell that an owner on this machine has ended, as on another machine it cannot. */
  readonly seesProcesses: boolean;
}

function journalOf({ url, schema, lease, seesProcesses }: Order) {
  const isGone = seesProcesses ? undefined : () => undefined;
  const pool = new pg.Pool({ connectionString: url });
  return postgresJournal(pool, { schema, lease, isGone, endPool: true });
}

function threeSteps({ name, ledger, go }: Order) {
  const note = (step: string) => appendFileSync(ledger, `${name} ${step}\n`);
  return automation("three-steps", async (run) => {
    await run.step("first", () => note("first"), { repeatable: true });
    await run.step("second", () => noteAndWait(() => note("second"), go), { repeatable: true });
    await run.step("third", () => note("third"), { repeatable: true });
  });
}

/** Deaf to its signal, as much work is. */
async function noteAndWait(note: () => void, go: string): Promise<void> {
  note();
  // Should the test that waits for it be gone.
  for (let turn = 0; turn < 5_000 && !existsSync(go); turn++) await setTimeout(5);
}

/** Prints how it ended: the exit code of the run, or the code of the error that it rejected with. */
async function main(order: Order): Promise<void> {
  const journal = journalOf(order);
  try {
    const { exitCode } = await execute(threeSteps(order), { journal, codeHash: "same" });
    process.stdout.write(`${exitCode}\n`);
  } catch (error) {
    process.stdout.write(`${String((error as { code?: unknown }).code ?? error)}\n`);
  } finally {
    await journal.close();
  }
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? "") as Order);
