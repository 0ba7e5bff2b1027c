/** Does one fault to one step, inside of the run's own process. */

import { closeSync, existsSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Interference, StepFacts, WaitFacts } from "../automation/interference.ts";
import type { Clock } from "../core/clock.ts";
import { formatMs } from "../core/duration.ts";
import { TimeoutError } from "../core/errors.ts";
import { rememberFault, type FaultClass } from "../core/fault.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { Fault, Moment } from "./messages.ts";
import { Turns } from "./turns.ts";
import { wrongValue } from "./wrong-value.ts";

/** What the fault is done with. */
export interface InterfereParts {
  readonly runId: string;
  readonly fault?: Fault | undefined;
  readonly tells: "work" | "undo";
  /** Where programs are told how to fail. */
  readonly control: string;
  /** The file that fills the disk. */
  readonly ballast: string;
  readonly clock: Clock;
  /** Tells a moment, and waits until it was looked at. */
  readonly tell: (moment: Moment) => Promise<void>;
  /** Cancels the run. */
  readonly cancel: () => void;
}

/** How often it is looked whether a program hangs. */
const LOOK_EVERY_MS = 20;

/** How long a signal is waited for that the automation may send itself, in milliseconds. */
const SIGNAL_MS = 5_000;

const AGREED = { approved: true, by: "holdfast rehearse", comment: "" };

/** What is said when a fault was done on purpose. */
class RehearsedError extends Error {
  static {
    Object.defineProperty(this.prototype, "name", { value: "RehearsedError" });
  }
}

/** See the header. */
export function interfere(parts: InterfereParts): Interference {
  const { runId, fault, tells, tell, clock } = parts;
  const actor = new Actor(parts);
  const turns = new Turns(clock);
  return {
    runId,
    limitClock: actor.limitClock,
    async aroundWork(step, signal, work) {
      if (tells !== "work") return actor.work(step, signal, work);
      const watched = async () => {
        await tell({ at: "before work", step });
        const value = await actor.work(step, signal, work);
        await tell({ at: "after work", step, isSilent: value === undefined });
        return value;
      };
      // The time limit of its attempt runs while it waits.
      return turns.take(watched, step.limitMs / 4);
    },
    async aroundUndo(step, undo) {
      if (tells === "undo") await tell({ at: "before undo", step });
      try {
        return await (step.label === fault?.step ? actor.undo(undo) : undo());
      } finally {
        if (tells === "undo") await tell({ at: "after undo", step });
      }
    },
    aroundWait,
  };
}

/** Nobody is there who would wait or agree: time is over at once, and what is asked is approved. */
async function aroundWait(
  { label, waitsFor }: WaitFacts,
  waitAtMost: (ms: number) => Promise<unknown>,
): Promise<unknown> {
  if (waitsFor === "time") return undefined;
  if (waitsFor === "approval") return AGREED;
  try {
    return await waitAtMost(SIGNAL_MS);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    throw new RehearsedError(
      `nobody sends signal "${label}" in a rehearsal: it was waited for ${formatMs(SIGNAL_MS)}`,
      { cause: error },
    );
  }
}

class Actor {
  readonly #parts: InterfereParts;
  readonly #virtual = new VirtualClock();
  #isSpent = false;

  constructor(parts: InterfereParts) {
    this.#parts = parts;
  }

  /** Time limits are over when the fault says so, and not when the machine is slow. */
  get limitClock(): Clock | undefined {
    const name = this.#parts.fault?.name;
    return name === "hang" || name === "command-hangs" ? this.#virtual : undefined;
  }

  work(step: StepFacts, signal: () => AbortSignal, work: () => Promise<unknown>): Promise<unknown> {
    const { fault } = this.#parts;
    if (fault?.trigger !== undefined && step.label === fault.trigger) return failLate(work);
    const isAimed = fault !== undefined && fault.trigger === undefined && step.label === fault.step;
    return isAimed ? this.#disturbed(fault, { step, signal, work }) : work();
  }

