/**
 * The environment of a command that nobody watches: it says what went wrong in the words that the
 * classifier knows, and asks nobody anything.
 */

/** Variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What is set where nobody has set it. */
const DEFAULTS = {
  GIT_TERMINAL_PROMPT: "0",
  SSH_ASKPASS_REQUIRE: "never",
  DEBIAN_FRONTEND: "noninteractive",
  PGCONNECT_TIMEOUT: "10",
} as const;

const CATEGORIES = ["LC_CTYPE", "LC_COLLATE", "LC_TIME", "LC_NUMERIC", "LC_MONETARY"] as const;

/**
 * A copy of `env` for that. Messages are not translated any more; how things are sorted, dates are
 * written and letters are encoded stays, for that would change what the command does. `LC_ALL` would
 * outrank the messages', so what it said is said one by one. Source: POSIX, Environment Variables, 8.2.
 */
export function unattended(env: Variables): Variables {
  const { LC_ALL: all, LANGUAGE: _translations, ...rest } = env;
  const categories = all === undefined || all === "" ? [] : CATEGORIES.map((name) => [name, all]);
  return {
    ...DEFAULTS,
    ...rest,
    ...(Object.fromEntries(categories) as Variables),
    LC_MESSAGES: "C",
  };
}
