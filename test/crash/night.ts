/**
 * One night of the nightly backup in a world of its own: a source, a database, what two nights before
 * it left here and in the store, and a store that misbehaves.
 *
 * The store is this process's, which is not the one that is killed.
 */

import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { LedgerEntry } from "../../src/testing/index.ts";
import { objectStore, type ObjectStore, type ObjectStoreOptions } from "../../src/testing/index.ts";
import { COMPILED } from "../compiled.ts";
import { HOLDFAST, run, type Ended } from "./command-line.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../examples/nightly-backup");

/** What its backups are called. */
export const NAME = "demo";

/** How a night goes when nobody is killed. */
export interface Scenario {
  readonly name: string;
  readonly exitCode: number;
  /** What its end is called in the counts. */
  readonly outcome: string;
  readonly refuse: ObjectStoreOptions["refuse"];
}

/** Where things are in a world. */
export class World {
  readonly root: string;
  readonly source: string;
  readonly database: string;
  readonly workspace: string;
  readonly objects: string;
  readonly #home: string;

  constructor(root: string) {
    this.root = root;
    this.source = join(root, "source");
    this.database = join(root, "data.db");
    this.workspace = join(root, "workspace");
    this.objects = join(root, "store", "objects");
    this.#home = join(root, "home");
  }

  /** Where the backups of this machine are. */
  get local(): string {
    return join(this.workspace, NAME);
  }

  /** The journal's file. */
  get journal(): string {
    return join(this.#home, "holdfast.db");
  }

  /** What is given to `holdfast run`. */
  get words(): readonly string[] {
    const { source: directory, database, workspace } = this;
    const input = { directory, database, workspace, name: NAME, keep: 1 };
    const automation = join(this.root, "..", "example", "nightly-backup.ts");
    return ["run", automation, "--input", JSON.stringify(input)];
  }

  /** Opens its store; the last run's objects and ledger are in it. */
  openStore(seed: string, scenario?: Scenario): Promise<ObjectStore> {
    const directory = join(this.root, "store");
    const profile = scenario === undefined ? "none" : "fast";
    // An attempt at an undo asks for an object and then puts it. With more faults in a row than one, those
    // of the two could take turns until its five attempts are spent: an honest 81, which nobody expects.
    const faults = scenario === undefined ? undefined : { inARow: 1 };
    return objectStore({ directory, profile, faults, seed, refuse: scenario?.refuse });
  }

  /** The environment of every process in this world; temporary files stay in it too. */
  envFor(store: Pick<ObjectStore, "url">): Record<string, string> {
    return {
      HOME: this.#home,
      HOLDFAST_HOME: this.#home,
      TMPDIR: join(this.root, "tmp"),
      ...COMPILED,
      BACKUP_STORE_URL: store.url,
    };
  }

  /** Runs a command line as a user would. */
  holdfast(words: readonly string[], store: Pick<ObjectStore, "url">): Promise<Ended> {
    return run(HOLDFAST, { words, env: this.envFor(store), cwd: this.root });
  }
}

/** What every world begins as, and the scenarios that are played in it. */
export interface Stage {
  readonly directory: string;
  readonly world: World;
  /** The store's ledger so far. */
  readonly ledgerCount: number;
  readonly scenarios: readonly Scenario[];
}

/** Makes a world and plays the two nights before: then there is something to prune, and old trash. */
export async function setStage(directory: string): Promise<Stage> {
  // A copy: a run whose code was edited between its start and its resume would have to ask.
  cpSync(EXAMPLE, join(directory, "example"), { recursive: true });
  const world = new World(join(directory, "before"));
  makeSource(world);
  const store = await world.openStore("before");
  for (const night of [1, 2]) {
    writeFileSync(join(world.source, "changes every night"), `night ${night}\n`);
    const { exitCode, stderr } = await world.holdfast(world.words, store);
    if (exitCode !== 0) throw new Error(`Night ${night} before ended by ${exitCode}: ${stderr}`);
  }
  writeFileSync(join(world.source, "changes every night"), "tonight\n");
  const ledger = await store.ledger();
  await store.close();
  return { directory, world, ledgerCount: ledger.length, scenarios: scenariosAfter(ledger) };
}

/** A copy of the world as the nights before left it. */
export function copyWorld({ directory, world }: Stage, name: string): World {
  const copy = new World(join(directory, name));
  rmSync(copy.root, { recursive: true, force: true });
  cpSync(world.root, copy.root, {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
  });
  return copy;
}

/**
 * Tonight all goes well; or no upload is taken, so that everything is rolled back; or the last
 * deletion is refused, so that pruning is rolled back, deleted objects included, and the backup stays.
 */
function scenariosAfter(ledger: readonly LedgerEntry[]): Scenario[] {
  const last = ledger.findLast(({ method, applied }) => method === "PUT" && applied);
  if (last === undefined) throw new Error("The nights before uploaded nothing");
  return [
    { name: "success", exitCode: 0, outcome: "complete", refuse: [] },
    { name: "outage", exitCode: 80, outcome: "as before", refuse: [{ method: "PUT" }] },
    {
      name: "refused deletion",
      exitCode: 80,
      outcome: "pruning undone",
      refuse: [{ method: "DELETE", prefix: last.name }],
    },
  ];
}

function makeSource({ root, source, database }: World): void {
  mkdirSync(join(root, "tmp"), { recursive: true });
  mkdirSync(join(source, "a directory", "empty"), { recursive: true });
  writeFileSync(join(source, "empty"), "");
  writeFileSync(join(source, "a directory", "größe.txt"), "ünïcödé\n");
  writeFileSync(
    join(source, "a directory", "bytes"),
    Uint8Array.from({ length: 50_000 }, (_, index) => (index * 7) % 251),
  );
  symlinkSync("a directory/größe.txt", join(source, "link"));
  using db = new DatabaseSync(database);
  db.exec("CREATE TABLE entries (number INTEGER PRIMARY KEY, text TEXT)");
  const insert = db.prepare("INSERT INTO entries VALUES (?, ?)");
  for (let number = 1; number <= 100; number++) insert.run(number, `entry ${number}`);
}
