/** Connections to Postgres, as `pg` lends them: what the journal needs of a pool, and how it uses one. */

import type { Clock } from "../../core/clock.ts";
import { LeaseHeldError } from "../../core/errors.ts";

/** A row of an answer. */
export type Row = Readonly<Record<string, unknown>>;

/** A connection that a pool has lent. `pg`'s `PoolClient` is one. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: Row[] }>;
  /** Gives it back; with `true`, to be closed. */
  release(destroy?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}

/** What lends connections. `pg`'s `Pool` is one. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  end(): Promise<void>;
  /** What it was made with: for messages. Only host, port and database are looked at. */
  readonly options?: object;
}

/** The database did not answer in time. What was asked for may have happened, or may happen yet. */
export class NoAnswerError extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
  }
}

/**
 * A connection that breaks tells whoever waits for an answer. It also emits an event, which ends the
 * process when nobody listens.
 */
export function ignoreBrokenConnection(): void {}

/** How connections are borrowed. */
export interface Lending {
  readonly pool: PostgresPool;
  /** How long to wait for a connection and the work on it together, in milliseconds. */
  readonly limitMs: number;
  readonly clock: Pick<Clock, "after">;
}

/**
 * Borrows a connection for `work`. One on which anything failed is closed, for nobody knows what
 * becomes of it. Rejects with `NoAnswerError` when the time is over.
 */
export async function withClient<Value>(
  { pool, limitMs, clock }: Lending,
  work: (client: PostgresClient) => Promise<Value>,
): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(limitMs, () => late.reject(new NoAnswerError(limitMs)));
  const connecting = pool.connect();
  let client: PostgresClient | undefined;
  let destroy = false;
  try {
    client = await Promise.race([connecting, late.promise]);
    client.on("error", ignoreBrokenConnection);
    return await Promise.race([work(client), late.promise]);
  } catch (error) {
    // A run that another one holds is an answer like any other. Else a transaction may be open.
    destroy = !(error instanceof LeaseHeldError);
    throw error;
  } finally {
    cancel();
    if (client === undefined) releaseLater(connecting);
    else giveBack(client, destroy);
  }
}

function giveBack(client: PostgresClient, destroy: boolean): void {
  // The pool listens from here on.
  client.release(destroy);
  client.off("error", ignoreBrokenConnection);
}

/** A connection that came too late, or never. */
function releaseLater(connecting: Promise<PostgresClient>): void {
  connecting.then(
    (client) => client.release(),
    () => undefined,
  );
}

/** Where the database is, for messages: `db.example:5432/app`. Never who asks, nor with what password. */
export function placeOf({ options = {} }: PostgresPool): string {
  const { connectionString, host, port, database } = options as Record<string, unknown>;
  const url = typeof connectionString === "string" ? parseUrl(connectionString) : undefined;
  const where = url?.hostname || textOf(host) || "localhost";
  const door = url?.port || textOf(port) || "5432";
  const name = url?.pathname.slice(1) || textOf(database);
  return `${where}:${door}${name === "" ? "" : `/${name}`}`;
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
