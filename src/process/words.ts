/**
 * A command as it is written in a template, cut into a program and its arguments.
 *
 * The text between the values is read as a shell reads words: spaces part them, quotes and backslashes
 * hold them together. Nothing else of a shell is there, and what would mean something to one is
 * refused, for `*.log` and `>` as mere letters are never what was meant. Source: POSIX, Shell Command
 * Language, 2.2.
 */

import { OptionsError } from "../core/errors.ts";
import { show } from "../core/show.ts";

/** What a command's template may be given. */
export type WordValue = string | number | bigint | readonly (string | number | bigint)[];

/** Outside of quotes these ask a shell to do something; the last two only where a word begins. */
const FOR_A_SHELL = /[|&;<>()$`*?[\]]/;
const FOR_A_SHELL_AT_START = /[~#]/;

/**
 * The words of a template. A value is never cut: it is an argument, or part of one that it touches. An
 * array is so many arguments; an empty one is none.
 *
 * @throws {OptionsError} When a shell would be needed, a quote is not closed, or a value is no text.
 */
export function wordsOf(texts: readonly string[], values: readonly unknown[]): string[] {
  const reader = new WordReader();
  for (const [index, text] of texts.entries()) {
    reader.readText(index === texts.length - 1 ? text.trimEnd() : text);
    if (index < values.length) reader.readValue(values[index], index + 1);
  }
  return reader.end();
}

class WordReader {
  readonly #words: string[] = [];
  /** The word that is being read; `undefined` between words. */
  #word: string | undefined;
  #quote: '"' | "'" | undefined;

  readText(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const letter = text.charAt(at);
      const next = text.charAt(at + 1);
      if (letter === "\\" && this.#isEscape(next)) {
        // A newline after a backslash is nothing at all.
        if (next !== "\n") this.#add(next);
        at++;
      } else if (this.#quote === undefined) {
        this.#readBare(letter, next);
      } else if (letter === this.#quote) {
        this.#quote = undefined;
      } else {
        this.#add(letter);
      }
    }
  }

  readValue(value: unknown, position: number): void {
    if (!Array.isArray(value)) {
      this.#add(textOf(value, position));
      return;
    }
    if (this.#quote !== undefined) refuse(`value ${position} is an array within quotes`);
    const [first, ...others] = value.map((each) => textOf(each, position));
    if (first === undefined) return;
    this.#add(first);
    for (const other of others) {
      this.#finish();
      this.#add(other);
    }
  }

  end(): string[] {
    if (this.#quote !== undefined) refuse(`${this.#quote} is not closed`);
    this.#finish();
    return this.#words;
  }

  /** In single quotes nothing is escaped, in double quotes what would end them or be read there. */
  #isEscape(next: string): boolean {
    if (next === "" || this.#quote === "'") return false;
    return this.#quote === undefined || /["\\$`\n]/.test(next);
  }

  #readBare(letter: string, next: string): void {
    if (letter === '"' || letter === "'") {
      this.#quote = letter;
      this.#add("");
    } else if (/\s/.test(letter)) {
      // A command may be written over several lines, as no shell would have it without a backslash.
      this.#finish();
    } else if (this.#isForShell(letter, next)) {
      refuse(`${letter} is for a shell: quote it, or use command() with shell: true`);
    } else {
      this.#add(letter);
    }
  }

  /** `{}` is left as it is by a shell too: `find` is told so where the file goes. */
  #isForShell(letter: string, next: string): boolean {
    if (this.#word === undefined && FOR_A_SHELL_AT_START.test(letter)) return true;
    return FOR_A_SHELL.test(letter) || (letter === "{" && next !== "}");
  }

  #add(text: string): void {
    this.#word = (this.#word ?? "") + text;
  }

  #finish(): void {
    if (this.#word !== undefined) this.#words.push(this.#word);
    this.#word = undefined;
  }
}

function textOf(value: unknown, position: number): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || Number.isFinite(value)) return String(value as number);
  return refuse(
    `value ${position} is ${show(value)}, expected text, a number, or an array of them`,
  );
}

function refuse(problem: string): never {
  throw new OptionsError("$", problem);
}
