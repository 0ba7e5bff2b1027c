/** One rehearsed run: a new world, the scene, the run with its fault, what follows, and a look before and after. */

import type { Choice } from "../automation/claim/unfinished.ts";
import type { StepFacts } from "../automation/interference.ts";
import type { Clock } from "../core/clock.ts";
import { formatMs } from "../core/duration.ts";
import { HoldfastError } from "../core/errors.ts";
import type { SettledPermissions } from "../core/permissions.ts";
import { journalFile } from "../journal/home.ts";
import { sqliteJournal } from "../journal/sqlite.ts";
import { Child, within } from "./child.ts";
import { callsSince, plantCommands } from "./commands.ts";
import type { Facts } from "./differences.ts";
import { FAULTS } from "./faults.ts";
import { fingerprint, rewrite, type View } from "./fingerprint.ts";
import type { Fault, FileFacts, Job, Moment, RunReport } from "./messages.ts";
import { Stage } from "./stage.ts";
import { keptTo } from "./kept-to.ts";
import { makeWorld, removeWorld, wayInto, type ScratchWorld } from "./world.ts";

/** What all rehearsed runs of one rehearsal have in common. */
export interface Theatre {
  /** Starts a process of a rehearsal. */
  readonly command: readonly string[];
  /**
   * The same for a run that is kept to permissions. @param own Directories of the rehearsal itself, to
   * be written.
   */
  readonly permitted: (
    permissions: SettledPermissions,
    own: readonly string[],
  ) => readonly string[];
  /** The automation's file, as an absolute path. */
  readonly file: string;
  readonly facts: FileFacts;
  readonly runId: string;
  readonly base: string;
  readonly ownBase: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly compileCache: string;
  readonly clock: Clock;
  /** What leads from here to where the run is, when it is on a disk of its own. Default: nothing. */
  readonly reach?: string | undefined;
  /** The words that put a process there. */
  readonly enter?: readonly string[] | undefined;
  /** No process begins once it aborts, and those that run are ended. */
  readonly signal: AbortSignal;
}

/** What the world was like at a moment of a run. */
export interface Seen extends Moment {
  readonly facts: Facts;
  /** The programs that were called since the moment before. */
  readonly calls: readonly string[];
}

/** What came of one rehearsed run. */
export interface Play {
  readonly before: Facts;
  readonly after: Facts;
  /** How the last start ended; missing when it was killed or died. */
  readonly report: RunReport | undefined;
  readonly seen: readonly Seen[];
  /** What the last start printed last. */
  readonly output: string;
  readonly durationMs: number;
}

/** A rehearsed run could not be played to its end. */
export class RehearsalError extends HoldfastError {
  override get name(): string {
    return "RehearsalError";
  }
  readonly code = "REHEARSAL_FAILED";
}

/** Further starts after the first: a resume, and another should that have been cut off too. */
const MAX_RESTARTS = 3;

/** See the header. */
export class Performance {
  readonly #theatre: Theatre;
  readonly #world: ScratchWorld;
  readonly #fault: Fault | undefined;
  readonly #stage: Stage | undefined;
  readonly #seen: Seen[] = [];
  readonly #children = new Set<Child>();
  #callCount = 0;
  #output = "";
  #isOver = false;

  private constructor(theatre: Theatre, world: ScratchWorld, fault: Fault | undefined) {
    this.#theatre = theatre;
    this.#world = world;
    this.#fault = fault;
    const { hasSetup, hasTeardown, probes } = theatre.facts;
    const isNeeded = hasSetup || hasTeardown || probes.length > 0;
    this.#stage = isNeeded ? new Stage(theatre, world) : undefined;
  }

  /** Sets up a new world. */
  static async prepare(theatre: Theatre, fault?: Fault): Promise<Performance> {
    const world = await makeWorld(theatre);
    return new Performance(theatre, world, fault);
  }

  /** Where it takes place, for whoever wants to look into it. */
  get place(): string {
    const { reach, root } = this.#world;
    return `${reach}${root}`;
  }

