/**
 * `node:sqlite` as code under permissions gets it. SQLite opens files by itself, past Node's model:
 * nodejs/node pull request 54269. What is attached by a statement is not seen here either.
 */

import sqlite from "node:sqlite";
import { fileURLToPath } from "node:url";
import { checkFile } from "./guard-net.ts";

export * from "node:sqlite";

const { DatabaseSync: Database } = sqlite;

/** Opens only what may be written, or read where it is opened for that. */
export class DatabaseSync extends Database {
  constructor(...words: ConstructorParameters<typeof Database>) {
    checkPlace(String(words[0]), words[1]?.readOnly === true ? "read" : "write");
    super(...words);
  }
}

function checkPlace(place: string, permission: "read" | "write"): void {
  if (place === "" || place.startsWith(":memory:")) return;
  checkFile(place.startsWith("file:") ? fileURLToPath(new URL(place)) : place, permission);
}

// For `process.getBuiltinModule` and the default import.
Object.assign(sqlite, { DatabaseSync });

export default sqlite;
