/** A machine of a model: its processes are cancelled and killed; its journal and its world stay. */

import { stepLabel } from "../../src/automation/book.ts";
import { automation, execute, type Decision, type RunResult } from "../../src/automation/index.ts";
import { InDoubtError } from "../../src/core/errors.ts";
import { UNFINISHED, type RunRecord, type StepRecord } from "../../src/core/journal.ts";
import { memoryJournal } from "../../src/journal/index.ts";
import { thisProcess } from "../../src/journal/owner.ts";
import { readAll } from "./all-records.ts";
import { Objects } from "./objects.ts";
import { Process, type Strike } from "./process.ts";
import { oneByOne, perform, type Part } from "./program.ts";

/** More starts than any program needs to its end when nothing disturbs it: one, and one per step in doubt. */
const MAX_STARTS = 12;

/** How a run ended, by the world, by the journal, and by what is wrong. */
export interface Outcome {
  readonly left: readonly string[];
  readonly cleaned: readonly string[];
  readonly status: string | undefined;
  readonly exitCode: number | undefined;
  readonly tasks: RunRecord["tasks"];
  readonly wrongs: readonly string[];
}

/** See the header. */
export class Machine {
  readonly #program: readonly Part[];
  readonly #objects: Objects;
  readonly #journal = memoryJournal({ isGone: () => true });
  readonly #wrongs: string[] = [];
  #nowMs = 1_767_225_600_000;
  #decisions: Readonly<Record<string, Decision>> = {};

  constructor(program: readonly Part[], objects = new Objects()) {
    this.#program = program;
    this.#objects = objects;
  }

  /** Another machine in the same state. */
  async fork(): Promise<Machine> {
    const other = new Machine(this.#program, this.#objects.copy());
    other.#nowMs = this.#nowMs;
    other.#decisions = this.#decisions;
    other.#wrongs.push(...this.#wrongs);
    for (const { run, steps } of await readAll(this.#journal)) {
      await other.#journal.claim(run, thisProcess(), steps);
    }
    return other;
  }

  /** Starts the program in a new process, and looks whether journal and world agree afterwards. */
  async start(strike?: Strike): Promise<Process> {
    const process = new Process(this.#nowMs, strike);
    const stage = { process, objects: this.#objects, queue: oneByOne() };
    const main = automation("demo", { maxResumes: Infinity }, (run) =>
      perform(this.#program, run, stage),
    );
    const result = await process.run(() =>
      execute(main, {
        clock: process.clock,
        journal: process.open(this.#journal),
        signal: process.signal,
        decisions: this.#decisions,
        random: () => 0.5,
        env: {},
        codeHash: "same",
      }),
    );
    this.#nowMs = Math.ceil(process.clock.now());
    await this.#compare();
    this.#decisions = await this.#decide(result);
    return process;
  }

  /** Starts it until it comes to its end. */
  async finish(): Promise<Outcome> {
    for (let start = 1; start <= MAX_STARTS && !(await this.isEnded()); start++) await this.start();
    const run = await this.#run();
    const { status, exitCode, tasks } = run ?? {};
    const wrongs = [...this.#objects.wrongs, ...this.#wrongs];
    const { left, cleaned } = this.#objects;
    return { left, cleaned, status, exitCode, tasks, wrongs };
  }

  async isEnded(): Promise<boolean> {
    const run = await this.#run();
    return run !== undefined && !UNFINISHED.includes(run.status);
  }

  /** All that the next start can see, as text; times are left out. */
  async state(): Promise<string> {
    const records = [await readAll(this.#journal), this.#decisions];
    const timeless = JSON.stringify(records, (name, value: unknown) =>
      name.endsWith("AtMs") && typeof value === "number" ? "then" : value,
    );
    return `${timeless} ${this.#objects.state}`;
  }

  async #run(): Promise<RunRecord | undefined> {
    const [whole] = await readAll(this.#journal);
    return whole?.run;
  }

  /** All steps, by their names for people. */
  async #steps(): Promise<readonly (readonly [label: string, step: StepRecord])[]> {
    const wholes = await readAll(this.#journal);
    return wholes.flatMap(({ steps, prefix }) =>
      steps.map((step) => [`${prefix}${stepLabel(step.task, step.name)}`, step] as const),
    );
  }

  /** What is recorded as done happened, and what is recorded as undone is gone. */
  async #compare(): Promise<void> {
    const steps = (await this.#steps()).map(([, step]) => step);
    // Their own undos are not run any more: one for all of them is.
    const undone = steps.filter(({ kind, undo }) => kind === "scope" && undo !== "registered");
    const isCovered = (name: string) =>
      undone.some((scope) => scope.undo !== "none" && name.startsWith(`${scope.name}/`));
    for (const { kind, name, status, undo, key } of steps) {
      if (kind !== "step" || isCovered(name)) continue;
      const isDone = status === "completed" && (undo === "none" || undo === "registered");
      if (isDone && !this.#objects.has(key)) this.#wrongs.push(`${name} is recorded as done`);
      if (undo === "done" && this.#objects.has(key)) {
        this.#wrongs.push(`${name} is recorded as undone`);
      }
    }
  }

  /** A human looks at the world, and not at the journal. */
  async #decide(result: RunResult | undefined): Promise<Readonly<Record<string, Decision>>> {
    const { error } = result ?? {};
    if (!(error instanceof InDoubtError)) return {};
    const steps = await this.#steps();
    const [, { key } = { key: "" }] = steps.find(([label]) => label === error.step) ?? [];
    return { [error.step]: this.#objects.has(key) ? { value: key } : "absent" };
  }
}
