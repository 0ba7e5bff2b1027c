/** One refusal holds back everybody: the options. Who waits and who goes first is in `gate-keeper.ts`. */

import type { Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  integer,
  part,
  readOptions,
  text,
  type Reader,
} from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { GateKeeper } from "./gate-keeper.ts";
import type { GateState } from "./gate-state.ts";
import type { Policy } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import { place } from "./order.ts";

/** For how long a gate closes, and how long calls wait before it. */
export interface GateOptions {
  /** Stands in events and errors. Default `"gate"`. */
  readonly name?: string | undefined;
  /** The longest that it closes, whatever the server asks for. Default `"5m"`; at least 1 ms. */
  readonly max?: Duration | undefined;
  /** The longest that a call waits before the gate; 0 rejects at once. Default `"30s"`. */
  readonly wait?: Duration | undefined;
  /** The most calls that wait; further ones are rejected. Default 1,000. */
  readonly queue?: number | undefined;
  /**
   * While the gate opens: how long the others wait for the end of those that went first before one
   * more goes. Default `"5s"`; at least 1 ms.
   */
  readonly probeTimeout?: Duration | undefined;
  /** Tells the fault of an error, and in it the wait that the server named. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told `gate.closed`, `gate.opened` and `gate.rejected`, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

/** A gate before one service: everybody who calls that must share it. */
export interface Gate extends Policy {
  /** `closed` until a call begins after the wait, then `opening` until calls are let in and nobody waits. */
  readonly state: GateState["state"];
  /** How many calls wait before it. */
  readonly waiting: number;
}

const READERS = {
  name: text({ default: "gate" }),
  max: duration({ min: 1, default: 300_000 }),
  wait: duration({ default: 30_000 }),
  queue: integer({ min: 0, default: 1_000 }),
  probeTimeout: duration({ min: 1, default: 5_000 }),
  classify: readClassify,
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof GateOptions, Reader<unknown>>;

/**
 * Makes a policy that holds everybody back once the server has told one caller to wait.
 *
 * A failure that names a wait (`Retry-After` of a 429 or 503) closes the gate for that long. Calls
 * that come meanwhile wait for it, first come, first served; one whose wait would be longer than
 * `wait`, or than its deadline, rejects at once with a `RateLimitedError` whose cause is the refusal
 * and whose `retryAfterMs` is what is left. When the time is over, one call goes first, and each that
 * is let in is followed by two more. Refusals by our own policies and the caller's abort tell nothing.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const hosts = keyed((host) => pipeline(retry(), gate({ name: host }), timeout("10s")));
 */
export function gate(options: GateOptions = {}): Gate {
  const settled = readOptions("gate", options, READERS);
  const keeper = new GateKeeper(settled);
  return Object.freeze<Gate>({
    ...place("gate", settled),
    name: settled.name,
    get state() {
      return keeper.state;
    },
    get waiting() {
      return keeper.waiting;
    },
    run: (work, given) => keeper.run(work, given),
  });
}
