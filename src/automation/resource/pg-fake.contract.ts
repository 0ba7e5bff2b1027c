/** What looks like `pg` and is SQLite in memory: its clients and pool, and what goes wrong with them. */

import { DatabaseSync } from "node:sqlite";
import type { QueryClient, QueryPool } from "./database.ts";

/** A statement that fails, and how often. */
export interface Trouble {
  /** How the statement begins. */
  readonly at: string;
  readonly code: string;
  times: number;
}

/** A client; `said` is all that it was asked, without values. */
export class FakeClient implements QueryClient {
  readonly said: string[] = [];
  readonly database = new DatabaseSync(":memory:");
  readonly trouble: Trouble[] = [];
  /** What the pool was told when it came back: whether it is broken. */
  readonly releases: boolean[] = [];

  /** Also clients have it, and must not be asked twice. */
  async connect(): Promise<never> {
    throw new Error("it is connected");
  }

  async query(text: string, values: (string | number)[] = []) {
    await Promise.resolve();
    this.said.push(text.startsWith("BEGIN") ? text : text.split(" ").slice(0, 2).join(" "));
    const trouble = this.trouble.find(({ at, times }) => times > 0 && text.startsWith(at));
    if (trouble !== undefined) {
      trouble.times--;
      throw Object.assign(new Error(`refused at ${trouble.at}`), { code: trouble.code });
    }
    const named = Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]));
    const known = text.replace(/ ISOLATION LEVEL .*/, "");
    return { rows: this.database.prepare(known).all(named) };
  }

  release(isBroken = false): void {
    this.releases.push(isBroken);
  }
}

/** A pool with one client. */
export function fakePool(client: FakeClient): QueryPool {
  return {
    totalCount: 1,
    connect: async () => ({
      query: (text: string, values?: (string | number)[]) => client.query(text, values),
      release: (isBroken?: boolean) => client.release(isBroken),
    }),
  };
}

/** The orders in a database. */
export const namesIn = (database: DatabaseSync): unknown[] =>
  database
    .prepare("SELECT name FROM orders ORDER BY rowid")
    .all()
    .map(({ name }) => name);

/** The keys and values of the markers in a database. */
export const markersIn = (database: DatabaseSync, table = "holdfast_step"): unknown[][] =>
  database
    .prepare(`SELECT key, value FROM ${table} ORDER BY rowid`)
    .all()
    .map(({ key, value }) => [key, value]);
