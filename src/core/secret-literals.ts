/**
 * Finds known secrets in text, letter by letter, also where they were encoded on the way: as JSON,
 * as a part of a URL, and as base64, even in the middle of something longer ("user:password").
 */

/** What stands in a secret's place. */
export const MASK = "***";

/** Masks known secrets. */
export interface LiteralMask {
  mask(text: string): string;
  /** Whether a secret stands somewhere in `text`. */
  isIn(text: string): boolean;
  /** Whether the whole of `text` is a secret. */
  is(text: string): boolean;
}

/** Encoded forms are only sought of secrets up to this length; longer ones are files. */
const LONGEST_ENCODED = 8_192;
/** A shorter piece of base64 would be found in words. */
const SHORTEST_PIECE = 6;
/** The lines of a key that is one per line give it away too. */
const SHORTEST_LINE = 12;

/** Makes a mask for these secrets. */
export function literalMask(secrets: Iterable<string>): LiteralMask {
  const forms = new Set([...secrets].flatMap(formsOf));
  forms.delete("");
  if (forms.size === 0) return { mask: (text) => text, isIn: () => false, is: () => false };
  // The longest first, so that no secret hides the rest of one that it begins.
  const literals = [...forms].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(literals.map((literal) => RegExp.escape(literal)).join("|"), "g");
  return {
    mask: (text) => maskCut(text.replaceAll(pattern, MASK), literals),
    isIn: (text) => text.search(pattern) >= 0,
    is: (text) => forms.has(text),
  };
}

function formsOf(secret: string): string[] {
  const text = secret.toWellFormed();
  const lines = text.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE);
  if (text.length > LONGEST_ENCODED) return [text, ...lines];
  const escaped = JSON.stringify(text).slice(1, -1);
  return [text, ...lines, escaped, ...urlForms(text), ...base64Forms(text)];
}

function urlForms(text: string): string[] {
  const forms = [encodeURIComponent(text), new URLSearchParams([["", text]]).toString().slice(1)];
  return [
    ...forms,
    ...forms.map((form) => form.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
  ];
}

/**
 * Base64 turns three bytes into four characters, so text in the middle of longer text looks one of
 * three ways. The characters at either end that also hold bits of the neighbours are left out.
 */
function base64Forms(text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  const pieces = [0, 1, 2].map((before) => {
    const whole = toBase64([...Array.from({ length: before }, () => 0), ...bytes]);
    const sharedAtStart = [0, 2, 3][before] ?? 0;
    const ownAtEnd = Math.floor(((before + bytes.length) * 8) / 6);
    return whole.slice(sharedAtStart, ownAtEnd);
  });
  return [toBase64([...bytes]), ...pieces]
    .map((form) => form.replaceAll("=", ""))
    .filter((form) => form.length >= SHORTEST_PIECE)
    .flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

function toBase64(bytes: readonly number[]): string {
  return btoa(bytes.map((byte) => String.fromCharCode(byte)).join(""));
}

/** How much of a secret may be left before the mark of a cut. */
const SHORTEST_CUT = 4;

/** Text that was cut ("…") before it came here may end in the beginning of a secret. */
function maskCut(text: string, literals: readonly string[]): string {
  if (!text.includes("…")) return text;
  const pieces = text.split("…");
  const last = pieces.pop() ?? "";
  return [...pieces.map((piece) => maskEnd(piece, literals)), last].join("…");
}

function maskEnd(piece: string, literals: readonly string[]): string {
  for (const literal of literals) {
    for (let kept = Math.min(literal.length - 1, piece.length); kept >= SHORTEST_CUT; kept--) {
      if (piece.endsWith(literal.slice(0, kept))) return `${piece.slice(0, -kept)}${MASK}`;
    }
  }
  return piece;
}
