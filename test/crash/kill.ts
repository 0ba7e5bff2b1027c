/** One kill: a world, a run that dies in it, what is shown of it, one further run, and the verdict. */

import { readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { EXIT } from "../../src/core/exit-codes.ts";
import type { ObjectStore } from "../../src/testing/index.ts";
import { run, VICTIM } from "./command-line.ts";
import {
  findDamage,
  gatherRemains,
  readRecorded,
  watchNames,
  type Recorded,
  type Remains,
} from "./evidence.ts";
import { copyWorld, type Scenario, type Stage, type World } from "./night.ts";
import { describeAim, isGraceful, type Aim } from "./plan.ts";
import { findRepeated } from "./repeats.ts";
import { showProblems } from "./shown.ts";
import { differences } from "./tree.ts";
import { labelOf, type Window } from "./windows.ts";

/** A night without a kill: what it passes, and what it leaves. */
export interface Reference {
  readonly windows: readonly Window[];
  readonly remains: Remains;
  readonly livedMs: number;
}

/** Plays a night that nobody kills. Rejects when it does not end as its scenario says. */
export async function playUndisturbed(
  stage: Stage,
  scenario: Scenario,
  seed: string,
): Promise<Reference> {
  const world = copyWorld(stage, `undisturbed-${scenario.name}-${seed.replaceAll("/", "-")}`);
  await using store = await world.openStore(seed, scenario);
  const list = `${world.root}.windows`;
  const env = { ...world.envFor(store), CRASH_LIST: list };
  const { exitCode, stderr, livedMs } = await run(VICTIM, {
    words: world.words,
    env,
    cwd: world.root,
  });
  const { run: record } = await readRecorded(world);
  if (exitCode !== scenario.exitCode || record === undefined) {
    throw new Error(`Undisturbed, ${scenario.name} ended by ${exitCode}: ${stderr}`);
  }
  const tonight = (await store.ledger()).slice(stage.ledgerCount);
  const remains = gatherRemains(world, { runId: record.id, tonight });
  const lines = readFileSync(list, "utf8").trim().split("\n");
  rmSync(world.root, { recursive: true });
  return { windows: lines.map((line) => JSON.parse(line) as Window), remains, livedMs };
}

/** A kill that is to be. */
export interface Kill {
  readonly number: number;
  readonly seed: string;
  readonly aim: Aim;
}

/** How it ended. */
export interface Verdict {
  readonly kill: Kill;
  /** Where it stood: cut off and taken up again, or at its end already. */
  readonly wasUnfinished: boolean;
  /** What is not as it must be; empty is well. */
  readonly problems: readonly string[];
  /** What is left of its world when there are problems. */
  readonly kept: string;
}

/** A run from outside may have ended before the kill came, a window not come because of other faults. */
const TRIES = 5;

/**
 * Kills, looks, goes on once, and judges.
 *
 * @param sabotage Is done to the world between the kill and the next start, to see that it is noticed.
 */
export async function play(
  stage: Stage,
  reference: Reference,
  kill: Kill,
  sabotage: (world: World) => void = () => {},
): Promise<Verdict> {
  const { number, seed, aim } = kill;
  for (let go = 1; go <= TRIES; go++) {
    const world = copyWorld(stage, `kill-${number}`);
    await using store = await world.openStore(`${seed}/${number}/${go}`, aim.scenario);
    if (!(await isKilled(world, store, { aim, livedMs: reference.livedMs / go }))) continue;
    const scene = { stage, world, store, reference, kill };
    const { wasUnfinished, problems } = await judge(scene, sabotage);
    if (problems.length === 0) rmSync(world.root, { recursive: true });
    return { kill, wasUnfinished, problems, kept: world.root };
  }
  const problems = [`it never came to ${describeAim(aim)}`];
  return { kill, wasUnfinished: false, problems, kept: join(stage.directory, `kill-${number}`) };
}

async function isKilled(
  world: World,
  store: ObjectStore,
  { aim, livedMs }: { readonly aim: Aim; readonly livedMs: number },
): Promise<boolean> {
  const at = "window" in aim ? { CRASH_AT: labelOf(aim.window) } : {};
  const { signal, exitCode } = await run(VICTIM, {
    words: world.words,
    env: { ...world.envFor(store), ...at },
    cwd: world.root,
    strike: "share" in aim ? { signal: aim.signal, afterMs: aim.share * livedMs } : undefined,
  });
  // Who is stopped gracefully ends by itself, and may have been at its end already.
  return isGraceful(aim)
    ? exitCode === EXIT.signal + constants.signals.SIGINT
    : signal === "SIGKILL";
}

interface Scene {
  readonly stage: Stage;
  readonly world: World;
  readonly store: ObjectStore;
  readonly reference: Reference;
  readonly kill: Kill;
}

async function judge(
  scene: Scene,
  sabotage: (world: World) => void,
): Promise<Pick<Verdict, "wasUnfinished" | "problems">> {
  const { stage, world, store, reference, kill } = scene;
  const { aim } = kill;
  const before = await readRecorded(world);
  const requestCount = (await store.ledger()).length;
  const shown = await world.holdfast(["show", "last"], store);
  sabotage(world);

  const watching = watchNames(world.local);
  const goesOn = before.isUnfinished || before.run === undefined;
  const end = goesOn ? await world.holdfast(world.words, store) : undefined;
  const names = await watching.stop();

  const after = await readRecorded(world);
  const runId = after.run?.id ?? "no run";
  const ledger = await store.ledger();
  const remains = gatherRemains(world, { runId, tonight: ledger.slice(stage.ledgerCount) });
  const requests = ledger.slice(requestCount);
  const problems = [
    ...showProblems(shown.stdout, aim, before),
    ...exitProblems(aim.scenario.exitCode, end ?? { ...before.run, stderr: "" }),
    ...remainsProblems(reference.remains, remains),
    ...(aim.scenario.outcome === "as before" ? [] : findDamage(world, runId)),
    ...findRepeated(before.steps, { requests, names }).map((step) => `${step} was done again`),
    ...(await endProblems(scene, { before, after })),
  ];
  return { wasUnfinished: goesOn, problems };
}

/** How much of what a run said stands in a problem. */
const SHOWN_LINES = 30;

function exitProblems(
  expected: number,
  { exitCode, stderr }: { readonly exitCode?: number | null | undefined; readonly stderr: string },
): string[] {
  const last = stderr.trim().split("\n").slice(-SHOWN_LINES).join("\n    ");
  return exitCode === expected ? [] : [`it ended by ${exitCode}, not ${expected}:\n    ${last}`];
}

/** What is there against what an undisturbed night leaves. */
export function remainsProblems(expected: Remains, found: Remains): string[] {
  return (["workspace", "objects", "effects", "surroundings"] as const).flatMap((what) =>
    differences(what, expected[what], found[what]),
  );
}

/** Whether the run's end is shown, and that it was taken up at most once. */
async function endProblems(
  { world, store, kill }: Scene,
  { before, after }: { readonly before: Recorded; readonly after: Recorded },
): Promise<string[]> {
  const { stdout } = await world.holdfast(["show", "last"], store);
  const { exitCode } = kill.aim.scenario;
  const says = [
    `${exitCode === 0 ? "succeeded" : "failed"}, exit code ${exitCode}`,
    ...(before.isUnfinished ? [", resumed once"] : []),
  ];
  return [
    ...says.filter((part) => !stdout.includes(part)).map((part) => `show: does not say "${part}"`),
    ...(after.isUnfinished ? ["its run is still unfinished"] : []),
  ];
}
