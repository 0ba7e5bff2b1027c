/**
 * A step that is a database transaction, done exactly once: its key is written into the user's own
 * database in the same transaction, so that the database itself knows whether it happened.
 */

import type { Rule } from "../../classify/classify.ts";
import type { Duration } from "../../core/duration.ts";
import { AutomationError } from "../../core/errors.ts";
import { UNFINISHED } from "../../core/journal.ts";
import { callable, duration, oneOf, readOptions, type Reader } from "../../core/options.ts";
import { decodeValue } from "../../journal/codec.ts";
import type { Reconciled, StepContext, StepOptions, UndoContext } from "../automation.ts";
import { stepLabel } from "../book.ts";
import {
  doorTo,
  type Database,
  type Door,
  type InTransaction,
  type Isolation,
  type Transaction,
} from "./database.ts";
import { Markers, readTable, type Marker } from "./marker.ts";
import type { Scope } from "../scope.ts";
import { refuseMade } from "../step-options.ts";
import { toStorable } from "../storable.ts";
import { readVerify, verifyValue, type Verify } from "../verify.ts";
import { loggerAt, type World } from "../world.ts";

const DAY_MS = 86_400_000;

/** How a transaction is made. Whether it happened is in the database, so it may be repeated. */
export interface TransactionOptions<Db, Value> extends Omit<
  StepOptions<Value>,
  "undo" | "reconcile" | "repeatable"
> {
  /**
   * Takes the effect back, in a transaction that takes the marker away too. Called only when it
   * happened. Default: none.
   */
  readonly undo?:
    | ((database: InTransaction<Db>, context: UndoContext<Value>) => unknown)
    | undefined;
  /** The table for the markers, made when it is missing: a name, or `schema.name`. Default `"holdfast_step"`. */
  readonly table?: string | undefined;
  /** How far it is kept apart from others, in Postgres. Default: as the database has it. */
  readonly isolation?: Isolation | undefined;
  /** How long a marker is kept at least; it goes after that when its run has ended. Default 30 days. */
  readonly keepMarkers?: Duration | undefined;
}

type Undo = (database: unknown, context: UndoContext<unknown>) => unknown;

const READERS = {
  verify: readVerify,
  undo: callable<Undo, undefined>({ default: undefined }),
  table: readTable,
  isolation: oneOf(["read committed", "repeatable read", "serializable"], { default: undefined }),
  keepMarkers: duration({ default: 30 * DAY_MS, orInfinity: true }),
} satisfies Partial<Record<keyof TransactionOptions<unknown, unknown>, Reader<unknown>>>;

/** What is to be done in which database. */
export interface TransactionCall {
  readonly name: string;
  readonly database: Database;
  readonly work: (database: never, context: StepContext) => unknown;
  /** `TransactionOptions`, for whatever the work answers. */
  readonly options: object;
}

/** `task.transaction`. */
export async function transactionStep(scope: Scope, call: TransactionCall): Promise<unknown> {
  const { name, work } = call;
  const given = call.options as TransactionOptions<Database, unknown>;
  const { verify, undo, table, isolation, keepMarkers, ...rest } = given;
  const owner = `transaction "${name}"`;
  refuseMade(owner, rest, ["reconcile", "repeatable"]);
  const settled = readOptions(owner, { verify, undo, table, isolation, keepMarkers }, READERS);
  const once = new Once(scope, {
    name,
    database: call.database,
    door: doorTo(call.database, `${owner}: database`, settled.isolation),
    markers: new Markers(settled.table),
    keepMs: settled.keepMarkers,
    verify: settled.verify,
  });
  const { undo: takeBack } = settled;
  return scope.step(name, (context) => once.commit(work as Work, context), {
    ...rest,
    classify: [...(rest.classify ?? []), conflictFault],
    repeatable: true,
    reconcile: ({ key }) => once.find(key),
    ...(takeBack === undefined
      ? {}
      : { undo: (context: UndoContext<unknown>) => once.takeBack(takeBack, context) }),
  });
}

type Work = (database: unknown, context: StepContext) => unknown;

/** The run that looked for old markers last, by database: once in a run is enough. */
const sweptBy = new WeakMap<object, World>();

