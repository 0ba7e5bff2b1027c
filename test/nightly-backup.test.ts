/**
 * The main example from end to end: real files, a real database in use, real `tar`, and a store on
 * loopback that misbehaves. What took effect is read from the store's ledger and from the disk.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { execute } from "holdfast/automation";
import { objectStore, type LedgerEntry, type ObjectStoreOptions } from "holdfast/testing";
import nightlyBackup from "../examples/nightly-backup/nightly-backup.ts";
import { start, world, type World } from "./nightly-backup-world.ts";

async function openStore({ storage }: World, options: Partial<ObjectStoreOptions> = {}) {
  const store = await objectStore({ directory: storage, profile: "fast", ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Runs the backup in this process. */
function backUp({ source, database, workspace }: World, store: { url: string }, more: object = {}) {
  const input = { directory: source, database, workspace, name: "b", store: store.url, ...more };
  return execute(nightlyBackup, { input });
}

/** What is there, in order; files with the sum of what they hold. */
function tree(directory: string, except: (name: string) => boolean = () => false): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter(({ name }) => !except(name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(directory.length + 1);
      return entry.isFile() ? `${name} = ${sum(readFileSync(path))}` : name;
    })
    .toSorted();
}

const sum = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

/** How often each effect landed, by method, object and idempotency key. */
function effects(ledger: readonly LedgerEntry[]): number[] {
  const applied = ledger.filter((entry) => entry.applied);
  const grouped = Object.groupBy(applied, ({ method, name, key }) => `${method} ${name} ${key}`);
  return Object.values(grouped).map((entries = []) => entries.length);
}

/** The names of what is stored, without runs and keys: `b/…-archive-….tar.gz` is `archive.tar.gz`. */
function kinds(names: readonly string[]): string[] {
  return names
    .map((name) => decodeURIComponent(name).replace(/~$/, ""))
    .map((name) =>
      basename(name)
        .replace(/^[0-9a-z]{26}-/, "")
        .replace(/-[0-9a-f]{16}/, ""),
    )
    .toSorted();
}

const LOCAL = [
  "archive.tar.gz",
  "archive.tar.gz.sha256",
  "manifest.manifest.jsonl",
  "snapshot-database.sqlite",
];
const STORED = ["archive.tar.gz", "archive.tar.gz.sha256"];

test("what is restored from the store is the source byte for byte, through faults of every kind", async () => {
  const here = world();
  const store = await openStore(here);

  const result = await backUp(here, store);
  const [ledger, faults] = [await store.ledger(), await store.faults()];
  await store.close();

  expect({
    exitCode: result.exitCode,
    count: result.count,
    local: kinds(filesIn(here.workspace)),
  }).toEqual({
    exitCode: 0,
    count: { succeeded: 2, total: 2 },
    local: LOCAL,
  });
  expect(effects(ledger)).toEqual([1, 1]);
  expect(new Set(faults.map(({ fault }) => fault)).size).toBe(5);
  const restored = await restore(here);
  const isSnapshot = (name: string) => name.endsWith(".sqlite");
  expect(tree(restored, isSnapshot)).toEqual(tree(here.source));
  const [snapshot = ""] = readdirSync(restored).filter(isSnapshot);
  expect(sum(readFileSync(join(restored, snapshot)))).toBe(
    sum(readFileSync(join(here.workspace, "b", snapshot))),
  );
  using database = new DatabaseSync(join(restored, snapshot));
  expect(database.prepare("SELECT text FROM notes").all()).toEqual([{ text: "kept" }]);
});

/** Fetches, checks and unpacks as the docs tell. */
async function restore(here: World): Promise<string> {
  const store = await openStore(here, { profile: "none" });
  const fetched = join(here.root, "fetched");
  const restored = join(here.root, "restored");
  mkdirSync(fetched);
  mkdirSync(restored);
  const list = (await (await fetch(`${store.url}/objects/`)).json()) as { name: string }[];
  for (const { name } of list) {
    const response = await fetch(`${store.url}/objects/${name}`);
    writeFileSync(join(fetched, basename(name)), Buffer.from(await response.arrayBuffer()));
  }
  const [sum = ""] = readdirSync(fetched).filter((name) => name.endsWith(".sha256"));
  execFileSync("sha256sum", ["--check", "--strict", sum], { cwd: fetched });
  execFileSync("tar", ["-xzf", join(fetched, sum.replace(".sha256", "")), "-C", restored]);
  return restored;
}

test.for([["reset-after", "none", "truncate"], ["stall"], ["unavailable"]] as const)(
  "with retries off it fails at %o, and nothing is left behind",
  async (script) => {
    const here = world();
    const store = await openStore(here, { profile: "none", script, faults: { stall: 50 } });

    const result = await backUp(here, store, { attempts: 1 });

    expect({
      exitCode: result.exitCode,
      local: tree(here.workspace),
      stored: filesIn(join(here.storage, "objects")),
    }).toEqual({ exitCode: 80, local: [], stored: [] });
  },
);

