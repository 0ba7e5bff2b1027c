/** The entries of objects and maps, and what their names say about their values. */

import { MASK } from "./secret-literals.ts";
import { nameKind } from "./secret-names.ts";

/** One entry; `name` is what says whether the value is a secret. */
export interface Entry {
  readonly key: string;
  readonly name: string;
  readonly value: unknown;
}

/** The entries of a map, its keys as text. */
export function mapEntries(map: ReadonlyMap<unknown, unknown>): Iterable<Entry> {
  return map.entries().map(([key, value]) => {
    const text = typeof key === "object" && key !== null ? "[object]" : String(key);
    return { key: text, name: text, value };
  });
}

/** The entries of an object, read one by one; one that cannot be read is `"[unreadable]"`. */
export function objectEntries(input: object): Iterable<Entry> {
  const pairName = nameInPair(input);
  const keys = Object.keys(input).values();
  return keys.map((key) => {
    const name = key === "value" ? (pairName ?? key) : key;
    return { key, name, value: read(input, key) };
  });
}

/** The name in `{ name: "DB_PASSWORD", value: "…" }`, as lists of variables and headers are written. */
function nameInPair(input: object): string | undefined {
  if (!Object.hasOwn(input, "value")) return undefined;
  return ["name", "key"].map((key) => read(input, key)).find((name) => typeof name === "string");
}

function read(input: object, key: string): unknown {
  try {
    return (input as Record<string, unknown>)[key];
  } catch {
    return "[unreadable]";
  }
}

/** The value of an entry, or the mask when its name says that it is a secret. */
export function maskedValue({ name, value }: Entry): unknown {
  const kind = nameKind(name);
  // Whether there is a password is no secret.
  if (kind === "plain" || isEmpty(value) || typeof value === "boolean") return value;
  return kind === "counted" && isCount(value) ? value : MASK;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** How deep the counts of a language model's usage are nested, and then some. */
const DEEPEST_COUNT = 4;

/** Under `tokens` stand counts, `7` or `{ input: 5, output: 2 }`, or the tokens themselves. */
function isCount(value: unknown, depth = 0): boolean {
  if (typeof value === "string") return /^\d{0,12}$/.test(value);
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  if (depth === DEEPEST_COUNT) return false;
  try {
    const isPlain = Object.getPrototypeOf(value) === Object.prototype;
    return isPlain && Object.values(value).every((part) => isCount(part, depth + 1));
  } catch {
    return false;
  }
}
