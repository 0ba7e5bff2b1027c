/**
 * The limits of many calls, where all have the same length: they are over in the order in which they
 * began, so one timer is enough. A timer for each call would cost more than all the rest of a limit.
 */

import type { Alarm, Clock } from "./clock.ts";
import { contextHere } from "./context.ts";

/** A call under a limit. It stands in one queue, once at most. */
export interface Limited {
  /** Set by the queue: by its clock. */
  endsAtMs: number;
  /** The queue's own: its neighbours. */
  before: Limited | undefined;
  after: Limited | undefined;
  /** The limit is over. The call is out of the queue by then. */
  expire(): void;
}

/** Where calls wait for the end of their limit. */
export interface Deadlines {
  /** Begins the limit of a call. */
  add(call: Limited): void;
  /** Ends it early. Only once, and not after `expire`. */
  remove(call: Limited): void;
}

const queues = new WeakMap<Clock, Map<number, DeadlineQueue>>();

/** Where calls wait for limits of this length: one queue for all, where the clock has alarms. */
export function deadlinesOf(clock: Clock, limitMs: number): Deadlines {
  if (limitMs === Infinity) return ENDLESS;
  if (!hasAlarms(clock)) return timerEach(clock, limitMs);
  const ofClock = queues.get(clock) ?? new Map<number, DeadlineQueue>();
  queues.set(clock, ofClock);
  const known = ofClock.get(limitMs);
  if (known !== undefined) return known;
  return new DeadlineQueue(clock, limitMs, ofClock);
}

type ClockWithAlarms = Clock & Required<Pick<Clock, "alarm">>;

function hasAlarms(clock: Clock): clock is ClockWithAlarms {
  return clock.alarm !== undefined;
}

const ENDLESS: Deadlines = Object.freeze<Deadlines>({
  add: (call) => void (call.endsAtMs = Infinity),
  remove: () => {},
});

/** Where each call has a timer of its own: for limits that are hardly ever the same. */
export function timerEach(clock: Clock, limitMs: number): Deadlines {
  const cancels = new Map<Limited, () => void>();
  return {
    add: (call) => {
      call.endsAtMs = clock.elapsed() + limitMs;
      const expire = (): void => {
        cancels.delete(call);
        call.expire();
      };
      cancels.set(call, clock.after(limitMs, expire));
    },
    remove: (call) => {
      cancels.get(call)?.();
      cancels.delete(call);
    },
  };
}

type NoteLimit = (limitMs: number, isWaiting: () => boolean) => void;

let noteLimit: NoteLimit | undefined;

/**
 * Has `note` told of each call that begins to wait where many share a timer, and how to ask whether it
 * still does: for tests that look at what is left, as the timer belongs to none of them.
 */
export function noteLimits(note: NoteLimit): void {
  noteLimit = note;
}

/** Where shared timers are set. Else each would belong to the call that happened to come first. */
const NOBODYS = contextHere();

/** A list that its members are the links of, so that any of them leaves it at once. */
class DeadlineQueue implements Deadlines {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #shared: Map<number, DeadlineQueue>;
  readonly #alarm: Alarm;
  #isSet = false;
  #first: Limited | undefined;
  #last: Limited | undefined;

  /** @param shared Where it stands while its timer runs: lengths that come once are not kept for ever. */
  constructor(clock: ClockWithAlarms, limitMs: number, shared: Map<number, DeadlineQueue>) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#shared = shared;
    this.#alarm = clock.alarm(() => this.#ring());
  }

  add(call: Limited): void {
    call.endsAtMs = this.#clock.elapsed() + this.#limitMs;
    call.before = this.#last;
    if (this.#last === undefined) {
      this.#first = call;
      this.#wake();
    } else this.#last.after = call;
    this.#last = call;
    noteLimit?.(this.#limitMs, () => call.before !== undefined || this.#first === call);
  }

  remove(call: Limited): void {
    const { before, after } = call;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    // What has left must not keep its neighbours from the collector.
    call.before = call.after = undefined;
    // The timer stays for the next call, but the process does not for the timer.
    if (this.#first === undefined && this.#isSet) this.#alarm.keepAwake(false);
  }

  #wake(): void {
    if (this.#isSet) this.#alarm.keepAwake(true);
    else this.#set(this.#limitMs);
  }

  #set(ms: number): void {
    this.#isSet = true;
    if (!this.#shared.has(this.#limitMs)) this.#shared.set(this.#limitMs, this);
    NOBODYS.runInAsyncScope(() => this.#alarm.set(ms));
  }

  #ring(): void {
    this.#isSet = false;
    const nowMs = this.#clock.elapsed();
    for (let call = this.#first; call !== undefined; call = this.#first) {
      if (call.endsAtMs > nowMs) {
        if (!this.#isSet) this.#set(call.endsAtMs - nowMs);
        return;
      }
      this.remove(call);
      call.expire();
    }
    if (!this.#isSet && this.#shared.get(this.#limitMs) === this)
      this.#shared.delete(this.#limitMs);
  }
}
