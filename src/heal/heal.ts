/**
 * Heals one failure: the first remedy that fits, finds its symptom and may act, does; and only what is
 * measured afterwards says whether it cured anything.
 *
 *   fits ─▶ nobody else is at it ─▶ the symptom is there ─▶ something to act on ─▶ budget, cool-down
 *        ─▶ intent in the journal ─▶ act ─▶ measure ─▶ its end in the journal
 */

import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import { errorLine, summariseError } from "../core/error-summary.ts";
import type { EventDetails } from "../core/events.ts";
import type { Owner } from "../core/journal.ts";
import type { Ailment, HealRecord, Remedy, RemedyContext } from "../core/remedy.ts";
import type { SharedState } from "../core/shared-state.ts";
import { timeout } from "../policies/timeout.ts";
import { refusalAt, type Refusal } from "./allowance.ts";
import { Healing } from "./healing.ts";
import { Target } from "./target.ts";

/** What a healing needs of whoever wants it. */
export interface HealParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Where budgets, cool-downs and locks are kept for all processes. */
  readonly shared: SharedState;
  readonly owner: Owner;
  /** Whether a process has certainly ended. */
  readonly isGone: (owner: Owner) => boolean | undefined;
  /** Ends the healing. */
  readonly signal: AbortSignal;
  /** When the step was first attempted: milliseconds since the Unix epoch. */
  readonly beganAtMs: number;
  /** When the attempt began that failed: milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** The healings of the step so far. */
  readonly past: readonly HealRecord[];
  /** In a dry run: is told what would be done, and nothing is. Default: it is done. */
  readonly dryRun?: ((would: string) => void) | undefined;
  readonly emit: (details: EventDetails) => void;
  /** Keeps a healing: its intent before it acts, and its end in place of that. */
  readonly write: (record: HealRecord) => Promise<void>;
  /** Takes secrets out of a text that is to be kept. */
  readonly hide: (text: string) => string;
  /** Tells this healing from all others, of this process too. */
  readonly token: string;
  /** Why the work must not be attempted again, whatever is healed, in words. Default: it may. */
  readonly hindrance?: string | undefined;
}

/**
 * What became of it. After `healed` another attempt is worth it. After `failed` a remedy that fits
 * could do nothing, so it is not; after `skipped` none had a say.
 */
export type HealAnswer = "healed" | "failed" | "skipped";

/** See the header. Rejects only with the signal's reason, or as the journal does. */
export async function heal(
  remedies: readonly Remedy[],
  ailment: Ailment,
  parts: HealParts,
): Promise<HealAnswer> {
  let answer: HealAnswer = "skipped";
  for (const remedy of remedies) {
    if (!mayFit(remedy, ailment) || hasFailed(remedy, parts)) continue;
    const outcome = await new OneRemedy(remedy, ailment, parts).run();
    if (outcome === "healed") return outcome;
    if (outcome === "failed") answer = outcome;
  }
  return answer;
}

/** One that throws where it should tell is asked, and fails for all to see: what the work failed by stays. */
export function mayFit(remedy: Remedy, ailment: Ailment): boolean {
  try {
    return remedy.fits(ailment);
  } catch {
    return true;
  }
}

/** What changed nothing once is not tried again for the same step. */
function hasFailed(remedy: Remedy, { past, hide }: HealParts): boolean {
  return past.some((one) => isOf(remedy, one, hide) && one.outcome === "failed");
}

function isOf({ name, target }: Remedy, record: HealRecord, hide: HealParts["hide"]): boolean {
  return record.remedy === name && record.target === hide(target);
}

/** The share of the usual load that the next attempt is to take on, after these healings. */
export function scaleAfter(healings: readonly HealRecord[]): number {
  return healings.findLast(({ scale }) => scale !== undefined)?.scale ?? 1;
}

class OneRemedy {
  readonly #remedy: Remedy;
  readonly #ailment: Ailment;
  readonly #parts: HealParts;
  readonly #healing: Healing;
  readonly #target: Target | undefined;
  /** Settles when it has ended to act; nothing while it does not. */
  #acting: Promise<void> | undefined;

  constructor(remedy: Remedy, ailment: Ailment, parts: HealParts) {
    const { shared, clock, owner, isGone, hide, token } = parts;
    this.#remedy = remedy;
    this.#ailment = ailment;
    this.#parts = parts;
    this.#healing = new Healing(remedy, ailment.fault, parts);
    this.#target = remedy.isExclusive
      ? new Target({
          shared,
          clock,
          owner,
          isGone,
          key: `heal/${remedy.name}/${hide(remedy.target)}`,
          limits: remedy,
          token,
        })
      : undefined;
  }

