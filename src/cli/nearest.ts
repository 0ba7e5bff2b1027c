/** The word that was probably meant. */

const FARTHEST = 2;

/** The known word at most two edits away from `word`, the nearest first; none when there is none. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const measured = known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const best = measured[0];
  return best !== undefined && best.distance <= FARTHEST ? best.candidate : undefined;
}

/**
 * How many insertions, deletions, replacements and swaps of neighbours turn `a` into `b`: the optimal
 * string alignment distance. Source: Damerau, "A technique for computer detection and correction of
 * spelling errors", 1964.
 */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= a.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      rows[row]?.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + same,
          swapped ? at(row - 2, column - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return at(a.length, b.length);
}
