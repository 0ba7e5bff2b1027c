/** Many kills: sets the stage, deals them, plays some at a time, and counts. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inTurn } from "./in-turn.ts";
import { remainsProblems, play, playUndisturbed, type Reference, type Verdict } from "./kill.ts";
import { readTree } from "./tree.ts";
import { setStage, type Scenario, type Stage } from "./night.ts";
import { commonWindows, makePlan, partingFrom, type Plan, type ScenarioWindow } from "./plan.ts";

/** How a campaign is led. */
export interface CampaignOptions {
  readonly seed: string;
  /** How many kills; without it, as many as it takes to aim at every window five times. */
  readonly kills?: number | undefined;
  /** The first kill, from 1. */
  readonly from?: number | undefined;
  /** How many worlds at a time. */
  readonly concurrency: number;
  /** No further kill begins once it aborts. */
  readonly signal?: AbortSignal | undefined;
  readonly onStart?: ((start: { windows: number; kills: number }) => void) | undefined;
  readonly onVerdict?: ((verdict: Verdict) => void) | undefined;
}

/** What came of it. */
export interface Report {
  readonly windows: readonly ScenarioWindow[];
  readonly verdicts: readonly Verdict[];
  /** The kill to go on with. */
  readonly next: number;
}

/** How often every window is aimed at when nothing else is asked for. */
const TIMES = 5;

/** Undisturbed nights of each scenario, each with other faults: what all of them pass is no matter of chance. */
const REHEARSALS = 5;

/** Leads a campaign. Worlds with problems are left for whoever looks into them. */
export async function campaign(options: CampaignOptions): Promise<Report> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-kills-"));
  const report = await lead(directory, options);
  const isWell = report.verdicts.every(({ problems }) => problems.length === 0);
  if (isWell) rmSync(directory, { recursive: true });
  return report;
}

async function lead(directory: string, options: CampaignOptions): Promise<Report> {
  const { seed, concurrency, from = 1, signal, onStart, onVerdict } = options;
  const stage = await setStage(directory);
  const { references, windows } = await rehearse(stage, options);
  const plan = makePlan(windows, stage.scenarios, seed);
  const kills = options.kills ?? plan.killsFor(TIMES);
  onStart?.({ windows: windows.length, kills });
  const verdicts: Verdict[] = [];
  const numbers = Array.from({ length: kills - from + 1 }, (_, index) => from + index);
  const begun = await inTurn(numbers, { concurrency, signal }, async (number) => {
    const verdict = await playOne({ stage, references, plan, seed }, number);
    verdicts.push(verdict);
    onVerdict?.(verdict);
  });
  return { windows, verdicts, next: from + begun };
}

interface Leading {
  readonly stage: Stage;
  readonly references: ReadonlyMap<Scenario, Reference>;
  readonly plan: Plan;
  readonly seed: string;
}

async function playOne(
  { stage, references, plan, seed }: Leading,
  number: number,
): Promise<Verdict> {
  const aim = plan.aimOf(number);
  const kill = { number, seed, aim };
  try {
    return await play(stage, references.get(aim.scenario) as Reference, kill);
  } catch (error) {
    const kept = join(stage.directory, `kill-${number}`);
    return { kill, wasUnfinished: false, problems: [String((error as Error).stack)], kept };
  }
}

/** Finds out what the windows are, and what each scenario leaves behind. */
async function rehearse(stage: Stage, { seed, concurrency }: CampaignOptions) {
  const rehearsals = stage.scenarios.flatMap((scenario) =>
    Array.from({ length: REHEARSALS }, (_, index) => ({
      scenario,
      go: `${seed}/rehearsal/${index}`,
    })),
  );
  const nights = new Map<Scenario, Reference[]>(stage.scenarios.map((scenario) => [scenario, []]));
  await inTurn(rehearsals, { concurrency }, async ({ scenario, go }) => {
    nights.get(scenario)?.push(await playUndisturbed(stage, scenario, go));
  });
  const references = new Map(
    [...nights].map(([scenario, played]) => [scenario, referenceOf(scenario, played, stage)]),
  );
  const [success, ...others] = stage.scenarios;
  if (success === undefined) throw new Error("There is no scenario");
  const known = references.get(success)?.windows ?? [];
  const windows = [
    ...known.map((window) => ({ scenario: success, window })),
    ...others.flatMap((scenario) =>
      partingFrom(known, references.get(scenario)?.windows ?? []).map((window) => ({
        scenario,
        window,
      })),
    ),
  ];
  return { references, windows };
}

function referenceOf(scenario: Scenario, played: readonly Reference[], stage: Stage): Reference {
  const [first, ...others] = played;
  if (first === undefined) throw new Error(`Nobody rehearsed ${scenario.name}`);
  const asBefore = { ...first.remains, workspace: readTree(stage.world.workspace), effects: {} };
  const problems = [
    ...others.flatMap(({ remains }) => remainsProblems(first.remains, remains)),
    ...(scenario.outcome === "as before" ? remainsProblems(asBefore, first.remains) : []),
  ];
  if (problems.length > 0) {
    throw new Error(`Undisturbed, ${scenario.name} leaves this: ${problems.join("; ")}`);
  }
  const livedMs = Math.min(...played.map((night) => night.livedMs));
  return {
    windows: commonWindows(played.map(({ windows }) => windows)),
    remains: first.remains,
    livedMs,
  };
}
