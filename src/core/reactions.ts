/**
 * What follows from a fault's class, as data. Retry, breaker, the runner, the log and the exit code
 * all read this one table, so that they never disagree.
 */

import { EXIT } from "./exit-codes.ts";
import { FAULT_CLASSES, type FaultClass } from "./fault.ts";
import { integer, oneOf, readOptions, type Reader } from "./options.ts";

/** What is done about the faults of one class. */
export interface Reaction {
  /** The most retries after faults of this class, whatever the policy allows; 0 is never. */
  readonly retries: number;
  /** When the first retry comes: at once (unless a wait was asked for), or after the backoff. */
  readonly firstRetry: "at once" | "backoff";
  /**
   * Whether the breaker takes it as a failure of the dependency. `unless refused` leaves out faults
   * with effect `none`: a service that refuses is alive.
   */
  readonly breaker: "counts" | "unless refused" | "ignored";
  /** Whether remedies are looked for before the next attempt. */
  readonly heal: "yes" | "no";
  /** When a human is told: at the first fault, when the attempts are used up, or not at all. */
  readonly alert: "at once" | "when it stays" | "no";
  /** The level of the record that says that a task gave up. */
  readonly level: "WARNING" | "ERROR" | "CRITICAL";
  /** How a run ends that failed by it and had nothing to roll back. */
  readonly exitCode: number;
}

/** One reaction per class. */
export type Reactions = Readonly<Record<FaultClass, Reaction>>;

/** The defaults. Their source is the project's taxonomy, in docs/faults.md. */
export const REACTIONS: Reactions = Object.freeze({
  transient: row({
    retries: Infinity,
    firstRetry: "at once",
    breaker: "unless refused",
    heal: "no",
    alert: "when it stays",
    exitCode: EXIT.gaveUp,
  }),
  degraded: row({
    retries: Infinity,
    firstRetry: "backoff",
    breaker: "counts",
    heal: "yes",
    alert: "when it stays",
    exitCode: EXIT.gaveUp,
  }),
  timeout: row({
    retries: Infinity,
    firstRetry: "backoff",
    breaker: "counts",
    heal: "no",
    alert: "when it stays",
    exitCode: EXIT.gaveUp,
  }),
  fatal: row({
    retries: 0,
    firstRetry: "backoff",
    breaker: "ignored",
    heal: "no",
    alert: "at once",
    exitCode: EXIT.failed,
  }),
  unknown: row({
    retries: 1,
    firstRetry: "backoff",
    breaker: "counts",
    heal: "no",
    alert: "when it stays",
    exitCode: EXIT.failed,
  }),
});

function row(reaction: Omit<Reaction, "level">): Reaction {
  return Object.freeze({ ...reaction, level: "ERROR" });
}

/** Changes to the table: any rows, and in each any cells. */
export type ReactionChanges = {
  readonly [Class in FaultClass]?: Partial<Reaction> | undefined;
};

/**
 * The default table with some cells changed.
 *
 * @throws {OptionsError} At once, for an unknown class or cell, or a value out of range.
 * @example
 * const stubborn = reactionsWith({ unknown: { retries: 5 } });
 */
export function reactionsWith(changes: ReactionChanges): Reactions {
  const rows = readOptions(
    "reactions",
    changes,
    Object.fromEntries(FAULT_CLASSES.map((name) => [name, readRow(REACTIONS[name])])),
  );
  return Object.freeze(rows) as Reactions;
}

function readRow(defaults: Reaction): Reader<Reaction> {
  const readers = {
    retries: integer({ min: 0, orInfinity: true, default: defaults.retries }),
    firstRetry: oneOf(["at once", "backoff"], { default: defaults.firstRetry }),
    breaker: oneOf(["counts", "unless refused", "ignored"], { default: defaults.breaker }),
    heal: oneOf(["yes", "no"], { default: defaults.heal }),
    alert: oneOf(["at once", "when it stays", "no"], { default: defaults.alert }),
    level: oneOf(["WARNING", "ERROR", "CRITICAL"], { default: defaults.level }),
    exitCode: integer({ min: 1, max: 255, default: defaults.exitCode }),
  } satisfies Record<keyof Reaction, Reader<unknown>>;
  return (value, path) => (value === undefined ? defaults : readOptions(path, value, readers));
}
