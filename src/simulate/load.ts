/** How the load on a server spreads over time: counts of calls, from the moments at which they came. */

/** How many came in each second, from the first to the last that is asked for. */
export function perSecond(atMs: readonly number[], seconds: number): number[] {
  const counts = Array.from({ length: seconds }, () => 0);
  for (const moment of atMs) {
    const second = Math.floor(moment / 1_000);
    if (second < seconds) counts[second] = (counts[second] as number) + 1;
  }
  return counts;
}

/** The most that came within any `windowMs`, wherever that begins. The moments are in order. */
export function busiest(atMs: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (const [index, moment] of atMs.entries()) {
    while (moment - (atMs[first] as number) >= windowMs) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** The one in the middle; of an even number, the lower of the two. `NaN` of none. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN;
}
