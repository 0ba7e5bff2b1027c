/**
 * An error as it goes from one process to another: as plain data, and back as alive as it can be made.
 * Our own errors keep their class, for `instanceof` decides what follows from them.
 */

import { denialOf } from "./denial.ts";
import { summariseError, type ErrorSummary } from "./error-summary.ts";
import * as errors from "./errors.ts";
import { knownFault, OWN_FAULT, rememberFault, type Fault } from "./fault.ts";

/** See the header. Survives the structured clone. */
export interface PackedError {
  readonly summary: ErrorSummary;
  readonly isOwn: boolean;
  /** The data of our own errors and of refusals, besides what the summary has. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly fault?: Fault | undefined;
}

/** One of our own whose class is not known here. */
class ReportedError extends errors.HoldfastError {
  readonly code: string = "";
}

/** By code. Those that are abstract have none, and are never made. */
const CLASSES: ReadonlyMap<string, object> = new Map(
  Object.values(errors)
    .filter((value) => typeof value === "function" && "prototype" in value)
    .map(({ prototype }: { prototype: object }) => [nameOf(prototype), prototype]),
);

function nameOf(prototype: object): string {
  const getter = Object.getOwnPropertyDescriptor(prototype, "name")?.get;
  return getter === undefined ? "" : String(getter.call(prototype));
}

/** Packs whatever was thrown. Never throws. */
export function packError(error: unknown): PackedError {
  const isOwn = errors.isHoldfastError(error);
  const fault = isOwn ? error[OWN_FAULT] : knownFault(error);
  const isTold = isOwn || denialOf(error) !== undefined;
  const entries = isTold ? Object.entries(error as object) : [];
  return {
    summary: summariseError(error),
    isOwn,
    fields: Object.fromEntries(entries.filter(([, value]) => isPlain(value))),
    ...(fault === undefined ? {} : { fault }),
  };
}

/** An error that looks like the packed one, and is classified as it was. */
export function unpackError({ summary, isOwn, fields, fault }: PackedError): Error {
  const { cause } = summary;
  const options =
    cause === undefined ? {} : { cause: unpackError({ summary: cause, isOwn: false, fields: {} }) };
  const error = new Error(summary.message, options);
  Object.defineProperty(error, "stack", { value: summary.stack, configurable: true });
  if (isOwn) Object.setPrototypeOf(error, CLASSES.get(summary.type) ?? ReportedError.prototype);
  else Object.defineProperty(error, "name", { value: summary.type, configurable: true });
  Object.assign(error, summary.code === undefined ? {} : { code: summary.code }, fields);
  if (fault !== undefined) rememberFault(error, fault);
  return error;
}

function isPlain(value: unknown): boolean {
  return (
    ["string", "number", "boolean"].includes(typeof value) ||
    (Array.isArray(value) && value.every((entry) => typeof entry === "string"))
  );
}
