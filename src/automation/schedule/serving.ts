/** What serving automations takes: plans, processes that run them, and the world around. */

import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/dice.ts";
import type { Journal } from "../../core/journal.ts";
import type { Stream } from "../../core/stream.ts";
import type { EndWithin } from "./end-run.ts";
import type { Schedule } from "./schedule.ts";
import type { Server } from "../sees-to.ts";
import type { Timetable } from "./timetable.ts";

/** A schedule and its ticks. */
export interface PlannedSchedule {
  readonly schedule: Schedule;
  readonly timetable: Timetable;
}

/** One automation that is served. */
export interface Plan {
  readonly automation: string;
  /** Its absolute path. */
  readonly file: string;
  readonly schedules: readonly PlannedSchedule[];
}

/** What a process is to run: a tick, or what was cut off. */
export type Order =
  | {
      readonly kind: "tick";
      readonly file: string;
      readonly schedule: string;
      readonly runId: string;
      readonly scheduledForMs: number;
    }
  | { readonly kind: "resume" | "rollback"; readonly file: string; readonly runId: string };

/** A process that runs an automation. */
export interface Child {
  /** Resolves with its exit code: 128 and the signal's number when a signal ended it. Never rejects. */
  readonly ended: Promise<number>;
  /** SIGKILL is for all that it has started, too. Does nothing when it has ended. */
  readonly signal: (name: "SIGTERM" | "SIGKILL") => void;
}

/** What a scheduler needs. */
export interface SchedulerParts extends Server {
  readonly journal: Journal;
  readonly clock: Clock;
  /** Seeds the jitter of schedules that are new. */
  readonly random: Random;
  readonly stream: Stream;
  /** Starts a process at once. */
  readonly start: (order: Order, automation: string) => Child;
  readonly endWithin: EndWithin;
  /** Whether it looks but now and then: then a tick is on time for as long as it may be late. */
  readonly isOnce: boolean;
}

/** What its lanes need besides. */
export interface ServerParts extends SchedulerParts {
  /** Is told how each run's process ended. */
  readonly onEnd: (exitCode: number) => void;
  /** Has the scheduler look at once. */
  readonly wake: () => void;
}
