/** Options, read as strictly as in `holdfast`, in fewer bytes: a message says what is expected, no more. */

import { findMs } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import type { Reader, Settled } from "../core/options.ts";

/** Reads options with one reader each. @throws {OptionsError} For one that is unknown or does not fit. */
export function settle<Readers extends Record<string, Reader<unknown>>>(
  owner: string,
  given: object,
  readers: Readers,
): Settled<Readers> {
  const settled = Object.keys({ ...readers, ...given }).map((name) => [
    name,
    (readers[name] ?? unknown)((given as Readers)[name], `${owner}.${name}`),
  ]);
  return Object.fromEntries(settled) as Settled<Readers>;
}

/** A whole number of at least 1, or Infinity. */
export function count(byDefault: number): Reader<number> {
  return (value = byDefault, path) =>
    value === Infinity || (Number.isSafeInteger(value) && (value as number) > 0)
      ? (value as number)
      : refuse(path, "expected an integer >= 1, or Infinity");
}

/** A duration, settled to milliseconds. */
export function length(byDefault?: number): Reader<number> {
  return (value = byDefault, path) =>
    findMs(value) ?? refuse(path, 'expected a duration such as 250 or "2s"');
}

/** Something of a kind, and neither null nor empty. */
export function typed<Value>(
  kind: "function" | "object" | "string",
  byDefault?: Value,
): Reader<Value> {
  return (value = byDefault, path) =>
    typeof value === kind && value ? (value as Value) : refuse(path, `expected type ${kind}`);
}

function unknown(_value: unknown, path: string): never {
  refuse(path, "unknown");
}

function refuse(path: string, problem: string): never {
  throw new OptionsError(path, problem);
}
