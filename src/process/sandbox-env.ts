/** Which variables of the environment are handed on. Pure. */

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What programs need to find their way, and what tells how to write text: handed on always, and no
 * secret. That of Node itself is not among them, for `NODE_OPTIONS` could take every limit away.
 */
const ALWAYS: ReadonlySet<string> = new Set(
  "PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TERM COLORTERM NO_COLOR FORCE_COLOR CI NODE_ENV".split(
    " ",
  ),
);

/** Whether a variable is handed on without being named. */
export function isAlwaysHanded(name: string): boolean {
  return ALWAYS.has(name) || name.startsWith("LC_");
}

/** What is left of `env`: what every program may know, and what is named. */
export function handedOn(env: Env, named: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && (isAlwaysHanded(name) || named.includes(name)) ? [[name, value]] : [],
    ),
  );
}

/** The names that are set and were not handed on. */
export function heldBack(env: Env, named: readonly string[]): readonly string[] {
  const handed = handedOn(env, named);
  return Object.keys(env).filter((name) => env[name] !== undefined && !Object.hasOwn(handed, name));
}

/** All of it that is set. */
export function definedOf(env: Env): Record<string, string> {
  return handedOn(env, Object.keys(env));
}
