/** What every journal promises, kept by a real Postgres server. */

import { describe } from "vitest";
import { journalContract } from "../src/journal/journal.contract.ts";
import { postgresJournal } from "../src/journal/postgres/index.ts";
import { freshSchema, poolOf, serverUrl, SKIPPED } from "./postgres/shared-server.ts";

const pool = SKIPPED === undefined ? poolOf(await serverUrl()) : undefined;

describe.skipIf(pool === undefined)("in Postgres", () => {
  journalContract("postgres", (options) =>
    postgresJournal(pool!, { ...options, schema: freshSchema() }),
  );
});
