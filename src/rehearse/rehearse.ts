/** Rehearses an automation: undisturbed first, then once for every step and fault, and judges each run. */

import { newRunId } from "../automation/key.ts";
import { seededDice } from "../core/dice.ts";
import { formatMs } from "../core/duration.ts";
import { InputError } from "../core/errors.ts";
import { redactor } from "../core/redact.ts";
import { clip } from "../core/show.ts";
import { within } from "./child.ts";
import { findProgram } from "./commands.ts";
import { Disk } from "./disk.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import type { Fault, FileFacts } from "./messages.ts";
import { Performance, RehearsalError, type Play, type Theatre } from "./perform.ts";
import { makePlan, nameOf, type Plan, type Skipped } from "./plan.ts";
import { withoutSecrets } from "./without-secrets.ts";
import { referenceOf, type Reference, type ReferenceStep } from "./reference.ts";
import { Stage, StageFileError } from "./stage.ts";
import { judge, reconsider, type Finding } from "./verdict.ts";
import { isOutside, makeWorld, removeWorld } from "./world.ts";

/** What is rehearsed, and how. */
export interface RehearseOptions {
  /** What all runs have in common, as far as the file does not say it. */
  readonly theatre: Omit<Theatre, "facts" | "runId">;
  /** Makes the run's id, and so the keys. */
  readonly seed: string;
  /** How many runs at a time. */
  readonly concurrency: number;
  /** Only these steps, by label; all when it is empty. */
  readonly only: readonly string[];
  /** Only these faults; all when it is empty. */
  readonly faults: readonly FaultName[];
  /** Programs beside those that the file names. */
  readonly commands: readonly string[];
  /** Whether worlds with something left stay. */
  readonly keep: boolean;
  /** Is told how far it is. */
  readonly onProgress: (progress: Progress) => void;
}

/** How far it is. */
export type Progress =
  | { readonly at: "reference" }
  | { readonly at: "planned"; readonly steps: number; readonly runs: number }
  | {
      readonly at: "played";
      readonly done: number;
      readonly runs: number;
      readonly run: Rehearsed;
    };

/** One rehearsed run, judged. */
export interface Rehearsed {
  readonly fault: Fault;
  readonly findings: readonly Finding[];
  readonly note?: string | undefined;
  readonly durationMs: number;
  /** Where its world is, when it was kept. */
  readonly world?: string | undefined;
}

/** Everything that was found. */
export interface RehearsalReport {
  readonly automation: string;
  readonly file: string;
  readonly seed: string;
  readonly steps: readonly ReferenceStep[];
  readonly runs: readonly Rehearsed[];
  readonly skipped: readonly Skipped[];
  /** Places whose content, and shapes of names, that differ from run to run by themselves. */
  readonly unsteady: readonly string[];
  /** Steps with an effect and no verify: nobody looks whether they did it. */
  readonly unverified: readonly string[];
  /** Whether nothing was found. */
  readonly isGood: boolean;
}

/**
 * See the header. Rejects with `InputError` for a step, fault or program that there is not, and with
 * `RehearsalError`, `StageError` or `StageFileError` when there is nothing to compare with: a file that is no automation, a scene that cannot be set, an undisturbed
 * run that fails.
 */
