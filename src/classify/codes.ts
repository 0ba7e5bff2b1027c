/** Faults by the code and the name that an error carries. */

import type { Fault } from "../core/fault.ts";
import { codeLookup } from "./code-table.ts";
import { NODE_CODES, TLS_CODES, UNDICI_CODES } from "./node-codes.ts";
import { findText } from "./property.ts";
import { CALL_ROWS, SOCKET_CODES, SYSTEM_CODES } from "./system-codes.ts";

const findByCode = codeLookup([SYSTEM_CODES, SOCKET_CODES, UNDICI_CODES, NODE_CODES, TLS_CODES]);

/** The fault of an error whose `code` is in the tables; the failing call counts where it tells more. */
export function codeFault(error: object): Fault | undefined {
  const code = findText(error, "code");
  if (code === undefined) return undefined;
  const call = findText(error, "syscall");
  const row =
    call === undefined
      ? undefined
      : CALL_ROWS.find((known) => known.code === code && call.startsWith(known.call));
  if (row === undefined) return findByCode(code);
  const [faultClass, effect] = row.meaning;
  return { class: faultClass, code, effect };
}

/**
 * An abort that is nobody's here: the policies look at their caller's signal before they ask. So the
 * work was cancelled by a signal of its own, which stays aborted. That is somebody's will: another
 * attempt would go against it, and the dependency did nothing.
 */
const ABORTED: Fault = Object.freeze({ class: "fatal", code: "ABORTED", effect: "unknown" });

/** The error of `AbortSignal.timeout`, and of the libraries that took over its name. */
const TIMED_OUT: Fault = Object.freeze({ class: "timeout", code: "TIMED_OUT", effect: "unknown" });

const BY_NAME: ReadonlyMap<string, Fault> = new Map([
  ["AbortError", ABORTED],
  ["TimeoutError", TIMED_OUT],
]);

/** The fault of an error by its name: an abort, told apart from a time limit. */
export function nameFault(error: object): Fault | undefined {
  return BY_NAME.get(findText(error, "name") ?? "");
}
