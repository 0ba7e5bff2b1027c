/** Many of one kind, some at a time. */

/** Works through `items`, some at a time, and answers how many were begun. */
export async function inTurn<Item>(
  items: readonly Item[],
  {
    concurrency,
    signal,
  }: { readonly concurrency: number; readonly signal?: AbortSignal | undefined },
  work: (item: Item) => Promise<void>,
): Promise<number> {
  let begun = 0;
  async function workOn(): Promise<void> {
    while (begun < items.length && signal?.aborted !== true) {
      begun += 1;
      await work(items[begun - 1] as Item);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, workOn));
  return begun;
}