  /** The undo happens, and nobody hears of it: once. */
  async undo(undo: () => Promise<unknown>): Promise<unknown> {
    const value = await undo();
    const { fault } = this.#parts;
    if (!this.#once()) return value;
    if (fault?.name === "kill-undo") return die();
    if (fault?.name === "undo-fails-once") throw failure("transient");
    return value;
  }

  async #disturbed(fault: Fault, at: At): Promise<unknown> {
    const { work } = at;
    switch (fault.name) {
      case "fatal":
        throw failure("fatal");
      case "late-fatal":
        return failLate(work);
      case "transient":
        throw failure("transient");
      case "lost-answer":
        return this.#lostOnce(work);
      case "hang":
        return this.#hung(at);
      case "wrong-output":
        return fault.isSilent === true ? undefined : wrongValue(await work());
      case "abort":
      case "abort-rollback":
        return this.#aborted(at);
      case "kill-before":
        return die();
      case "kill-after":
      case "kill-after-rollback":
        await work();
        return die();
      case "command-fails":
      case "command-killed":
      case "command-hangs":
      case "command-half":
        return this.#withBrokenCommand(fault, at);
      case "disk-full":
        return this.#withFullDisk(work);
      case "undo-fails-once":
      case "kill-undo":
        return work();
    }
  }

  /** Whether this is the first time. */
  #once(): boolean {
    const isFirst = !this.#isSpent;
    this.#isSpent = true;
    return isFirst;
  }

  async #lostOnce(work: At["work"]): Promise<unknown> {
    const value = await work();
    if (this.#once()) throw failure("transient");
    return value;
  }

  async #hung({ step, signal, work }: At): Promise<unknown> {
    await work();
    return this.#timeUp(step, signal());
  }

  async #timeUp({ limitMs }: StepFacts, signal: AbortSignal): Promise<never> {
    const aborted = Promise.withResolvers<never>();
    const end = () => aborted.reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    void this.#virtual.advance(limitMs);
    return aborted.promise;
  }

  async #aborted({ work }: At): Promise<unknown> {
    const working = work();
    if (this.#once()) {
      // One turn of the event loop later, when it has begun and waits for something.
      await new Promise((resolve) => void setImmediate(resolve));
      this.#parts.cancel();
    }
    return working;
  }

  async #withBrokenCommand(fault: Fault, { step, work }: At): Promise<unknown> {
    const { control, clock } = this.#parts;
    const mode = join(control, `mode-${fault.command}`);
    const hung = join(control, `hung-${fault.command}`);
    writeFileSync(mode, `${fault.name.replace("command-", "")}\n`);
    const working = work();
    let isOver = false;
    const over = () => {
      isOver = true;
      rmSync(mode, { force: true });
    };
    working.then(over, over);
    while (!isOver) {
      if (existsSync(hung)) {
        rmSync(hung, { force: true });
        await this.#virtual.advance(step.limitMs);
      }
      await clock.sleep(LOOK_EVERY_MS);
    }
    return working;
  }

  async #withFullDisk(work: At["work"]): Promise<unknown> {
    const { ballast } = this.#parts;
    fill(ballast);
    try {
      return await work();
    } finally {
      rmSync(ballast, { force: true });
    }
  }
}

interface At {
  readonly step: StepFacts;
  readonly signal: () => AbortSignal;
  readonly work: () => Promise<unknown>;
}

async function failLate(work: At["work"]): Promise<never> {
  await work();
  throw failure("fatal");
}

/** Of unknown effect, as failures of the world are: nobody says that nothing happened. */
function failure(faultClass: FaultClass): Error {
  const error = new RehearsedError("the rehearsal had it fail");
  rememberFault(error, { class: faultClass, code: "REHEARSED", effect: "unknown" });
  return error;
}

/** The kernel ends every thread before this returns. */
function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
}

/** Writes until the disk takes no more. */
function fill(ballast: string): void {
  const file = openSync(ballast, "w");
  try {
    for (const bytes of [1_048_576, 4_096]) writeAll(file, Buffer.alloc(bytes));
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, block: Buffer): void {
  try {
    while (writeSync(file, block) === block.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
