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
import { outOfMemory } from "./out-of-memory.ts";
import { dpkgInterrupted, packageLock } from "./packages.ts";
import { portTaken } from "./port-taken.ts";
import { service } from "./service.ts";
import { pidFile, staleLock } from "./stale-lock.ts";
import { databaseLock, waitUntilReachable } from "./waits.ts";

/** What the text of an option stands for. */
type Kind = "text" | "number" | "command" | "list";

/** One remedy that has a name. */
interface Named {
  readonly make: (options: never) => Remedy;
  readonly options: Readonly<Record<string, Kind>>;
  /** For help: what it does, and how it is called. */
  readonly summary: string;
  readonly example: string;
}

const LIMITS = { coolDown: "text", limit: "text", codes: "list" } as const;

const NAMED: Readonly<Record<string, Named>> = {
  "disk-full": {
    make: diskFull,
    options: { clear: "text", keep: "number", free: "text" },
    summary: "Deletes the oldest files of a glob until there is room, never the newest",
    example: "disk-full clear=/var/backups/*.gz keep=7",
  },
  inodes: {
    make: inodes,
    options: { clear: "text", keep: "number", free: "number" },
    summary: "Deletes the oldest files of a glob until there are inodes, never the newest",
    example: "inodes clear=/var/lib/sessions/* keep=100",
  },
  "stale-lock": {
    make: staleLock,
    options: { path: "text" },
    summary: "Deletes a lock file whose process is gone",
    example: "stale-lock path=/run/backup.lock",
  },
  "pid-file": {
    make: pidFile,
    options: { path: "text" },
    summary: "Deletes a pid file whose process is gone",
    example: "pid-file path=/run/app.pid",
  },
  service: {
    make: service,
    options: {
      unit: "text",
      start: "command",
      stop: "command",
      probe: "command",
      pidFile: "text",
      probeTimeout: "text",
      startWithin: "text",
    },
    summary: "Starts a service again that does not answer",
    example: "service unit=redis-server probe='redis-cli -e ping'",
  },
  "port-taken": {
    make: portTaken,
    options: { port: "number", pidFile: "text", probe: "command" },
    summary: "Ends the stale process of a pid file that holds a port",
    example: "port-taken port=8080 pidFile=/run/app.pid",
  },
  credentials: {
    make: credentials,
    options: { name: "text", refresh: "command", check: "command" },
    summary: "Refreshes credentials by a command, once",
    example: "credentials name=aws refresh='aws sso login'",
  },
  "wait-until-reachable": {
    make: waitUntilReachable,
    options: { host: "text", probe: "command", wait: "text", probeTimeout: "text" },
    summary: "Waits until a host takes connections, or a command succeeds",
    example: "wait-until-reachable host=store.example:443 wait=10m",
  },
  "database-lock": {
    make: databaseLock,
    options: { wait: "text" },
    summary: "Waits for other transactions, with jitter",
    example: "database-lock",
  },
  "dpkg-interrupted": {
    make: dpkgInterrupted,
    options: { directory: "text" },
    summary: "Runs dpkg --configure -a",
    example: "dpkg-interrupted",
  },
  "package-lock": {
    make: packageLock,
    options: { wait: "text", files: "list" },
    summary: "Waits for another apt or dpkg; deletes no lock",
    example: "package-lock wait=10m",
  },
  "git-index-lock": {
    make: gitIndexLock,
    options: { gitDirectory: "text", olderThan: "text", wait: "text" },
    summary: "Waits for index.lock, and deletes one that is old and unused",
    example: "git-index-lock gitDirectory=/srv/site/.git",
  },
  "clock-skew": {
    make: clockSkew,
    options: { against: "text", tolerance: "text" },
    summary: "Tells by how much the clock is off",
    example: "clock-skew against=http://deb.debian.org/",
  },
  "out-of-memory": {
    make: outOfMemory,
    options: { factor: "number", least: "number" },
    summary: "Hands the next attempt less to do, by the variable HOLDFAST_SCALE",
    example: "out-of-memory factor=0.5",
  },
};

/** What help and completion tell of a remedy. */
export interface RemedySummary {
  readonly name: string;
  readonly summary: string;
  readonly example: string;
  /** The names of its options, as they are written before the `=`. */
  readonly options: readonly string[];
}

/** All remedies that have a name, for help and completion. */
export const REMEDY_NAMES: readonly RemedySummary[] = Object.entries(NAMED).map(
  ([name, { summary, example, options }]) => ({
    name,
    summary,
    example,
    options: Object.keys({ ...options, ...LIMITS }),
  }),
);

/**
 * The remedy that a text stands for: `disk-full clear=/var/backups/*.gz keep=7`.
 *
 * @throws {OptionsError} When there is no such remedy, or an option is unknown, missing or out of range.
 */
export function remedyFromText(text: string): Remedy {
  const [name = "", ...words] = wordsIn(text);
  const named = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  if (named === undefined) {
    const names = Object.keys(NAMED).join(", ");
    throw new OptionsError("heal", `there is no remedy "${name}"; there are ${names}`);
  }
  const kinds: Readonly<Record<string, Kind>> = { ...named.options, ...LIMITS };
  const entries = words.map((word) => optionIn(name, word, kinds));
  const twice = entries.find(
    ([key], index) => entries.findIndex(([other]) => other === key) < index,
  );
  if (twice !== undefined) throw new OptionsError(`${name}.${twice[0]}`, "given twice");
  return named.make(Object.fromEntries(entries) as never);
}

function optionIn(
  name: string,
  word: string,
  kinds: Readonly<Record<string, Kind>>,
): [key: string, value: unknown] {
  const [, key = "", value] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  if (value === undefined) {
    throw new OptionsError(name, `expected options as name=value, received "${word}"`);
  }
  if (!Object.hasOwn(kinds, key)) {
    throw new OptionsError(`${name}.${key}`, `unknown; known are ${Object.keys(kinds).join(", ")}`);
  }
  return [key, valueOf(value, kinds[key] as Kind)];
}

function valueOf(value: string, kind: Kind): unknown {
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
