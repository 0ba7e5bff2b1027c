/** A run that a server has started, from the start of its process to its end. */

import type { EventDetails } from "../../core/events.ts";
import { UNFINISHED } from "../../core/journal.ts";
import { endRun } from "./end-run.ts";
import type { ScheduleBook } from "./schedule-book.ts";
import type { Child, Order, ServerParts } from "./serving.ts";

/** A tick whose run is to begin, or has. */
export interface OpenTick {
  readonly book: ScheduleBook;
  readonly tickMs: number;
}

/** What is to be run. */
export interface Start {
  readonly automation: string;
  readonly order: Order;
  /** Missing where a run that was cut off is taken up. */
  readonly tick?: OpenTick | undefined;
  /** Whether that tick is caught up, and later ones wait for it. */
  readonly isLate: boolean;
  /** How long it may take, in milliseconds. */
  readonly limitMs: number;
}

/** See the header. */
export class RunUnderWay {
  readonly runId: string;
  readonly kind: Order["kind"];
  readonly isLate: boolean;
  readonly #parts: ServerParts;
  readonly #start: Start;
  readonly #child: Child;
  readonly #startedAtMs: number;
  /** Whether the tick's run was seen in the journal. */
  #isConfirmed = false;
  #isEnding = false;
  #exitCode: number | undefined;

  /** Starts its process. */
  constructor(parts: ServerParts, start: Start) {
    const { runId, kind } = start.order;
    this.runId = runId;
    this.kind = kind;
    this.isLate = start.isLate;
    this.#parts = parts;
    this.#start = start;
    this.#startedAtMs = parts.clock.elapsed();
    this.#child = parts.start(start.order, start.automation);
    void this.#child.ended.then((exitCode) => {
      this.#exitCode = exitCode;
      parts.wake();
    });
  }

  /** Whether it is being ended, for it took too long or is replaced. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Asks its process to end. */
  signal(name: "SIGTERM" | "SIGKILL"): void {
    this.#child.signal(name);
  }

  /** Ends it, as gently as it lets itself be ended. */
  end(reason: string): void {
    const { journal, clock, endWithin: within } = this.#parts;
    this.#isEnding = true;
    void endRun({ child: this.#child, runId: this.runId, reason, journal, clock, within });
  }

  /** Sees to it: whether it is in the journal, takes too long, or has ended. Answers how it ended. */
  async attend(isTriedAgain: (exitCode: number) => boolean): Promise<number | undefined> {
    const exitCode = this.#exitCode;
    const { tick, limitMs } = this.#start;
    if (tick !== undefined && !this.#isConfirmed) {
      this.#isConfirmed = (await this.#parts.journal.findRun(this.runId)) !== undefined;
      const isOver = exitCode !== undefined && !isTriedAgain(exitCode);
      if (this.#isConfirmed || isOver) await tick.book.close(tick.tickMs);
    }
    const { clock } = this.#parts;
    if (exitCode !== undefined) this.#tellEnd(exitCode);
    else if (clock.elapsed() - this.#startedAtMs >= limitMs && !this.#isEnding) this.#timeOut();
    return exitCode;
  }

  /** Whether the journal has it as unfinished. */
  async isUnfinished(): Promise<boolean> {
    const run = await this.#parts.journal.findRun(this.runId);
    return run !== undefined && UNFINISHED.includes(run.status);
  }

  #tellEnd(exitCode: number): void {
    const durationMs = this.#parts.clock.elapsed() - this.#startedAtMs;
    this.#tell({ type: "schedule.ended", ...this.#tickFields(), exitCode, durationMs });
    this.#parts.onEnd(exitCode);
  }

  #timeOut(): void {
    const { limitMs } = this.#start;
    this.#tell({ type: "schedule.timed_out", ...this.#tickFields(), limitMs });
    this.end("it took too long");
  }

  #tickFields(): { readonly schedule?: string; readonly tickMs?: number } {
    const { tick } = this.#start;
    return tick === undefined ? {} : { schedule: tick.book.schedule.name, tickMs: tick.tickMs };
  }

  #tell(details: EventDetails): void {
    const { automation } = this.#start;
    this.#parts.stream(details, { automation, runId: this.runId });
  }
}
