/** Opens the journal that the environment names: a file, or a Postgres database. */

import { createRequire } from "node:module";
import { join } from "node:path";
import { OptionsError } from "../core/errors.ts";
import type { Journal } from "../core/journal.ts";
import { secret } from "../core/redact.ts";
import type { PostgresPool } from "../journal/postgres/index.ts";
import type { BallastEvent } from "../journal/kept-ballast.ts";
import type { World } from "./command.ts";

/** Enough for many runs in one process: their steps are written together. */
const MAX_CONNECTIONS = 4;

/** What the package `pg` has, as far as it is used here. */
interface PgPackage {
  readonly Pool: new (config: object) => PostgresPool;
}

/**
 * Opens the journal of `$HOLDFAST_JOURNAL`, else the file of `journalFile`.
 *
 * @param places Directories from which `pg` is looked for, in order.
 * @param on Is told what a journal in a file tells of itself.
 * @throws {OptionsError} When the variable is no address of a Postgres database, or `pg` is not there.
 */
export async function openJournal(
  env: World["env"],
  places: readonly string[],
  on?: (event: BallastEvent) => void,
): Promise<Journal> {
  const address = env["HOLDFAST_JOURNAL"] ?? "";
  if (address === "") {
    const { journalFile } = await import("../journal/home.ts");
    const { sqliteJournal } = await import("../journal/sqlite.ts");
    return sqliteJournal(journalFile(env), { on });
  }
  const { connectionString, schema } = readAddress(address);
  const { Pool } = loadPg(places);
  const { postgresJournal } = await import("../journal/postgres/index.ts");
  const pool = new Pool({
    connectionString,
    application_name: "holdfast",
    max: MAX_CONNECTIONS,
    keepAlive: true,
    // A command that has printed all ends, whatever connections are still open.
    allowExitOnIdle: true,
  });
  return postgresJournal(pool, { schema, endPool: true });
}

/** The address as `pg` reads it, and the schema, which is ours: `postgres://…/app?schema=holdfast`. */
function readAddress(address: string) {
  secret(address);
  const url = /^postgres(?:ql)?:\/\//.test(address) ? URL.parse(address) : null;
  const password = url === null ? undefined : passwordOf(url);
  // Neither the address nor a part of it is shown: it is likely to hold a password.
  if (url === null || password === undefined) {
    throw new OptionsError(
      "HOLDFAST_JOURNAL",
      "expected the address of a database that begins with postgres://, with what is special in a password percent-encoded",
    );
  }
  if (password !== "") secret(password);
  const schema = url.searchParams.get("schema") ?? undefined;
  url.searchParams.delete("schema");
  return { connectionString: url.href, schema };
}

/** `undefined` where a part of the password was taken for another part of the address. */
function passwordOf({ password, pathname, hash, searchParams }: URL): string | undefined {
  if (`${pathname}${hash}`.includes("@")) return undefined;
  try {
    return decodeURIComponent(password) || (searchParams.get("password") ?? "");
  } catch {
    return undefined;
  }
}

function loadPg(places: readonly string[]): PgPackage {
  for (const place of places) {
    try {
      return createRequire(join(place, "package.json"))("pg") as PgPackage;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // What is there and cannot be loaded says so by itself.
      if (code !== "MODULE_NOT_FOUND" || !message.includes("'pg'")) throw error;
    }
  }
  throw new OptionsError(
    "HOLDFAST_JOURNAL",
    `the journal in Postgres needs the package pg, which was not found from ${places.join(" or ")}: npm install pg`,
  );
}
