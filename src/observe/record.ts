/**
 * An event as one record of a structured log, with the fields of the Elastic Common Schema (ECS 9.4)
 * in the form of the ecs-logging specification. What the schema has no field for is in `holdfast`.
 *
 * A namespace is either dotted (`log.level`, `service.name`) or nested (`event`, `error`), never
 * both, so that a record can be read without expanding its keys first.
 */

import type { EventType, HoldfastEvent, Level } from "../core/events.ts";
import { holdfastFields } from "./details.ts";
import { errorRecord, type ErrorRecord } from "./error-record.ts";
import { levelOf } from "./level.ts";
import { messageOf } from "./message.ts";

/** What the records are about, as the log's reader knows it. */
export interface Service {
  /** The automation's name. */
  readonly name: string;
  readonly version?: string | undefined;
}

/** ECS `event.*`. */
export interface EventRecord {
  readonly kind: "event";
  readonly category: readonly ["process"];
  readonly type: readonly [Phase];
  /** The event's name, such as `attempt.failed`. */
  readonly action: EventType;
  readonly outcome?: Outcome;
  /** In nanoseconds. */
  readonly duration?: number;
  readonly reason?: string;
  readonly dataset: string;
}

/** One record. Its keys stand in the order that ecs-logging asks for. */
export interface LogRecord {
  /** ISO 8601 in UTC, with milliseconds. */
  readonly "@timestamp": string;
  readonly "log.level": Level;
  readonly message: string;
  readonly "ecs.version": string;
  readonly "service.name": string;
  readonly "service.version"?: string;
  /** `automation` for what an automation writes itself, else `holdfast`. */
  readonly "log.logger": string;
  readonly event: EventRecord;
  readonly error?: ErrorRecord;
  readonly holdfast: Readonly<Record<string, unknown>>;
}

const ECS_VERSION = "9.4.0";

type Phase = "start" | "end" | "info" | "change";
type Outcome = "success" | "failure" | "unknown";

/** Where in the life of what it tells of an event stands, and how that went so far. */
const PHASES: Readonly<Record<EventType, readonly [Phase, Outcome?]>> = {
  "run.started": ["start"],
  "run.resumed": ["start"],
  "run.completed": ["end", "success"],
  "run.failed": ["end", "failure"],
  "run.interrupted": ["end", "unknown"],
  "run.cancelled": ["end", "failure"],
  "run.retried": ["info"],
  "run.cancel_requested": ["info"],
  "run.stopped": ["end", "failure"],
  "requirement.failed": ["info", "failure"],
  "task.started": ["start"],
  "task.completed": ["end", "success"],
  "task.failed": ["end", "failure"],
  "task.waiting": ["info"],
  "task.skipped": ["end", "failure"],
  "map.started": ["start"],
  "map.progressed": ["info"],
  "map.completed": ["end"],
  "step.started": ["start"],
  "step.waiting": ["info"],
  "step.completed": ["end", "success"],
  "step.failed": ["end", "failure"],
  "step.replayed": ["info"],
  "step.interrupted": ["end", "unknown"],
  "step.doubted": ["info", "unknown"],
  "step.reconciled": ["info"],
  "attempt.started": ["start"],
  "attempt.succeeded": ["end", "success"],
  "attempt.failed": ["end", "failure"],
  "attempt.abandoned": ["info", "unknown"],
  "retry.scheduled": ["info"],
  "retry.recovered": ["info", "success"],
  "retry.stopped": ["info", "failure"],
  "breaker.opened": ["change"],
  "breaker.half_opened": ["change"],
  "breaker.closed": ["change"],
  "breaker.held": ["change"],
  "breaker.isolated": ["change"],
  "breaker.released": ["change"],
  "breaker.rejected": ["info", "failure"],
  "bulkhead.rejected": ["info", "failure"],
  "bulkhead.abandoned": ["info", "unknown"],
  "bulkhead.reclaimed": ["info"],
  "limit.changed": ["change"],
  "throttle.rejected": ["info", "failure"],
  "rate_limit.waited": ["info"],
  "rate_limit.rejected": ["info", "failure"],
  "rate_limit.drained": ["change"],
  "gate.closed": ["change"],
  "gate.opened": ["change"],
  "gate.rejected": ["info", "failure"],
  "budget.spent": ["change"],
  "call.succeeded": ["end", "success"],
  "call.failed": ["end", "failure"],
  "timeout.expired": ["info", "failure"],
  "timeout.slow": ["info"],
  "timeout.outlived": ["info"],
  "fallback.used": ["info", "failure"],
  "cache.hit": ["info"],
  "cache.missed": ["info"],
  "cache.refresh_failed": ["info", "failure"],
  "coalesce.joined": ["info"],
  "hedge.started": ["start"],
  "hedge.won": ["end", "success"],
  "chaos.injected": ["info"],
  "verify.failed": ["info", "failure"],
  "rollback.started": ["start"],
  "rollback.completed": ["end", "success"],
  "rollback.failed": ["end", "failure"],
  "undo.started": ["start"],
  "undo.completed": ["end", "success"],
  "undo.failed": ["end", "failure"],
  "heal.started": ["start"],
  "heal.completed": ["end", "success"],
  "heal.failed": ["end", "failure"],
  "heal.skipped": ["info", "failure"],
  "schedule.fired": ["start"],
  "schedule.ended": ["end"],
  "schedule.missed": ["info", "failure"],
  "schedule.skipped": ["info", "failure"],
  "schedule.queued": ["info"],
  "schedule.replaced": ["change"],
  "schedule.timed_out": ["change", "failure"],
  "cleanup.completed": ["end", "success"],
  "cleanup.failed": ["end", "failure"],
  "lease.lost": ["info", "failure"],
  "journal.failed": ["info", "failure"],
  "ballast.released": ["change"],
  "ballast.restored": ["change"],
  "log.written": ["info"],
};

/** The record of an event, which has been redacted on its way here. */
export function toRecord(event: HoldfastEvent, service: Service): LogRecord {
  const fault = "fault" in event ? event.fault : undefined;
  const error = "error" in event ? event.error : undefined;
  return {
    "@timestamp": new Date(event.atMs).toISOString(),
    "log.level": levelOf(event),
    message: messageOf(event),
    "ecs.version": ECS_VERSION,
    "service.name": service.name,
    ...(service.version === undefined ? {} : { "service.version": service.version }),
    "log.logger": event.type === "log.written" ? "automation" : "holdfast",
    event: eventRecord(event, service),
    ...(error === undefined ? {} : { error: errorRecord(error, fault) }),
    holdfast: holdfastFields(event),
  };
}

const NANOSECONDS_PER_MS = 1e6;

function eventRecord(event: HoldfastEvent, service: Service): EventRecord {
  const [phase, outcome] = PHASES[event.type];
  const durationMs = "durationMs" in event ? event.durationMs : undefined;
  return {
    kind: "event",
    category: ["process"],
    type: [phase],
    action: event.type,
    ...(outcome === undefined ? {} : { outcome }),
    ...(durationMs === undefined ? {} : { duration: Math.round(durationMs * NANOSECONDS_PER_MS) }),
    ...("reason" in event ? { reason: event.reason } : {}),
    dataset: service.name,
  };
}
