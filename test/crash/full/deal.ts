/** What more there is to a kill on a full disk. Pure: the same seed and number give the same. */

import { seededDice } from "../../../src/testing/index.ts";

/** See the header. */
export interface DiskDeal {
  /** Whether there was room for the ballast when the run began. */
  readonly hasBallast: boolean;
  /** How many windows after the one at which the disk became full the process dies; 0 is right there. */
  readonly later: number;
  /** The starts while the disk stays full. */
  readonly whileFull: readonly FullStart[];
  /** The starts after there is room again that die as well, each at so many windows. */
  readonly again: readonly number[];
}

/** One start on the full disk. */
export interface FullStart {
  /** Whether somebody else takes what room there is before: that of the ballast, if it was given up. */
  readonly isRefilled: boolean;
  /** At which window it dies; `undefined` for one that is left to itself. */
  readonly diesAfter: number | undefined;
}

/** A disk that refuses what is written ends a run soon; with ballast the run goes on. */
const MOST_LATER = { withBallast: 40, without: 8 } as const;

const MOST_STARTS = 3;

/** A start passes some of these before it comes to work: it takes the run up, and makes the ballast. */
const FIRST_WINDOWS = 12;

/** Deals a kill of a campaign. */
export function dealDisk(seed: string, number: number): DiskDeal {
  const dice = seededDice(`${seed}/disk/${number}`);
  const upTo = (most: number) => Math.floor(dice() * (most + 1));
  const hasBallast = dice() < 0.5;
  const later = upTo(hasBallast ? MOST_LATER.withBallast : MOST_LATER.without);
  const whileFull = Array.from({ length: upTo(MOST_STARTS) }, () => ({
    isRefilled: dice() < 0.5,
    diesAfter: dice() < 0.5 ? 1 + upTo(FIRST_WINDOWS) : undefined,
  }));
  const again = Array.from({ length: upTo(MOST_STARTS - 1) }, () => 1 + upTo(FIRST_WINDOWS));
  return { hasBallast, later, whileFull, again };
}
