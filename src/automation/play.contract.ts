/** Runs automations on a virtual clock for tests, in processes that may die. */

import type { HoldfastEvent } from "../core/events.ts";
import type { Journal, RunRecord, StepRecord } from "../core/journal.ts";
import { journalWith } from "../journal/journal-with.contract.ts";
import { memoryJournal } from "../journal/memory.ts";
import { thisProcess } from "../journal/owner.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { automation, type AutomationOptions, type Run, type StepOptions } from "./automation.ts";
import { execute, type ExecuteOptions } from "./execute.ts";

/** What happens outside: what the steps did, undid and were asked. */
export type Did = string[];

export type Main = (run: Run, did: Did, clock: VirtualClock) => unknown;

/** A machine: processes on it die and start again, its journal, its clock and what was done stay. */
export class Machine {
  readonly clock: VirtualClock;
  readonly journal: Journal;
  readonly did: Did = [];
  readonly #main: Main;
  readonly #settings: AutomationOptions;

  /** @param before Another machine, to go on where it is. */
  constructor(
    main: Main,
    settings: AutomationOptions = {},
    before?: Pick<Machine, "clock" | "journal">,
  ) {
    this.clock = before?.clock ?? new VirtualClock();
    this.journal = before?.journal ?? memoryJournal({ clock: this.clock, isGone: () => true });
    this.#main = main;
    this.#settings = settings;
  }

  /** Leaves a run behind that was cut off, with what is recorded of it: `r1`, unless `change` says otherwise. */
  async cutOff(steps: readonly StepRecord[], change: Partial<RunRecord> = {}): Promise<void> {
    const run: RunRecord = {
      id: "r1",
      automation: "demo",
      status: "running",
      codeHash: "same",
      input: "{}",
      startedAtMs: this.clock.now(),
      resumes: 0,
      ...change,
    };
    const { hold } = await this.journal.claim(run, thisProcess());
    for (const step of steps) await this.journal.writeStep(hold, step);
  }

  /** Starts the automation in a new process and lets it run to its end. */
  async start(options: ExecuteOptions = {}) {
    const events: HoldfastEvent[] = [];
    const result = await this.clock.settle(() => this.#execute(options, events));
    const steps = await this.journal.readSteps(result.runId);
    const run = await this.journal.findRun(result.runId);
    return { result, events, steps, run, types: events.map(({ type }) => type), did: this.did };
  }

  /** The records of the newest run's steps and tasks, in order. */
  async records(): Promise<readonly StepRecord[]> {
    const [run] = await this.journal.findRuns();
    return this.journal.readSteps(run?.id ?? "");
  }

  /** Starts it in a process that is killed right after the first write that `fits`. */
  async startAndKill(
    fits: (record: StepRecord | RunRecord) => boolean,
    options: ExecuteOptions = {},
  ): Promise<void> {
    await this.clock.settle(
      () =>
        new Promise<void>((resolve, reject) => {
          const journal = killedAfter(this.journal, fits, resolve);
          this.#execute({ ...options, journal }, []).then(
            () => reject(new Error("it came to its end before it was killed")),
            reject,
          );
        }),
    );
  }

  #execute(options: ExecuteOptions, events: HoldfastEvent[]) {
    const program = automation("demo", this.#settings, (run) =>
      this.#main(run, this.did, this.clock),
    );
    return execute(program, {
      journal: this.journal,
      clock: this.clock,
      random: () => 0.5,
      env: {},
      codeHash: "same",
      sinks: [(event) => events.push(event)],
      ...options,
    });
  }
}

/** Runs `main` once. */
export function play(main: Main, options: ExecuteOptions = {}, settings: AutomationOptions = {}) {
  return new Machine(main, settings).start(options);
}

/** Runs `main` where a run was cut off, with what is recorded of it. */
export async function playOn(
  recorded: readonly StepRecord[],
  main: Main,
  options: ExecuteOptions = {},
) {
  const machine = new Machine(main);
  await machine.cutOff(recorded);
  return machine.start(options);
}

/** `journal` as a process sees it that dies after a write: nothing is answered from then on. */
function killedAfter(
  journal: Journal,
  fits: (record: StepRecord | RunRecord) => boolean,
  onDeath: () => void,
): Journal {
  let isDead = false;
  const never = new Promise<never>(() => {});
  async function unlessDead<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    return isDead ? never : work();
  }
  async function write(record: StepRecord | RunRecord, work: () => Promise<void>): Promise<void> {
    if (isDead) return never;
    await work();
    if (!fits(record)) return undefined;
    isDead = true;
    onDeath();
    return never;
  }
  return journalWith(journal, {
    claim: (run, owner, steps) => unlessDead(() => journal.claim(run, owner, steps)),
    claimRun: (runId, owner) => unlessDead(() => journal.claimRun(runId, owner)),
    renew: (hold) => unlessDead(() => journal.renew(hold)),
    release: (hold) => unlessDead(() => journal.release(hold)),
    writeRun: (hold, run) => write(run, () => journal.writeRun(hold, run)),
    writeStep: (hold, step) => write(step, () => journal.writeStep(hold, step)),
  });
}

/** Work that fails with `code`, the first `times` times. */
export function failing(code: string, times = Infinity) {
  const work = (): string => {
    work.calls++;
    if (work.calls <= times) throw Object.assign(new Error(`failure ${work.calls}`), { code });
    return `done at ${work.calls}`;
  };
  work.calls = 0;
  return work;
}

/** Whether a write is the one after which a process is killed. */
export type Fits = (record: object) => boolean;

/** An undo that says so in `did`. */
export const undoInto = (did: Did, name: string): StepOptions<unknown> => ({
  undo: () => void did.push(`undo ${name}`),
});

/** A task of which it is decided that it is rolled back. */
export const rollingBack: Fits = (record) => "status" in record && record.status === "rolling back";
/** A step or task of that name, as far as `change` says. */
export const stepAt =
  (name: string, change: Partial<StepRecord>): Fits =>
  (record) =>
    Object.entries({ name, ...change }).every(
      ([field, value]) => (record as Record<string, unknown>)[field] === value,
    );
