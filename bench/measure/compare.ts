/**
 * How everything here is compared.
 *
 * A machine that others use as well is twice as slow one minute and as fast as ever the next. So no
 * time stands alone: each batch of a case is preceded by a batch of the baseline, and what counts is
 * the ratio of the two neighbours. The order of the cases is drawn anew every round, and of all
 * rounds the median is told, with the 10th and the 90th percentile.
 */

import type { Random } from "../../src/index.ts";
import { shuffled, spreadOf, type Spread } from "./statistics.ts";
import type { Cell } from "./text-table.ts";

/** Something that is measured again and again. */
export interface Case {
  readonly name: string;
  /** Does it as often as makes a batch, and answers what doing it once cost. */
  readonly cost: () => number | Promise<number>;
  /** More cells of its line, made of what it cost. Default: none. */
  readonly cells?: ((cost: Spread) => readonly Cell[]) | undefined;
  /** Rounds after which it is left out, and it is not warmed up: for what takes seconds. Default: all. */
  readonly rounds?: number | undefined;
}

/** What a case cost. */
export interface Measured {
  readonly cost: Spread;
  /** To the baseline's neighbouring batch. */
  readonly ratio: Spread;
}

/** Rounds before the first that counts: the compiler has settled by then. */
const WARM_UP_ROUNDS = 2;

/** Measures all cases, and the baseline as often as all of them together. */
export async function compare(
  baseline: Case,
  cases: readonly Case[],
  { rounds, random }: { readonly rounds: number; readonly random: Random },
): Promise<ReadonlyMap<Case, Measured>> {
  const batches: { item: Case; cost: number; ratio: number }[] = [];
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    for (const item of shuffled(cases, random)) {
      if (!takesPart(item, round)) continue;
      const neighbour = await baseline.cost();
      const cost = await item.cost();
      if (round < 1) continue;
      batches.push({ item: baseline, cost: neighbour, ratio: 1 });
      batches.push({ item, cost, ratio: cost / neighbour });
    }
  }
  const byCase = Map.groupBy(batches, ({ item }) => item).entries();
  return new Map(
    byCase.map(([item, own]) => [
      item,
      {
        cost: spreadOf(own.map(({ cost }) => cost)),
        ratio: spreadOf(own.map(({ ratio }) => ratio)),
      },
    ]),
  );
}

function takesPart({ rounds }: Case, round: number): boolean {
  return rounds === undefined || (round >= 1 && round <= rounds);
}
