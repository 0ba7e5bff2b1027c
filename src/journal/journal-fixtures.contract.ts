/** Records, owners and a time of day for the tests of journals. */

import { onTestFinished } from "vitest";
import type { HoldfastError } from "../core/errors.ts";
import type { Journal, Owner, RunRecord, StepRecord } from "../core/journal.ts";
import type { LeaseOptions } from "./lease.ts";

/** Opens an empty journal of the kind under test; whoever opens it closes it. */
export type OpenJournal = (options: LeaseOptions) => Journal;

export const LEASE_MS = 30_000;

/** A run's record as `claim` is handed it. */
export function runRecord(change: Partial<RunRecord> = {}): RunRecord {
  return {
    id: "run-1",
    automation: "nightly",
    status: "running",
    codeHash: "c0de",
    input: "{}",
    startedAtMs: 1_000,
    resumes: 0,
    ...change,
  };
}

/** A step's record as it is written before its work. */
export function stepRecord(change: Partial<StepRecord> = {}): StepRecord {
  return {
    runId: "run-1",
    task: "",
    name: "upload",
    kind: "step",
    position: 1,
    status: "begun",
    generation: 1,
    key: "key-1",
    attempts: [{ number: 1, startedAtMs: 1_000 }],
    startedAtMs: 1_000,
    effect: "unknown",
    undo: "none",
    undoAttempts: [],
    ...change,
  };
}

/** A process on a machine of these tests. */
export function owner(pid: number): Owner {
  return { host: "alpha", bootId: "boot", pidNamespace: "pid:[1]", pid, startTime: "7" };
}

/** The time of day, moved by hand, and the pids that have ended. */
export class World {
  nowMs = 1_000_000;
  /** Owners that have certainly ended, and those that certainly live; of others it cannot be told. */
  readonly gone = new Set<number>();
  readonly alive = new Set<number>();
  readonly options: LeaseOptions = {
    clock: { now: () => this.nowMs },
    lease: LEASE_MS,
    isGone: ({ pid }) => this.gone.has(pid) || (this.alive.has(pid) ? false : undefined),
  };
}

/** An empty journal that is closed when the test ends, and its world. */
export function setUp(open: OpenJournal): { readonly world: World; readonly journal: Journal } {
  const world = new World();
  const journal = open(world.options);
  onTestFinished(() => journal.close());
  return { world, journal };
}

/** The code of the error that a promise rejects with, or `undefined` when it does not. */
export async function refusal(
  promise: Promise<unknown>,
  property: "code" | "message" = "code",
): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return (error as HoldfastError)[property];
  }
}

/** Changes everything in a record, at any depth. */
export function spoil(record: object): void {
  for (const [key, value] of Object.entries(record)) {
    if (typeof value === "object" && value !== null) spoil(value as object);
    else Object.assign(record, { [key]: "spoilt" });
  }
  if (Array.isArray(record)) record.push("spoilt");
}
