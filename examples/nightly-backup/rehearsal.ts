/**
 * The scene in which `holdfast rehearse` runs the backup: a small directory, a database in use, an
 * object store, and a backup of a former night that is to be pruned.
 */

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Rehearsal, RehearsalPlace } from "holdfast/automation";
import type { ObjectStore } from "holdfast/testing";

/** A run of long ago: names sort by the time of their run. */
const FORMER = "01aaaaaaaaaaaaaaaaaaaaaaaa-archive-0123456789abcdef.tar.gz";

/** Both live in the process that sets the scene, and so outlive the run. */
let store: ObjectStore;
let database: DatabaseSync;

async function setup({ directory, env }: RehearsalPlace): Promise<void> {
  mkdirSync(join(directory, "source", "deep"), { recursive: true });
  writeFileSync(join(directory, "source", "plain.txt"), "plain\n");
  writeFileSync(join(directory, "source", "deep", "file"), "nested\n");

  database = new DatabaseSync(join(directory, "live.db"));
  database.exec("CREATE TABLE notes (text); INSERT INTO notes VALUES ('kept')");

  // Not with the file: the backup itself has no use for it.
  const { objectStore } = await import("holdfast/testing");
  store = await objectStore({ directory: join(directory, "store"), profile: "none" });
  env["BACKUP_STORE_URL"] = store.url;
  mkdirSync(join(directory, "backups", "data"), { recursive: true });
  writeFileSync(join(directory, "backups", "data", FORMER), "former");
  await put(`data/${FORMER}`, "former");
}

async function put(name: string, content: string): Promise<void> {
  await fetch(`${store.url}/objects/${name}`, {
    method: "PUT",
    headers: { "x-content-sha256": createHash("sha256").update(content).digest("hex") },
    body: content,
  });
}

/** What is stored, by name: an archive holds times, and so differs from run to run. */
async function objects(): Promise<unknown> {
  const response = await fetch(`${store.url}/objects/?prefix=`);
  const listed = (await response.json()) as { readonly name: string }[];
  return listed.map(({ name }) => name);
}

/** See the header. */
export const rehearsal: Rehearsal = {
  input: {
    directory: "source",
    name: "data",
    database: "live.db",
    workspace: "backups",
    keep: 1,
  },
  setup,
  teardown: async () => {
    database.close();
    await store.close();
  },
  // How the store keeps its objects is its own affair: the probe tells which there are.
  ignore: ["store", "store/**"],
  probes: { objects },
  commands: ["tar"],
};
