/** The words of a command: what can be told of them before it runs. */

import type { Word, WordPart } from "unbash";

/** How a program reads its options. */
export interface OptionStyle {
  /** The letters of short options that take a value. */
  readonly valued?: string | undefined;
  /** The long options that take a value in the next word. */
  readonly valuedLong?: readonly string[] | undefined;
  /** Whether all that follows the first operand are operands: `redis-cli GET -e`. */
  readonly operandsEnd?: boolean | undefined;
}

/** The options and operands of a command. */
export interface Options {
  /** Whether one of the options was given: `-f`, `--fail`. */
  has(...names: readonly string[]): boolean;
  /** The values of an option, as far as they can be told. */
  valuesOf(...names: readonly string[]): readonly string[];
  /** What is neither an option nor the value of one. */
  readonly operands: readonly Word[];
  /** Whether any option may come of a word: `$FLAGS`, `"${flags[@]}"`. */
  readonly isUnknown: boolean;
}

/** Reads words as getopt does: `-sSfL`, `-ofile`, `--name=value`, `--`. */
export function readOptions(words: readonly Word[], style: OptionStyle = {}): Options {
  const { valued = "", valuedLong = [], operandsEnd = false } = style;
  const values = new Map<string, string[]>();
  const operands: Word[] = [];
  let isUnknown = false;
  let isOver = false;
  const add = (name: string, value = "") => {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  };
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Word;
    if (!isOver && maySplit(word)) isUnknown = true;
    const text = word.value;
    if (isOver || !text.startsWith("-") || text === "-") {
      operands.push(word);
      if (operandsEnd) isOver = true;
    } else if (text === "--") isOver = true;
    else if (text.startsWith("--")) {
      const [name = "", ...rest] = text.split("=");
      const takesNext = rest.length === 0 && valuedLong.includes(name);
      add(name, takesNext ? words[++index]?.value : rest.join("="));
    } else index += readCluster(text, valued, words[index + 1], add);
  }
  return {
    has: (...names) => names.some((name) => values.has(name)),
    valuesOf: (...names) => names.flatMap((name) => values.get(name) ?? []),
    operands,
    isUnknown,
  };
}

/** Reads `-sSfofile`, and answers how many of the following words belong to it. */
function readCluster(
  text: string,
  valued: string,
  next: Word | undefined,
  add: (name: string, value?: string) => void,
): number {
  for (let at = 1; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (!valued.includes(letter)) {
      add(`-${letter}`);
      continue;
    }
    const rest = text.slice(at + 1);
    add(`-${letter}`, rest === "" ? next?.value : rest);
    return rest === "" ? 1 : 0;
  }
  return 0;
}

/**
 * Whether options may come of a word: an array, or a variable without quotes whose name says so. Any
 * other variable is taken for one operand, or nothing could be told of `curl $URL`.
 */
function maySplit({ parts = [] }: Word): boolean {
  const [first] = parts;
  if (first !== undefined && isExpansion(first) && /opt|flag|arg|param/i.test(first.text))
    return true;
  return partsOf(parts).some(isArray);
}

function isExpansion({ type }: WordPart): boolean {
  return type === "SimpleExpansion" || type === "ParameterExpansion" || type === "CommandExpansion";
}

function isArray(part: WordPart): boolean {
  if (part.type === "SimpleExpansion") return part.text === "$@" || part.text === "$*";
  return part.type === "ParameterExpansion" && /^[@*]$/.test(part.index?.value ?? part.parameter);
}

/** Whether all of a word is known: no expansion is in it. */
export function isLiteral({ parts = [] }: Word): boolean {
  return !partsOf(parts).some((part) => isExpansion(part) || part.type === "ArithmeticExpansion");
}

/** The parts of a word, those within double quotes included. */
export function partsOf(parts: readonly WordPart[]): WordPart[] {
  return parts.flatMap((part) => (part.type === "DoubleQuoted" ? [...part.parts] : [part]));
}
