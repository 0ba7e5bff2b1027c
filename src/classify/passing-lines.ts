/** Lines that tell of no failure of their own: they say that it went on, or they show or quote something. */

/** A line that says itself that it went on: `WARNING: …`, `10:00:01 [info] …`, `psql:a.sql:1: NOTICE: …`. */
const WENT_ON =
  /^[-\d:.,+TZ\s[\]()]{0,60}(?:\S{1,100} )?[[(<]?(?:warn(?:ing)?|note|notice|info|debug|trace|hint|detail)(?:[\]):>\s]|$)|"(?:log\.)?level": ?"(?:warn|info|debug|trace)/i;

/** What Python's urllib3 says of each attempt; what it gave up with may say nothing. */
const RETRYING = "Retrying (Retry(";

/**
 * What is shown, and not said: a command under `set -x`, a line of a diff, of source beside its number, the name of
 * a test, what a test expected, how to call something, and what stands in a box under an error's heading.
 */
const SHOWN =
  /^│ +(?!Error: )|^(?:\++|-) |^\s*(?:> *)?\d+ *\||^\s*(?:FAIL|FAILED|not ok|[✗×✖✕●])\s|^\s*[-+]?\s*(?:expected|received|actual)\b|^usage:/i;

/** Whether a line says nothing about why the command failed. */
export function isPassing(line: string): boolean {
  if (SHOWN.test(line)) return true;
  return WENT_ON.test(line) && !line.includes(RETRYING);
}

const QUOTES = "'\"`‘’“”";

/** Whether a part of a line stands in quotes of its own and is no field's value: `toBe("…")`, `KeyError: '…'`. */
export function isMentioned(line: string, part: string, at: number): boolean {
  const [before, after] = [line[at - 1] ?? "", line[at + part.length] ?? ""];
  if (before === "" || after === "" || !QUOTES.includes(before) || !QUOTES.includes(after)) {
    return false;
  }
  return !/[:=] ?$/.test(line.slice(0, at - 1));
}

/** What stands before the code that something failed by: `connect ECONNREFUSED`, `code: 'EPIPE'`. */
const FAILED_BY =
  /(?:^|[[(]|\bcode['"]?[:=] ?['"]?|\b(?:connect|read|write|listen|bind|accept|getaddrinfo|query\w*|send\w*|recv\w*|spawn\w*(?: \S+)?|error|errno|with|by) )$/i;

/** What stands behind it: `ENOSPC: no space left`, or the end of the line. */
const SAYS_IT = /^(?::|[)\],.;}]*\s*$)/;

/** Whether a code in a line is what something failed by: not a word in somebody's sentence. */
export function isFailedBy(line: string, code: string, at: number): boolean {
  const before = line.slice(0, at);
  if (FAILED_BY.test(before)) return true;
  return !QUOTES.includes(before.at(-1) ?? " ") && SAYS_IT.test(line.slice(at + code.length));
}
