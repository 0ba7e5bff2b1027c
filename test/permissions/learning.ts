/** An automation without permissions that uses what `learn` is to find, and a place for it. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../cli-process.ts";

const TEXT = readFileSync(join(import.meta.dirname, "../fixtures/permissions/uses.ts"), "utf8");

/** Writes both, and answers the words that name the automation and its input. */
export function learning(at: Place): readonly string[] {
  for (const name of ["data", "out", "db", "back", "src"])
    mkdirSync(join(at.root, "its", name), { recursive: true });
  for (const name of ["1", "2", "3", "4"]) writeFileSync(join(at.root, "its/data", name), name);
  writeFileSync(join(at.root, "its/log"), "");
  // A database that is there still needs its directory, for what SQLite makes beside it.
  writeFileSync(join(at.root, "its/db/a.db"), "");
  writeFileSync(join(at.root, "its/src/a"), "a");
  return [
    at.file("project/uses.ts", TEXT),
    "--input",
    JSON.stringify({ at: join(at.root, "its") }),
  ];
}

/** What is to be proposed for it. */
export function needed(at: Place) {
  const its = (name: string) => join(at.root, "its", name);
  return {
    read: ["/etc/hostname", its("data"), its("none"), its("src")],
    write: [its("back"), its("db"), its("log"), its("out")],
    run: ["tar"],
    net: ["127.0.0.1:9"],
    env: ["STORE_TOKEN"],
  };
}
