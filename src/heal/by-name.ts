/**
 * Remedies as text, for the command line: `disk-full clear=/var/backups/*.gz keep=7`. A name, and
 * options as they are called in code; commands are written as they are typed, in quotes.
 */

import { OptionsError } from "../core/errors.ts";
import type { Remedy } from "../core/remedy.ts";
import { wordsOf } from "../process/words.ts";
import { clockSkew } from "./clock-skew.ts";
import { credentials } from "./credentials.ts";
import { diskFull, inodes } from "./disk-full.ts";
import { gitIndexLock } from "./git-index-lock.ts";
import { LIMIT_OPTIONS, NAMED, type OptionKind, type RemedyName } from "./names.ts";
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
  const kinds: Readonly<Record<string, OptionKind>> = { ...NAMED[name].options, ...LIMIT_OPTIONS };
  const entries = words.map((word) => optionIn(name, word, kinds));
  const twice = entries.find(
    ([key], index) => entries.findIndex(([other]) => other === key) < index,
  );
  if (twice !== undefined) throw new OptionsError(`${name}.${twice[0]}`, "given twice");
  return MAKERS[name](Object.fromEntries(entries) as never);
}

function isRemedyName(name: string): name is RemedyName {
  return Object.hasOwn(NAMED, name);
}

function optionIn(
  name: string,
  word: string,
  kinds: Readonly<Record<string, OptionKind>>,
): [key: string, value: unknown] {
  const [, key = "", value] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  if (value === undefined) {
    throw new OptionsError(name, `expected options as name=value, received "${word}"`);
  }
  if (!Object.hasOwn(kinds, key)) {
    throw new OptionsError(`${name}.${key}`, `unknown; known are ${Object.keys(kinds).join(", ")}`);
  }
  return [key, valueOf(value, kinds[key] as OptionKind)];
}

function valueOf(value: string, kind: OptionKind): unknown {
  switch (kind) {
    case "text":
      return value;
    case "number":
      // What is no number stays text, and is refused by the reader, which names it.
      return /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
    case "command":
      return wordsOf([value], []);
    case "list":
      return value.split(",");
  }
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
