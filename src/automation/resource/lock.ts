/** Takes a lock that all runs of a journal share, and waits for it within a bound. */

import type { Duration } from "../../core/duration.ts";
import { LockHeldError } from "../../core/errors.ts";
import type { StepRecord } from "../../core/journal.ts";
import { duration, readOptions, text, type Reader } from "../../core/options.ts";
import { stepLabel } from "../book.ts";
import { Holding } from "./holding.ts";
import { holderIn, isTakeable, lockKey, type LockHolder } from "./lock-state.ts";
import { checkName } from "../names.ts";
import type { Scope } from "../scope.ts";
import { loggerAt } from "../world.ts";

/** How a lock is taken. */
export interface LockOptions {
  /** The lock's name, which all runs share. Default: the name of the step. */
  readonly lock?: string | undefined;
  /** How long to wait while another one holds it. Default 1 minute. */
  readonly wait?: Duration | undefined;
  /** How often to look whether it is free. Default 500 ms. */
  readonly poll?: Duration | undefined;
}

/** A lock that is held. */
export interface Lock extends AsyncDisposable {
  /** The name that all runs share. */
  readonly lock: string;
  /**
   * Frees it; once more does nothing. Does nothing either when the run was interrupted and will be
   * taken up again: it keeps its locks.
   */
  release(): Promise<void>;
}

const READERS = {
  lock: text({ default: undefined }),
  wait: duration({ default: 60_000 }),
  poll: duration({ default: 500, min: 1 }),
} satisfies Record<keyof LockOptions, Reader<unknown>>;

/** `task.lock`. */
export async function takeLock(scope: Scope, name: string, options: LockOptions): Promise<Lock> {
  const settled = readOptions(`lock "${name}"`, options, READERS);
  const { lock = name, wait: waitMs, poll: pollMs } = settled;
  checkName(scope.world, "lock", lock);
  const holding = await Holding.open(scope, {
    what: "Lock",
    name,
    held: () => ({ unlock: lock }),
    take: (record) => take(scope, record, { lock, waitMs, pollMs }),
  });
  return {
    lock,
    release: () => holding.letGo(),
    [Symbol.asyncDispose]: () => holding.letGo(),
  };
}

interface Wanted {
  readonly lock: string;
  readonly waitMs: number;
  readonly pollMs: number;
}

async function take(scope: Scope, record: StepRecord, wanted: Wanted): Promise<void> {
  const { clock } = scope.world;
  const untilMs = clock.elapsed() + wanted.waitMs;
  let isTold = false;
  for (;;) {
    const holder = await tryToTake(scope, record, wanted.lock);
    if (holder === undefined) return;
    // On the way to the undos nothing is done that would have to be kept from others.
    if (scope.isRollingBack) return;
    const leftMs = untilMs - clock.elapsed();
    if (leftMs <= 0) throw heldBy(holder, wanted, record);
    if (!isTold) {
      const where = { task: scope.name, step: record.name };
      loggerAt(scope.world, where).info(
        `Lock "${wanted.lock}" is awaited, ${held(holder, record)}`,
      );
      isTold = true;
    }
    await clock.sleep(Math.min(wanted.pollMs, leftMs), scope.signal);
  }
}

/** Answers who holds it; nobody else when it was taken. */
async function tryToTake(
  scope: Scope,
  record: StepRecord,
  lock: string,
): Promise<LockHolder | undefined> {
  const { book, clock, halt } = scope.world;
  const { key } = record;
  for (;;) {
    halt.check();
    const found = await book.shared.readState(lockKey(lock));
    const holder = found === undefined ? undefined : holderIn(found);
    if (holder !== undefined && !isTakeable(holder, { key }, await book.findRun(holder.runId))) {
      return holder;
    }
    const { id: runId, automation } = book.run;
    const step = stepLabel(record.task, record.name);
    const mine: LockHolder = { runId, automation, step, key, fence: book.fence };
    // Also where it is ours: a former process of this run that wakes up frees only what it wrote.
    const isTaken = await book.shared.writeState({
      key: lockKey(lock),
      value: JSON.stringify(mine),
      replaces: found?.version ?? 0,
      atMs: clock.now(),
    });
    if (isTaken) return undefined;
  }
}

function heldBy(holder: LockHolder, { lock, waitMs }: Wanted, record: StepRecord): LockHeldError {
  const waited = waitMs === 0 ? "" : `, and was not freed within ${waitMs} ms`;
  return new LockHeldError(lock, `${held(holder, record)}${waited}`, holder.runId);
}

function held({ runId, automation, step }: LockHolder, record: StepRecord): string {
  const who = runId === record.runId ? "this run" : `run ${runId} of "${automation}"`;
  return `held by ${who} (step "${step}")`;
}
