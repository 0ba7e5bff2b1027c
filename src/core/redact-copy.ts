/** A copy of anything as plain data without secrets. Never throws, and is bounded in every way. */

import {
  mapEntries,
  maskedNeighbour,
  maskedValue,
  objectEntries,
  type Entry,
} from "./secret-entries.ts";
import { MASK } from "./secret-literals.ts";
import { clip } from "./show.ts";

/** The deepest that we make ourselves is an error's summary: eight errors, each in a list. */
const DEEPEST = 20;
const MOST_ENTRIES = 1_000;
const MOST_IN_ALL = 20_000;
const LONGEST_TEXT = 32_000;
const LONGEST_KEY = 200;

/** How secrets are told, and errors. */
export interface Masks {
  /** The text with its secrets masked. */
  readonly text: (input: string) => string;
  /** Whether the whole text is a known secret. */
  readonly isSecret: (whole: string) => boolean;
  /** What is copied of an error in its place. */
  readonly summarise: (error: Error) => unknown;
}

interface Walk extends Masks {
  /** The objects that hold the present one. */
  readonly above: object[];
  /** How many more values may be copied. */
  left: number;
}

/** Copies `input`; what has no place in plain data is told in brackets: `[circular]`, `[4 bytes]`. */
export function plainCopy(input: unknown, masks: Masks): unknown {
  return copy(input, { ...masks, above: [], left: MOST_IN_ALL });
}

function copy(input: unknown, walk: Walk): unknown {
  switch (typeof input) {
    case "string":
      return walk.text(clip(input, LONGEST_TEXT));
    case "number":
      if (!Number.isFinite(input)) return String(input);
      return walk.isSecret(String(input)) ? MASK : input;
    case "bigint":
    case "symbol":
      return walk.text(clip(String(input), LONGEST_TEXT));
    case "function":
      return "[function]";
    case "object":
      return input === null ? null : copyObject(input, walk);
    case "boolean":
    case "undefined":
      return input;
  }
}

function copyObject(input: object, walk: Walk): unknown {
  if (walk.above.includes(input)) return "[circular]";
  if (walk.above.length >= DEEPEST) return "[too deep]";
  walk.above.push(input);
  try {
    return copyKind(input, walk);
  } catch {
    return "[unreadable]";
  } finally {
    walk.above.pop();
  }
}

function copyKind(input: object, walk: Walk): unknown {
  if (Array.isArray(input)) return copyList(input, input.length, walk);
  if (input instanceof Map) return copyEntries(mapEntries(input), input.size, walk);
  if (input instanceof Set) return copyList(input, input.size, walk);
  if (input instanceof Error) return copy(walk.summarise(input), walk);
  if (input instanceof Date) return dateText(input);
  if (input instanceof RegExp || input instanceof URL) return copy(String(input), walk);
  if (ArrayBuffer.isView(input) || input instanceof ArrayBuffer) {
    return `[${input.byteLength} bytes]`;
  }
  if (input instanceof Promise) return "[promise]";
  const { toJSON } = input as { toJSON?: unknown };
  if (typeof toJSON === "function") return copy(Reflect.apply(toJSON, input, [""]), walk);
  return copyEntries(objectEntries(input), Object.keys(input).length, walk);
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? "[invalid date]" : date.toISOString();
}

function copyList(input: Iterable<unknown>, length: number, walk: Walk): unknown[] {
  const list: unknown[] = [];
  let before: unknown;
  for (const entry of input) {
    if (isFull(list.length, walk)) {
      list.push(`[${length - list.length} more]`);
      break;
    }
    list.push(copy(maskedNeighbour(before, entry, length), walk) ?? null);
    before = entry;
  }
  return list;
}

function copyEntries(entries: Iterable<Entry>, length: number, walk: Walk): object {
  const copied: [string, unknown][] = [];
  for (const entry of entries) {
    if (isFull(copied.length, walk)) {
      copied.push(["…", `[${length - copied.length} more]`]);
      break;
    }
    const plain = copy(maskedValue(entry.value, entry.kind), walk);
    if (plain !== undefined) copied.push([walk.text(clip(entry.key, LONGEST_KEY)), plain]);
  }
  // Unlike an assignment, this makes a plain property even of "__proto__".
  return Object.fromEntries(copied);
}

function isFull(size: number, walk: Walk): boolean {
  walk.left--;
  return size >= MOST_ENTRIES || walk.left < 0;
}
