/**
 * Values as text: JSON, and what JSON cannot say.
 *
 * A `Date`, `Map`, `Set`, bigint, bytes, `undefined`, `NaN`, an infinity, `-0` and an object without
 * prototype are written as `{"$holdfast": [kind, content]}`. An object of the user's that has such a
 * key itself is written the same way, with the kind "object", so that what is read back is always
 * what was handed in. Whatever cannot come back as it was is refused, by its place: a value that is
 * journaled wrongly would be noticed only by the run that is resumed from it.
 */

import { JournalError } from "../core/errors.ts";
import { clip, show } from "../core/show.ts";
import { Encoder, TAG } from "./encoder.ts";

/** Room for results, not for payloads: every resume reads all values of a run. */
const MAX_BYTES = 1_000_000;

/** How much may be written. */
export interface ValueLimits {
  /** The most bytes that the text may take in UTF-8. Default 1,000,000. */
  readonly maxBytes?: number | undefined;
}

/**
 * Writes plain objects and arrays, text, numbers, booleans, `null`, `undefined`, bigints, `Date`,
 * `Map`, `Set`, `Uint8Array`, `Buffer` and `ArrayBuffer`, at most 100 deep. An object that stands
 * in two places comes back as two.
 *
 * @param what What the value is, as it stands in the message.
 * @throws {ValueError} For anything else: a function, a symbol, an instance of a class, a cycle, an
 * accessor, a hole in an array, or more than `maxBytes`. The message says where it stands.
 */
export function encodeValue(value: unknown, what: string, limits: ValueLimits = {}): string {
  const encoder = new Encoder(what, limits.maxBytes ?? MAX_BYTES);
  encoder.write(value);
  return encoder.text();
}

/**
 * Reads what `encodeValue` wrote.
 *
 * @throws {JournalError} When the text is damaged, or holds a kind of value that is not known here.
 */
export function decodeValue(text: string): unknown {
  try {
    return revive(JSON.parse(text));
  } catch (error) {
    throw new JournalError(`A value in the journal cannot be read: ${clip(String(error), 200)}`, {
      cause: error,
    });
  }
}

const REVIVERS: ReadonlyMap<unknown, (content: never) => unknown> = new Map<
  unknown,
  (content: never) => unknown
>([
  ["undefined", () => undefined],
  ["number", (text: string) => Number(text)],
  ["bigint", (text: string) => BigInt(text)],
  ["date", (time: number | null) => new Date(time ?? Number.NaN)],
  ["map", (pairs: [unknown, unknown][]) => new Map(revivePairs(pairs))],
  ["set", (members: unknown[]) => new Set(members.map(revive))],
  ["object", (pairs: [string, unknown][]) => Object.fromEntries(revivePairs(pairs))],
  [
    "bare",
    (pairs: [string, unknown][]) =>
      Object.setPrototypeOf(Object.fromEntries(revivePairs(pairs)), null) as object,
  ],
  ["buffer", (base64: string) => Buffer.from(base64, "base64")],
  ["bytes", (base64: string) => toBytes(base64)],
  ["arraybuffer", (base64: string) => toBytes(base64).buffer],
]);

function revive(node: unknown): unknown {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map(revive);
  if (!Object.hasOwn(node, TAG)) {
    // Not by assignment: a key may be "__proto__".
    return Object.fromEntries(Object.entries(node).map(([key, member]) => [key, revive(member)]));
  }
  const [kind, content] = (node as { [TAG]: [kind: unknown, content: unknown] })[TAG];
  const read = REVIVERS.get(kind);
  if (read === undefined) throw new Error(`unknown kind of value: ${show(kind)}`);
  return read(content as never);
}

function revivePairs<Key>(pairs: readonly (readonly [Key, unknown])[]): [Key, unknown][] {
  return pairs.map(([key, member]) => [revive(key) as Key, revive(member)]);
}

/** Bytes in memory of their own: a `Buffer` may share its memory with others. */
function toBytes(base64: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64, "base64"));
}
