/**
 * What SQLite's result codes mean: those of `node:sqlite` by number (`errcode`), those of other
 * drivers by name (`code` as `SQLITE_BUSY` or, extended, `SQLITE_BUSY_SNAPSHOT`).
 *
 * A statement that fails has no effect: SQLite takes it back. Source: sqlite.org/rescode.html.
 */

import type { Fault } from "../core/fault.ts";
import type { Meaning } from "./code-table.ts";
import { findNumber, findText } from "./property.ts";

/** One primary result code. */
export interface SqliteRow {
  readonly number: number;
  readonly code: string;
  readonly meaning: Meaning;
}

/** The primary result codes that mean a failure. @internal */
export const SQLITE_ROWS: readonly SqliteRow[] = [
  row(1, "SQLITE_ERROR", ["fatal", "none"]),
  row(2, "SQLITE_INTERNAL", ["fatal", "unknown"]),
  row(3, "SQLITE_PERM", ["fatal", "none"]),
  row(4, "SQLITE_ABORT", ["transient", "none"]),
  row(5, "SQLITE_BUSY", ["transient", "none"]),
  row(6, "SQLITE_LOCKED", ["transient", "none"]),
  row(7, "SQLITE_NOMEM", ["degraded", "none"]),
  row(8, "SQLITE_READONLY", ["fatal", "none"]),
  row(9, "SQLITE_INTERRUPT", ["unknown", "none"]),
  row(10, "SQLITE_IOERR", ["fatal", "unknown"]),
  row(11, "SQLITE_CORRUPT", ["fatal", "unknown"]),
  row(12, "SQLITE_NOTFOUND", ["fatal", "none"]),
  row(13, "SQLITE_FULL", ["degraded", "none"]),
  row(14, "SQLITE_CANTOPEN", ["fatal", "none"]),
  row(15, "SQLITE_PROTOCOL", ["transient", "none"]),
  row(17, "SQLITE_SCHEMA", ["transient", "none"]),
  row(18, "SQLITE_TOOBIG", ["fatal", "none"]),
  row(19, "SQLITE_CONSTRAINT", ["fatal", "none"]),
  row(20, "SQLITE_MISMATCH", ["fatal", "none"]),
  row(21, "SQLITE_MISUSE", ["fatal", "unknown"]),
  row(22, "SQLITE_NOLFS", ["fatal", "none"]),
  row(23, "SQLITE_AUTH", ["fatal", "none"]),
  row(25, "SQLITE_RANGE", ["fatal", "none"]),
  row(26, "SQLITE_NOTADB", ["fatal", "none"]),
];

function row(number: number, code: string, meaning: Meaning): SqliteRow {
  return { number, code, meaning };
}

/** The fault of an error that SQLite reported. */
export function sqliteFault(error: object): Fault | undefined {
  const found = findRow(error);
  if (found === undefined) return undefined;
  const [faultClass, effect] = found.meaning;
  return { class: faultClass, code: found.code, effect };
}

function findRow(error: object): SqliteRow | undefined {
  const code = findText(error, "code") ?? "";
  if (code === "ERR_SQLITE_ERROR") {
    // An extended code holds the primary one in its lowest eight bits.
    const primary = (findNumber(error, "errcode") ?? 0) & 0xff;
    return SQLITE_ROWS.find((known) => known.number === primary);
  }
  if (!code.startsWith("SQLITE_")) return undefined;
  return SQLITE_ROWS.find((known) => code === known.code || code.startsWith(`${known.code}_`));
}
