/** Where in plain data the first secret is, so that it can be refused by name. */

import { mapEntries, maskedValue, objectEntries, type Entry } from "./secret-entries.ts";

interface Place {
  readonly path: string;
  readonly value: unknown;
  /** Its name says that it is a secret. */
  readonly isNamed?: boolean;
}

/**
 * The path of the first secret, `undefined` when there is none. All of the data is looked at,
 * however much there is, for what is left out here would be written.
 */
export function findSecretPath(
  input: unknown,
  isSecret: (text: string) => boolean,
): string | undefined {
  const seen = new Set<object>();
  const waiting: Place[] = [{ path: "", value: input }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { path, value, isNamed = false } = place;
    if (isNamed || isSecret(leafText(value))) return path;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    waiting.push(...placesIn(value, path).toReversed());
  }
  return undefined;
}

function leafText(value: unknown): string {
  const isLeaf =
    typeof value === "string" || typeof value === "number" || typeof value === "bigint";
  return isLeaf ? String(value) : "";
}

function placesIn(value: object, path: string): Place[] {
  if (Array.isArray(value) || value instanceof Set) {
    return Array.from(value as Iterable<unknown>, (entry, index) => ({
      path: `${path}[${index}]`,
      value: entry,
    }));
  }
  const entries: Iterable<Entry> = value instanceof Map ? mapEntries(value) : objectEntries(value);
  return Array.from(entries, (entry) => ({
    path: path === "" ? entry.key : `${path}.${entry.key}`,
    value: entry.value,
    isNamed: maskedValue(entry) !== entry.value,
  }));
}
