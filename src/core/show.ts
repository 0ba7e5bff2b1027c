/** Any value as short text for a message, never more than 60 characters and never an error. */

const LONGEST = 60;

/** As names of classes are spoken: an Error and an Upload, but a URL, a Uint8Array and a User. */
const BEGINS_WITH_VOWEL = /^(?:[aio]|e(?!u)|u[mnp](?!i))/i;

/** How `value` is shown in messages: text quoted, objects by their kind, long text cut. */
export function show(value: unknown): string {
  return clip(describe(value), LONGEST);
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(clip(value, LONGEST - 2));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (value === null || typeof value !== "object") return String(value);
  try {
    if (Array.isArray(value)) return "an array";
    const kind = (value.constructor as { name?: unknown } | undefined)?.name;
    if (typeof kind !== "string" || kind === "Object" || kind === "") return "an object";
    return `${BEGINS_WITH_VOWEL.test(kind) ? "an" : "a"} ${kind}`;
  } catch {
    // A getter that throws, or a proxy that was revoked.
    return "an object";
  }
}

/** `text` cut to at most `longest` characters, the last being "…" when it was cut. */
export function clip(text: string, longest: number): string {
  if (text.length <= longest) return text;
  // Half of a pair at the cut would be no character.
  return `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
