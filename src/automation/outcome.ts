/** How a run ends: its exit code, from its tasks. Pure. */

import { DENIED_CODES } from "../core/denial.ts";
import { EXIT, mostUrgent } from "../core/exit-codes.ts";
import type { TaskCount } from "../core/events.ts";
import type { Reactions } from "../core/reactions.ts";
import type { TaskFailure, TaskResult } from "../policies/task-result.ts";

/** A task's result, and whether its failure counts. */
export interface TaskEnd {
  readonly result: TaskResult<unknown>;
  readonly mayFail: boolean;
}

/**
 * The exit code that one failed task calls for. What is still there to be seen to comes first; a
 * rollback that succeeded says more than the class of the fault.
 */
export function exitCodeOf(result: TaskResult<unknown>, reactions: Reactions): number {
  if (result.ok) return EXIT.ok;
  // A dry run ends there, and nothing failed.
  if (result.fault.code === "NOT_REACHED") return EXIT.ok;
  if (result.rollback === "incomplete") return EXIT.rollbackIncomplete;
  if (result.fault.code === "VERIFY_FAILED") return EXIT.verificationFailed;
  if (DENIED_CODES.includes(result.fault.code)) return EXIT.denied;
  if (result.rollback === "complete") return EXIT.rolledBack;
  return reactions[result.fault.class].exitCode;
}

/** What a task adds to the exit code of its run. A rollback that is incomplete counts even where failure may be. */
export function countedCode({ result, mayFail }: TaskEnd, reactions: Reactions): number {
  const code = exitCodeOf(result, reactions);
  return mayFail && code !== EXIT.rollbackIncomplete ? EXIT.ok : code;
}

/** Many tasks of one map, counted. */
export interface ItemsEnd {
  readonly count: TaskCount;
  /** Of those that failed; each code once. */
  readonly exitCodes: readonly number[];
  readonly failures: readonly TaskFailure[];
  readonly mayFail: boolean;
}

/** As many results as `RunResult.tasks` holds. */
const MAX_KEPT = 1_000;

/** The ends of a run's tasks, however many: the first of them, and what all of them come to. */
export class Tally {
  readonly #reactions: Reactions;
  readonly #kept: TaskEnd[] = [];
  /** The first failure that called for each exit code. */
  readonly #failures = new Map<number, TaskFailure | undefined>();
  #succeeded = 0;
  #total = 0;

  constructor(reactions: Reactions) {
    this.#reactions = reactions;
  }

  /** The first of them, at most 1,000; of a map's items those that failed. */
  get ends(): readonly TaskEnd[] {
    return this.#kept;
  }

  get count(): TaskCount {
    return { succeeded: this.#succeeded, total: this.#total };
  }

  /** The exit code of the whole run. */
  get exitCode(): number {
    return mostUrgent([...this.#failures.keys()]);
  }

  /** The failure that the exit code is for, where it is known. */
  get failure(): TaskFailure | undefined {
    return this.#failures.get(this.exitCode);
  }

  /** Counts a task. */
  add(end: TaskEnd): void {
    this.#count(end);
    if (this.#kept.length < MAX_KEPT) this.#kept.push(end);
  }

  /** Counts the run's own task, which stands before all others. */
  addOwn(end: TaskEnd): void {
    this.#count(end);
    this.#kept.unshift(end);
  }

  /** Counts a map's item; only those that failed are kept, and only where the map says so. */
  addItem(end: TaskEnd, isKept: boolean): void {
    if (isKept && !end.result.ok) this.add(end);
    else this.#count(end);
  }

  /** Counts all items of a map at once. */
  addItems({ count, exitCodes, failures, mayFail }: ItemsEnd): void {
    this.#succeeded += count.succeeded;
    this.#total += count.total - failures.length;
    for (const result of failures) this.add({ result, mayFail });
    for (const code of exitCodes) {
      const counts = !mayFail || code === EXIT.rollbackIncomplete;
      if (counts && !this.#failures.has(code)) this.#failures.set(code, undefined);
    }
  }

  #count(end: TaskEnd): void {
    this.#total++;
    if (end.result.ok) this.#succeeded++;
    const code = countedCode(end, this.#reactions);
    if (!end.result.ok && code !== EXIT.ok && this.#failures.get(code) === undefined) {
      this.#failures.set(code, end.result);
    }
  }
}
