/** What the `holdfast` part of a record tells of the events of runs, tasks, steps and attempts. */

import type { EventType } from "../core/events.ts";
import { finite, NOTHING, type DetailsOfAll, type Fields, type PolicyEventType } from "./fields.ts";

/** The fields of each event of a run, by the thing that they tell of. */
export const RUN_DETAILS: DetailsOfAll<Exclude<EventType, PolicyEventType>> = {
  "run.started": ({ file }) => ({ automation: { file } }),
  "run.resumed": ({ resumes }) => ({ run: { resumes } }),
  "run.completed": ({ tasks }) => ({ run: { tasks } }),
  "run.failed": ({ tasks, exitCode }) => ({ run: { tasks, exit_code: exitCode } }),
  "run.interrupted": NOTHING,
  "run.cancelled": ({ tasks, exitCode }) => ({ run: { tasks, exit_code: exitCode } }),
  "run.retried": ({ of, from, takenOver, undone }) => ({
    run: { retry_of: of, retried_from: from, taken_over: takenOver, undone },
  }),
  "run.cancel_requested": ({ by, why }) => ({ run: { cancelled_by: by, cancelled_for: why } }),
  "run.stopped": ({ exitCode }) => ({ run: { exit_code: exitCode } }),
  "requirement.failed": NOTHING,
  "schedule.fired": ({ schedule, tickMs, lateMs }) => ({
    schedule: { ...scheduleFields(schedule, tickMs), late_ms: lateMs },
  }),
  "schedule.ended": ({ schedule, tickMs, exitCode }) => ({
    schedule: scheduleFields(schedule, tickMs),
    run: { exit_code: exitCode },
  }),
  "schedule.missed": ({ schedule, count, fromMs, toMs, caughtUp }) => ({
    schedule: {
      name: schedule,
      missed: count,
      missed_from: moment(fromMs),
      missed_to: moment(toMs),
      caught_up: caughtUp,
    },
  }),
  "schedule.skipped": ({ schedule, tickMs }) => ({ schedule: scheduleFields(schedule, tickMs) }),
  "schedule.queued": ({ schedule, tickMs }) => ({ schedule: scheduleFields(schedule, tickMs) }),
  "schedule.replaced": ({ schedule, tickMs }) => ({ schedule: scheduleFields(schedule, tickMs) }),
  "schedule.timed_out": ({ schedule, tickMs, limitMs }) => ({
    schedule: { ...scheduleFields(schedule, tickMs), limit_ms: limitMs },
  }),
  "lease.lost": NOTHING,
  "journal.failed": NOTHING,
  "ballast.released": ({ file, bytes }) => ({ ballast: { journal: file, bytes } }),
  "ballast.restored": ({ file, bytes }) => ({ ballast: { journal: file, bytes } }),
  "log.written": ({ data }) => ({ data: dataFields(data) }),

  "task.started": NOTHING,
  "task.completed": ({ replayed }) => ({ task: { replayed } }),
  "task.failed": NOTHING,

  "task.waiting": ({ after }) => ({ task: { after } }),
  "task.skipped": NOTHING,
  "map.started": NOTHING,
  "map.progressed": ({ tasks }) => ({ map: { tasks } }),
  "map.completed": ({ tasks, replayed }) => ({ map: { tasks, replayed } }),

  "step.waiting": ({ waitsFor, waitMs, question }) => ({
    step: { waits_for: waitsFor, wait_ms: finite(waitMs), question },
  }),
  "step.started": ({ hasUndo }) => ({ step: { has_undo: hasUndo } }),
  "step.completed": ({ attempts }) => ({ step: { attempts } }),
  "step.failed": ({ attempts }) => ({ step: { attempts } }),
  "step.replayed": ({ outcome }) => ({ step: { outcome } }),
  "step.interrupted": NOTHING,
  "step.doubted": NOTHING,
  "step.reconciled": ({ answer }) => ({ step: { answer } }),
  "verify.failed": NOTHING,

  "attempt.started": ({ number }) => ({ attempt: { number } }),
  "attempt.succeeded": ({ number }) => ({ attempt: { number } }),
  "attempt.failed": ({ number }) => ({ attempt: { number } }),
  "attempt.abandoned": ({ graceMs }) => ({ attempt: { grace_ms: graceMs } }),

  "rollback.started": ({ steps }) => ({ rollback: { steps } }),
  "rollback.completed": ({ steps }) => ({ rollback: { steps } }),
  // What is left is a list of names, and a field has one type only.
  "rollback.failed": ({ steps }) => ({ rollback: { left: steps } }),
  "undo.started": NOTHING,
  "undo.completed": NOTHING,
  "undo.failed": ({ isFinal }) => ({ undo: { is_final: isFinal } }),
  "heal.started": ({ remedy, target, blastRadius, found, plan }) => ({
    heal: { remedy, target, blast_radius: blastRadius, found, plan },
  }),
  "heal.completed": ({ remedy, target, deeds, found }) => ({
    heal: { remedy, target, deeds, found },
  }),
  "heal.failed": ({ remedy, target, deeds, because, advice }) => ({
    heal: { remedy, target, deeds, because, advice },
  }),
  "heal.skipped": ({ remedy, target, because, isExhausted: is_exhausted, advice }) => ({
    heal: { remedy, target, because, is_exhausted, advice },
  }),
  "cleanup.completed": NOTHING,
  "cleanup.failed": NOTHING,
};

/** An index takes objects here; anything else is put into one. */
function dataFields(data: unknown): unknown {
  const isFields = typeof data === "object" && data !== null && !Array.isArray(data);
  return isFields || data === undefined ? data : ({ value: data } satisfies Fields);
}

function scheduleFields(name: string | undefined, tickMs: number | undefined): Fields {
  return { name, tick: tickMs === undefined ? undefined : moment(tickMs) };
}

function moment(atMs: number): string {
  return new Date(atMs).toISOString();
}
