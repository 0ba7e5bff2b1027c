/**
 * A process that runs an automation with resources, for the tests that kill it or race it: as its
 * arguments say, it dies at one of its writes to the journal, or takes a lock many times.
 */

import { appendFileSync, closeSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { automation, execute, type Automation } from "../src/automation/index.ts";
import { sqliteJournal } from "../src/journal/index.ts";
import { dyingJournal } from "./dying-journal.ts";

/** The places of one automation; `ledger` is what it did, one word a line. */
export function placesIn(root: string) {
  return {
    journal: join(root, "holdfast.db"),
    shop: join(root, "shop.db"),
    work: join(root, "work"),
    report: join(root, "work", "report"),
    ledger: join(root, "ledger"),
  };
}

/** Uses every kind of resource; with `isBad` it fails at its end, and is taken back. */
export function shopping(root: string, isBad: boolean, database: DatabaseSync): Automation {
  const { work, report, ledger } = placesIn(root);
  const tell = (word: string) => appendFileSync(ledger, `${word}\n`);
  return automation("shopping", async (run) => {
    await run.cleanup("last", ({ outcome }) => tell(outcome));
    await using _ = await run.lock("shop", { wait: "10s", poll: 5 });
    await using scratch = await run.tempDirectory("scratch", { in: work });
    await run.step("prepare", () => writeFileSync(join(scratch.path, "rows"), "rows"));
    const sold = await run.transaction(
      "sell",
      database,
      (db) => {
        tell("sold");
        return Number(db.prepare("INSERT INTO sales VALUES ('a')").run().changes);
      },
      { undo: (db) => db.exec("DELETE FROM sales") },
    );
    await run.scope("publish", (scope) =>
      scope.file("report", report, async function* () {
        yield `${sold} `;
        yield "sold";
      }),
    );
    if (isBad) throw Object.assign(new Error("no"), { code: "EACCES" });
  });
}

/** Runs it until it dies at that write, or to its end. */
async function runAndDie(root: string, isBad: boolean, write: number, side: string): Promise<void> {
  const journal = dyingJournal(
    sqliteJournal(placesIn(root).journal),
    { write, side: side === "before" ? "before" : "after" },
    () => process.kill(process.pid, "SIGKILL"),
  );
  using database = new DatabaseSync(placesIn(root).shop);
  await execute(shopping(root, isBad, database), { journal, codeHash: "same" });
}

/** Takes the lock that others take too, so many times; what meets somebody in it fails. */
async function takeTurns(root: string, name: string, rounds: number): Promise<void> {
  const { journal: file, ledger } = placesIn(root);
  const taken = join(root, "taken");
  const racer = automation(name, async (run) => {
    for (let round = 1; round <= rounds; round++) {
      await using _ = await run.lock(`round ${round}`, { lock: "one", wait: "5m", poll: 1 });
      closeSync(openSync(taken, "wx"));
      await new Promise((resolve) => setImmediate(resolve));
      unlinkSync(taken);
      appendFileSync(ledger, `${name}\n`);
    }
  });
  const journal = sqliteJournal(file, { busyTimeout: "1m" });
  const { exitCode, error } = await execute(racer, { journal });
  await journal.close();
  if (exitCode !== 0) throw error;
}

async function main([task, root = "", ...rest]: readonly string[]): Promise<void> {
  const [first = "", second, third = ""] = rest;
  if (task === "die") await runAndDie(root, first === "bad", Number(second), third);
  if (task === "turns") await takeTurns(root, first, Number(second));
}

if (import.meta.main) await main(process.argv.slice(2));
