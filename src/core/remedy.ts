/**
 * The contract of remedies: what cures the cause of a failure, so that the work can be attempted again.
 *
 *   fits ─▶ examine ─▶ act ─▶ measure ─▶ the next attempt
 *             │ the symptom is not there, or there is nothing to act on: it does nothing
 *
 * A remedy says what it may do at most (its blast radius), how often (its budget) and how soon again
 * (its cool-down). Whether it cured anything is measured: what it believes does not count.
 */

import type { Clock } from "./clock.ts";
import type { Random } from "./dice.ts";
import type { Fault } from "./fault.ts";

/** What is to be healed. */
export interface Ailment {
  /** What the attempt failed by, the same object. */
  readonly error: unknown;
  readonly fault: Fault;
}

/** What a remedy is given to look and to act with. */
export interface RemedyContext extends Ailment {
  /** Aborts when the step is cancelled or its total limit is over, and when the remedy's own is. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * When the step was first attempted: milliseconds since the Unix epoch. What was made since may be its
   * own unfinished work.
   */
  readonly beganAtMs: number;
  /** When the attempt began that failed: milliseconds since the Unix epoch. */
  readonly attemptedAtMs: number;
  /** Which healing of the step by this remedy it is, from 1. */
  readonly round: number;
  /** The share of the usual load that the failed attempt was to take on; 1 unless a remedy made it less. */
  readonly scale: number;
}

/** What a remedy acts with. */
export interface ActContext extends RemedyContext {
  /** Tells what was done, as soon as it is done: `deleted /var/backups/1.gz (1.2 MB)`. For the journal. */
  readonly did: (deed: string) => void;
  /** Hands the next attempts a smaller share of the usual load, above 0 and at most 1. */
  readonly rescale: (scale: number) => void;
}

/** What a look at the symptom found. */
export interface Diagnosis {
  /** Whether the symptom is there. When it is not, something else looks like it. */
  readonly isPresent: boolean;
  /** What was measured, in words: `/var/backups has 12 kB left, 100 MB are wanted`. */
  readonly found: string;
  /** What would be done, a line for each target. With none there is nothing to act on: it stops. */
  readonly plan: readonly string[];
}

/** What was measured after the action. */
export interface Measurement {
  /** Whether the symptom is gone. When it is not, the remedy has failed. */
  readonly isGone: boolean;
  /** What was measured, in words. */
  readonly found: string;
}

/** How often a remedy may act on one target, whoever asks for it. */
export interface RemedyBudget {
  readonly times: number;
  readonly withinMs: number;
}

/** Cures the cause of a failure. Make one by a function of `holdfast/remedies`, or by hand. */
export interface Remedy {
  /** Stable, in kebab case: `disk-full`. */
  readonly name: string;
  /** What it acts on: a glob, a unit, a host and port. Budget, cool-down and lock belong to it. */
  readonly target: string;
  /** The most that it may ever do, in words. It is shown and journaled. */
  readonly blastRadius: string;
  /** A step is healed by it no more often than that either, however long it takes. */
  readonly budget: RemedyBudget;
  /** How long it leaves the target alone after it acted. */
  readonly coolDownMs: number;
  /**
   * Whether it acts on something that others use too. Then one at a time acts on the target, and budget
   * and cool-down are counted for all processes together; else each step counts for itself.
   */
  readonly isExclusive: boolean;
  /** How long a healing may take, from the first look to the last. */
  readonly limitMs: number;
  /**
   * What a human does where it could not cure it, or has used up its budget, in words. It is told with
   * the failure, and to alerts. Default: nothing is advised.
   */
  readonly advice?: string | undefined;
  /** Whether it is made for such a failure, by what the failure alone tells. Must not throw. */
  fits(ailment: Ailment): boolean;
  /** Looks whether the symptom is there, and what could be done. Changes nothing. */
  examine(context: RemedyContext): Promise<Diagnosis>;
  /** Acts, within its blast radius. Rejects when it could not. */
  act(context: ActContext): Promise<void>;
  /** Looks again. Changes nothing. */
  measure(context: RemedyContext): Promise<Measurement>;
}

/** The methods that make a remedy, for reading options. */
export const REMEDY_METHODS = ["fits", "examine", "act", "measure"] as const;

/** How a healing ended; `interrupted` when the step was cancelled meanwhile, or its time was up. */
export type HealOutcome = "healed" | "failed" | "skipped" | "interrupted";

/** One healing, as it is kept with the attempt whose failure it was for. */
export interface HealRecord {
  readonly remedy: string;
  readonly target: string;
  readonly blastRadius: string;
  /** What it set out to do, a line for each target; at most 100. */
  readonly plan: readonly string[];
  readonly startedAtMs: number;
  /** Missing while it goes on, and for ever when its end was not seen. */
  readonly endedAtMs?: number | undefined;
  readonly outcome?: HealOutcome | undefined;
  /** What it did, in order; at most 100. */
  readonly deeds: readonly string[];
  /** What was found before it acted. */
  readonly found?: string | undefined;
  /** What was measured at the end, or why it failed or was skipped. */
  readonly because?: string | undefined;
  /** What a human is to do: where it failed, or its budget is spent. */
  readonly advice?: string | undefined;
  /** The share of the usual load that the next attempts are to take on, where it was made smaller. */
  readonly scale?: number | undefined;
}
