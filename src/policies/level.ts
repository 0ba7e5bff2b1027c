/**
 * Levels: how much a call matters, finer than its priority. The whole part is the priority, and the
 * fraction its place among those of the same priority; together they say who is turned away first.
 */

/** The least priority. */
export const MIN_PRIORITY = -100;
/** The greatest. */
export const MAX_PRIORITY = 100;

/** So fine are levels: six digits, so that they are short as text, and hardly two are equal. */
const PARTS = 1e6;

/** How much chance has to say beside what a user has used: else equals would all be turned away together. */
const CHANCE = 0.1;

/** The level of a priority at a place from 0 to 1. It is never a whole number: that is a priority. */
export function levelAt(priority: number, place: number): number {
  const part = Math.min(PARTS - 1, Math.max(1, Math.floor(place * PARTS)));
  return Number((priority + part / PARTS).toFixed(6));
}

/** The place of who should have so much, from 0 to 1, by dice that gave `drawn`. */
export function placeOf(fairness: number, drawn: number): number {
  return (1 - CHANCE) * fairness + CHANCE * drawn;
}

/** The priority that a level is of. */
export function priorityOf(level: number): number {
  return Math.floor(level);
}

/**
 * Reads a level, or a priority, from a header in which another service handed it on as `String(level)`.
 * Answers `undefined` when there is none or it is no level: never trust those who may not set it.
 *
 * @example
 * const level = findLevel(request.headers.get("x-level")) ?? 0;
 */
export function findLevel(header: string | null | undefined): number | undefined {
  if (header === null || header === undefined || !/^-?\d{1,3}(\.\d{1,6})?$/.test(header))
    return undefined;
  return isLevel(Number(header)) ? Number(header) : undefined;
}

/** Whether it is a level or a priority. */
export function isLevel(value: unknown): value is number {
  return typeof value === "number" && value >= MIN_PRIORITY && value < MAX_PRIORITY + 1;
}
