/** One healing as it goes: what is told of it, and what is kept. */

import type { Clock } from "../core/clock.ts";
import type { EventDetails } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import type { HealOutcome, HealRecord, Remedy } from "../core/remedy.ts";

/** More than a human reads; the first are kept. */
const MOST_LINES = 100;

/** Who is told, and who keeps it. */
export interface HealingParts {
  readonly clock: Clock;
  readonly emit: (details: EventDetails) => void;
  readonly write: (record: HealRecord) => Promise<void>;
}

/** See the header. It ends once: what comes after that is dropped. */
export class Healing {
  readonly #parts: HealingParts;
  readonly #fault: Fault;
  readonly #advice: string | undefined;
  readonly #deeds: string[] = [];
  #deedCount = 0;
  readonly #beganAtMs: number;
  #record: HealRecord;
  #hasActed = false;
  #hasEnded = false;

  constructor(remedy: Remedy, fault: Fault, parts: HealingParts) {
    const { name, target, blastRadius, advice } = remedy;
    this.#parts = parts;
    this.#fault = fault;
    this.#advice = advice;
    this.#beganAtMs = parts.clock.elapsed();
    const startedAtMs = parts.clock.now();
    this.#record = { remedy: name, target, blastRadius, plan: [], startedAtMs, deeds: [] };
  }

  /** Whether it came as far as to act. */
  get hasActed(): boolean {
    return this.#hasActed;
  }

  /** Its intent is kept before it acts. */
  async begin(found: string, plan: readonly string[]): Promise<void> {
    this.#hasActed = true;
    this.#record = { ...this.#record, found, plan: bounded(plan) };
    await this.#parts.write(this.#record);
    const { blastRadius } = this.#record;
    this.#parts.emit({ type: "heal.started", ...this.#which, blastRadius, found, plan });
  }

  did(deed: string): void {
    this.#deedCount++;
    if (this.#deeds.length < MOST_LINES) this.#deeds.push(deed);
  }

  rescale(scale: number): void {
    this.#record = { ...this.#record, scale };
  }

  async complete(found: string): Promise<"healed"> {
    const { durationMs, deeds } = this;
    await this.#end("healed", found, {
      type: "heal.completed",
      ...this.#which,
      durationMs,
      deeds,
      found,
    });
    return "healed";
  }

  /** Another process has cured it meanwhile. */
  wasElsewhere(found: string): Promise<"healed"> {
    return this.complete(`cured by another process: ${found}`);
  }

  async fail(because: string): Promise<"failed"> {
    const { durationMs, deeds } = this;
    await this.#end("failed", because, {
      type: "heal.failed",
      ...this.#which,
      durationMs,
      deeds,
      because,
      advice: this.#advice,
    });
    return "failed";
  }

  async interrupt(because: string): Promise<"skipped"> {
    const told = `it was interrupted: ${because}`;
    await this.#end("interrupted", because, {
      type: "heal.skipped",
      ...this.#which,
      because: told,
    });
    return "skipped";
  }

  async skip(because: string): Promise<"skipped"> {
    await this.#end("skipped", because, { type: "heal.skipped", ...this.#which, because });
    return "skipped";
  }

  /** It has acted as often as it may, and what is wrong is wrong still: a human is needed. */
  async exhaust(because: string): Promise<"skipped"> {
    await this.#end("skipped", because, {
      type: "heal.skipped",
      ...this.#which,
      because,
      isExhausted: true,
      advice: this.#advice,
    });
    return "skipped";
  }

  get durationMs(): number {
    return this.#parts.clock.elapsed() - this.#beganAtMs;
  }

  get deeds(): readonly string[] {
    return bounded(this.#deeds, this.#deedCount);
  }

  get #which() {
    const { remedy, target } = this.#record;
    return { remedy, target, fault: this.#fault };
  }

  async #end(outcome: HealOutcome, because: string, told: EventDetails): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const endedAtMs = this.#parts.clock.now();
    this.#record = { ...this.#record, endedAtMs, outcome, because, deeds: this.deeds };
    const advice = "advice" in told ? told.advice : undefined;
    if (advice !== undefined) this.#record = { ...this.#record, advice };
    await this.#parts.write(this.#record);
    this.#parts.emit(told);
  }
}

/** @param count How many there were, of which these are the first. */
function bounded(lines: readonly string[], count = lines.length): readonly string[] {
  if (count <= MOST_LINES) return [...lines];
  const rest = count - MOST_LINES + 1;
  return [...lines.slice(0, MOST_LINES - 1), `and ${rest} more`];
}
