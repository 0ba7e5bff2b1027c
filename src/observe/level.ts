/** How urgent each event is. */

import { EXIT } from "../core/exit-codes.ts";
import type { EventType, HoldfastEvent, Level } from "../core/events.ts";

/**
 * The levels that do not depend on the event's details. CRITICAL is kept for what a human must see
 * now, ERROR for what gave up; a failure that another attempt follows is WARNING, and a run that
 * somebody cancelled is no error.
 */
const LEVELS = {
  "run.started": "INFO",
  "run.resumed": "WARNING",
  "run.completed": "INFO",
  "run.failed": "ERROR",
  "run.interrupted": "INFO",
  "run.cancelled": "INFO",
  "run.retried": "INFO",
  "run.cancel_requested": "WARNING",
  "requirement.failed": "ERROR",
  "task.started": "INFO",
  "task.completed": "INFO",
  "task.failed": "ERROR",
  "task.waiting": "INFO",
  "task.skipped": "WARNING",
  "map.started": "INFO",
  "map.progressed": "INFO",
  "map.completed": "INFO",
  "step.started": "INFO",
  "step.waiting": "INFO",
  "step.completed": "INFO",
  "step.failed": "ERROR",
  "step.replayed": "INFO",
  "step.interrupted": "INFO",
  "step.doubted": "WARNING",
  "attempt.started": "DEBUG",
  "attempt.succeeded": "DEBUG",
  "attempt.failed": "WARNING",
  "attempt.abandoned": "WARNING",
  "retry.scheduled": "INFO",
  "retry.recovered": "INFO",
  "retry.stopped": "WARNING",
  "breaker.opened": "WARNING",
  "breaker.half_opened": "INFO",
  "breaker.closed": "INFO",
  "breaker.held": "WARNING",
  "breaker.isolated": "WARNING",
  "breaker.released": "INFO",
  "breaker.rejected": "DEBUG",
  "bulkhead.rejected": "DEBUG",
  "bulkhead.abandoned": "WARNING",
  "bulkhead.reclaimed": "INFO",
  "throttle.rejected": "DEBUG",
  "rate_limit.waited": "DEBUG",
  "rate_limit.rejected": "DEBUG",
  "rate_limit.drained": "INFO",
  "gate.closed": "WARNING",
  "gate.opened": "INFO",
  "gate.rejected": "DEBUG",
  "budget.spent": "WARNING",
  "call.succeeded": "DEBUG",
  "call.failed": "DEBUG",
  "timeout.expired": "WARNING",
  "timeout.slow": "WARNING",
  "timeout.outlived": "INFO",
  "fallback.used": "WARNING",
  "cache.hit": "DEBUG",
  "cache.missed": "DEBUG",
  "cache.refresh_failed": "WARNING",
  "coalesce.joined": "DEBUG",
  "hedge.started": "DEBUG",
  "hedge.won": "DEBUG",
  "chaos.injected": "INFO",
  "verify.failed": "WARNING",
  "rollback.started": "WARNING",
  "rollback.completed": "INFO",
  "rollback.failed": "CRITICAL",
  "undo.started": "INFO",
  "undo.completed": "INFO",
  "heal.started": "WARNING",
  "heal.completed": "INFO",
  "heal.failed": "ERROR",
  "schedule.fired": "INFO",
  "schedule.skipped": "WARNING",
  "schedule.queued": "INFO",
  "schedule.replaced": "WARNING",
  "schedule.timed_out": "ERROR",
  "cleanup.completed": "INFO",
  "cleanup.failed": "ERROR",
  "lease.lost": "ERROR",
  "journal.failed": "CRITICAL",
  "ballast.released": "WARNING",
  "ballast.restored": "INFO",
} as const satisfies Partial<Record<EventType, Level>>;

/** How urgent an event is. */
export function levelOf(event: HoldfastEvent): Level {
  if (event.type === "log.written") return event.level;
  if (event.type === "run.stopped") return event.exitCode === EXIT.inDoubt ? "CRITICAL" : "ERROR";
  if (event.type === "undo.failed") return event.isFinal ? "CRITICAL" : "WARNING";
  // Where the budget of a remedy is spent, what it cured comes again and again.
  if (event.type === "heal.skipped") return event.isExhausted === true ? "ERROR" : "WARNING";
  // It grows by one at a time while all is well, and that goes on for ever.
  if (event.type === "limit.changed") return event.to < event.from ? "INFO" : "DEBUG";
  if (event.type === "step.reconciled") return event.answer === "unknown" ? "WARNING" : "INFO";
  // A tick for which nothing ran at all is what somebody waits for in vain.
  if (event.type === "schedule.missed") return event.caughtUp > 0 ? "WARNING" : "ERROR";
  if (event.type === "schedule.ended") return levelOfEnd(event.exitCode);
  const level = LEVELS[event.type];
  // A map may have 100,000 items: what goes well with one of them is told of the map.
  const isOfItem = event.where.map !== undefined && event.where.task !== event.where.map;
  return level === "INFO" && isOfItem ? "DEBUG" : level;
}

/** Another server had the run, or it was interrupted and goes on later: neither is a failure. */
function levelOfEnd(exitCode: number): Level {
  if (exitCode === EXIT.ok) return "INFO";
  return exitCode === EXIT.locked || exitCode > EXIT.signal ? "WARNING" : "ERROR";
}
