/**
 * The table in the user's own database that says which transactions happened, by the keys of their
 * steps. A marker is written in the transaction itself, so that both are there or neither.
 *
 * The marker comes first: another attempt under the same key, of a process that was thought to be
 * dead, waits for the first one's end at the table's own key, and then finds that it happened.
 */

import { OptionsError } from "../../core/errors.ts";
import { show } from "../../core/show.ts";
import type { Door, Transaction } from "./database.ts";

/** The most runs whose markers are looked at by one sweep. */
const MAX_SWEPT = 100;

/** A transaction that happened. Its value is missing when somebody tampered with the table. */
export interface Marker {
  readonly value: string | undefined;
}

/** Reads the table's name: `name` or `schema.name`. */
export function readTable(value: unknown, path: string): string {
  if (value === undefined) return "holdfast_step";
  if (typeof value === "string" && /^[a-z_]\w*(\.[a-z_]\w*)?$/i.test(value)) return value;
  throw new OptionsError(
    path,
    `expected the name of a table such as "holdfast_step" or "jobs.holdfast_step", received ${show(value)}`,
  );
}

/** See the header. */
export class Markers {
  readonly #table: string;

  constructor(table: string) {
    this.#table = table
      .split(".")
      .map((part) => `"${part}"`)
      .join(".");
  }

  /** Makes the table when it is missing. */
  async prepare(door: Door): Promise<void> {
    await door.rows(
      `CREATE TABLE IF NOT EXISTS ${this.#table} ` +
        "(key TEXT PRIMARY KEY, run_id TEXT NOT NULL, value TEXT, at_ms BIGINT NOT NULL)",
    );
  }

  /** Marks the transaction that is open. Answers the marker that was there before, if there was one. */
  async mark(
    { rows }: Transaction,
    { key, runId, atMs }: { readonly key: string; readonly runId: string; readonly atMs: number },
  ): Promise<Marker | undefined> {
    const made = await rows(
      `INSERT INTO ${this.#table} (key, run_id, at_ms) VALUES ($1, $2, $3) ` +
        "ON CONFLICT (key) DO NOTHING RETURNING key",
      key,
      runId,
      atMs,
    );
    if (made.length > 0) return undefined;
    const [found] = await rows(`SELECT value FROM ${this.#table} WHERE key = $1`, key);
    return toMarker(found);
  }

  /** Adds what the transaction answers. */
  async keepValue({ rows }: Transaction, key: string, value: string): Promise<void> {
    await rows(`UPDATE ${this.#table} SET value = $2 WHERE key = $1`, key, value);
  }

  /** Takes the marker away. Answers what it was, if it was there. */
  async remove({ rows }: Transaction, key: string): Promise<Marker | undefined> {
    const [removed] = await rows(`DELETE FROM ${this.#table} WHERE key = $1 RETURNING value`, key);
    return removed === undefined ? undefined : toMarker(removed);
  }

  /** The runs that have markers older than that, at most 100. */
  async oldRuns({ rows }: Door, beforeMs: number): Promise<readonly string[]> {
    const found = await rows(
      `SELECT DISTINCT run_id FROM ${this.#table} WHERE at_ms < $1 LIMIT ${MAX_SWEPT}`,
      beforeMs,
    );
    return found.map((row) => String(row["run_id"]));
  }

  /** Removes the markers of a run that are older than that. */
  async sweep({ rows }: Door, runId: string, beforeMs: number): Promise<void> {
    await rows(`DELETE FROM ${this.#table} WHERE run_id = $1 AND at_ms < $2`, runId, beforeMs);
  }
}

function toMarker(row: Readonly<Record<string, unknown>> | undefined): Marker {
  const value = row?.["value"];
  return { value: typeof value === "string" ? value : undefined };
}
