/**
 * Finds known secrets in text, letter by letter, also where they were encoded on the way: as JSON,
 * as a part of a URL, and as base64, even in the middle of something longer ("user:password").
 */

import { LiteralTree } from "./literal-tree.ts";

/** What stands in a secret's place. */
export const MASK = "***";

/** Encoded forms are only sought of secrets up to this length; longer ones are files. */
const LONGEST_ENCODED = 8_192;
/** A shorter piece of base64 would be found in words. */
const SHORTEST_PIECE = 6;
/** The lines of a key that is one per line give it away too. */
const SHORTEST_LINE = 12;

/** Secrets, in every form in which they may stand in text. */
export class KnownSecrets {
  /** How many secrets have a form. */
  readonly #counts = new Map<string, number>();
  readonly #tree = new LiteralTree();

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  add(secret: string): void {
    for (const form of formsOf(secret)) {
      const count = this.#counts.get(form) ?? 0;
      this.#counts.set(form, count + 1);
      if (count === 0) this.#tree.add(form);
    }
  }

  /** Forgets one that was added. */
  delete(secret: string): void {
    for (const form of formsOf(secret)) {
      const count = this.#counts.get(form) ?? 0;
      if (count > 1) this.#counts.set(form, count - 1);
      else {
        this.#counts.delete(form);
        this.#tree.delete(form);
      }
    }
  }

  get isEmpty(): boolean {
    return this.#tree.isEmpty;
  }

  /** Whether the whole of `text` is a secret. */
  has(text: string): boolean {
    return this.#counts.has(text);
  }

  /** How long the secret is that stands in `text` at `index`, the longest of several; 0 for none. */
  lengthAt(text: string, index: number): number {
    return this.#tree.lengthAt(text, index);
  }

  /** Whether a secret begins with `start`, and goes on. */
  hasLonger(start: string): boolean {
    return this.#tree.hasLonger(start);
  }
}

/** Whether one of the secrets stands somewhere in `text`. */
export function holdsKnown(text: string, known: readonly KnownSecrets[]): boolean {
  return findKnown(text, known, 0) !== undefined;
}

/** `text` with the secrets masked, also one whose end was cut off. */
export function maskKnown(text: string, known: readonly KnownSecrets[]): string {
  const pieces: string[] = [];
  let doneIndex = 0;
  for (let found = findKnown(text, known, 0); found; found = findKnown(text, known, doneIndex)) {
    pieces.push(text.slice(doneIndex, found.index), MASK);
    doneIndex = found.index + found.length;
  }
  return maskCut([...pieces, text.slice(doneIndex)].join(""), known);
}

/** The first secret from `fromIndex` on, and of those that begin there the longest. */
function findKnown(
  text: string,
  known: readonly KnownSecrets[],
  fromIndex: number,
): { readonly index: number; readonly length: number } | undefined {
  const some = known.filter((secrets) => !secrets.isEmpty);
  if (some.length === 0) return undefined;
  for (let index = fromIndex; index < text.length; index++) {
    let length = 0;
    for (const secrets of some) length = Math.max(length, secrets.lengthAt(text, index));
    if (length > 0) return { index, length };
  }
  return undefined;
}

function formsOf(secret: string): Set<string> {
  const text = secret.toWellFormed();
  const forms = new Set(text.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE));
  // A single letter is in everything.
  if (text.length > 1) forms.add(text);
  if (text.length < 2 || text.length > LONGEST_ENCODED) return forms;
  const escaped = JSON.stringify(text).slice(1, -1);
  return new Set([...forms, escaped, ...urlForms(text), ...base64Forms(text)]);
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
function maskCut(text: string, known: readonly KnownSecrets[]): string {
  if (!text.includes("…")) return text;
  const pieces = text.split("…");
  const last = pieces.pop() ?? "";
  return [...pieces.map((piece) => maskEnd(piece, known)), last].join("…");
}

function maskEnd(piece: string, known: readonly KnownSecrets[]): string {
  for (let index = 0; index <= piece.length - SHORTEST_CUT; index++) {
    const end = piece.slice(index);
    if (known.some((secrets) => secrets.hasLonger(end))) return `${piece.slice(0, index)}${MASK}`;
  }
  return piece;
}
