/** The entries of objects, maps and lists, and what their names say about their values. */

import { MASK } from "./secret-literals.ts";
import { isCountText, nameKind, type NameKind } from "./secret-names.ts";

/** One entry. */
export interface Entry {
  readonly key: string;
  /** The key as it is, which in a map can be anything. */
  readonly original: unknown;
  /** What its name says about its value. */
  readonly kind: NameKind;
  readonly value: unknown;
}

/** The entries of a map, its keys as text. */
export function mapEntries(map: ReadonlyMap<unknown, unknown>): Iterable<Entry> {
  return map.entries().map(([original, value]) => {
    const key = typeof original === "object" && original !== null ? "[object]" : String(original);
    return { key, original, kind: nameKind(key), value };
  });
}

/** The entries of an object, read one by one; one that cannot be read is `"[unreadable]"`. */
export function objectEntries(input: object): Iterable<Entry> {
  const keys = Object.keys(input).values();
  return keys.map((key) => {
    const names = [key, ...namesInPair(input, key)];
    const kind = names.map(nameKind).find((each) => each !== "plain") ?? "plain";
    return { key, original: key, kind, value: read(input, key) };
  });
}

/**
 * The names of a value in a pair such as `{ name: "DB_PASSWORD", value: "…" }`, as lists of variables,
 * headers and tags are written; also `Key` and `Value`, `ParameterKey` and `ParameterValue`.
 */
function namesInPair(input: object, valueKey: string): string[] {
  const before = /^(.{0,40})value$/i.exec(valueKey)?.[1];
  if (before === undefined) return [];
  return ["name", "Name", "NAME", "key", "Key", "KEY"]
    .map((end) => `${before}${end}`)
    .filter((key) => Object.hasOwn(input, key))
    .map((key) => read(input, key))
    .filter((name) => typeof name === "string");
}

function read(input: object, key: string): unknown {
  try {
    return (input as Record<string, unknown>)[key];
  } catch {
    return "[unreadable]";
  }
}

/** Words that say nothing, whatever they stand under; `auth: "none"`. */
const HARMLESS = /^(?:\*+|true|false|null|undefined|none|yes|no)?$/i;

/** Whether text, given by itself or under a name of this kind, is surely no secret. */
export function isHarmlessText(text: string, kind: NameKind): boolean {
  return HARMLESS.test(text) || (kind === "counted" && isCountText(text));
}

/** The value, or the mask when its name says that it is a secret. */
export function maskedValue(value: unknown, kind: NameKind): unknown {
  if (kind === "plain" || value === undefined || value === null) return value;
  // Whether there is a password is no secret.
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return isHarmlessText(value, kind) ? value : MASK;
  return kind === "counted" && isCount(value) ? value : MASK;
}

/** How deep the counts of a language model's usage are nested, and then some. */
const DEEPEST_COUNT = 4;

/** Under `tokens` stand counts, `7` or `{ input: 5, output: 2 }`, or the tokens themselves. */
function isCount(value: unknown, depth = 0): boolean {
  if (typeof value === "string") return isCountText(value);
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

/** What is shorter is more likely a word or a count than a secret. */
export const SHORTEST_SECRET = 6;

/** A word of one's language, such as "basic" or "Unauthorized"; no key of letters alone is that short. */
const WORD = /^(?:[A-Z]?[a-z]{1,10}|[A-Z]{1,10})$/;

/** How it stands with a password. */
const STATE =
  /^(?:missing|absent|present|invalid|expired|changed|unchanged|rotated|required|optional|enabled|disabled|unknown|default|redacted|hidden|failed|accepted|rejected)$/i;

/** Whether the name that a leaf of data stands under is reason enough to refuse it. */
export function isRefusedByName(text: string, kind: NameKind): boolean {
  if (kind === "plain" || kind === "masked" || text.length < SHORTEST_SECRET) return false;
  const isWord = (kind === "chosen" ? STATE : WORD).test(text);
  return !isWord && !isHarmlessText(text, kind);
}

/** A name, or an option such as `--password`. */
const NAME = /^(?:--?)?[A-Za-z][\w.-]{0,80}:?$/;
/** The options of curl and others that take `user:password`. */
const USER = /^(?:-u|--user|--proxy-user)$/;

/**
 * A value in a list of `length`, masked when the text `before` it says that it is a secret: headers
 * and arguments are often written as `["X-Api-Key", "…"]`, `["mysql", "--password", "…"]`.
 */
export function maskedNeighbour(before: unknown, value: unknown, length: number): unknown {
  if (typeof before !== "string" || !NAME.test(before)) return value;
  const isOption = before.startsWith("-");
  if (typeof value === "string") {
    if (USER.test(before)) return maskedUser(value);
    if (isOption && value.startsWith("-")) return value;
    // It may be a list of words, such as "password", "email" and "city".
    if (!isOption && length > 2 && WORD.test(value)) return value;
  }
  return maskedValue(value, nameKind(before));
}

/** `-u ann:***`; not a user and a group in digits, a time such as `+%H:%M` or a place of a host. */
function maskedUser(text: string): string {
  return /^\d*:\d*$|^\+|:\//.test(text) ? text : text.replace(/:[^]+$/, `:${MASK}`);
}
