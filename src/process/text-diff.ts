/** What differs between two texts, as lines that go and lines that come. Pure. */

/** As many lines as are shown. */
const MAX_LINES = 40;

/**
 * The lines between what both begin with and what both end with: `-old`, then `+new`, at most 40 of
 * them. No least difference is looked for: it shows what is touched, and is no patch.
 */
export function textDiff(before: string, after: string, maxLines = MAX_LINES): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const shortest = Math.min(old.length, now.length);
  let head = 0;
  while (head < shortest && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < shortest - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const lines = [
    ...old.slice(head, old.length - tail).map((line) => `-${line}`),
    ...now.slice(head, now.length - tail).map((line) => `+${line}`),
  ];
  const more = lines.length - maxLines;
  return [...lines.slice(0, maxLines), ...(more > 0 ? [`… and ${more} more lines`] : [])].join(
    "\n",
  );
}