  async run(): Promise<HealAnswer> {
    const { signal, hindrance } = this.#parts;
    if (hindrance !== undefined) return this.#healing.skip(hindrance);
    const refusal = this.#refusalByStep();
    if (refusal !== undefined) return this.#refuse(refusal);
    const answer = await this.#held().catch((error: unknown) => {
      const because = errorLine(summariseError(error));
      // What was cut short has not failed: a resume may try it again.
      return signal.aborted ? this.#healing.interrupt(because) : this.#healing.fail(because);
    });
    signal.throwIfAborted();
    return answer;
  }

  /** Nobody else acts on the target meanwhile. */
  async #held(): Promise<HealAnswer> {
    const target = this.#target;
    if (target === undefined) return this.#limited();
    if (!(await target.take(this.#parts.signal))) {
      return this.#healing.skip("another process has been at it all the while");
    }
    let answer: HealAnswer | undefined;
    try {
      answer = await this.#limited();
      return answer;
    } finally {
      const { hasActed } = this.#healing;
      const leave = () => target.leave({ hasActed, isHealed: answer === "healed" });
      // What takes no notice of its limit still acts: nobody else may, until it ends or its hold runs out.
      if (this.#acting === undefined) await leave();
      else this.#acting.then(leave).catch(() => undefined);
    }
  }

  #refuse({ because, isExhausted }: Refusal): Promise<HealAnswer> {
    return isExhausted ? this.#healing.exhaust(because) : this.#healing.skip(because);
  }

  /** By the step's own healings, however long it takes; its cool-down too, where no target keeps one. */
  #refusalByStep(): Refusal | undefined {
    const { budget, coolDownMs } = this.#remedy;
    const healed = this.#healedBefore();
    if (healed.length >= budget.times) {
      const because = `it has healed this step as often as it may (${healed.length})`;
      return { because, isExhausted: true };
    }
    if (this.#target !== undefined) return undefined;
    const actedAtMs = healed.map(({ startedAtMs, endedAtMs = startedAtMs }) => endedAtMs);
    return refusalAt({ actedAtMs }, { budget, coolDownMs }, this.#parts.clock.now());
  }

  #healedBefore(): readonly HealRecord[] {
    const { past, hide } = this.#parts;
    return past.filter((one) => isOf(this.#remedy, one, hide) && one.outcome === "healed");
  }

  /** Rejects when it does not end in time. */
  #limited(): Promise<HealAnswer> {
    const { clock, random, signal, past, beganAtMs, sinceMs: attemptedAtMs } = this.#parts;
    const limit = timeout(this.#remedy.limitMs, { name: this.#remedy.name, clock });
    const round = this.#healedBefore().length + 1;
    const times = { beganAtMs, attemptedAtMs };
    const context = { ...this.#ailment, ...times, clock, random, round, scale: scaleAfter(past) };
    return limit.run((given) => this.#treat({ ...context, signal: given.signal }), { signal });
  }

  async #act(context: RemedyContext): Promise<void> {
    const acting = this.#remedy.act({
      ...context,
      did: (deed) => this.#healing.did(deed),
      rescale: (scale) => this.#healing.rescale(scale),
    });
    const forget = () => {
      this.#acting = undefined;
    };
    this.#acting = acting.then(forget, forget);
    await acting;
  }

  async #treat(context: RemedyContext): Promise<HealAnswer> {
    const { dryRun, sinceMs } = this.#parts;
    // Rejects with what it threw when it was asked, if it did.
    this.#remedy.fits(this.#ailment);
    const { isPresent, found, plan } = await this.#remedy.examine(context);
    if (!isPresent) {
      const isCured = await this.#target?.wasHealedSince(sinceMs);
      if (isCured === true) return this.#healing.wasElsewhere(found);
      return this.#healing.skip(`its symptom is not there: ${found}`);
    }
    if (plan.length === 0) return this.#healing.fail(`there is nothing to act on: ${found}`);
    if (dryRun !== undefined) {
      dryRun(`${this.#remedy.name} would ${plan.join(", ")}`);
      return this.#healing.skip(`dry run, it would ${plan.join(", ")}`);
    }
    const refusal = await this.#target?.findRefusal();
    if (refusal !== undefined) return this.#refuse(refusal);
    // Past its limit it must not even begin.
    context.signal.throwIfAborted();
    await this.#healing.begin(found, plan);
    await this.#act(context);
    const measured = await this.#remedy.measure(context);
    return measured.isGone
      ? this.#healing.complete(measured.found)
      : this.#healing.fail(`the symptom is still there: ${measured.found}`);
  }
}
