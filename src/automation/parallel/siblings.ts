/** The tasks, maps and children of one run: their names, who waits for whom, and how many run at a time. */

import { AutomationError, DependencyError } from "../../core/errors.ts";
import type { Fault } from "../../core/fault.ts";
import { flag, list, readOptions, required, text, type Reader } from "../../core/options.ts";
import type { TaskFailure, TaskResult } from "../../policies/task-result.ts";
import { checkAfter, failedOf } from "../after.ts";
import type { Task, TaskOptions } from "../automation.ts";
import {
  readChildOptions,
  runChild,
  type ChildCall,
  type ChildOptions,
  type ChildResult,
} from "../child/child.ts";
import { runMap, type MapCall } from "./map.ts";
import type { MapResult } from "./map-result.ts";
import { checkName } from "../names.ts";
import type { Tally } from "../outcome.ts";
import type { Scope } from "../scope.ts";
import { Slots } from "./slots.ts";
import { runTask, skipTask } from "../task.ts";
import { emit, type World } from "../world.ts";

/** A task that is to be run. */
export interface TaskCall<Value> {
  readonly name: string;
  readonly body: (task: Task) => Value | PromiseLike<Value>;
  readonly options: TaskOptions | undefined;
}

const READERS = {
  mayFail: flag({ default: false }),
  after: list(required(text({ default: undefined }), "the name of a task"), { default: [] }),
} satisfies Record<keyof TaskOptions, Reader<unknown>>;

/** How they are run. */
export interface SiblingOptions {
  /** How many tasks and children are under way at a time. */
  readonly concurrency: number;
  /** Whether undos that failed in an earlier rollback are tried again. */
  readonly undoesAgain: boolean;
}

/** See the header. */
export class Siblings {
  readonly #own: Scope;
  readonly #world: World;
  readonly #tally: Tally;
  readonly #slots: Slots;
  readonly #undoesAgain: boolean;
  /** The tasks that were declared, by name, and how they end. */
  readonly #tasks = new Map<string, Promise<TaskResult>>();
  readonly #names = new Map<string, "task" | "map" | "child">();

  constructor(own: Scope, tally: Tally, { concurrency, undoesAgain }: SiblingOptions) {
    this.#undoesAgain = undoesAgain;
    this.#own = own;
    this.#world = own.world;
    this.#tally = tally;
    this.#slots = new Slots(concurrency);
  }

  /** Runs a task once those that it comes after have ended. Rejects only when the run halts. */
  async task<Value>(call: TaskCall<Value>): Promise<TaskResult<Value>> {
    const { name, options = {} } = call;
    this.#declare("task", name);
    const { mayFail, after } = readOptions(`task "${name}"`, options, READERS);
    checkAfter(name, after, new Set(this.#tasks.keys()));
    const ending = this.#inOrder(call, after);
    this.#tasks.set(name, ending);
    const result = await ending;
    this.#tally.add({ result, mayFail });
    return result;
  }

  /** Runs a map. */
  async map<Item, Value>(call: MapCall<Item, Value>): Promise<MapResult<Value>> {
    this.#declare("map", call.name);
    const undoesAgain = this.#undoesAgain;
    return runMap({ world: this.#world, own: this.#own, tally: this.#tally, undoesAgain }, call);
  }

  /** Runs a child. */
  async child(call: ChildCall, options: ChildOptions = {}): Promise<ChildResult> {
    this.#declare("child", call.name);
    const { undo, mayFail } = readChildOptions(call.name, options);
    const result = await this.#slots.use(() => runChild(this.#own, call, { undo }));
    this.#tally.add({ result, mayFail });
    return result;
  }

  #declare(kind: "task" | "map" | "child", name: string): void {
    checkName(this.#world, kind, name);
    this.#world.halt.check();
    this.#own.checkPlace(`${KINDS[kind]} "${name}"`);
    const other = [...this.#names].find(([taken, by]) => clash(kind, name, by, taken));
    if (other !== undefined) {
      throw new AutomationError(
        `There are two tasks named "${name}"; each needs a name of its own, and a map has all names that begin with its own and a bracket`,
      );
    }
    this.#names.set(name, kind);
  }

  async #inOrder<Value>(
    call: TaskCall<Value>,
    after: readonly string[],
  ): Promise<TaskResult<Value>> {
    const failed = await this.#failedBefore(call.name, after);
    return this.#slots.use(async () => {
      this.#world.halt.check();
      if (this.#own.beginsNothing && !this.#world.book.hasTask(call.name)) {
        throw this.#own.endOfRecord;
      }
      if (failed.length > 0) return this.#skip(call.name, failed);
      const { name, body } = call;
      const how = { rollBackFor: this.#own.reason, undoesAgain: this.#undoesAgain };
      return runTask<Value>(this.#world, { name, body, ...how });
    });
  }

  async #failedBefore(task: string, after: readonly string[]): Promise<readonly string[]> {
    if (after.length === 0) return [];
    emit(this.#world, { task }, { type: "task.waiting", after });
    const before = after.flatMap((name) => this.#tasks.get(name) ?? []);
    return failedOf(await Promise.all(before));
  }

  async #skip(name: string, failed: readonly string[]): Promise<TaskFailure> {
    const error = new DependencyError(name, failed);
    const fault: Fault = { class: "fatal", code: error.code, effect: "none" };
    await skipTask(this.#world, name, { fault, error });
    return { ok: false, name, fault, error, attempts: 0, durationMs: 0, rollback: "none" };
  }
}

const KINDS = { task: "Task", map: "Map", child: "Child" } as const;

type Kind = keyof typeof KINDS;

/** Two of one name cannot be told apart, nor a task named `hosts[1]` from an item of the map `hosts`. */
function clash(kind: Kind, name: string, otherKind: Kind, other: string): boolean {
  if (name === other) return true;
  if (kind === "map" && other.startsWith(`${name}[`)) return true;
  return otherKind === "map" && name.startsWith(`${other}[`);
}
