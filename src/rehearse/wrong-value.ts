/** A value like another, and wrong throughout: of the same shape, so that only a look at it tells. Pure. */

const WRONG_TEXT = "wrong-on-purpose";

/** Deeper than that, it is replaced as a whole. */
const MAX_DEPTH = 8;

/** The same fields, each of them wrong. A list loses its members, and gains one when it had none. */
export function wrongValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return `${WRONG_TEXT}-${value.length}`;
  if (typeof value === "number") return value === -1 ? -2 : -1;
  if (typeof value === "bigint") return value === -1n ? -2n : -1n;
  if (typeof value === "boolean") return !value;
  return typeof value === "object" ? wrongObject(value, depth) : WRONG_TEXT;
}

function wrongObject(value: object | null, depth: number): unknown {
  if (value === null || depth === MAX_DEPTH) return WRONG_TEXT;
  if (Array.isArray(value)) return value.length === 0 ? [WRONG_TEXT] : [];
  if (value instanceof Date) return new Date(0);
  if (value instanceof Uint8Array) return new Uint8Array(value.length + 1);
  if (value instanceof Map)
    return value.size === 0 ? new Map([[WRONG_TEXT, WRONG_TEXT]]) : new Map();
  if (value instanceof Set) return value.size === 0 ? new Set([WRONG_TEXT]) : new Set();
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, wrongValue(member, depth + 1)]),
  );
}
