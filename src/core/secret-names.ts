/**
 * Which names stand for secrets: keys of data, variables, query parameters, headers, flags.
 *
 * A name is taken apart into words, for the naive test for "token" also eats `max_tokens`, which
 * everyone who works with language models logs all the time. The last word tells what the value is:
 * `token_type` is a type, `password_file` a path.
 */

/** `counted`: a number under this name is a count, anything else a secret. */
export type NameKind = "secret" | "counted" | "plain";

/** Within the words, written together. */
const STEM = new RegExp(
  [
    "password|passwd|passphrase|passcode|passkey",
    "secret(?!ar)|credential|authorization|cookie|bearer|jwt",
    "(?:api|access|account|auth|deploy|encryption|master|private|service|session|shared|signing|ssh)keys?$",
    "connectionstring|token$",
  ].join("|"),
);

/** As a word of its own, anywhere. */
const WORDS: ReadonlySet<string> = new Set(["token", "pwd", "dsn", "otp"]);

/** As the last word. */
const LAST_WORDS: ReadonlySet<string> = new Set(["pass", "auth", "oauth"]);

/** As the last word they make the value harmless. */
const HARMLESS_LAST: ReadonlySet<string> = new Set(
  (
    "at budget bucket count counts enabled endpoint exists expires expiry file index length limit " +
    "max min name names path policy provider required size status strategy ttl type usage used version " +
    // In a stack trace: token.ts:41:11
    "cjs cts js jsx mjs mts ts tsx"
  ).split(" "),
);

/** A token of these kinds says where a list goes on, and opens nothing. */
const PLACE_WORDS: ReadonlySet<string> = new Set(
  "continuation cursor next page pagination previous resume sync unexpected".split(" "),
);

const known = new Map<string, NameKind>();
const MOST_KNOWN = 2_000;

/** What stands under that name. */
export function nameKind(name: string): NameKind {
  const before = known.get(name);
  if (before !== undefined) return before;
  const kind = judge(wordsOf(name));
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(name, kind);
  return kind;
}

/** Whether a variable of that name holds a secret; there, unlike in data, any `…_KEY` does. */
export function isSecretVariable(name: string): boolean {
  // The shell keeps the present folder there.
  if (name === "PWD" || name === "OLDPWD") return false;
  const words = wordsOf(name);
  return judge(words) === "secret" || (words.at(-1) === "key" && !words.includes("public"));
}

const LONGEST_NAME = 200;

function wordsOf(name: string): string[] {
  return name
    .slice(0, LONGEST_NAME)
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/\d+$/, ""))
    .filter((word) => word !== "");
}

function judge(words: readonly string[]): NameKind {
  const last = words.at(-1);
  if (last === undefined || HARMLESS_LAST.has(last)) return "plain";
  if (words.some((word) => word.endsWith("tokens"))) return "counted";
  if (last === "token" && PLACE_WORDS.has(words.at(-2) ?? "")) return "plain";
  const isSecret =
    LAST_WORDS.has(last) || words.some((word) => WORDS.has(word)) || STEM.test(words.join(""));
  return isSecret ? "secret" : "plain";
}
