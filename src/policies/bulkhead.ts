/** A bound on how many works run at once. */

import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  integer,
  part,
  readOptions,
  required,
  text,
  type Reader,
} from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { Admission } from "./admission.ts";
import type { Prioritizer, SharedPriorities } from "./prioritizer.ts";
import { QUEUE_READERS, queueingOf, type QueueOrder, type WhenFull } from "./queue-order.ts";
import { slotsOf, type Slots } from "./slots.ts";
import { teller } from "./tell.ts";
import { place } from "./order.ts";

/** How a bulkhead is named and watched, and who may wait for how long. */
export interface BulkheadOptions {
  /** Stands in events and in the error. Default `"bulkhead"`. */
  readonly name?: string | undefined;
  /** How many calls may wait for a slot; 0 for none, `Infinity` is allowed. Default 100. */
  readonly queue?: number | undefined;
  /** Who goes first of those that wait with the same priority. Default `"oldest first"`. */
  readonly order?: QueueOrder | undefined;
  /**
   * Who is refused of those with the lowest priority when more calls would wait than may. Default: who
   * would go last, so `"refuse newest"`, or `"refuse oldest"` where the newest goes first.
   */
  readonly whenFull?: WhenFull | undefined;
  /** How long a call may wait for a slot. Default `"5m"`; at least 1 ms; `Infinity` is allowed. */
  readonly queueTimeout?: Duration | undefined;
  /** Says, for several limits together, who may wait while too many do. Default: none, everybody may. */
  readonly prioritizer?: Prioritizer | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told the `bulkhead.…` events, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

/** A bulkhead is one policy for one dependency: everybody who calls that must share it. */
export interface Bulkhead extends Slots {
  /**
   * Changes how many works may run at once; 0 pauses: nobody gets a slot any more, and calls wait or are
   * refused as ever. A higher limit gives those that wait their slots at once; under a lower one what
   * has a slot is let end. Whoever has just got one is counted in `running`, and its work may
   * begin a moment after this returned: it is paused once `running` is 0.
   *
   * @throws {OptionsError} If the limit is out of range; then nothing has changed.
   */
  resize(limit: number): void;
}

/** Readers of the options that all policies with slots have. */
export const SLOT_READERS = {
  queue: integer({ min: 0, orInfinity: true, default: 100 }),
  ...QUEUE_READERS,
  // By its methods and not its class: who has none should not have to load it.
  prioritizer: part<SharedPriorities, undefined>({
    methods: ["level", "admits", "counted"],
    default: undefined,
  }),
  queueTimeout: duration({ min: 1, orInfinity: true, default: 300_000 }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
};

const READERS = {
  name: text({ default: "bulkhead" }),
  ...SLOT_READERS,
} satisfies Record<keyof BulkheadOptions, Reader<unknown>>;

const readLimit = required(integer({ min: 1, default: undefined }), "an integer >= 1");
const readNewLimit = required(integer({ min: 0, default: undefined }), "an integer >= 0");

/**
 * Makes a policy that lets at most `limit` works run at once. Other calls wait in a bounded queue.
 *
 * A slot is held until the work has really settled. When a call is given up before, by its caller or
 * by a limit outside or inside of the bulkhead, its caller is answered at once, and the slot becomes
 * free when the work ends: it counts as `abandoned` until then. Work that never ends holds its slot for
 * ever, so let it end when its signal aborts.
 *
 * A call that finds no room in the queue, that waited too long, or whose place was taken by one of
 * higher priority or, where that is said, by a newer one, rejects with `BulkheadFullError`, and its
 * work was not started. One that is aborted while it waits leaves at once with the signal's reason.
 *
 * @throws {OptionsError} At once, if the limit or an option is unknown or out of range.
 * @example
 * const database = bulkhead(10, { name: "database" });
 * const rows = await database.run(({ signal }) => query("SELECT 1", { signal }));
 * const urgent = await database.at(1).run(({ signal }) => query("SELECT 2", { signal }));
 */
export function bulkhead(limit: number, options: BulkheadOptions = {}): Bulkhead {
  const settled = {
    limit: readLimit(limit, "bulkhead.limit"),
    ...readOptions("bulkhead", options, READERS),
  };
  const admission = new Admission({
    ...settled,
    queueing: queueingOf(settled),
    tell: teller(settled.on),
  });
  const placed = place("bulkhead", settled);
  const slots = slotsOf(placed, settled, admission, (work, given, standing) =>
    admission.run(work, given, standing),
  );
  return Object.freeze(
    Object.assign(slots, {
      resize: (size: number) => admission.resize(readNewLimit(size, "bulkhead.resize.limit")),
    }),
  );
}