  /**
   * Plays it. Rejects with `RehearsalError` when the scene cannot be set or looked at, or when it
   * takes too long.
   */
  async play(tells: "work" | "undo"): Promise<Play> {
    const { clock, facts, signal } = this.#theatre;
    const startedAtMs = clock.elapsed();
    const late = () =>
      new RehearsalError(
        `It did not end within ${formatMs(facts.timeoutMs)}; a longer time is rehearsal.timeout${outputOf(this.#output)}`,
      );
    try {
      signal.throwIfAborted();
      const limit = { clock, ms: facts.timeoutMs, signal };
      const played = await within(limit, this.#play(tells), late);
      return { ...played, durationMs: clock.elapsed() - startedAtMs };
    } finally {
      // What is taken away may still be in use before.
      await this.#endRuns();
      await this.#stage?.close();
    }
  }

  /** Takes the world away. */
  async remove(): Promise<void> {
    await removeWorld(this.#world);
  }

  async #play(tells: "work" | "undo"): Promise<Omit<Play, "durationMs">> {
    const env = await this.#setUp();
    const before = await this.#look(true);
    let report = await this.#start({ tells, env, fault: this.#fault });
    // An undisturbed run has no reason to be cut off.
    const most = this.#fault === undefined ? 0 : MAX_RESTARTS;
    for (let count = 0; count < most && isUnfinished(report); count++) {
      const choice = this.#nextChoice(report);
      const next = await this.#start({ tells, env, choice });
      report = next;
      // It says itself that it cannot go on; asking again changes nothing.
      if (next?.status === "in doubt" || next?.status === "rejected") break;
    }
    const after = await this.#look(true);
    return { before, after, report, seen: this.#seen, output: this.#output };
  }

  #nextChoice(report: RunReport | undefined): Choice | undefined {
    const isToRollBack = this.#fault !== undefined && FAULTS[this.#fault.name].next === "rollback";
    // What has begun to roll back goes on with it by itself.
    return isToRollBack && report?.status !== "rejected" ? "rollback" : undefined;
  }

  async #setUp(): Promise<Readonly<Record<string, string>>> {
    const env = (await this.#stage?.setUp()) ?? this.#world.env;
    const { commands } = this.#theatre.facts;
    if (commands.length === 0) return env;
    const { control } = this.#world;
    return { ...env, PATH: await plantCommands(commands, { control, path: env["PATH"] ?? "" }) };
  }

  /** Starts the run, and answers how it ended. */
  async #start(parts: {
    readonly tells: "work" | "undo";
    readonly env: Readonly<Record<string, string>>;
    readonly fault?: Fault | undefined;
    readonly choice?: Choice | undefined;
  }): Promise<RunReport | undefined> {
    const { file, runId, facts } = this.#theatre;
    const { control, ballast } = this.#world;
    const { tells, fault, choice } = parts;
    const { env, guards, command } = keptTo(parts.env, this.#theatre, this.#world);
    // Who was ended here is not started again.
    if (this.#isOver) throw new RehearsalError("It is over");
    let report: RunReport | undefined;
    let failed: string | undefined;
    const job: Job = {
      role: "run",
      file,
      runId,
      input: facts.input,
      choice,
      fault,
      tells,
      control,
      ballast,
      guards,
    };
    // To make one takes calls that Node refuses under permissions.
    if (guards !== undefined) await sqliteJournal(journalFile(this.#world.env)).close();
    const child = new Child({
      ...wayInto({ ...this.#theatre, command }, this.#world),
      env,
      job,
      onMessage: (message) => {
        const said = message as Said;
        if ("moment" in said) return this.#note(said.moment);
        if ("report" in said) report = said.report;
        else failed = said.failed.message;
        return undefined;
      },
    });
    this.#children.add(child);
    await child.ended;
    this.#output = child.output;
    if (failed !== undefined) throw new RehearsalError(failed);
    return report;
  }

  async #note(moment: Moment): Promise<object> {
    // An undo is watched for what it takes, which files tell.
    const facts = await this.#look(moment.at.endsWith("work"));
    const calls = callsSince(this.#world.control, this.#callCount);
    this.#callCount += calls.length;
    this.#seen.push({ ...moment, facts, calls });
    return { seen: true };
  }

  async #look(isWithProbes: boolean): Promise<Facts> {
    const { facts, runId } = this.#theatre;
    const { root, roots } = this.#world;
    const view: View = { roots, ignore: facts.ignore, runId, place: root };
    const files = await fingerprint(view);
    if (!isWithProbes || this.#stage === undefined) return files;
    const probes = await this.#stage.probe();
    const values = Object.entries(probes).map(([name, json]) => [
      `probe ${name}`,
      { kind: "probe", content: rewrite(json, view) },
    ]);
    return { ...files, ...(Object.fromEntries(values) as Facts) };
  }

  /** What was started by runs that were killed may still go on. */
  async #endRuns(): Promise<void> {
    this.#isOver = true;
    for (const child of this.#children) child.end();
    // Who still dies could write into a world that is being taken away.
    await Promise.allSettled([...this.#children].map(({ ended }) => ended));
  }
}

type Said =
  | { readonly moment: Moment }
  | { readonly report: RunReport }
  | { readonly failed: { readonly message: string } };

/** What the next start takes up; a process that told nothing was killed. */
function isUnfinished(report: RunReport | undefined): boolean {
  return report === undefined || report.status === "interrupted";
}

function outputOf(output: string): string {
  return output === "" ? "" : `\nIt printed last:\n${output}`;
}

/** The steps of a run, in the order in which they began. */
export function stepsIn(seen: readonly Seen[]): StepFacts[] {
  const steps = new Map<string, StepFacts>();
  for (const { step } of seen) if (!steps.has(step.label)) steps.set(step.label, step);
  return [...steps.values()];
}
