/**
 * Failures of gRPC calls: what a status code means, as data, and how an error of @grpc/grpc-js tells it.
 *
 * Sources: doc/statuscodes.md of grpc/grpc, for who makes which code when; google/rpc/code.proto, for
 * what each means; and proposal A6 of grpc/proposal, for pushback.
 */

import type { Fault } from "../core/fault.ts";
import type { Meaning } from "./code-table.ts";
import { findNumber, findProperty, findText } from "./property.ts";

/** One status code that is a failure. */
export interface GrpcRow {
  readonly number: number;
  /** That of the fault: `GRPC_` and the status's name. */
  readonly code: string;
  readonly meaning: Meaning;
}

/** The status codes that mean a failure: all but 0. @internal */
export const GRPC_ROWS: readonly GrpcRow[] = [
  // Somebody wanted it to end, as an AbortError says. The caller's own abort never comes here.
  row(1, "CANCELLED", ["fatal", "unknown"]),
  row(2, "UNKNOWN", ["unknown", "unknown"]),
  row(3, "INVALID_ARGUMENT", ["fatal", "none"]),
  row(4, "DEADLINE_EXCEEDED", ["timeout", "unknown"]),
  row(5, "NOT_FOUND", ["fatal", "none"]),
  row(6, "ALREADY_EXISTS", ["fatal", "none"]),
  row(7, "PERMISSION_DENIED", ["fatal", "none"]),
  // A quota; but the library says it as well of an answer that is too large for the client.
  row(8, "RESOURCE_EXHAUSTED", ["transient", "unknown"]),
  row(9, "FAILED_PRECONDITION", ["fatal", "none"]),
  // A transaction that met another one. Work that is a part of one is to be run again as a whole.
  row(10, "ABORTED", ["transient", "none"]),
  row(11, "OUT_OF_RANGE", ["fatal", "none"]),
  // Also an answer that is not the one message that was to come: then the method has run.
  row(12, "UNIMPLEMENTED", ["fatal", "unknown"]),
  row(13, "INTERNAL", ["degraded", "unknown"]),
  // Also a connection that broke after the request had gone out.
  row(14, "UNAVAILABLE", ["degraded", "unknown"]),
  row(15, "DATA_LOSS", ["fatal", "unknown"]),
  row(16, "UNAUTHENTICATED", ["fatal", "none"]),
];

function row(number: number, name: string, meaning: Meaning): GrpcRow {
  return { number, code: `GRPC_${name}`, meaning };
}

/** Where pushback makes it sure that the server itself refused, before anything happened. */
const REFUSALS: ReadonlySet<string> = new Set(["GRPC_RESOURCE_EXHAUSTED", "GRPC_UNAVAILABLE"]);

/**
 * The fault of a failed gRPC call. What is no ServiceError is left alone: many errors have a number as
 * their `code`, but none of them `details` in words and `metadata` that can be asked.
 */
export function grpcFault(error: object): Fault | undefined {
  const number = findNumber(error, "code");
  if (number === undefined || findText(error, "details") === undefined) return undefined;
  const metadata = findProperty(error, "metadata");
  if (typeof findProperty(metadata, "get") !== "function") return undefined;
  const found = GRPC_ROWS.find((known) => known.number === number);
  return found && withPushback(found, findPushback(metadata));
}

/** The key of pushback, and its form: a 32-bit integer without leading zeros. A6, "Pushback". */
const PUSHBACK = "grpc-retry-pushback-ms";
const MILLISECONDS = /^(?:0|[1-9]\d{0,9})$/;
const LONGEST_MS = 2 ** 31 - 1;

function withPushback({ code, meaning }: GrpcRow, pushback: unknown): Fault {
  const [faultClass, effect] = meaning;
  if (pushback === undefined) return { class: faultClass, code, effect };
  const isWait = typeof pushback === "string" && MILLISECONDS.test(pushback);
  const retryAfterMs = isWait ? Number(pushback) : Infinity;
  // What is negative, or no such number, asks for no retry at all.
  if (retryAfterMs > LONGEST_MS) return { class: "fatal", code, effect };
  return { class: faultClass, code, effect: REFUSALS.has(code) ? "none" : effect, retryAfterMs };
}

/** What the server said of another attempt; `undefined` where it said nothing. */
function findPushback(metadata: unknown): unknown {
  try {
    const values: unknown = (metadata as { get(key: string): unknown }).get(PUSHBACK);
    return Array.isArray(values) ? values[0] : undefined;
  } catch {
    return undefined;
  }
}
