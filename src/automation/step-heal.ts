/** What heals the failures of one step, between an attempt that failed and the next. */

import type { Remedy } from "../core/remedy.ts";
import { heal, mayFit, type HealAnswer } from "../heal/heal.ts";
import { isGone, thisProcess } from "../journal/owner.ts";
import type { Step } from "./step.ts";
import { attemptHealed, healingsOf } from "./step-record.ts";

/** See the header. */
export class StepHealer {
  readonly #step: Step;
  readonly #remedies: readonly Remedy[];

  constructor(step: Step) {
    this.#step = step;
    // A child has steps of its own, which are healed there.
    const isOwn = step.settled.kind !== "child";
    this.#remedies = isOwn ? [...step.settled.heal, ...step.scope.world.remedies] : [];
  }

  /** Whether a remedy is made for such a failure. */
  fits(error: unknown): boolean {
    if (this.#remedies.length === 0) return false;
    const ailment = { error, fault: this.#step.classify(error) };
    return this.#remedies.some((remedy) => mayFit(remedy, ailment));
  }

  /** Rejects only with the signal's reason, or as the journal does. */
  heal(error: unknown, signal: AbortSignal): Promise<HealAnswer> {
    const step = this.#step;
    const { clock, random, book, redactor, dryRun } = step.scope.world;
    const { attempts, key } = step.record;
    const failed = attempts.at(-1);
    const ailment = { error, fault: step.classify(error) };
    return heal(this.#remedies, ailment, {
      clock,
      random,
      signal,
      shared: book.shared,
      owner: thisProcess(),
      isGone,
      beganAtMs: attempts[0]?.startedAtMs ?? 0,
      sinceMs: failed?.startedAtMs ?? 0,
      past: healingsOf(step.record),
      token: `${key}/${failed?.number}`,
      hindrance: this.#hindrance(),
      dryRun:
        dryRun &&
        ((would) => dryRun.add({ label: step.label, would: "heal", detail: redactor.text(would) })),
      emit: (details) => step.emit(details),
      write: (record) =>
        step.write(attemptHealed(step.record, redactor.value(record) as typeof record)),
      hide: (text) => redactor.text(text),
    });
  }

  /** Heals nothing for a step that will not be attempted again. */
  #hindrance(): string | undefined {
    const { record, settled } = this.#step;
    if (record.effect === "none" || settled.repeatable) return undefined;
    if (settled.undo !== undefined || settled.reconcile !== undefined) return undefined;
    return "the step may have taken effect, and is not repeatable";
  }
}
