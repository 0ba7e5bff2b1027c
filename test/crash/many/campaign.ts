/** Thousands of kills: finds out the windows, deals the kills, plays some at a time, and counts in their order. */

import { mkdirSync } from "node:fs";
import { inTurn } from "../in-turn.ts";
import { commonWindows, type ScenarioWindow } from "../plan.ts";
import { differences } from "../tree.ts";
import { counted, type Counts } from "./counts.ts";
import { dealer, type Kill } from "./deal.ts";
import { play, playUndisturbed, type Reference, type Sabotage, type Verdict } from "./play.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

/** How far a campaign is; as JSON in its state file. */
export interface Progress {
  readonly seed: string;
  /** Kills are dealt by the windows: where those have changed, the rest would not be the rest of these. */
  readonly windows: number;
  /** The first kill that is not counted yet. */
  readonly next: number;
  readonly counts: Counts;
}

/** How a campaign is led. */
export interface CampaignOptions {
  /** Where the worlds are made. Those with problems stay. */
  readonly directory: string;
  readonly seed: string;
  /** The first kill and the last, from 1. */
  readonly from: number;
  readonly to: number;
  /** How many worlds at a time. */
  readonly concurrency: number;
  /** No further kill begins once it aborts. */
  readonly signal?: AbortSignal | undefined;
  readonly scenarios?: readonly Scenario[] | undefined;
  readonly sabotage?: Sabotage | undefined;
  /** How a kill is played. Default: on the disk where the worlds are. */
  readonly play?: typeof play | undefined;
  /** Called before the first kill. What it throws ends the campaign. */
  readonly onStart?: ((windows: readonly ScenarioWindow<Scenario>[]) => void) | undefined;
  /** Called in the order of the kills. */
  readonly onVerdict: (verdict: Verdict) => void;
}

/** Undisturbed runs of each scenario: what they have in common is what all pass. */
const REHEARSALS = 3;

/** Leads a campaign. */
export async function manyKills(options: CampaignOptions): Promise<void> {
  const { directory, seed, from, to, concurrency, signal, onStart, onVerdict } = options;
  const scenarios = options.scenarios ?? SCENARIOS;
  mkdirSync(directory, { recursive: true });
  const references = await rehearse(directory, scenarios, concurrency);
  const windows = windowsOf(references);
  onStart?.(windows);
  const deal = dealer(windows, scenarios, seed);
  const tell = inOrder(from, onVerdict);
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  await inTurn(numbers, { concurrency, signal }, async (number) => {
    const kill = deal(number);
    const reference = references.get(kill.aim.scenario) as Reference;
    tell(await playOrFail(options, kill, reference));
  });
}

/** A progress with one verdict more. */
export function advanced(progress: Progress, verdict: Verdict): Progress {
  const { counts, next } = progress;
  return { ...progress, next: next + 1, counts: counted(counts, verdict) };
}

async function playOrFail(
  { directory, sabotage, play: playOne = play }: CampaignOptions,
  kill: Kill,
  reference: Reference,
): Promise<Verdict> {
  try {
    return await playOne(directory, kill, reference, sabotage);
  } catch (error) {
    const text = String((error as Error).stack);
    const problems = [{ what: "wrong end", text }] as const;
    return { kill, deaths: 0, starts: 0, problems, kept: directory };
  }
}

async function rehearse(
  directory: string,
  scenarios: readonly Scenario[],
  concurrency: number,
): Promise<ReadonlyMap<Scenario, Reference>> {
  const played = new Map<Scenario, Reference[]>(scenarios.map((scenario) => [scenario, []]));
  const rehearsals = scenarios.flatMap((scenario) => Array<Scenario>(REHEARSALS).fill(scenario));
  const names = rehearsals.map((scenario, index) => ({ scenario, name: `undisturbed-${index}` }));
  await inTurn(names, { concurrency }, async ({ scenario, name }) => {
    played.get(scenario)?.push(await playUndisturbed(directory, scenario, name));
  });
  return new Map([...played].map(([scenario, runs]) => [scenario, common(scenario, runs)]));
}

function common({ name }: Scenario, runs: readonly Reference[]): Reference {
  const [first, ...others] = runs;
  if (first === undefined) throw new Error(`Nobody rehearsed ${name}`);
  const different = others.flatMap(({ remains }) => differences(name, first.remains, remains));
  if (different.length > 0) throw new Error(`Undisturbed: ${different.join("; ")}`);
  return {
    windows: commonWindows(runs.map(({ windows }) => windows)),
    remains: first.remains,
    livedMs: Math.min(...runs.map(({ livedMs }) => livedMs)),
  };
}

/** In an order that does not depend on how parallel steps came to run. */
function windowsOf(references: ReadonlyMap<Scenario, Reference>): ScenarioWindow<Scenario>[] {
  return [...references].flatMap(([scenario, { windows }]) =>
    windows
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      .map((window) => ({ scenario, window })),
  );
}

/** Hands verdicts on by their numbers, for kills do not end in their order. */
function inOrder(from: number, tell: (verdict: Verdict) => void): (verdict: Verdict) => void {
  const waiting = new Map<number, Verdict>();
  let next = from;
  return (verdict) => {
    waiting.set(verdict.kill.number, verdict);
    for (let ready = waiting.get(next); ready !== undefined; ready = waiting.get(next)) {
      waiting.delete(next);
      next += 1;
      tell(ready);
    }
  };
}
