/**
 * Databases that a transaction can be made in: `node:sqlite`, and what looks like a client or a pool
 * of `pg`. Both behind one door: run something in a transaction, and commit it or not.
 */

import { AutomationError, OptionsError } from "../../core/errors.ts";
import { show } from "../../core/show.ts";

/** The part of `DatabaseSync` of `node:sqlite` that is needed. */
export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): { all(values: Record<string, string | number>): unknown[] };
  readonly isTransaction: boolean;
}

/** What looks like a client of `pg`. */
export interface QueryClient {
  query(text: string, values?: (string | number)[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** What looks like a pool of `pg`: it has a number `totalCount`, which its clients have not. */
export interface QueryPool {
  connect(): Promise<QueryClient & { release(error?: boolean): void }>;
  readonly totalCount: number;
}

/** Where a transaction can be made. */
export type Database = SqliteDatabase | QueryClient | QueryPool;

/** What the work of a transaction is given: the SQLite database, or a client of its own. */
export type InTransaction<Db> = Db extends SqliteDatabase ? Db : QueryClient;

/** A row of an answer. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement. Its values stand in it as `$1`, `$2`, … */
export type Statement = (sql: string, ...values: (string | number)[]) => Promise<readonly Row[]>;

/** A transaction that is open. */
export interface Transaction {
  /** What the user's work is given. */
  readonly database: SqliteDatabase | QueryClient;
  readonly rows: Statement;
}

/** Whether what was done is to stay, and what is answered. */
export interface Decision<Value> {
  readonly isCommitted: boolean;
  readonly value: Value;
}

/** One database, whichever kind it is. */
export interface Door {
  /** Runs `work` in a transaction. What throws is taken back, and thrown on. */
  transact<Value>(work: (open: Transaction) => Promise<Decision<Value>>): Promise<Value>;
  /** Runs outside of any transaction. */
  readonly rows: Statement;
}

/** How far transactions of `pg` are kept apart; in SQLite there is one writer at a time. */
export type Isolation = "read committed" | "repeatable read" | "serializable";

/** @throws {OptionsError} When it is none that is known. */
export function doorTo(database: unknown, path: string, isolation?: Isolation): Door {
  // It can only be said before the first statement, and that is ours.
  const begin =
    isolation === undefined ? "BEGIN" : `BEGIN ISOLATION LEVEL ${isolation.toUpperCase()}`;
  if (isPool(database)) return poolDoor(database, begin);
  if (has(database, "exec", "prepare")) return sqliteDoor(database as SqliteDatabase);
  if (has(database, "query")) return clientDoor(database as QueryClient, begin);
  throw new OptionsError(
    path,
    `expected a DatabaseSync of node:sqlite, or a client or pool of pg, received ${show(database)}`,
  );
}

function isPool(database: unknown): database is QueryPool {
  return has(database, "connect") && typeof (database as QueryPool).totalCount === "number";
}

function has(database: unknown, ...methods: readonly string[]): boolean {
  return (
    typeof database === "object" &&
    database !== null &&
    methods.every((name) => typeof (database as Record<string, unknown>)[name] === "function")
  );
}

function sqliteDoor(database: SqliteDatabase): Door {
  const rows: Statement = async (sql, ...values) =>
    database.prepare(sql).all(numbered(values)) as Row[];
  const run = async (sql: string): Promise<void> => database.exec(sql);
  return {
    rows: (sql, ...values) => inTurn(database, () => rows(sql, ...values)),
    transact: (work) =>
      inTurn(database, () => {
        if (database.isTransaction) {
          throw new AutomationError("The database has a transaction open already");
        }
        // At once the only writer: a lock that is upgraded later can fail in the middle.
        return transact(work, { database, rows }, { run, begin: "BEGIN IMMEDIATE" });
      }),
  };
}

function clientDoor(client: QueryClient, begin: string): Door {
  const rows = rowsOf(client);
  return {
    rows: (sql, ...values) => inTurn(client, () => rows(sql, ...values)),
    transact: (work) => inTurn(client, () => transactBy(client, begin, work)),
  };
}

function poolDoor(pool: QueryPool, begin: string): Door {
  async function withClient<Value>(use: (client: QueryClient) => Promise<Value>): Promise<Value> {
    const client = await pool.connect();
    let isBroken = true;
    try {
      const value = await use(client);
      isBroken = false;
      return value;
    } finally {
      // One that failed may have lost its connection, or be in the middle of something.
      client.release(isBroken);
    }
  }
  return {
    rows: (sql, ...values) => withClient((client) => rowsOf(client)(sql, ...values)),
    transact: (work) => withClient((client) => transactBy(client, begin, work)),
  };
}

function transactBy<Value>(
  client: QueryClient,
  begin: string,
  work: (open: Transaction) => Promise<Decision<Value>>,
): Promise<Value> {
  const run = async (sql: string): Promise<void> => void (await client.query(sql));
  return transact(work, { database: client, rows: rowsOf(client) }, { run, begin });
}

function rowsOf(client: QueryClient): Statement {
  return async (sql, ...values) => (await client.query(sql, values)).rows as Row[];
}

interface Steering {
  readonly run: (sql: string) => Promise<void>;
  readonly begin: string;
}

async function transact<Value>(
  work: (open: Transaction) => Promise<Decision<Value>>,
  open: Transaction,
  { run, begin }: Steering,
): Promise<Value> {
  await run(begin);
  try {
    const { isCommitted, value } = await work(open);
    await run(isCommitted ? "COMMIT" : "ROLLBACK");
    return value;
  } catch (error) {
    // Where the connection is lost, the database takes it back by itself. The first error says why.
    await run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** SQLite takes `$1` for a name. */
function numbered(values: readonly (string | number)[]): Record<string, string | number> {
  return Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]));
}

/** The end of what was asked of a connection last; what shares a connection waits for its turn. */
const turns = new WeakMap<object, Promise<unknown>>();

function inTurn<Value>(connection: object, work: () => Promise<Value>): Promise<Value> {
  const before = turns.get(connection) ?? Promise.resolve();
  const running = before.then(work, work);
  turns.set(
    connection,
    running.catch(() => undefined),
  );
  return running;
}
