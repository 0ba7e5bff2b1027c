/** Lists and objects as they stand in text: JSON, what the console prints, Python. */

/** "…" with escapes, '…', or \\"…\\" as it stands within JSON in JSON; cut off or not. A pattern. */
export const QUOTED: string = String.raw`"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\\+"(?:[^\\"]|\\(?!"))*(?:\\+")?`;

/**
 * What counts for brackets: quoted text, in which they do not; in the first group what is no more of
 * the data, a line of a stack or one that begins with a word; each bracket; all else.
 */
const PART = new RegExp(
  String.raw`${QUOTED}|(\n[ \t]+at |\n(?![ \t"'[\](){}]))|[[{(\])}]|[^"'\\[\](){}\n]+|\\+|\n`,
  "y",
);

/** Whether `text` is an opening bracket. */
export function isBracket(text: string): boolean {
  return text === "[" || text === "{" || text === "(";
}

/** What begins with the bracket at `startIndex`, up to its partner, or, cut off, to the end of the data. */
export function readBracketed(text: string, startIndex: number): string {
  let depth = 0;
  PART.lastIndex = startIndex;
  for (let found = PART.exec(text); found !== null; found = PART.exec(text)) {
    const [part, end] = found;
    if (end !== undefined) return text.slice(startIndex, found.index);
    if (isBracket(part)) depth++;
    if (part === "]" || part === "}" || part === ")") depth--;
    if (depth === 0) return text.slice(startIndex, PART.lastIndex);
  }
  return text.slice(startIndex);
}

/** Whether nothing is in it. */
export function isEmptyList(text: string): boolean {
  return /^.\s*[\])}]$/.test(text);
}

/** Whether it is an object of numbers, or of such objects: `{"input":12,"cache":{"read":3}}`. */
export function isCountList(text: string): boolean {
  return /^\{(?:[\s,{}]|[\w"'\\-]+\s*:|\b\d{1,12}\b)*\}$/.test(text);
}