interface OnceParts {
  readonly name: string;
  readonly database: object;
  readonly door: Door;
  readonly markers: Markers;
  readonly keepMs: number;
  readonly verify: Verify | undefined;
}

class Once {
  readonly #scope: Scope;
  readonly #parts: OnceParts;

  constructor(scope: Scope, parts: OnceParts) {
    this.#scope = scope;
    this.#parts = parts;
  }

  /** Does the work, unless it is marked as done. */
  async commit(work: Work, context: StepContext): Promise<unknown> {
    const { door } = this.#parts;
    await this.#prepare();
    await this.#sweep();
    const stored = await door.transact(async (open) => {
      const marker = await this.#mark(open, context.key);
      const value = marker === undefined ? await this.#do(work, open, context) : marker.value;
      return { isCommitted: true, value };
    });
    if (stored === undefined)
      throw new AutomationError(`The marker of "${context.key}" is damaged`);
    return decodeValue(stored);
  }

  /** Waits for the end of whoever is at it under the same key, and leaves nothing. */
  async find(key: string): Promise<Reconciled<unknown>> {
    await this.#prepare();
    const marker = await this.#parts.door.transact(async (open) => ({
      isCommitted: false,
      value: await this.#mark(open, key),
    }));
    if (marker === undefined) return "absent";
    return marker.value === undefined ? "unknown" : { value: decodeValue(marker.value) };
  }

  async takeBack(undo: Undo, context: UndoContext<unknown>): Promise<void> {
    const { door, markers } = this.#parts;
    await this.#prepare();
    await door.transact(async (open) => {
      const marker = await markers.remove(open, context.key);
      if (marker === undefined) return { isCommitted: false, value: undefined };
      const { value } = marker;
      const known = value === undefined ? {} : { value: decodeValue(value) };
      await undo(open.database, { ...context, ...known, effect: "complete" });
      // Where it swallowed an error, Postgres takes the commit for a rollback, and says so to nobody.
      await open.rows("SELECT 1");
      context.signal.throwIfAborted();
      return { isCommitted: true, value: undefined };
    });
  }

  async #do(work: Work, open: Transaction, context: StepContext): Promise<string> {
    const { markers, verify, name } = this.#parts;
    const { world, name: task, prefix } = this.#scope;
    const value = await work(open.database, context);
    const what = `transaction "${stepLabel(task, prefix + name)}"`;
    // Before the commit: what is not good, or could not be answered again, does not happen.
    if (verify !== undefined) await verifyValue(verify, value, `The ${what}`);
    const stored = toStorable(world.redactor, value, `The value of ${what}`);
    context.signal.throwIfAborted();
    await markers.keepValue(open, context.key, stored);
    return stored;
  }

  #mark(open: Transaction, key: string): Promise<Marker | undefined> {
    const { book, clock } = this.#scope.world;
    return this.#parts.markers.mark(open, { key, runId: book.run.id, atMs: clock.now() });
  }

  #prepare(): Promise<void> {
    const { markers, door } = this.#parts;
    // Of two that make a table at the same moment, Postgres fails one, which finds it the next time.
    return markers.prepare(door).catch(() => markers.prepare(door));
  }

  /** Markers whose runs have ended are of no use. That they cannot be removed harms nobody yet. */
  async #sweep(): Promise<void> {
    const { markers, door, keepMs, name, database } = this.#parts;
    const { world, name: task } = this.#scope;
    if (sweptBy.get(database) === world || keepMs === Infinity) return;
    sweptBy.set(database, world);
    const beforeMs = world.clock.now() - keepMs;
    try {
      for (const runId of await markers.oldRuns(door, beforeMs)) {
        const run = await world.book.findRun(runId);
        if (run !== undefined && UNFINISHED.includes(run.status)) continue;
        await markers.sweep(door, runId, beforeMs);
      }
    } catch (error) {
      const log = loggerAt(world, { task, step: name });
      log.warning("Old markers of transactions could not be removed", { error });
    }
  }
}

/** A conflict with another transaction, by SQLSTATE: all was taken back, and it may go well next time. */
export const conflictFault: Rule = (error) => {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (code !== "40001" && code !== "40P01") return undefined;
  // Source: postgresql.org/docs/current/mvcc-serialization-failure-handling.html
  return { class: "transient", code: `SQLSTATE_${code}`, effect: "none" };
};
