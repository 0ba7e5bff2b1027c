/** Searches for runs and steps: SQL that depends on what is asked. */

import { nameText, type SettledFilter, type SettledStepFilter } from "../records.ts";
import { quoted } from "./schema.ts";

/** A statement and its parameters. */
export interface Query {
  readonly text: string;
  readonly values: unknown[];
}

/** The records of the runs that fit `filter`, the newest first; of two at once, the later written. */
export function findRuns(schema: string, filter: SettledFilter): Query {
  const { automation, status, id, lock, parentId, limit } = filter;
  const query = new Conditions();
  query.add(automation, (name) => `automation = ${name}`);
  query.add(status, (word) => `status = ${word}`);
  // Each half by an index of its own.
  query.add(
    id,
    (part) => `(${begins("id", part)} OR ${begins("reverse(id)", `reverse(${part})`)})`,
  );
  query.add(lock, (name) => `(lock = ${name} AND is_unfinished)`);
  query.add(parentId, (parent) => `parent_id = ${parent}`);
  const { where, values } = query;
  return {
    text: `SELECT record FROM ${quoted(schema)}.runs ${where}
      ORDER BY number DESC LIMIT $${values.length + 1}`,
    values: [...values, rowLimit(limit)],
  };
}

/** The records of the steps of a run that fit `filter`, in order. */
export function findSteps(schema: string, runId: string, filter: SettledStepFilter): Query {
  const { task, map, kind, after, limit } = filter;
  const query = new Conditions();
  query.add(runId, (id) => `run_id = ${id}`);
  query.add(task, (name) => `task = ${name}`);
  if (task === undefined && map === undefined) query.require("map IS NULL");
  query.add(map, (name) => `map = ${name}`);
  query.add(kind, (word) => `kind = ${word}`);
  query.addNumber(after, (position) => `position > ${position}`);
  const { where, values } = query;
  return {
    text: `SELECT record FROM ${quoted(schema)}.steps ${where}
      ORDER BY position, number LIMIT $${values.length + 1}`,
    values: [...values, rowLimit(limit)],
  };
}

/** Postgres's word for "no limit" is null. */
export function rowLimit(limit: number): number | null {
  return limit === Infinity ? null : limit;
}

function begins(column: string, part: string): string {
  return `${column} >= ${part} AND ${column} < ${part} || chr(1114111)`;
}

/** Those conditions whose values are given. */
class Conditions {
  readonly #conditions: string[] = [];
  readonly values: unknown[] = [];

  add(value: string | undefined, condition: (parameter: string) => string): void {
    if (value === undefined) return;
    this.values.push(nameText(value));
    this.#conditions.push(condition(`$${this.values.length}::text`));
  }

  addNumber(value: number | undefined, condition: (parameter: string) => string): void {
    if (value === undefined) return;
    this.values.push(value);
    this.#conditions.push(condition(`$${this.values.length}::float8`));
  }

  require(condition: string): void {
    this.#conditions.push(condition);
  }

  get where(): string {
    return this.#conditions.length === 0 ? "" : `WHERE ${this.#conditions.join(" AND ")}`;
  }
}
