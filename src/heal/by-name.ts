/**
 * Remedies as text, for the command line: `disk-full clear=/var/backups/*.gz keep=7`. A name, and its
 * options in kebab case; commands are written as they are typed, in quotes.
 */

import { OptionsError } from "../core/errors.ts";
import type { Remedy } from "../core/remedy.ts";
import { wordsOf } from "../process/words.ts";
import { clockSkew } from "./clock-skew.ts";
import { credentials } from "./credentials.ts";
import { diskFull, inodes } from "./disk-full.ts";
import { gitIndexLock } from "./git-index-lock.ts";
import { KINDS, LIMIT_OPTIONS, NAMED, type RemedyName } from "./names.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { dpkgInterrupted, packageLock } from "./packages.ts";
import { portTaken } from "./port-taken.ts";
import { service } from "./service.ts";
import { pidFile, staleLock } from "./stale-lock.ts";
import { databaseLock, waitUntilReachable } from "./waits.ts";

const MAKERS: Readonly<Record<RemedyName, (options: never) => Remedy>> = {
  "disk-full": diskFull,
  inodes,
  "stale-lock": staleLock,
  "pid-file": pidFile,
  service,
  "port-taken": portTaken,
  credentials,
  "wait-until-reachable": waitUntilReachable,
  "database-lock": databaseLock,
  "dpkg-interrupted": dpkgInterrupted,
  "package-lock": packageLock,
  "git-index-lock": gitIndexLock,
  "clock-skew": clockSkew,
  "out-of-memory": outOfMemory,
};

/**
 * The remedy that a text stands for: `disk-full clear=/var/backups/*.gz keep=7`.
 *
 * @throws {OptionsError} When there is no such remedy, or an option is unknown, missing or out of range.
 */
export function remedyFromText(text: string): Remedy {
  const [name = "", ...words] = wordsIn(text);
  if (!isRemedyName(name)) {
    const names = Object.keys(NAMED).join(", ");
    throw new OptionsError("heal", `there is no remedy "${name}"; there are ${names}`);
  }
  const values: Values = { ...NAMED[name].options, ...LIMIT_OPTIONS };
  const options: Record<string, unknown> = {};
  for (const word of words) {
    const [key, value] = optionIn(name, word, values);
    if (Object.hasOwn(options, inCode(key)))
      throw new OptionsError(`${name}.${key}`, "given twice");
    options[inCode(key)] = value;
  }
  try {
    return MAKERS[name](options as never);
  } catch (error) {
    throw inWordsOfText(error, name, values);
  }
}

/** What stands for the value of each option: `GLOB`. */
type Values = Readonly<Record<string, keyof typeof KINDS>>;

function isRemedyName(name: string): name is RemedyName {
  return Object.hasOwn(NAMED, name);
}

/** `cool-down` is `coolDown`. */
function inCode(key: string): string {
  return key.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** What a maker refuses, under the names that stand in the text: `disk-full: clear=GLOB is missing`. */
function inWordsOfText(error: unknown, name: RemedyName, values: Values): unknown {
  if (!(error instanceof OptionsError)) return error;
  const [, within = "", problem = ""] = /^\w+(?:\.(\w+))?[^:]*: (.*)$/s.exec(error.message) ?? [];
  const key = Object.keys(values).find((each) => inCode(each) === within);
  if (key === undefined) return new OptionsError(name, problem);
  return problem.endsWith(", received undefined")
    ? new OptionsError(name, `${key}=${values[key]} is missing`)
    : new OptionsError(`${name}.${key}`, problem);
}

function optionIn(name: string, word: string, values: Values): [key: string, value: unknown] {
  const [, key = "", text] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  if (text === undefined) {
    throw new OptionsError(name, `expected options as name=value, received "${word}"`);
  }
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  if (value === undefined) {
    throw new OptionsError(
      `${name}.${key}`,
      `unknown; known are ${Object.keys(values).join(", ")}`,
    );
  }
  return [key, READ[KINDS[value]](text, `${name}.${key}`)];
}

const READ: Readonly<
  Record<(typeof KINDS)[keyof typeof KINDS], (text: string, path: string) => unknown>
> = {
  text: (text) => text,
  // What is no number stays text, and is refused by the reader, which names it.
  number: (text) => (/^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text),
  command: commandIn,
  list: (text) => text.split(","),
  budget: budgetIn,
};

function commandIn(text: string, path: string): readonly string[] {
  try {
    return wordsOf([text], []);
  } catch (error) {
    const [problem] = (error as Error).message.replace(/^\$: /, "").split(/: |, /);
    throw new OptionsError(path, `${problem}: quote it, or write sh -c '…', received "${text}"`);
  }
}

function budgetIn(text: string, path: string): { times: number; within: string | undefined } {
  const [, times, within] = /^(\d+)(?:\/(.+))?$/.exec(text) ?? [];
  if (times === undefined) {
    const expected = "expected how often, or how often within how long, such as 3/1h";
    throw new OptionsError(path, `${expected}, received "${text}"`);
  }
  return { times: Number(times), within };
}

/** Words that spaces part; quotes hold them together, and go. */
function wordsIn(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (const sign of text) {
    if (quote !== undefined) {
      if (sign === quote) quote = undefined;
      else word += sign;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      word ??= "";
    } else if (/\s/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + sign;
  }
  if (quote !== undefined) throw new OptionsError("heal", `a quote is not closed in: ${text}`);
  return word === undefined ? words : [...words, word];
}
