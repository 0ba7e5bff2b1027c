/**
 * What Postgres says by SQLSTATE, and how the errors of its drivers carry it.
 *
 * A statement that fails has no effect: Postgres takes it back, and with it its transaction. Only where
 * the connection broke may a commit have gone through. Source: postgresql.org/docs/current/errcodes-appendix.html.
 */

import type { Fault } from "../core/fault.ts";
import type { Meaning } from "./code-table.ts";
import { findText } from "./property.ts";

/** By the five signs of a state, or by the two of its class. */
export const SQLSTATES: Readonly<Record<string, Meaning>> = {
  // The connection: did the statement arrive?
  "08": ["transient", "unknown"],
  // It was never made.
  "08001": ["transient", "none"],
  "08004": ["transient", "none"],
  "21": ["fatal", "none"],
  "22": ["fatal", "none"],
  // On a second attempt perhaps by the first one, so it is worth a look.
  "23": ["fatal", "none"],
  "25": ["fatal", "none"],
  // A standby, after a failover: another connection reaches the primary.
  "25006": ["degraded", "none"],
  // Ended for being idle within a transaction, which was taken back.
  "25P03": ["transient", "none"],
  "26": ["fatal", "none"],
  "28": ["fatal", "none"],
  "3D": ["fatal", "none"],
  "3F": ["fatal", "none"],
  // Met another transaction: the whole of this one is to be run again.
  "40": ["transient", "none"],
  // Nobody knows whether it was committed.
  "40003": ["transient", "unknown"],
  "42": ["fatal", "none"],
  // Room, memory, connections.
  "53": ["degraded", "none"],
  "54": ["fatal", "none"],
  "55": ["fatal", "none"],
  "55006": ["transient", "none"],
  "55P03": ["transient", "none"],
  "57014": ["timeout", "none"],
  // Ended while a commit may have been on its way.
  "57P01": ["transient", "unknown"],
  "57P02": ["transient", "unknown"],
  "57P03": ["transient", "none"],
  "57P05": ["transient", "none"],
  // The server's own disk.
  "58": ["fatal", "unknown"],
  XX: ["fatal", "unknown"],
};

const STATE = /^[0-9A-Z]{5}$/;

/** What a state means; `undefined` where neither it nor its class is in the table. */
export function sqlStateFault(state: string): Fault | undefined {
  if (!STATE.test(state)) return undefined;
  const meaning = SQLSTATES[state] ?? SQLSTATES[state.slice(0, 2)];
  return meaning && { class: meaning[0], code: `SQLSTATE_${state}`, effect: meaning[1] };
}

/**
 * The fault of an error of pg, postgres.js or another driver that hands on the server's fields: five
 * signs as `code`, or as `sqlState`, and the `severity` that comes with every error of the server.
 */
export function postgresFault(error: object): Fault | undefined {
  if (findText(error, "severity") === undefined) return undefined;
  return sqlStateFault(findText(error, "code") ?? "");
}
