/** What the tests of the main example share: a world to back up, and processes to back it up in. */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { seededDice } from "holdfast/testing";

const CHECKOUT = join(import.meta.dirname, "..");

/** Where everything of one test is. */
export interface World {
  readonly root: string;
  readonly source: string;
  /** A database that is in use. */
  readonly database: string;
  readonly workspace: string;
  /** The store's directory. */
  readonly storage: string;
}

/** Names that tools stumble over. */
export const FILES: Record<string, string | Buffer> = {
  "plain.txt": "plain\n",
  empty: "",
  "-rf": "begins with a dash",
  "deep/er/still/file": "nested",
  "new\nline and sp ace": "odd name",
  "line\u2028separator": "odder name",
  "grün/日本.txt": "not ASCII",
  "big.bin": Buffer.from(Array.from({ length: 300_000 }, byteFrom(seededDice("big")))),
};

function byteFrom(dice: () => number) {
  return () => Math.floor(dice() * 256);
}

/** A directory with odd names, a database that is in use, and places for all the rest. */
export function world(): World {
  const root = mkdtempSync(join(tmpdir(), "nightly backup "));
  const source = join(root, "source");
  for (const [path, content] of Object.entries(FILES)) {
    mkdirSync(join(source, path, ".."), { recursive: true });
    writeFileSync(join(source, path), content);
  }
  mkdirSync(join(source, "empty directory"));
  symlinkSync("deep/er", join(source, "link"));
  symlinkSync("nowhere", join(source, "dangling"));

  const database = new DatabaseSync(join(root, "live.db"));
  database.exec(
    "PRAGMA journal_mode = WAL; CREATE TABLE notes (text); INSERT INTO notes VALUES ('kept')",
  );
  onTestFinished(() => {
    database.close();
    rmSync(root, { recursive: true });
  });
  const workspace = join(root, "workspace");
  const storage = join(root, "store");
  return { root, source, database: join(root, "live.db"), workspace, storage };
}

/** Runs a file of the checkout in a process of its own. */
export function start(here: World, file: string, ...args: string[]) {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", file, ...args], {
    cwd: CHECKOUT,
    env: { ...process.env, HOLDFAST_HOME: join(here.root, "home"), NO_COLOR: "1" },
  });
  let [output, log] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<number | string | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  return { child, ended, output: () => output, log: () => log };
}
