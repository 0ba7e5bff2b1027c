/** Secrets among the words of a command line, told by what stands before them. Pure. */

import { basename } from "node:path";
import type { Redactor } from "../../core/redact.ts";

/** What a redactor puts in a secret's place. */
const MASK = "***";

/** Options of programs that hold a password right behind their letter, where no name tells it. */
const LETTERS: readonly (readonly [program: RegExp, option: RegExp])[] = [
  [/^(?:mysql|mariadb)/, /^-p(.+)$/s],
  [/^sshpass$/, /^-p(.+)$/s],
];

/** What stands for a secret in a line of a shell, and is none: `$TOKEN`, `${TOKEN}`, `$(cat token)`. */
const REFERENCE = /\$(?:\w+|\{[^}]*\}|\([^)]*\))|`[^`]*`/g;

/** The secrets that the words of a command are, or hold: `--password=…`, `--token …`, `mysql -p…`. */
export function secretsIn(argv: readonly string[], secrets: Redactor): string[] {
  const options = LETTERS.filter(([program]) => program.test(basename(argv[0] ?? "")));
  return argv.flatMap((word, at) => {
    const short = options.map(([, option]) => option.exec(word)?.[1]).find(Boolean);
    if (short !== undefined) return short === MASK ? [] : [short];
    const read = withoutReferences(word);
    return partsOf(read, masked(read, argv[at - 1] ?? "", secrets));
  });
}

/** Longer ones are cut where they are masked by what stands before them. */
const LONGEST_VALUE = 30_000;

function masked(word: string, before: string, secrets: Redactor): string {
  if (word.length > LONGEST_VALUE) return secrets.text(word);
  // Three words, for of two alone more is thought to be a name and its value.
  const [, , own = word] = secrets.value(["", before, word]) as readonly string[];
  return own;
}

/** Whether a line for a shell holds a secret itself. */
export function isSecretLine(line: string, secrets: Redactor): boolean {
  const read = withoutReferences(line);
  return secrets.text(read) !== read;
}

/** Only a line has references: a word with a dollar sign may be a password. */
function withoutReferences(text: string): string {
  return /\s/.test(text) ? text.replaceAll(REFERENCE, "true") : text;
}

/** What the masks took the place of. */
function partsOf(text: string, shown: string): string[] {
  const [first = "", ...rest] = shown.split(MASK);
  const parts: string[] = [];
  let at = first.length;
  for (const [index, between] of rest.entries()) {
    const isLast = index === rest.length - 1;
    const end = isLast && between === "" ? text.length : text.indexOf(between, at);
    if (end === -1) break;
    parts.push(text.slice(at, end));
    at = end + between.length;
  }
  return parts.filter((part) => part !== "" && part !== MASK);
}
