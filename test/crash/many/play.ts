/** One kill of the campaign: the run that dies, those that go on and may die too, and the verdict. */

import { readFileSync, rmSync } from "node:fs";
import { UNFINISHED } from "../../../src/core/journal.ts";
import type { Ended } from "../command-line.ts";
import { describeAim } from "../plan.ts";
import { labelOf, type Window } from "../windows.ts";
import type { Kill } from "./deal.ts";
import { judgeLedger, type Problem } from "./ledger.ts";
import { endOrphans } from "./orphans.ts";
import { Place, type Remains } from "./place.ts";
import type { Scenario } from "./scenarios.ts";

/** A run that nobody kills: what it passes, and what it leaves. */
export interface Reference {
  readonly windows: readonly Window[];
  readonly remains: Remains;
  readonly livedMs: number;
}

/** How a kill ended. */
export interface Verdict {
  readonly kill: Kill;
  /** How often a process was killed, this kill and those after it. */
  readonly deaths: number;
  /** How many processes it took in all. */
  readonly starts: number;
  /** Empty is well. */
  readonly problems: readonly Problem[];
  /** Where its world is, if there are problems. */
  readonly kept: string;
  /** What its full disk brought about, if it had one. */
  readonly disk?: DiskEvidence;
}

/** What happened on a full disk, as the processes themselves told it. */
export interface DiskEvidence {
  /** The kinds of the windows at which processes died. */
  readonly diedAt: readonly string[];
  /** How often the disk refused what was to be written. */
  readonly refusals: number;
  /** How often the ballast was given up, and made. */
  readonly released: number;
  readonly made: number;
}

/** Is done to the world between the first kill and the next start, to see that it is noticed. */
export type Sabotage = (place: Place) => void;

/** A run may have ended before a kill from outside came, most of all where the machine is busy. */
export const TRIES = 12;

/** Runs a scenario that nobody kills. Rejects when it does not end as it must. */
export async function playUndisturbed(
  directory: string,
  scenario: Scenario,
  name: string,
): Promise<Reference> {
  const place = new Place(directory, name);
  const list = `${place.root}.windows`;
  const death = { CRASH_LIST: list };
  const { exitCode, stderr, livedMs } = await place.start(scenario, {
    isCommandLine: false,
    death,
  });
  const problems = judgeLedger(place.ledger());
  if (exitCode !== scenario.exitCode || problems.length > 0) {
    throw new Error(`Undisturbed, ${scenario.name} ended by ${exitCode}: ${stderr}`);
  }
  const lines = readFileSync(list, "utf8").trim().split("\n");
  const windows = lines.map((line) => JSON.parse(line) as Window);
  const remains = place.remains(scenario);
  rmSync(place.root, { recursive: true });
  rmSync(list);
  return { windows, remains, livedMs };
}

/** Kills, goes on until the run has ended, and judges. */
export async function play(
  directory: string,
  kill: Kill,
  reference: Reference,
  sabotage: Sabotage = () => {},
): Promise<Verdict> {
  let starts = 0;
  for (let go = 1; go <= TRIES; go++) {
    const place = new Place(directory, `kill-${kill.number}`);
    starts += 1;
    if (!(await isKilled(place, kill, reference.livedMs / go ** 2))) continue;
    sabotage(place);
    const rest = await goOn(place, kill);
    const { last } = rest;
    const problems = await judge(place, kill.aim.scenario, { reference, last });
    if (problems.length === 0) rmSync(place.root, { recursive: true });
    const { deaths } = rest;
    return { kill, deaths: 1 + deaths, starts: starts + rest.starts, problems, kept: place.root };
  }
  const problems = [wrongEnd(`it never came to ${describeAim(kill.aim)}`)];
  return { kill, deaths: 0, starts, problems, kept: "" };
}

async function isKilled(
  place: Place,
  { aim, isCommandLine }: Kill,
  livedMs: number,
): Promise<boolean> {
  const { signal } = await place.start(aim.scenario, {
    isCommandLine,
    death: "window" in aim ? { CRASH_AT: labelOf(aim.window) } : {},
    ...("share" in aim ? { strike: { signal: "SIGKILL", afterMs: aim.share * livedMs } } : {}),
  });
  return signal === "SIGKILL";
}

/** What came of the starts after a kill. */
interface Rest {
  readonly deaths: number;
  readonly starts: number;
  /** The one that nobody killed, if there was anything left to do. */
  readonly last: Ended | undefined;
}

/** Starts it again until it has ended: those that are to die, by `deathAfter`, and one that is not. */
export async function goOn(
  place: Place,
  { aim: { scenario }, again, isCommandLine }: Kill,
  deathAfter: (windows: number) => Readonly<Record<string, string>> = (windows) => ({
    CRASH_AFTER: String(windows),
  }),
): Promise<Rest> {
  const deaths = again.map(deathAfter);
  const killed: Ended[] = [];
  let last: Ended | undefined;
  for (const death of [...deaths, undefined]) {
    if (last !== undefined || (await hasEnded(place))) break;
    const ended = await place.start(scenario, { isCommandLine, ...(death && { death }) });
    if (ended.signal === "SIGKILL") killed.push(ended);
    else last = ended;
  }
  return { deaths: killed.length, starts: killed.length + (last === undefined ? 0 : 1), last };
}

/** Whether there is nothing to go on with. */
async function hasEnded(place: Place): Promise<boolean> {
  const [run] = await place.runs();
  return run !== undefined && !UNFINISHED.includes(run.status);
}

/** What is not as was promised, when nothing more is to be started. */
export async function judge(
  place: Place,
  scenario: Scenario,
  { reference, last }: { readonly reference: Reference; readonly last: Ended | undefined },
): Promise<Problem[]> {
  const { exitCode: expected } = scenario;
  const orphans = await endOrphans(place.marker);
  const runs = await place.runs();
  const ends = runs.map(({ status, exitCode }) => `${status}, ${exitCode}`);
  const [end] = ends;
  return [
    ...judgeLedger(place.ledger()),
    ...orphans.map((text): Problem => ({ what: "orphan", text })),
    ...place.problems(scenario, reference.remains),
    ...(end === `${expected === 0 ? "succeeded" : "failed"}, ${expected}` && ends.length === 1
      ? []
      : [wrongEnd(`its runs: ${ends.join("; ")}`)]),
    // Who had written its end before it died is told by its record alone.
    ...(last === undefined || last.exitCode === expected
      ? []
      : [wrongEnd(`it ended by ${last.exitCode}, not ${expected}: ${last.stderr}`)]),
  ];
}

/** See `Problem`. */
export function wrongEnd(text: string): Problem {
  return { what: "wrong end", text };
}
