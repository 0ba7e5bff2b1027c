/** What a night left behind, taken from the store's ledger, the file system and `holdfast show`. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, mkdirSync, watch } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import type { RunRecord, StepRecord } from "../../src/core/journal.ts";
import { UNFINISHED } from "../../src/core/journal.ts";
import { sqliteJournal } from "../../src/journal/index.ts";
import type { LedgerEntry } from "../../src/testing/index.ts";
import type { World } from "./night.ts";
import { readTree, sha256Of, type Tree } from "./tree.ts";

/** Tonight's run as the journal has it; only to know what had been finished when it was killed. */
export interface Recorded {
  readonly run: RunRecord | undefined;
  readonly isUnfinished: boolean;
  readonly steps: readonly StepRecord[];
}

/** Reads the runs since the two nights before. */
export async function readRecorded({ journal: file }: World): Promise<Recorded> {
  const journal = sqliteJournal(file);
  try {
    const [run, ...more] = (await journal.findRuns()).slice(0, -NIGHTS_BEFORE);
    if (more.length > 0) throw new Error(`${more.length + 1} runs tonight, and there may be one`);
    if (run === undefined) return { run, isUnfinished: false, steps: [] };
    const steps = await journal.readSteps(run.id);
    return { run, isUnfinished: UNFINISHED.includes(run.status), steps };
  } finally {
    await journal.close();
  }
}

const NIGHTS_BEFORE = 2;

/** Everything that tonight's backup left, with the name of its run put in place of its id. */
export interface Remains {
  /** Below the workspace. What tonight made is told by its name alone: archives differ by their times. */
  readonly workspace: Tree;
  readonly objects: Tree;
  /** Each effect that landed in the store tonight, and how often. */
  readonly effects: Readonly<Record<string, string>>;
  /** What must not change: the source, the database, and what else there is in its world. */
  readonly surroundings: Tree;
}

/** Gathers what is there now. */
export function gatherRemains(
  world: World,
  { runId, tonight }: { readonly runId: string; readonly tonight: readonly LedgerEntry[] },
): Remains {
  const hideId = (text: string) => text.replaceAll(runId, "TONIGHT");
  const named = (tree: Tree): Tree =>
    Object.fromEntries(
      Object.entries(tree).map(([path, what]) => [
        hideId(path),
        basename(path).includes(runId) && what !== "directory" ? "made tonight" : what,
      ]),
    );
  const landed = tonight
    .filter(({ applied }) => applied)
    .map(({ method, name, key = "no key" }) => hideId(`${method} ${name} (${key})`));
  return {
    workspace: named(readTree(world.workspace)),
    objects: named(readObjects(world)),
    effects: Object.fromEntries(
      [...Map.groupBy(landed, (effect) => effect)].map(([effect, all]) => [
        effect,
        `${all.length} times`,
      ]),
    ),
    surroundings: {
      ...prefixed("source", readTree(world.source)),
      ...prefixed("tmp", readTree(join(world.root, "tmp"))),
      ...namesOnly("home", world.root),
      ...namesOnly(".", world.root),
      "data.db": sha256Of(readFileSync(world.database)),
    },
  };
}

/** The objects by their names, read from the store's disk: the way through HTTP misbehaves. */
function readObjects({ objects }: World): Tree {
  const files = Object.entries(readTree(objects));
  return Object.fromEntries(
    files.map(([file, what]) => [decodeURIComponent(file.replace(/~$/, "")), what]),
  );
}

function namesOnly(below: string, root: string): Tree {
  const names = readdirSync(join(root, below));
  return Object.fromEntries(names.map((name) => [join(below, name), "there"]));
}

function prefixed(prefix: string, tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).map(([path, what]) => [join(prefix, path), what]));
}

/** Restores tonight's archive from the store, and tells what is not as its source is. */
export function findDamage(world: World, runId: string): string[] {
  const objects = readdirSync(world.objects).filter((file) => file.includes(runId));
  const archive = objects.find((file) => file.endsWith(".tar.gz~"));
  const checksum = objects.find((file) => file.endsWith(".sha256~"));
  if (archive === undefined || checksum === undefined) return ["tonight's backup is not stored"];
  const archivePath = join(world.objects, archive);
  const [promised] = readFileSync(join(world.objects, checksum), "utf8").split(" ");
  const place = join(world.root, "restored");
  mkdirSync(place);
  try {
    execFileSync("tar", ["-xzf", archivePath, "-C", place]);
    const { true: databases = [], false: files = [] } = Object.groupBy(
      Object.entries(readTree(place)),
      ([path]) => String(path.endsWith(".sqlite")) as "true" | "false",
    );
    const [database] = databases;
    return [
      ...(promised === sha256Of(readFileSync(archivePath)) ? [] : ["the checksum does not fit"]),
      ...(isSame(Object.fromEntries(files), readTree(world.source)) ? [] : ["files differ"]),
      ...(database !== undefined && isSame(rowsOf(join(place, database[0])), rowsOf(world.database))
        ? []
        : ["the database differs"]),
    ];
  } finally {
    rmSync(place, { recursive: true });
  }
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function rowsOf(file: string): unknown {
  using database = new DatabaseSync(file, { readOnly: true });
  return database.prepare("SELECT * FROM entries ORDER BY number").all();
}

/** Notes every name that comes, goes or changes in a directory, as the file system tells it. */
export function watchNames(directory: string): { stop(): Promise<ReadonlySet<string>> } {
  const names = new Set<string>();
  const watcher = watch(directory, (_, name) => void names.add(name ?? ""));
  return {
    async stop() {
      // What happened is told when the event loop comes to it.
      await sleep(10);
      watcher.close();
      return names;
    },
  };
}
