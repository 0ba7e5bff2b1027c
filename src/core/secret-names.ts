/**
 * Which names stand for secrets: keys of data, variables, query parameters, headers, flags.
 *
 * A name is taken apart into words, for the naive test for "token" also eats `max_tokens`, which
 * everyone who works with language models logs all the time. The last word tells what the value is:
 * `token_type` is a type, `password_file` a path.
 */

/**
 * `chosen`: a secret that people think of, so that it may be a mere word. `counted`: a number under
 * this name is a count, anything else a secret. `masked`: as often a mere identifier as a secret, so
 * it is masked where it is shown, and no reason to refuse a value.
 */
export type NameKind = "chosen" | "secret" | "counted" | "masked" | "plain";

/** Within the words, written together. */
const STEM = new RegExp(
  [
    "password|passwd|passphrase|passcode|passkey",
    "secret(?!ar)|credential|authorization|cookie|bearer",
    "(?:api|access|account|auth|deploy|encryption|master|private|service|session|shared|signing|ssh)keys?$",
    "connectionstring|token$",
  ].join("|"),
);

/** Of those, what people think of themselves. */
const CHOSEN = /password|passwd|passphrase|passcode|pwd$/;

/** As a word of its own, anywhere. The short ones also stand by chance in names of runs and in hashes. */
const WORDS: ReadonlySet<string> = new Set(["token", "jwt", "jwts", "pwd", "dsn", "otp"]);

/** As the last word. */
const LAST_WORDS: ReadonlySet<string> = new Set(["pass", "auth", "oauth"]);

/** More than one of them: `secretsScanned: 4`, `cookies: 2`, and the tokens of a language model. */
const PLURAL = /(?:token|password|passwd|passphrase|passcode|passkey|secret|credential|cookie)s$/;

/** `session_id`, `PHPSESSID`: whoever knows it may be in the session. `sid` is one as the last word. */
const SESSION = /sess(?:ion)?id$/;

/** As the last word they make the value harmless. */
const HARMLESS_LAST: ReadonlySet<string> = new Set(
  (
    "at attempts budget bucket changes count counts enabled endpoint errors exists expires expiry " +
    "failures file index length limit max min name names path policy provider required resets " +
    "rotations size status strategy ttl type usage used version " +
    // In a stack trace: token.ts:41:11
    "cjs cts js jsx mjs mts ts tsx"
  ).split(" "),
);

/** A token of these kinds says where a list goes on, and opens nothing. */
const PLACE_WORDS: ReadonlySet<string> = new Set(
  "continuation cursor next page pagination previous resume sync unexpected".split(" "),
);

/** The same few names come again and again; hostile data has ever new ones. */
const MOST_KNOWN = 2_000;

/** What stands under that name. */
export const nameKind: (name: string) => NameKind = remembering(
  (name) => judge(wordsOf(name)),
  MOST_KNOWN,
);

/** `ask` with a memory of at most `most` answers, which begins anew when it is full. @internal */
export function remembering<Answer extends string>(
  ask: (name: string) => Answer,
  most: number,
): (name: string) => Answer {
  const known = new Map<string, Answer>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const answer = ask(name);
    if (known.size >= most) known.clear();
    known.set(name, answer);
    return answer;
  };
}

/** Whether text is a count: `tokens: "4096"`. */
export function isCountText(text: string): boolean {
  return /^\d{0,12}$/.test(text);
}

/** Whether a variable holds a secret by its name; there, unlike in data, any `…_KEY` does. */
export function isSecretVariable(name: string, value: string): boolean {
  // The shell keeps the present folder there.
  if (name === "PWD" || name === "OLDPWD") return false;
  const words = wordsOf(name);
  const kind = judge(words);
  if (kind === "counted") return !isCountText(value);
  return (
    kind === "chosen" || kind === "secret" || (words.at(-1) === "key" && !words.includes("public"))
  );
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
  if (words.some((word) => PLURAL.test(word))) return "counted";
  if (last === "token" && PLACE_WORDS.has(words.at(-2) ?? "")) return "plain";
  const together = words.join("");
  const isSecret =
    LAST_WORDS.has(last) || words.some((word) => WORDS.has(word)) || STEM.test(together);
  if (isSecret) return CHOSEN.test(together) ? "chosen" : "secret";
  return last === "sid" || SESSION.test(together) ? "masked" : "plain";
}
