/**
 * Takes secrets out of whatever leaves the process: log lines, journal, summaries.
 *
 * A secret is told by the name that it stands under (secret-names.ts), by what it looks like
 * (secret-patterns.ts), and, letter by letter, by being known: the values of variables with a secret
 * name, and what was handed to `secret()` (secret-literals.ts).
 */

import { summariseError } from "./error-summary.ts";
import { OptionsError } from "./errors.ts";
import { list, readOptions, record, type Reader } from "./options.ts";
import { plainCopy } from "./redact-copy.ts";
import { findSecretPath } from "./redact-find.ts";
import { SHORTEST_SECRET } from "./secret-entries.ts";
import { holdsKnown, KnownSecrets, maskKnown } from "./secret-literals.ts";
import { isSecretVariable } from "./secret-names.ts";
import { holdsPattern, maskPatterns } from "./secret-patterns.ts";

/** Replaces secrets by `***`. */
export interface Redactor {
  text(input: string): string;
  /**
   * A copy as plain data, with secrets replaced at any depth. Never throws. Bounded: 20 levels,
   * 1,000 entries in one container, 20,000 in all, 32,000 characters in one text.
   */
  value(input: unknown): unknown;
  /**
   * The path of the first secret in plain data, as `user.tokens[0]`; `""` for the value itself,
   * `undefined` when there is none. A key that is a secret stands in it as `***`.
   *
   * It is for refusing, so what is only a guess does not count: the `x` of the text `token: x` or of
   * the list `["token", "x"]`, and under a secret's name counts, plain words and what is shorter than
   * six characters. In bytes only known secrets are found.
   */
  find(input: unknown): string | undefined;
}

/** Where a redactor gets to know secrets from. */
export interface RedactorOptions {
  /** Variables of the environment. Values of those with a secret name are masked wherever they stand. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** More secrets. None may be empty; a single letter is not masked. */
  readonly secrets?: readonly string[] | undefined;
}

const READERS = {
  env: record((value) => value, { default: {} }),
  secrets: list(readSecret, { default: [] }),
} satisfies Record<keyof RedactorOptions, Reader<unknown>>;

/** Unlike other readers it does not say what it received. */
function readSecret(value: unknown, path: string): string {
  if (typeof value === "string" && value !== "") return value;
  const received = value === "" ? "empty text" : `a value of type ${typeof value}`;
  throw new OptionsError(path, `expected text that is not empty, received ${received}`);
}

/** What was handed to `secret()`, the oldest first. */
const registered = new Set<string>();
const knownToAll = new KnownSecrets();

/** Beyond this many, the oldest are forgotten: a program that makes one per request must not grow. */
const MOST_REGISTERED = 1_000;

/**
 * Makes `value` known as a secret to every redactor of this process, and gives it back. The newest
 * thousand are known. A single letter is not masked.
 *
 * @throws {OptionsError} When it is not text, or empty: a variable that is not set is no secret.
 * @example
 * const token = secret(await readToken());
 */
export function secret(value: string): string {
  readSecret(value, "secret");
  if (registered.has(value)) return value;
  registered.add(value);
  knownToAll.add(value);
  for (const oldest of registered) {
    if (registered.size <= MOST_REGISTERED) break;
    registered.delete(oldest);
    knownToAll.delete(oldest);
  }
  return value;
}

/**
 * Makes a redactor. The environment is read once, now.
 *
 * @throws {OptionsError} At once, if an option is unknown, or a secret is not text or empty.
 */
export function redactor(options: RedactorOptions = {}): Redactor {
  const { env, secrets } = readOptions("redactor", options, READERS);
  const known = [new KnownSecrets([...secretsOf(env), ...secrets]), knownToAll];
  // Known secrets come first: a pattern could cut one in two.
  const text = (input: string): string => maskPatterns(maskKnown(input.toWellFormed(), known));
  const isSecret = (whole: string): boolean => known.some((each) => each.has(whole));
  return Object.freeze({
    text,
    value: (input: unknown) => plainCopy(input, { text, isSecret, summarise: summariseError }),
    find: (input: unknown) =>
      findSecretPath(input, {
        isKnownIn: (whole) => holdsKnown(whole, known),
        hasForm: holdsPattern,
      }),
  });
}

/** Words that are long enough for a secret and are none. */
const TRIVIAL = /^(?:undefined|default|enabled?|disabled?|localhost|password|secret|\*+)$/i;

function secretsOf(env: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(env)
    .flatMap(([name, value]) => (typeof value === "string" ? secretsIn(name, value) : []))
    .filter((value) => value.length >= SHORTEST_SECRET && !TRIVIAL.test(value));
}

function secretsIn(name: string, value: string): string[] {
  return [...(isSecretVariable(name, value) ? [value, value.trim()] : []), ...passwordIn(value)];
}

/** The password of a URL such as `postgres://app:password@db/main`. */
function passwordIn(value: string): string[] {
  const written = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#:@]*:(?!\d+[/?#])([^\s@]+)@/i.exec(value)?.[1];
  if (written === undefined) return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
