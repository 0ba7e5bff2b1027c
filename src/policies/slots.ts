/** The face of a policy with slots: what `bulkhead` and `adaptiveLimit` show. */

import { OptionsError } from "../core/errors.ts";
import { show } from "../core/show.ts";
import type { Admission, Standing } from "./admission.ts";
import { readKey } from "./keyed-calls.ts";
import { isLevel, MAX_PRIORITY, MIN_PRIORITY } from "./level.ts";
import type { Policy, RunOptions, Work } from "./policy.ts";
import type { Placed } from "./order.ts";
import type { SharedPriorities } from "./prioritizer.ts";

/** A policy that lets only so many works run at once, and has the other calls wait. */
export interface Slots extends Policy {
  /** How many may run at once. */
  readonly limit: number;
  /** How many slots are held, by calls and by works that outlived theirs; may exceed a lowered limit. */
  readonly running: number;
  /** Of those, how many are held by works whose call was given up. */
  readonly abandoned: number;
  /** How many calls wait for a slot. */
  readonly queued: number;
  /** How many calls would not have to wait. */
  readonly free: number;
  /**
   * The same slots for calls of another priority: a whole number from -100 to 100; that of the policy
   * itself is 0. Of those that wait the highest goes first, among equals whoever came first, or as
   * `order` says; and when the queue is full, a call takes the place of one of the lowest priority.
   *
   * A `prioritizer` takes levels too, of which the whole part is the priority, and a user, whose usage
   * it counts and goes by.
   *
   * @throws {OptionsError} At once, if the priority is out of range, or if there is a user and no
   * prioritizer to count for.
   */
  at(priority: number, user?: string): Policy;
  /**
   * Takes a slot by hand, for what is no function: a request that a server answers, a stream, a message
   * until it is acknowledged. Waits and rejects as `run` does. Whoever does not release it holds it for
   * ever.
   *
   * @example
   * using slot = await database.enter();
   */
  enter(options?: RunOptions): Promise<HeldSlot>;
  /** Resolves once nothing runs, abandoned work included, and nothing waits; at once if that is so. */
  drained(): Promise<void>;
}

/** A slot that was taken by hand. Disposing of it releases it, too. */
export interface HeldSlot extends Disposable {
  /** Gives the slot back; again does nothing. */
  release(): void;
}

/** Runs work in a slot, after those of higher priority. */
export type RunAt = <Value>(
  work: Work<Value>,
  options: RunOptions | undefined,
  standing: Standing,
) => Promise<Value>;

/** What the face shows, and whom it asks about users. */
export interface SlotsParts {
  readonly name: string;
  readonly prioritizer: SharedPriorities | undefined;
}

/** Shows an admission as a policy, not frozen yet. */
export function slotsOf(
  placed: Placed,
  parts: SlotsParts,
  admission: Admission,
  run: RunAt,
): Slots {
  const { name, prioritizer } = parts;
  const at = (level: number, user?: string): Policy => {
    const standing = { level, user };
    if (user === undefined || prioritizer === undefined) {
      return { ...placed, name, run: (work, options) => run(work, options, standing) };
    }
    const counted: Policy["run"] = (work, options) =>
      run(prioritizer.counted(work, user), options, standing);
    return { ...placed, name, run: counted };
  };
  return {
    ...at(0),
    get limit() {
      return admission.limit;
    },
    get running() {
      return admission.running;
    },
    get abandoned() {
      return admission.abandonedCount;
    },
    get queued() {
      return admission.queued;
    },
    get free() {
      return Math.max(0, admission.limit - admission.running);
    },
    at: (priority, user) => {
      readStanding(priority, user, parts);
      return Object.freeze(at(priority, user));
    },
    enter: (options) => enter(at(0), options),
    drained: () => admission.drained(),
  };
}

function enter(slots: Policy, options: RunOptions | undefined): Promise<HeldSlot> {
  return new Promise((resolve, reject) => {
    const hold = (): Promise<void> => {
      const { promise, resolve: release } = Promise.withResolvers<void>();
      resolve({ release, [Symbol.dispose]: release });
      return promise;
    };
    slots.run(hold, options).catch(reject);
  });
}

/** @throws {OptionsError} When a call cannot be of this priority or user. */
function readStanding(level: unknown, user: unknown, { name, prioritizer }: SlotsParts): void {
  const isFitting = isLevel(level) && (prioritizer !== undefined || Number.isInteger(level));
  if (!isFitting)
    throw new OptionsError(
      `${name}.at.priority`,
      `expected a whole number from ${MIN_PRIORITY} to ${MAX_PRIORITY}, received ${show(level)}`,
    );
  if (user === undefined) return;
  readKey(user, `${name}.at.user`);
  if (prioritizer === undefined)
    throw new OptionsError(`${name}.at.user`, "expected a prioritizer that counts for it");
}
