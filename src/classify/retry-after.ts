/** The Retry-After header, as RFC 9110 (10.2.3) defines it: a number of seconds, or a date. */

const SECONDS = /^\d+(?:\.\d+)?$/;

/** RFC 9110 (5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, and the two obsolete forms of it. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

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
  if (!HTTP_DATE.test(text)) return undefined;
  // The form of asctime() has no zone, and means GMT all the same.
  const ms = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
