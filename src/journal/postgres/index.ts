/** The journal in Postgres, for runs on many machines. docs/postgres.md says how to set it up. */

export type { PostgresClient, PostgresPool } from "./pool.ts";
export { postgresJournal, type PostgresJournalOptions } from "./journal.ts";
