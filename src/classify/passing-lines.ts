/** Lines that tell of no failure of their own: they say that it went on, or they show or quote something. */

/** A line that says itself that it went on: `WARNING: …`, `10:00:01 [info] …`, `psql:a.sql:1: NOTICE: …`. */
const WENT_ON =
  /^[-\d:.,+TZ\s[\]()]{0,60}(?:\S{1,100} )?[[(<]?(?:warn(?:ing)?|note|notice|info|debug|trace|hint|detail)(?:[\]):>\s]|$)|"(?:log\.)?level": ?"(?:warn|info|debug|trace)/i;

/** What Python's urllib3 says of each attempt; what it gave up with may say nothing. */
const RETRYING = "Retrying (Retry(";

/**
 * What is shown, and not said: a command under `set -x`, a line of a diff, of source beside its number, the name of
 * a test, what a test expected, and what stands in a box under an error's heading.
 */
const SHOWN =
  /^│ +(?!Error: )|^(?:E +)?(?:\++|-) |^\s*(?:> *)?\d+ *\||^\s*(?:FAIL|FAILED|not ok|[✗×✖✕●])\s|^\s*[-+]?\s*(?:[Ee]xpected|[Rr]eceived|[Aa]ctual):/;

/** What stands under a line of source, to show where in it: `  | ^~~~`, `~~`, `^--- error here`. */
const POINTER = /^(?:[^~^]{0,80}:)?[\s|-]*[~^][~^-]*(?:\s|$)/;

/** What stands above one in a trace of Python, and how far in that stands. */
const SOURCE_BELOW = /^\s+File ".*", line \d/;
const FAR_IN = /^\s{4}/;

/** Whether a line is one of somebody's source, by those around it. */
export function isSource(line: string, above = "", below = ""): boolean {
  return POINTER.test(below) || (FAR_IN.test(line) && SOURCE_BELOW.test(above));
}

/** Whether a line says nothing about why the command failed. */
export function isPassing(line: string): boolean {
  if (SHOWN.test(line)) return true;
  return WENT_ON.test(line) && !line.includes(RETRYING);
}

/** What stands in quotes, apart from apostrophes within words. */
const QUOTED: readonly RegExp[] = [
  /(?<!\w)"(?:\\.|[^"\\]){0,2000}"(?!\w)/g,
  /(?<!\w)'(?:\\.|\b'\b|[^'\\]){0,2000}'(?!\w)/g,
  /[`‘“][^`'’”]{0,2000}[`'’”]/g,
];

/** What stands before a value that is said in quotes: `error="…"`, `broken by '…'`, `OSError(28, '…')`. */
const OPENS_VALUE = /(?:(?<![=!<>])=|\bby|(?:Error|Exception)\((?:\d+,)?) ?$/;

/** `"msg": "…",`, but not the `"…" (string) is not used` of a compiler, nor what cat says of a file. */
const FIELD = { before: /: ?$/, after: /^[\s,)\]}]*$|^,/ };

/** Whether a part of a line ends in quotes that are nobody's value: `puts("…")`, `toBe('…')`. */
export function isQuoted(line: string, part: string, at: number): boolean {
  const partEnd = at + part.length;
  return QUOTED.some((quotes) =>
    [...line.matchAll(quotes)].some(({ 0: quoted, index }) => {
      const end = index + quoted.length;
      if (partEnd <= index || partEnd >= end) return false;
      return !/^["']/.test(quoted) || !isValue(line.slice(0, index), line.slice(end));
    }),
  );
}

function isValue(before: string, after: string): boolean {
  return OPENS_VALUE.test(before) || (FIELD.before.test(before) && FIELD.after.test(after));
}

/** What stands before what something failed by: `write: No space…`, `connect ECONNREFUSED`, `code: 'EPIPE'`. */
const FAILED_BY =
  /(?:^|[[(]|[:\]] |\bcode['"]?[:=] ?['"]?|\b(?:connect|read|write|listen|bind|accept|getaddrinfo|query\w*|send\w*|recv\w*|spawn\w*(?: \S+)?|error|errno|with|by) )$/i;

/** What stands behind it: `ENOSPC: no space left`, the end of a value, or of the line. */
const SAYS_IT = /^(?:[:"']|[)\],.;}]*\s*$)/;

/** Whether a code or an errno's text in a line is what something failed by: not a word in somebody's sentence. */
export function isFailedBy(line: string, part: string, at: number): boolean {
  if (isQuoted(line, part, at)) return false;
  return FAILED_BY.test(line.slice(0, at)) || SAYS_IT.test(line.slice(at + part.length));
}
