/** Real processes, real files and `kill -9`: nothing of a resource is left behind, and nothing is done twice. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { execute } from "../src/automation/index.ts";
import { sqliteJournal } from "../src/journal/index.ts";
import { placesIn, shopping } from "./resource-child.ts";

/** At every write there is a test in memory; here, where files and processes are real, at some. */
const WRITES = [2, 3, 6, 7, 9, 11, 12, 14];

function makePlace(): string {
  const root = mkdtempSync(join(tmpdir(), "holdfast-resources-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(placesIn(root).work);
  using shop = new DatabaseSync(placesIn(root).shop);
  shop.exec("CREATE TABLE sales (name TEXT)");
  return root;
}

/** Starts a process, and answers how it ended. */
async function start(...args: readonly string[]): Promise<number | string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "resource-child.ts"), ...args], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return signal ?? code ?? "unknown";
}

/** All that is left in the world after the next start has come to the run's end. */
async function resume(root: string, isBad: boolean) {
  const { journal: file, shop, work, ledger } = placesIn(root);
  const journal = sqliteJournal(file);
  using database = new DatabaseSync(shop);
  const program = shopping(root, isBad, database);
  const { exitCode } = await execute(program, { journal, codeHash: "same" });
  const locks = await journal.readStates({ prefix: "lock/" });
  await journal.close();
  const { sales } = database.prepare("SELECT count(*) AS sales FROM sales").get() ?? {};
  return {
    exitCode,
    sales,
    locks: locks.length,
    files: Object.fromEntries(
      readdirSync(work).map((name) => [name, readFileSync(join(work, name), "utf8")]),
    ),
    words: existsSync(ledger) ? readFileSync(ledger, "utf8").split("\n").slice(0, -1) : [],
  };
}

test.for<[end: string, exitCode: number, sales: number, files: object, last: string]>([
  ["well", 0, 1, { report: "1 sold" }, "succeeded"],
  ["bad", 80, 0, {}, "failed"],
])(
  "killed around any write of a run that ends %s, its next start leaves the world as it must be",
  { timeout: 120_000 },
  async ([end, exitCode, sales, files, last]) => {
    for (const write of WRITES) {
      const side = write % 2 === 0 ? "before" : "after";
      const root = makePlace();
      const ended = await start("die", root, end, String(write), side);
      expect({ write, ended }).toEqual({ write, ended: "SIGKILL" });

      const { words, ...world } = await resume(root, end === "bad");

      const at = `${side} write ${write}`;
      expect({ at, ...world }).toEqual({ at, exitCode, sales, locks: 0, files });
      expect({ at, last: words.at(-1) }).toEqual({ at, last });
    }
  },
);

test(
  "three processes that take one lock a hundred times each never hold it together",
  { timeout: 120_000 },
  async () => {
    const root = makePlace();
    const names = ["a", "b", "c"];

    const ends = await Promise.all(names.map((name) => start("turns", root, name, "100")));

    const words = readFileSync(placesIn(root).ledger, "utf8").split("\n").slice(0, -1);
    expect(ends).toEqual([0, 0, 0]);
    expect(names.map((name) => words.filter((word) => word === name).length)).toEqual([
      100, 100, 100,
    ]);
  },
);
