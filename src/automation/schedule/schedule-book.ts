/** What is remembered of one schedule, in the journal. Others may write there at the same moment. */

import { JournalError } from "../../core/errors.ts";
import { momentOf } from "./due-ticks.ts";
import {
  continues,
  newState,
  readScheduleState,
  scheduleKey,
  type ScheduleState,
} from "./schedule-state.ts";
import type { Schedule } from "./schedule.ts";
import type { PlannedSchedule, ServerParts } from "./serving.ts";
import type { Timetable } from "./timetable.ts";

/** Two servers come to a tick together, hardly ever three. */
const MOST_TRIES = 10;

/** How often it is read while no tick is near: another server's ticks may wait there. */
const LOOK_AROUND_MS = 20_000;

interface Kept {
  readonly state: ScheduleState;
  readonly version: number;
}

/** See the header. */
export class ScheduleBook {
  readonly schedule: Schedule;
  readonly timetable: Timetable;
  readonly #parts: ServerParts;
  readonly #key: string;
  #kept: Kept | undefined;
  #readAtMs = -Infinity;

  constructor(parts: ServerParts, automation: string, planned: PlannedSchedule) {
    this.#parts = parts;
    this.schedule = planned.schedule;
    this.timetable = planned.timetable;
    this.#key = scheduleKey(automation, planned.schedule.name);
  }

  /** As it was last read or written here. */
  get state(): ScheduleState | undefined {
    return this.#kept?.state;
  }

  /** When the next tick's run begins, by the time of day; 0 where that is not known yet. */
  get nextAtMs(): number {
    if (this.#kept === undefined) return 0;
    const { handledMs, seed } = this.#kept.state;
    return momentOf(this.timetable.next(handledMs), this.schedule.jitter, seed);
  }

  /** Whether it is worth reading: a tick is due, it was long ago, or the clock was set back since. */
  isWorthALook(nowMs: number): boolean {
    const agoMs = nowMs - this.#readAtMs;
    return nowMs >= this.nextAtMs || agoMs >= LOOK_AROUND_MS || agoMs < 0;
  }

  /** Reads it anew; begins it where there is nothing to go on from. */
  async read(): Promise<ScheduleState> {
    const { journal, clock, server, random } = this.#parts;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const nowMs = clock.now();
      const found = await journal.readState(this.#key);
      this.#readAtMs = nowMs;
      const state = found && readScheduleState(this.#key, found.value);
      if (found && state && continues(state, this.schedule, nowMs)) {
        this.#kept = { state, version: found.version };
        return state;
      }
      const seed = state?.seed ?? String(random());
      const fresh = newState(this.schedule, { nowMs, seed, server });
      if (await this.#write(fresh, found?.version ?? 0)) continue;
    }
    throw this.#busy();
  }

  /** Writes the state that `change` makes of what is there; nothing where it answers `undefined`. */
  async change<Change extends { readonly state: ScheduleState }>(
    change: (state: ScheduleState) => Change | undefined,
  ): Promise<Change | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const changed = change(await this.read());
      if (changed === undefined) return undefined;
      if (!(await this.#write(changed.state, this.#kept?.version ?? 0))) continue;
      await this.read();
      return changed;
    }
    throw this.#busy();
  }

  /** Takes a tick out of those that are open: its run is in the journal, or it will have none. */
  async close(tickMs: number): Promise<void> {
    await this.change((state) => {
      const open = state.open.filter((each) => each !== tickMs);
      return open.length < state.open.length ? { state: { ...state, open } } : undefined;
    });
  }

  #write(state: ScheduleState, replaces: number): Promise<boolean> {
    const { journal, clock } = this.#parts;
    const value = JSON.stringify(state);
    return journal.writeState({ key: this.#key, value, replaces, atMs: clock.now() });
  }

  #busy(): JournalError {
    return new JournalError(`${this.#key} is being written by too many at once`);
  }
}