export async function rehearse(options: RehearseOptions): Promise<RehearsalReport> {
  const { seed, theatre: given, onProgress } = options;
  const own = await factsOf(given);
  const commands = [...new Set([...own.commands, ...options.commands])];
  checkCommands(commands, given);
  const facts = { ...own, commands };
  // One moment for all: names that sort by time do so in the rehearsal too.
  const runId = newRunId(given.clock, seededDice(seed));
  const theatre: Theatre = { ...given, facts, runId };
  onProgress({ at: "reference" });
  const reference = await playReference(theatre);
  const plan = makePlan(reference.steps, {
    ...options,
    noDisk: isDiskAsked(options) ? await findLack(theatre, reference) : undefined,
  });
  checkPlan(plan, reference, options);
  onProgress({ at: "planned", steps: reference.steps.length, runs: plan.faults.length });
  const played = await playAll(plan.faults, { options, theatre, reference });
  const settle = reconsider(played.flatMap(({ findings }) => findings));
  const runs = played.map((run) => ({ ...run, findings: run.findings.map(settle) }));
  const report = {
    automation: facts.automation,
    file: theatre.file,
    seed,
    steps: reference.steps,
    runs,
    skipped: plan.skipped,
    unsteady: [...reference.looseness.contents, ...reference.looseness.names],
    unverified: reference.steps
      .filter(({ kind, hasEffect, hasVerify }) => kind === "step" && hasEffect && !hasVerify)
      .map(({ label }) => label),
    isGood: runs.every(({ findings }) => findings.length === 0),
  };
  return withoutSecrets(report, redactor({ env: { ...given.env, ...facts.env } }));
}

/** How long the file may take to load. */
const LOAD_MS = 60_000;

async function factsOf(given: RehearseOptions["theatre"]): Promise<FileFacts> {
  const world = await makeWorld({ ...given, facts: { env: {}, watch: [] } });
  const stage = new Stage(given, world);
  const limit = { clock: given.clock, ms: LOAD_MS, signal: given.signal };
  const late = () => new StageFileError(`It did not load within ${formatMs(LOAD_MS)}`);
  try {
    return await within(limit, stage.facts, late);
  } finally {
    await stage.close();
    await removeWorld(world);
  }
}

function checkCommands(commands: readonly string[], { env }: RehearseOptions["theatre"]): void {
  const missing = commands.filter((name) => findProgram(name, env["PATH"] ?? "") === undefined);
  if (missing.length > 0)
    throw new InputError(`There is no ${missing.join(", ")} in PATH that could be made to fail`);
}

/** From start to start: what tells the second, as an archive does, is to differ between the two. */
const APART_MS = 1_500;

async function playReference(theatre: Theatre): Promise<Reference> {
  const { clock, signal } = theatre;
  const startedAtMs = clock.elapsed();
  const watched = await playUndisturbed(theatre, "work");
  if (watched.seen.length === 0)
    throw new RehearsalError("Undisturbed, it took no step: there is nothing that could fail");
  const waitMs = APART_MS - (clock.elapsed() - startedAtMs);
  if (waitMs > 0) await clock.sleep(waitMs, signal);
  return referenceOf(watched, await playUndisturbed(theatre, "undo"));
}

async function playUndisturbed(theatre: Theatre, tells: "work" | "undo"): Promise<Play> {
  const scene = await Performance.prepare(theatre);
  try {
    const play = await scene.play(tells);
    const { report, output } = play;
    if (report?.status === "succeeded") return play;
    const end = report === undefined ? "its process died" : ENDS[report.status];
    const why = report?.error === undefined ? "" : `: ${report.error}`;
    const said = output === "" ? "" : `\nIt printed last:\n${clip(output, 2_000)}`;
    throw new RehearsalError(
      `Undisturbed, in its scratch world, the run must succeed, and ${end}${why}${said}\nGive it what it needs by rehearsal.input, setup, env and permissions.`,
    );
  } finally {
    await scene.remove();
  }
}

/** How an undisturbed run ends that is of no use. */
const ENDS = {
  succeeded: "it succeeded",
  failed: "it failed",
  cancelled: "it was cancelled",
  interrupted: "it was interrupted",
  "in doubt": "it stopped in doubt",
  rejected: "it could not begin",
} as const;