test("an upload that is refused for good is rolled back, and nothing is left behind", async () => {
  const here = world();
  const store = await openStore(here, { profile: "outage" });

  const result = await backUp(here, store);

  expect({
    exitCode: result.exitCode,
    rollback: result.tasks.map(({ result: task }) => (task.ok ? "" : task.rollback)),
    local: tree(here.workspace),
    stored: filesIn(join(here.storage, "objects")),
  }).toEqual({ exitCode: 80, rollback: ["complete"], local: [], stored: [] });
});

test("an upload that cannot be read back is deleted again", async () => {
  const here = world();
  const store = await openStore(here, {
    refuse: [{ method: "GET", status: 410, prefix: "b/" }],
  });

  const result = await backUp(here, store);

  const done = (await store.ledger()).filter(({ applied }) => applied);
  expect({ exitCode: result.exitCode, done: done.map(({ method }) => method) }).toEqual({
    exitCode: 80,
    done: ["PUT", "DELETE"],
  });
  expect(filesIn(here.workspace)).toEqual([]);
});

test("an undo that is refused for good leaves a rollback for a human", async () => {
  const here = world();
  const store = await openStore(here, {
    profile: "none",
    refuse: [{ method: "GET", prefix: "b/" }, { method: "DELETE" }],
  });

  const result = await backUp(here, store);

  expect({ exitCode: result.exitCode, local: filesIn(here.workspace) }).toEqual({
    exitCode: 81,
    local: [],
  });
}, 60_000);

test("the newest backups are kept, here and in the store, and the trash is emptied a night later", async () => {
  const here = world();
  const store = await openStore(here);
  const codes = [];

  for (let night = 1; night <= 4; night++) {
    codes.push((await backUp(here, store, { keep: 2 })).exitCode);
  }

  const local = readdirSync(join(here.workspace, "b"));
  expect({
    codes,
    local: kinds(local.filter((name) => !name.endsWith(".trash"))),
    runsInTrash: new Set(
      local.filter((name) => name.endsWith(".trash")).map((name) => name.slice(0, 26)),
    ).size,
    stored: kinds(filesIn(join(here.storage, "objects"))),
    effects: new Set(effects(await store.ledger())),
  }).toEqual({
    codes: [0, 0, 0, 0],
    local: [...LOCAL, ...LOCAL].toSorted(),
    runsInTrash: 1,
    stored: [...STORED, ...STORED].toSorted(),
    effects: new Set([1]),
  });
}, 60_000);

test("a prune that fails brings back what it had removed, and the backup stays", async () => {
  const here = world();
  const first = await openStore(here, { profile: "none" });
  await backUp(here, first);
  const [archive = ""] = (await first.ledger()).map(({ name }) => name);
  await first.close();
  const store = await openStore(here, {
    profile: "none",
    refuse: [{ method: "DELETE", prefix: `${archive}.sha256` }],
  });

  const result = await backUp(here, store, { keep: 1 });

  const deleted = (await store.ledger()).filter(
    ({ method, applied }) => method === "DELETE" && applied,
  );
  expect({
    exitCode: result.exitCode,
    count: result.count,
    deleted: deleted.map(({ name }) => name),
    local: kinds(filesIn(here.workspace)),
    stored: kinds(filesIn(join(here.storage, "objects"))),
  }).toEqual({
    exitCode: 80,
    count: { succeeded: 1, total: 2 },
    deleted: [archive],
    local: [...LOCAL, ...LOCAL].toSorted(),
    stored: [...STORED, ...STORED].toSorted(),
  });
});

test("a live database in the directory goes in as its snapshot alone", async () => {
  const here = world();
  const inside = join(here.source, "inside.db");
  using database = new DatabaseSync(inside);
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
  const store = await openStore(here, { profile: "none" });

  await backUp(here, store, { database: inside, exclude: ["deep"] });
  await store.close();

  const names = readdirSync(await restore(here)).filter((name) => !name.endsWith(".sqlite"));
  expect(names.toSorted()).toEqual(
    readdirSync(here.source)
      .filter((name) => name !== "deep" && !name.startsWith("inside.db"))
      .toSorted(),
  );
});

test("a backup that is killed in the middle of an upload goes on where it was", async () => {
  const here = world();
  const store = await openStore(here, { profile: "none", script: ["stall"] });
  const { source, database, workspace } = here;
  const input = JSON.stringify({
    directory: source,
    database,
    workspace,
    name: "b",
    store: store.url,
    timeout: "1h",
  });
  const run = () =>
    start(
      here,
      "src/cli/main.ts",
      "run",
      "examples/nightly-backup/nightly-backup.ts",
      "--input",
      input,
    );

  const first = run();
  await expect.poll(async () => (await store.ledger()).length, { timeout: 20_000 }).toBe(1);
  first.child.kill("SIGKILL");
  const codes = [await first.ended];
  const second = run();
  codes.push(await second.ended);

  expect({
    codes,
    effects: effects(await store.ledger()),
    local: kinds(filesIn(workspace)),
  }).toEqual({
    codes: ["SIGKILL", 0],
    effects: [1, 1],
    local: LOCAL,
  });
  expect(second.output()).toContain("2/2 tasks succeeded");
}, 60_000);
