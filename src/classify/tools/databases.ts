/**
 * psql and its kin, redis-cli and sqlite3. What a server says, the tables of the server's own codes hold.
 *
 * Sources: "Exit Status" in psql(1) and pg_isready(1), and failures provoked on Debian 12.
 */

import { NO_NAME, REFUSED, row, type ToolRow } from "../tool-row.ts";

const PG = ["psql", "pg_dump", "pg_dumpall", "pg_restore", "createdb", "dropdb", "vacuumdb"];
const REDIS = ["redis-cli", "valkey-cli"];

/** psql leaves the SQLSTATE out unless it is asked for: what it says by default, in English. */
const PG_TEXTS: readonly (readonly [symptom: number, says: RegExp, state: string])[] = [
  [11, /could not extend file|(?:ERROR|FATAL|PANIC): .*No space left on device/, "53100"],
  [74, /could not serialize access/, "40001"],
  [74, /deadlock detected/, "40P01"],
  [75, /canceling statement due to lock timeout|could not obtain lock on/, "55P03"],
  [
    76,
    /sorry, too many clients already|too many connections for|remaining connection slots/,
    "53300",
  ],
  [77, /canceling statement due to (statement timeout|user request)/, "57014"],
  [78, /terminating connection due to administrator command/, "57P01"],
  [78, /terminating connection because of crash/, "57P02"],
  [78, /the database system is (starting up|shutting down|in recovery mode)/, "57P03"],
  [80, /password authentication failed|no password supplied/, "28P01"],
  [80, /no pg_hba\.conf entry|role "[^"]*" does not exist|authentication failed/, "28000"],
  [80, /database "[^"]*" does not exist/, "3D000"],
  [81, /relation "[^"]*" does not exist/, "42P01"],
  [81, /permission denied for|must be owner of/, "42501"],
  [81, /ERROR: +syntax error at/, "42601"],
  [81, /ERROR: +column \S+ does not exist/, "42703"],
  [81, /ERROR: +function .* does not exist/, "42883"],
  [82, /duplicate key value violates unique constraint/, "23505"],
  [82, /violates foreign key constraint/, "23503"],
  [82, /violates not-null constraint/, "23502"],
  [82, /violates check constraint/, "23514"],
  [83, /in a read-only transaction/, "25006"],
];

/** One that psql shows by its text, with the fault of its SQLSTATE. */
export const PG_STATES: readonly {
  readonly symptom: number;
  readonly says: RegExp;
  readonly state: string;
}[] = PG_TEXTS.map(([symptom, says, state]) => ({ symptom, says, state }));

/** With `\set VERBOSITY sqlstate` or `verbose`: `ERROR:  40P01: deadlock detected`. */
export const PG_STATE_SHOWN = /(?:ERROR|FATAL|PANIC): {1,2}([0-9A-Z]{5})(?::|$)/;

/** The programs that PG_STATES is about. */
export const PG_TOOLS: ReadonlySet<string> = new Set(PG);

/** The programs that print Redis's own replies. */
export const REDIS_TOOLS: ReadonlySet<string> = new Set(REDIS);

/** See the header. */
export const DATABASES: readonly ToolRow[] = [
  row(35, PG, { says: /could not translate host name/ }, NO_NAME),
  row(73, PG, { says: /connection to server .* failed: Connection refused/ }, REFUSED),
  row(73, PG, { says: /connection to server .* failed: No such file or directory/ }, REFUSED),
  row(73, PG, { says: /connection to server .* failed: (Connection timed out|timeout expired)/ }, [
    "ETIMEDOUT",
    "timeout",
    "none",
  ]),
  row(79, PG, { says: /server closed the connection unexpectedly|connection to server was lost/ }, [
    "CONNECTION_LOST",
    "transient",
    "unknown",
  ]),
  row(73, ["pg_isready"], { exit: [1] }, ["SQLSTATE_57P03", "transient", "none"]),
  row(73, ["pg_isready"], { exit: [2] }, ["ECONNREFUSED", "degraded", "none"]),
  row(79, PG, { says: /could not (?:receive|send) data|SSL SYSCALL error: EOF/ }, [
    "CONNECTION_LOST",
    "transient",
    "unknown",
  ]),
  row(
    116,
    PG,
    {
      says: /error: (?:invalid (?:URI|connection option|port number|\w+ value|integer value)|definition of service|missing "=" after)/,
    },
    ["USAGE", "fatal", "none"],
  ),
  // What it does say decides: 2 is also for a connection that was asked for wrongly.
  row(73, ["psql"], { exit: [2], isSilent: true }, ["CONNECTION_LOST", "transient", "unknown"]),
  row(72, ["psql"], { exit: [3] }, ["SQL_FAILED", "unknown", "unknown"]),

  row(36, REDIS, { says: /Could not connect to Redis at .*Connection refused/ }, REFUSED),
  row(
    35,
    REDIS,
    { says: /Could not connect to Redis at .*(Name or service|name resolution)/ },
    NO_NAME,
  ),
  row(37, REDIS, { says: /Server closed the connection|Connection reset by peer/ }, [
    "CONNECTION_LOST",
    "transient",
    "unknown",
  ]),
  row(49, ["redis-server", "valkey-server"], { says: /Address already in use/, on: "stdout" }, [
    "EADDRINUSE",
    "degraded",
    "none",
  ]),

  row(20, ["sqlite3"], { says: /database is locked/ }, ["SQLITE_BUSY", "transient", "none"]),
  row(20, ["sqlite3"], { exit: [5] }, ["SQLITE_BUSY", "transient", "none"]),
  row(20, ["sqlite3"], { says: /database table is locked/ }, [
    "SQLITE_LOCKED",
    "transient",
    "none",
  ]),
  row(8, ["sqlite3"], { says: /database or disk is full/ }, ["SQLITE_FULL", "degraded", "none"]),
  row(8, ["sqlite3"], { exit: [13] }, ["SQLITE_FULL", "degraded", "none"]),
  row(16, ["sqlite3"], { says: /disk I\/O error/ }, ["SQLITE_IOERR", "fatal", "unknown"]),
  row(70, ["sqlite3"], { says: /database disk image is malformed/ }, [
    "SQLITE_CORRUPT",
    "fatal",
    "unknown",
  ]),
  row(70, ["sqlite3"], { says: /file is not a database/ }, ["SQLITE_NOTADB", "fatal", "none"]),
  row(68, ["sqlite3"], { says: /unable to open database/ }, ["SQLITE_CANTOPEN", "fatal", "none"]),
  row(81, ["sqlite3"], { says: /no such (?:table|column)|syntax error|has no column named/ }, [
    "SQLITE_ERROR",
    "fatal",
    "none",
  ]),
  row(15, ["sqlite3"], { says: /attempt to write a readonly database/ }, [
    "SQLITE_READONLY",
    "fatal",
    "none",
  ]),
  row(82, ["sqlite3"], { says: /constraint failed/ }, ["SQLITE_CONSTRAINT", "fatal", "none"]),
];
