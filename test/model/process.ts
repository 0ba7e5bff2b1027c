/** A process of a model, on a virtual clock: it can be cancelled or killed at every moment it passes. */

import type { Journal } from "../../src/core/journal.ts";
import { journalWith } from "../../src/journal/journal-with.contract.ts";
import { VirtualClock } from "../../src/testing/index.ts";

/** What comes from outside: Ctrl-C or `kill -9`, and at which of the process's moments, from 1. */
export interface Strike {
  readonly how: "cancel" | "kill";
  readonly moment: number;
}

/** A moment that is just before or just after a write to the journal. */
const AT_WRITE = /^(?:before|after) write/;

/** The same strike hits the same place each time, for all that a process does is determined. */
export class Process {
  readonly clock: VirtualClock;
  /** The moments so far, in words. */
  readonly passed: string[] = [];
  readonly #strike: Strike | undefined;
  readonly #controller = new AbortController();
  readonly #death = Promise.withResolvers<undefined>();
  #isOver = false;

  constructor(startAtMs: number, strike: Strike | undefined) {
    this.clock = new PassingClock(startAtMs, this);
    this.#strike = strike;
  }

  /** Aborts when the process is cancelled. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isStruck(): boolean {
    return this.#strike !== undefined && this.passed.length >= this.#strike.moment;
  }

  /** The moments at which it can be killed with another journal left behind. */
  get writes(): readonly number[] {
    return this.passed.flatMap((what, index) => (AT_WRITE.test(what) ? index + 1 : []));
  }

  /** Runs `main` to its end, `undefined` when the process is killed before. Nothing goes on after it. */
  async run<Value>(main: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await this.clock.settle(() => Promise.race([this.#death.promise, main()]));
    } finally {
      this.#isOver = true;
    }
  }

  /** Comes to a moment, and never beyond it when the process dies there. */
  async reach(what: string): Promise<void> {
    this.pass(what);
    if (this.#isOver) await new Promise<never>(() => {});
  }

  pass(what: string): void {
    if (this.#isOver) return;
    this.passed.push(what);
    if (this.passed.length !== this.#strike?.moment) return;
    if (this.#strike.how === "cancel") return this.#controller.abort(new Error("stop"));
    this.#isOver = true;
    this.#death.resolve(undefined);
  }

  /** `journal` as this process sees it. */
  open(journal: Journal): Journal {
    const around = async <Value>(what: string, ask: () => Promise<Value>): Promise<Value> => {
      await this.reach(`before ${what}`);
      const answer = await ask();
      await this.reach(`after ${what}`);
      return answer;
    };
    return journalWith(journal, {
      claim: (run, owner) => around("claim", () => journal.claim(run, owner)),
      renew: (hold) => around("renewal", () => journal.renew(hold)),
      release: (hold) => around("release", () => journal.release(hold)),
      writeRun: (hold, run) =>
        around(`write of run: ${run.status}`, () => journal.writeRun(hold, run)),
      writeStep: (hold, step) =>
        around(`write of ${step.task}/${step.name}: ${step.status}`, () =>
          journal.writeStep(hold, step),
        ),
    });
  }
}

class PassingClock extends VirtualClock {
  readonly #process: Process;

  constructor(startAtMs: number, process: Process) {
    super({ startAtMs });
    this.#process = process;
  }

  override after(ms: number, run: () => void): () => void {
    return super.after(ms, () => {
      this.#process.pass("timer");
      if (!this.#process.isOver) run();
    });
  }
}
