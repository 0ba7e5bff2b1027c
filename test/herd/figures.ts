/** What came out of a scenario: medians of several plays, each with other dice. */

import { playHerd, type Played } from "../../src/simulate/herd.ts";
import { busiest, medianOf, perSecond } from "../../src/simulate/load.ts";
import type { Scenario } from "./scenarios.ts";
import type { Strategy } from "./strategies.ts";

/** How often each is played. */
export const PLAYS = 11;
/** So many seconds are shown one by one. */
export const SECONDS = 24;

/** One number for each thing that is told of a play. */
export interface Counts {
  readonly calls: number;
  /** Those that the server did not let in. */
  readonly refused: number;
  readonly failures: number;
  readonly firstSecond: number;
  /** The most within any second after the first. */
  readonly secondLater: number;
  /** The most within any tenth of a second after the first moment, in which all come. */
  readonly tenthLater: number;
  /** From when the server is up until half of the agents are done. */
  readonly halfMs: number;
  /** From when the server is up until all are. */
  readonly allMs: number;
}

/** The medians of all plays of one strategy. */
export interface Figures {
  readonly name: string;
  readonly counts: Counts;
  /** How many calls came in each of the first seconds. */
  readonly perSecond: readonly number[];
}

/** Plays a scenario with each of its strategies. */
export async function figuresOf(scenario: Scenario): Promise<Figures[]> {
  const figures: Figures[] = [];
  for (const strategy of scenario.strategies) figures.push(await play(scenario, strategy));
  return figures;
}

async function play({ play: rules }: Scenario, { name, guard }: Strategy): Promise<Figures> {
  const plays: Played[] = [];
  for (let seed = 1; seed <= PLAYS; seed++) plays.push(await playHerd({ ...rules, guard, seed }));
  const upAtMs = rules.server.outage?.untilMs ?? 0;
  const counts = plays.map((played) => countsOf(played, upAtMs));
  const seconds = plays.map(({ arrivals }) => perSecond(momentsOf(arrivals), SECONDS));
  return {
    name,
    counts: medians(counts),
    perSecond: Array.from({ length: SECONDS }, (_, index) =>
      medianOf(seconds.map((row) => row[index] ?? NaN)),
    ),
  };
}

function countsOf({ arrivals, doneAtMs, failures }: Played, upAtMs: number): Counts {
  const atMs = momentsOf(arrivals);
  return {
    calls: atMs.length,
    refused: arrivals.filter(({ status }) => status !== 200).length,
    failures,
    firstSecond: atMs.filter((moment) => moment < 1_000).length,
    secondLater: busiest(
      atMs.filter((moment) => moment >= 1_000),
      1_000,
    ),
    tenthLater: busiest(
      atMs.filter((moment) => moment > 0),
      100,
    ),
    halfMs: medianOf(doneAtMs) - upAtMs,
    allMs: (doneAtMs.at(-1) ?? NaN) - upAtMs,
  };
}

function medians(counts: readonly Counts[]): Counts {
  const names = Object.keys(counts[0] ?? {}) as (keyof Counts)[];
  const middle = names.map((name) => [name, medianOf(counts.map((count) => count[name]))]);
  return Object.fromEntries(middle) as Counts;
}

function momentsOf(arrivals: Played["arrivals"]): number[] {
  return arrivals.map(({ atMs }) => atMs);
}
