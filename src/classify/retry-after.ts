/** The Retry-After header, as RFC 9110 (10.2.3) defines it: a number of seconds, or a date. */

const SECONDS = /^\d+(?:\.\d+)?$/;

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = String.raw`\d{2}:\d{2}:\d{2}`;

/** The three forms of RFC 9110 (5.6.7), the last two obsolete. No other zone than GMT is one. */
const HTTP_DATES: readonly RegExp[] = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  String.raw`${DAY}, \d{2} ${MONTH} \d{4} ${TIME} GMT`,
  // Sunday, 06-Nov-94 08:49:37 GMT
  String.raw`(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-${MONTH}-\d{2} ${TIME} GMT`,
  // Sun Nov  6 08:49:37 1994
  String.raw`${DAY} ${MONTH} [ \d]\d ${TIME} \d{4}`,
].map((form) => new RegExp(`^${form}$`));

/**
 * How long to wait, in milliseconds, never negative; `undefined` when the header says neither.
 *
 * @param nowMs The present moment by the clock that made the date, since the Unix epoch.
 */
export function findRetryAfterMs(header: string, nowMs: number): number | undefined {
  const text = header.trim();
  if (SECONDS.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER);
  const atMs = findHttpDateMs(text);
  return atMs === undefined ? undefined : Math.max(0, atMs - nowMs);
}

/** The moment that an HTTP date names, in milliseconds since the Unix epoch. */
export function findHttpDateMs(text: string): number | undefined {
  if (!HTTP_DATES.some((form) => form.test(text))) return undefined;
  // The form of asctime() has no zone, and means GMT all the same.
  const ms = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
