/**
 * What follows from a fault's class, as data. Retry, breaker, the runner and the exit code all read
 * this one table, so that they never disagree.
 */

import { EXIT } from "./exit-codes.ts";
import { FAULT_CLASSES, type FaultClass } from "./fault.ts";
import { integer, oneOf, readOptions, type Reader } from "./options.ts";

/** What is done about the faults of one class. */
export interface Reaction {
  /** The most retries after faults of this class, whatever the policy allows; 0 is never. */
  readonly retries: number;
  /**
   * When the first retry comes: at once (unless it was a rate limit, or a wait was asked for), or
   * after the backoff.
   */
  readonly firstRetry: "at once" | "backoff";
  /**
   * Whether the breaker takes it as a failure of the dependency. `unless refused` leaves out faults
   * with effect `none`: a service that refuses is alive.
   */
  readonly breaker: "counts" | "unless refused" | "ignored";
  /** How a run ends that failed by it and had nothing to roll back. */
  readonly exitCode: number;
}

/** One reaction per class. */
export type Reactions = Readonly<Record<FaultClass, Reaction>>;

/** The defaults. Their source is the project's taxonomy, in docs/faults.md. */
export const REACTIONS: Reactions = Object.freeze({
  transient: Object.freeze({
    retries: Infinity,
    firstRetry: "at once",
    breaker: "unless refused",
    exitCode: EXIT.gaveUp,
  }),
  degraded: Object.freeze({
    retries: Infinity,
    firstRetry: "backoff",
    breaker: "counts",
    exitCode: EXIT.gaveUp,
  }),
  timeout: Object.freeze({
    retries: Infinity,
    firstRetry: "backoff",
    breaker: "counts",
    exitCode: EXIT.gaveUp,
  }),
  fatal: Object.freeze({
    retries: 0,
    firstRetry: "backoff",
    breaker: "ignored",
    exitCode: EXIT.failed,
  }),
  unknown: Object.freeze({
    retries: 1,
    firstRetry: "backoff",
    breaker: "counts",
    exitCode: EXIT.failed,
  }),
});

/** Changes to the table: any rows, and in each any cells; or only those that what they are for reads. */
export type ReactionChanges<Cell extends keyof Reaction = keyof Reaction> = {
  readonly [Class in FaultClass]?: Partial<Pick<Reaction, Cell>> | undefined;
};

/**
 * The default table with some cells changed. It may be handed to whatever takes `reactions`: each
 * reads the cells that concern it.
 *
 * @throws {OptionsError} At once, for an unknown class or cell, or a value out of range.
 * @example
 * const stubborn = reactionsWith({ unknown: { retries: 5 } });
 */
export function reactionsWith(changes: ReactionChanges): Reactions {
  return readChanges(changes, "reactions", ["retries", "firstRetry", "breaker", "exitCode"]);
}

/**
 * Reads the option `reactions` of what reads these cells of the table: changes to them, where a change
 * to another would be in vain; or a whole table, which is one for all.
 */
export function reactions(...cells: readonly (keyof Reaction)[]): Reader<Reactions> {
  return (value, path) => {
    if (value === undefined) return REACTIONS;
    return isTable(value) ? value : readChanges(value, path, cells);
  };
}

/** The tables that there are: the default one, and those that were made from it here. */
const tables = new WeakSet<object>([REACTIONS]);

function isTable(value: unknown): value is Reactions {
  return typeof value === "object" && value !== null && tables.has(value);
}

function readChanges(changes: unknown, path: string, cells: readonly (keyof Reaction)[]) {
  const readers = FAULT_CLASSES.map((name) => [name, readRow(REACTIONS[name], cells)] as const);
  const table = readOptions(path, changes, Object.fromEntries(readers)) as Reactions;
  tables.add(table);
  return table;
}

function readRow(defaults: Reaction, cells: readonly (keyof Reaction)[]): Reader<Reaction> {
  const all = {
    retries: integer({ min: 0, orInfinity: true, default: defaults.retries }),
    firstRetry: oneOf(["at once", "backoff"], { default: defaults.firstRetry }),
    breaker: oneOf(["counts", "unless refused", "ignored"], { default: defaults.breaker }),
    exitCode: integer({ min: 1, max: 255, default: defaults.exitCode }),
  } satisfies Record<keyof Reaction, Reader<unknown>>;
  const readers = Object.fromEntries(cells.map((cell) => [cell, all[cell]]));
  return (value, path) =>
    value === undefined
      ? defaults
      : Object.freeze({ ...defaults, ...readOptions(path, value, readers) });
}
