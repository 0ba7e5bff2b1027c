/** How a map is called, and what it answers. */

import type { ErrorSummary } from "../../core/error-summary.ts";
import { summariseError } from "../../core/error-summary.ts";
import type { TaskCount } from "../../core/events.ts";
import type { Fault } from "../../core/fault.ts";
import { callable, flag, integer, readOptions, type Reader } from "../../core/options.ts";
import type { RollbackOutcome, TaskFailure } from "../../policies/task-result.ts";
import type { ItemsEnd } from "../outcome.ts";
import { reviveError } from "../revive.ts";

/** Where the items of a map come from, one after the other. */
export type Items<Item> = Iterable<Item> | AsyncIterable<Item>;

/** How the items of a map are gone through. */
export interface MapOptions<Item> {
  /** How many items are under way at a time. Default 4. */
  readonly concurrency?: number | undefined;
  /**
   * By what the journal finds an item again; no two items may have the same. Default: its index, so
   * that the items must come in the same order at a resume.
   */
  readonly key?: ((item: Item, index: number) => string) | undefined;
  /** Whether the run may succeed when items failed. Default false. */
  readonly mayFail?: boolean | undefined;
  /** After so many failed items no new one is begun. Default: no limit. */
  readonly maxFailures?: number | undefined;
}

const READERS = {
  concurrency: integer({ min: 1, max: 1_000, default: 4 }),
  key: callable<(item: unknown, index: number) => string, undefined>({ default: undefined }),
  mayFail: flag({ default: false }),
  maxFailures: integer({ min: 1, orInfinity: true, default: Infinity }),
} satisfies Record<keyof MapOptions<unknown>, Reader<unknown>>;

/** The options with their defaults. */
export type SettledMap = ReturnType<typeof readOptions<typeof READERS>>;

/** @throws {OptionsError} When one is unknown or out of range. */
export function readMapOptions(name: string, options: object): SettledMap {
  return readOptions(`map "${name}"`, options, READERS);
}

/** An item that failed. */
export interface MapFailure {
  readonly key: string;
  readonly fault: Fault;
  readonly error: unknown;
  readonly rollback: RollbackOutcome;
}

/** How the items of a map ended. */
export interface MapResult<Value = unknown> {
  readonly name: string;
  /** Whether all items were begun, and none of them failed. */
  readonly ok: boolean;
  readonly succeeded: number;
  readonly failed: number;
  /** How many were begun. */
  readonly total: number;
  /** Whether `maxFailures` kept further items from being begun. */
  readonly isCutShort: boolean;
  /** The first 100 that failed. */
  readonly failures: readonly MapFailure[];
  readonly durationMs: number;
  /** The keys and values of the items that succeeded, in the order of their beginning, read from the journal. */
  values(): AsyncIterable<readonly [key: string, value: Value]>;
}

/** As many failures as a result holds. */
const MAX_FAILURES_KEPT = 100;

/** What is journaled of a map that has ended. */
export interface MapSum {
  readonly succeeded: number;
  readonly failed: number;
  readonly isCutShort: boolean;
  readonly exitCodes: readonly number[];
  readonly failures: readonly {
    readonly key: string;
    readonly fault: Fault;
    readonly error: ErrorSummary;
    readonly rollback: RollbackOutcome;
    readonly attempts: number;
    readonly durationMs: number;
  }[];
}

/** Counts the items of a map as they end. Pure. */
export class MapTally {
  readonly #failures: { readonly key: string; readonly result: TaskFailure }[] = [];
  readonly #exitCodes = new Set<number>();
  #succeeded = 0;
  #failed = 0;

  get failed(): number {
    return this.#failed;
  }

  get count(): TaskCount {
    return { succeeded: this.#succeeded, total: this.#succeeded + this.#failed };
  }

  get failures(): readonly { readonly key: string; readonly result: TaskFailure }[] {
    return this.#failures;
  }

  succeed(): void {
    this.#succeeded++;
  }

  /** Answers whether the failure is among those that are kept. */
  fail(key: string, result: TaskFailure, exitCode: number): boolean {
    this.#failed++;
    this.#exitCodes.add(exitCode);
    const isKept = this.#failures.length < MAX_FAILURES_KEPT;
    if (isKept) this.#failures.push({ key, result });
    return isKept;
  }

  /** What is journaled of it. */
  sum(isCutShort: boolean): MapSum {
    return {
      succeeded: this.#succeeded,
      failed: this.#failed,
      isCutShort,
      exitCodes: [...this.#exitCodes],
      failures: this.#failures.map(({ key, result }) => {
        const { fault, error, rollback, attempts, durationMs } = result;
        return { key, fault, error: summariseError(error), rollback, attempts, durationMs };
      }),
    };
  }
}

/** The items of a map that the journal knows to have ended. */
export function itemsEndOf(name: string, sum: MapSum, mayFail: boolean): ItemsEnd {
  return {
    count: { succeeded: sum.succeeded, total: sum.succeeded + sum.failed },
    exitCodes: sum.exitCodes,
    failures: sum.failures.map(({ key, error, ...failure }) => ({
      ok: false,
      name: itemTask(name, key),
      error: reviveError(error, failure.fault),
      ...failure,
    })),
    mayFail,
  };
}

/** The name of an item's task. */
export function itemTask(map: string, key: string): string {
  return `${map}[${key}]`;
}

/** The key of an item, by the name of its task. */
export function keyOfItem(map: string, task: string): string {
  return task.slice(map.length + 1, -1);
}
