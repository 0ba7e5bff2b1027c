/**
 * Finds secrets in text by what they look like, and by the name that stands before them.
 *
 * Every pattern has a cheap hint that is tested first, for nearly all text holds no secret. The time
 * that one takes grows with the length of the text and not with its square, however hostile it is.
 */

import { isBracket, isCountList, isEmptyList, QUOTED, readBracketed } from "./bracketed.ts";
import { isHarmlessText } from "./secret-entries.ts";
import { MASK } from "./secret-literals.ts";
import { nameKind, type NameKind } from "./secret-names.ts";

interface Pattern {
  /** Cheap, and true wherever `find` could match. */
  readonly hint: RegExp;
  readonly find: RegExp;
  /** What takes the place of a match; `groups` are the parts in brackets. */
  readonly replace: (match: string, groups: readonly (string | undefined)[]) => string;
}

/** What is recognised by its form alone. */
const FORMS: readonly Pattern[] = [
  {
    // A private key in PEM, also one that is cut off.
    hint: /PRIVATE KEY/,
    find: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
    replace: () => MASK,
  },
  {
    // A header that is a secret to the end of its line: schemes and cookies have several parts.
    hint: /authorization|cookie/i,
    find: /((?:authorization|cookie)\d*(?:\\*["'])?[ \t]*(?:=>|[:=])[ \t]*)(?![[{(])((?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\\+"(?:[^\\"]|\\(?!"))*|[^\r\n"']+))/gi,
    replace: (_, [before = "", value = ""]) => `${before}${maskQuoted(value)}`,
  },
  {
    hint: /bearer/i,
    find: /\b(bearer[ \t]+)(?!(?:auth|authentication|authorization|realm|scheme|tokens?)\b)[\w+/=.~-]{6,}/gi,
    replace: (_, [scheme = ""]) => `${scheme}${MASK}`,
  },
  {
    // Base64 is no plain word such as "Basic knowledge".
    hint: /\b[Bb]asic /,
    find: /\b([Bb]asic[ \t]+)(?![A-Za-z]?[a-z]+(?![\w+/=]))[\w+/=-]{6,}/g,
    replace: (_, [scheme = ""]) => `${scheme}${MASK}`,
  },
  {
    // OpenAI and Anthropic, Stripe, GitHub, GitLab, AWS, Slack, npm, Google, SendGrid.
    hint: /sk[-_]|rk_|whsec_|gh[pousr]_|github_pat_|glpat-|A[KS]IA|xox|xapp-|npm_|AIza|SG\./,
    find: /(?<![A-Za-z0-9])(?:sk-[\w-]{16,}|(?:sk|rk)_(?:live|test)_\w{10,}|whsec_[\w+/=-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|A[KS]IA[A-Z0-9]{16}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|npm_\w{30,}|AIza[\w-]{30,}|SG\.[\w-]{10,}\.[\w-]{10,})/g,
    replace: () => MASK,
  },
  {
    // A JSON Web Token has further parts. What has none is matched too and left as it is: looked at
    // once more from each "eyJ" within, a long one would take the square of the time.
    hint: /eyJ/,
    find: /(?<![A-Za-z0-9])eyJ[\w-]{8,}((?:\.[\w-]*){0,4})/g,
    replace: (match, [parts = ""]) => (parts === "" ? match : MASK),
  },
  {
    // user:password@ in a URL. A token may stand where the user does, so all of it goes. People
    // leave the /, ? and # of a password as they are; after a host and its port they begin a path.
    hint: /:\/\//,
    find: /:\/\/(?:[^\s/?#"'<>\\@:[\]]{0,256}:(?!\d{1,5}[/?#])[^\s"'<>\\]{0,256}|[^\s/?#"'<>\\]{0,256})@/g,
    replace: () => `://${MASK}@`,
  },
];

/** What is recognised by the name before it. */
interface NamedPattern {
  readonly hint: RegExp;
  /** Ends where the value begins; its first group is the name, its second the quote after that. */
  readonly name: RegExp;
  /** Sticky: what belongs to the value. */
  readonly value: RegExp;
  readonly kindOf: (name: string) => NameKind;
}

/** ?sig=…, &X-Amz-Signature=…, #access_token=… */
const PARAMETER: NamedPattern = {
  hint: /[?&#;][^\s=&?#;]*=/,
  name: /[?&#;]([^\s=&?#;"'<>]{1,100})=/g,
  value: /[^\s&#"'<>]+/y,
  kindOf: (name) => {
    const kind = PARAMETERS.test(name) ? "secret" : nameKind(name);
    // A session's id is a mere guess: masked as an assignment, and no form that is refused.
    return kind === "masked" ? "plain" : kind;
  },
};

/** password=…, token: …, "api_key":"…", 'token' => '…', --password=…, "passwords": ["…"] */
const ASSIGNMENT: NamedPattern = {
  hint: /[:=]/,
  name: /(?<![\w.-])([\w.-]{2,80})(\\*["']?)[ \t]*(?:(?<=["'][ \t]*)=>|[:=])[ \t]*/g,
  // Or up to a delimiter.
  value: new RegExp(String.raw`${QUOTED}|[[{(]|[^\s,;&"'\\)\]}<>]+`, "y"),
  kindOf: nameKind,
};

/** {"name":"DB_PASSWORD","value":"…"} */
const PAIR: NamedPattern = {
  hint: /value/i,
  name: /(?<=["'](?:name|key)\\*["'][ \t]{0,9}:[ \t]{0,9}\\*["'])([\w.-]{2,80})\\*["'],\s{0,40}\\*["']value\\*["'][ \t]*:[ \t]*/gi,
  value: new RegExp(QUOTED, "y"),
  kindOf: nameKind,
};

/** --password … */
const FLAG: NamedPattern = {
  hint: /--/,
  name: /(?<![\w-])--([A-Za-z][\w-]{1,80})[ \t]+/g,
  value: /"[^"]*"?|'[^']*'?|[^\s"'-][^\s"']*/y,
  kindOf: nameKind,
};

/** Parameters that only in a query are secrets. */
const PARAMETERS = /(?:^|[-_])(?:sig|signature)$|^x-(?:amz|goog)-credential$/i;

/**
 * Masks the values after secret names. A value is passed over only with its own name: in
 * `Error: password=x` the first one's value is where the second one's name stands.
 */
function maskNamed(text: string, { hint, name, value, kindOf }: NamedPattern): string {
  if (!hint.test(text)) return text;
  const pieces: string[] = [];
  let doneIndex = 0;
  name.lastIndex = 0;
  for (let found = name.exec(text); found !== null; found = name.exec(text)) {
    const kind = kindOf(found[1] ?? "");
    value.lastIndex = name.lastIndex;
    const [begun] = (kind === "plain" ? null : value.exec(text)) ?? [];
    if (begun === undefined) continue;
    const given = isBracket(begun) ? readBracketed(text, name.lastIndex) : begun;
    pieces.push(text.slice(doneIndex, name.lastIndex), maskValue(given, kind, found[2] ?? ""));
    doneIndex = name.lastIndex + given.length;
    name.lastIndex = doneIndex;
  }
  return pieces.length === 0 ? text : [...pieces, text.slice(doneIndex)].join("");
}

/** `value` masked, if it hides something; `quote` is what its name ends with, if anything. */
function maskValue(value: string, kind: NameKind, quote: string): string {
  if (isBracket(value.charAt(0))) {
    if (isEmptyList(value) || (kind === "counted" && isCountList(value))) return value;
    // In place of a list JSON needs text, quoted as its name is.
    return `${quote}${MASK}${quote}`;
  }
  // The look behind keeps a long row of quotes from being tried from each of them.
  const bare = value.replaceAll(/^[\\"']+|(?<![\\"'])[\\"']+$/g, "");
  return isHarmlessText(bare, kind) ? value : maskQuoted(value);
}

/** Masks what stands between the quotes, and leaves them, so that JSON stays JSON. */
function maskQuoted(value: string): string {
  const open = /^\\*["']/.exec(value)?.[0] ?? "";
  if (open === "") return MASK;
  const isClosed = value.length > open.length && value.endsWith(open);
  return `${open}${MASK}${isClosed ? open : ""}`;
}

/** curl -u ann:… and --user ann:…; not a user and a group in digits, a time or a place of a host. */
const USER_OPTION: Pattern = {
  hint: /-u/,
  find: /(?<![\w-])((?:-u[ \t]*|--(?:proxy-)?user[ \t=]+)["']?(?!\d+:\d+(?![^\s"']))[^\s:"'+-][^\s:"']{0,100}:)(?!\/)[^\s"']+/g,
  replace: (_, [before = ""]) => `${before}${MASK}`,
};

/** `text` with everything masked that looks like a secret. */
export function maskPatterns(text: string): string {
  return [ASSIGNMENT, PAIR, FLAG].reduce(maskNamed, maskForm(maskForms(text), USER_OPTION));
}

/**
 * Whether `text` holds something that has the form of a secret. What only stands after a name in
 * free text does not count: it is a guess, right for what is shown and not for refusing.
 */
export function holdsPattern(text: string): boolean {
  return maskForms(text) !== text;
}

function maskForms(text: string): string {
  return maskNamed(FORMS.reduce(maskForm, text), PARAMETER);
}

function maskForm(text: string, { hint, find, replace }: Pattern): string {
  if (!hint.test(text)) return text;
  return text.replaceAll(find, (match: string, ...rest: unknown[]) => {
    const groups = rest.slice(
      0,
      rest.findIndex((part) => typeof part === "number"),
    );
    return replace(match, groups as (string | undefined)[]);
  });
}
