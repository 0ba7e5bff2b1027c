/** Whether a row of measurements grows. */

/** A measurement at a place, such as the heap's size after so many calls. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/**
 * How much the value grows all the time: the smaller of the slopes of both halves. What leaks grows in
 * both; what is compiled or cached late makes one step, which tilts the line through all points.
 */
export function steadyGrowthOf(points: readonly Point[]): number {
  const middle = Math.floor(points.length / 2);
  return Math.min(slopeOf(points.slice(0, middle)), slopeOf(points.slice(middle)));
}

/**
 * How much the value grows from one place to the next, by the line that fits all points best (least
 * squares). It takes two points at different places; otherwise `NaN`.
 */
export function slopeOf(points: readonly Point[]): number {
  const middleAt = meanOf(points.map(({ at }) => at));
  const middleValue = meanOf(points.map(({ value }) => value));
  const together = sumOf(points.map(({ at, value }) => (at - middleAt) * (value - middleValue)));
  return together / sumOf(points.map(({ at }) => (at - middleAt) ** 2));
}

function meanOf(numbers: readonly number[]): number {
  return sumOf(numbers) / numbers.length;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
