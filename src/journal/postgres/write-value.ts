/** Writes a shared value, once, however often it has to be asked. */

import type { SharedChange } from "../../core/shared-state.ts";
import { nameText } from "../records.ts";
import { codeOf } from "./errors.ts";
import type { PostgresClient } from "./pool.ts";
import type { Statements } from "./statements.ts";

/** A change, and by what a repetition knows that it was made. */
export interface TokenedChange extends SharedChange {
  readonly token: string;
  /** An attempt before this one had no answer, and may have been made. */
  readonly isRepeated: boolean;
}

/** Answers whether the value was written, by this attempt or by an earlier one. */
export async function writeValue(
  client: PostgresClient,
  statements: Statements,
  change: TokenedChange,
): Promise<boolean> {
  const { token, isRepeated } = change;
  if (isRepeated && (await wasMade(client, statements, token))) return true;
  try {
    if (await attempt(client, statements, change)) return true;
  } catch (error) {
    // Only the token can be there twice: the earlier attempt was still under way, and made it.
    if (codeOf(error) === "23505") return true;
    throw error;
  }
  // The earlier attempt may have been made while this one was.
  return isRepeated && wasMade(client, statements, token);
}

async function attempt(
  client: PostgresClient,
  statements: Statements,
  change: TokenedChange,
): Promise<boolean> {
  const { key: name, value, replaces, atMs, token } = change;
  const key = nameText(name);
  if (value === undefined) {
    if (replaces === 0) return (await client.query(statements.findState, [key])).rows.length === 0;
    const values = [token, key, replaces ?? null];
    const { rows } = await client.query(statements.deleteState, values);
    return rows.length > 0 || replaces === undefined;
  }
  const values: unknown[] = [token, key, nameText(value), atMs];
  if (replaces !== undefined && replaces > 0) values.push(replaces);
  const { rows } = await client.query(statements[statementFor(replaces)], values);
  return rows.length > 0;
}

function statementFor(replaces: number | undefined): "putState" | "insertState" | "replaceState" {
  if (replaces === undefined) return "putState";
  return replaces === 0 ? "insertState" : "replaceState";
}

async function wasMade(
  client: PostgresClient,
  { findWrite }: Statements,
  token: string,
): Promise<boolean> {
  return (await client.query(findWrite, [token])).rows.length > 0;
}
