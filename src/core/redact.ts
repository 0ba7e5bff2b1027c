/**
 * Takes secrets out of whatever leaves the process: log lines, journal, summaries.
 *
 * A secret is told by the name that it stands under (secret-names.ts), by what it looks like
 * (secret-patterns.ts), and, letter by letter, by being known: the values of variables with a secret
 * name, and what was handed to `secret()` (secret-literals.ts).
 */

import { plainCopy } from "./redact-copy.ts";
import { findSecretPath } from "./redact-find.ts";
import { literalMask, type LiteralMask } from "./secret-literals.ts";
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
   * `undefined` when there is none. It is for refusing, so what is only a guess within text, such as
   * the `x` of `token: x`, does not count.
   */
  find(input: unknown): string | undefined;
}

/** Where a redactor gets to know secrets from. */
export interface RedactorOptions {
  /** Variables of the environment. Values of those with a secret name are masked wherever they stand. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** More secrets. */
  readonly secrets?: readonly string[] | undefined;
}

/** What was handed to `secret()`, the oldest first. */
const registered = new Set<string>();
let registeredChanges = 0;

/** Beyond this many, the oldest are forgotten: a program that makes one per request must not grow. */
const MOST_REGISTERED = 1_000;

/**
 * Makes `value` known as a secret to every redactor of this process, and gives it back. Empty text
 * is ignored.
 *
 * @example
 * const token = secret(await readToken());
 */
export function secret(value: string): string {
  if (value === "" || registered.has(value)) return value;
  registered.add(value);
  registeredChanges++;
  for (const oldest of registered) {
    if (registered.size <= MOST_REGISTERED) break;
    registered.delete(oldest);
  }
  return value;
}

/** Makes a redactor. The environment is read once, now. */
export function redactor(options: RedactorOptions = {}): Redactor {
  const own = [...secretsOf(options.env ?? {}), ...(options.secrets ?? [])];
  let changes = -1;
  let literals: LiteralMask;
  function current(): LiteralMask {
    if (changes !== registeredChanges) {
      literals = literalMask([...own, ...registered]);
      changes = registeredChanges;
    }
    return literals;
  }
  // Known secrets come first: a pattern could cut one in two.
  const text = (input: string): string => maskPatterns(current().mask(input.toWellFormed()));
  return Object.freeze({
    text,
    value: (input: unknown) => plainCopy(input, { text, isSecret: (whole) => current().is(whole) }),
    find: (input: unknown) =>
      findSecretPath(input, (whole) => current().isIn(whole) || holdsPattern(whole)),
  });
}

/** A shorter value of a variable is more likely a word than a secret. */
const SHORTEST_VARIABLE = 6;
const TRIVIAL =
  /^(?:true|false|null|undefined|none|default|enabled?|disabled?|localhost|password|secret|\*+)$/i;

function secretsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env)
    .flatMap(([name, value = ""]) => [
      ...(isSecretVariable(name) ? [value, value.trim()] : []),
      ...passwordIn(value),
    ])
    .filter((value) => value.length >= SHORTEST_VARIABLE && !TRIVIAL.test(value));
}

/** The password of a URL such as `postgres://app:password@db/main`. */
function passwordIn(value: string): string[] {
  const written = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#:@]*:([^\s@]+)@/i.exec(value)?.[1];
  if (written === undefined) return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