function checkPlan(
  { faults, skipped }: Plan,
  { steps }: Reference,
  options: RehearseOptions,
): void {
  const labels = steps.map(({ label }) => label);
  const unknown = options.only.filter((label) => !labels.includes(label));
  if (unknown.length > 0)
    throw new InputError(
      `There is no step ${unknown.map((label) => `"${label}"`).join(", ")}; there are ${labels.map((label) => `"${label}"`).join(", ")}`,
    );
  if (faults.length === 0 && skipped.length === 0)
    throw new InputError("None of the faults asked for fits any of the steps asked for");
}

function isDiskAsked({ faults }: RehearseOptions): boolean {
  return faults.length === 0 || faults.some((name) => FAULTS[name].by === "disk");
}

/** Why no disk can be filled. */
async function findLack(theatre: Theatre, reference: Reference): Promise<string | undefined> {
  const disk = await Disk.mount({ theatre, usedBytes: bytesOf(reference) });
  if (typeof disk === "string") return disk;
  disk[Symbol.dispose]();
  return undefined;
}

function bytesOf({ final }: Reference): number {
  return Object.values(final).reduce((sum, { bytes = 0 }) => sum + bytes, 0);
}

interface Setting {
  readonly options: RehearseOptions;
  readonly theatre: Theatre;
  readonly reference: Reference;
}

/** Plays them some at a time; in the order of the plan in the report. Rejects when none is under way any more. */
async function playAll(faults: readonly Fault[], setting: Setting): Promise<Rehearsed[]> {
  const { concurrency, onProgress } = setting.options;
  const { watch } = setting.theatre.facts;
  // What all runs share, only one at a time may change.
  const lanes = watch.some((path) => isOutside(path)) ? 1 : concurrency;
  const runs: Rehearsed[] = [];
  const queue = faults.entries();
  let done = 0;
  let isBroken = false;
  const lane = async (): Promise<void> => {
    for (const [index, fault] of queue) {
      if (isBroken) return;
      const run = await playOne(fault, setting);
      runs[index] = run;
      done += 1;
      onProgress({ at: "played", done, runs: faults.length, run });
    }
  };
  const stop = (error: unknown): never => {
    isBroken = true;
    throw error;
  };
  const running = Array.from({ length: Math.min(lanes, faults.length) }, () => lane().catch(stop));
  const ended = await Promise.allSettled(running);
  const failed = ended.find((lane) => lane.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return runs;
}

async function playOne(fault: Fault, setting: Setting): Promise<Rehearsed> {
  const { theatre, reference } = setting;
  if (FAULTS[fault.name].by !== "disk") return playIn(theatre, fault, setting);
  const disk = await Disk.mount({ theatre, usedBytes: bytesOf(reference) });
  if (typeof disk === "string") throw new RehearsalError(disk);
  using mounted = disk;
  return await playIn(mounted.theatre, fault, setting);
}

async function playIn(
  theatre: Theatre,
  fault: Fault,
  { options, reference }: Setting,
): Promise<Rehearsed> {
  const { clock, signal } = theatre;
  const startedAtMs = clock.elapsed();
  const scene = await Performance.prepare(theatre, fault);
  let isKept = false;
  try {
    const verdict = await scene.play("undo").then(
      (play) => judge(fault, play, reference),
      (error: unknown) => notPlayed(fault, error, signal),
    );
    // A disk of its own goes with the run.
    isKept = options.keep && verdict.findings.length > 0 && theatre.reach === undefined;
    const world = isKept ? scene.place : undefined;
    return { fault, ...verdict, durationMs: clock.elapsed() - startedAtMs, world };
  } finally {
    if (!isKept) await scene.remove();
  }
}

function notPlayed(fault: Fault, error: unknown, signal: AbortSignal) {
  if (signal.aborted) throw error;
  const { message } = error as Error;
  return {
    findings: [{ mistake: "not-played", step: fault.step, left: [], said: message }] as const,
  };
}

/** A rehearsed run as it is named: `upload: kill-after`. */
export function titleOf({ fault }: Rehearsed): string {
  return `${fault.step}: ${nameOf(fault)}`;
}
