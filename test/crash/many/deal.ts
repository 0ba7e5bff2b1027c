/** How each kill goes. Pure: the same windows and seed give the same kills, however many there are. */

import { seededDice } from "../../../src/testing/index.ts";
import { makePlan, type Aim, type ScenarioWindow } from "../plan.ts";
import { kindOf } from "../windows.ts";
import type { Scenario } from "./scenarios.ts";

/** A kill that is to be. */
export interface Kill {
  readonly number: number;
  readonly aim: Aim<Scenario>;
  /** The starts after it die too: each at so many windows, counted from its beginning. */
  readonly again: readonly number[];
  /** Whether all starts are those of the real command line. */
  readonly isCommandLine: boolean;
}

/** What share of the kills goes through the real command line. */
const COMMAND_LINE_SHARE = 0.05;

/** What share of the starts that go on die as well, and how many at most in a row. */
const AGAIN_SHARE = 0.25;
const MOST_AGAIN = 3;

/** Deals the kills of a campaign, which count from 1. */
export function dealer(
  windows: readonly ScenarioWindow<Scenario>[],
  scenarios: readonly Scenario[],
  seed: string,
): (number: number) => Kill {
  const plan = makePlan(windows, scenarios, seed, {
    signals: ["SIGKILL"],
    kindBy: ({ scenario, window }) => `${scenario.name}: ${kindOf(window)}`,
  });
  const counts = new Map(
    [...Map.groupBy(windows, ({ scenario }) => scenario)].map(([scenario, all]) => [
      scenario,
      all.length,
    ]),
  );
  return (number) => {
    const aim = plan.aimOf(number);
    const dice = seededDice(`${seed}/kill/${number}`);
    const isCommandLine = dice() < COMMAND_LINE_SHARE;
    const again: number[] = [];
    while (again.length < MOST_AGAIN && dice() < AGAIN_SHARE) {
      // Who goes on passes fewer than all.
      again.push(1 + Math.floor((dice() * (counts.get(aim.scenario) ?? 1)) / 2));
    }
    return { number, aim, again, isCommandLine };
  };
}
