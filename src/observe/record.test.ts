import { expect, test } from "vitest";
import type { EventType } from "../core/events.ts";
import {
  eventOf,
  FAILURE,
  FAULT,
  ROWS,
  SERVICE,
  STEP,
  TASKS,
  type Row,
} from "./every-event.contract.ts";
import { levelOf } from "./level.ts";
import { messageOf } from "./message.ts";
import { toRecord } from "./record.ts";

test.for(ROWS.map((row) => [row[4], row] as const))("%s", ([, row]) => {
  const [, , level, phase, message] = row;
  const event = eventOf(row);

  const record = toRecord(event, SERVICE);

  const told = [record.event.type, record.event.outcome ?? []].flat().join(" ");
  expect([levelOf(event), messageOf(event), told]).toEqual([level, message, phase]);
  expect([record["log.level"], record.message]).toEqual([level, message]);
});

/** A name per event; one that is missing does not compile. */
const TYPES: Readonly<Record<EventType, true>> = {
  "run.started": true,
  "run.resumed": true,
  "run.completed": true,
  "run.failed": true,
  "run.interrupted": true,
  "run.cancelled": true,
  "run.retried": true,
  "run.cancel_requested": true,
  "run.stopped": true,
  "requirement.failed": true,
  "task.started": true,
  "task.completed": true,
  "task.failed": true,
  "task.waiting": true,
  "task.skipped": true,
  "map.started": true,
  "map.progressed": true,
  "map.completed": true,
  "step.started": true,
  "step.waiting": true,
  "step.completed": true,
  "step.failed": true,
  "step.replayed": true,
  "step.interrupted": true,
  "step.doubted": true,
  "step.reconciled": true,
  "attempt.started": true,
  "attempt.succeeded": true,
  "attempt.failed": true,
  "attempt.abandoned": true,
  "retry.scheduled": true,
  "retry.recovered": true,
  "retry.stopped": true,
  "breaker.opened": true,
  "breaker.half_opened": true,
  "breaker.closed": true,
  "breaker.held": true,
  "breaker.isolated": true,
  "breaker.released": true,
  "breaker.rejected": true,
  "bulkhead.rejected": true,
  "bulkhead.abandoned": true,
  "bulkhead.reclaimed": true,
  "limit.changed": true,
  "throttle.rejected": true,
  "rate_limit.waited": true,
  "rate_limit.rejected": true,
  "rate_limit.drained": true,
  "gate.closed": true,
  "gate.opened": true,
  "gate.rejected": true,
  "budget.spent": true,
  "call.succeeded": true,
  "call.failed": true,
  "timeout.expired": true,
  "timeout.slow": true,
  "timeout.outlived": true,
  "fallback.used": true,
  "cache.hit": true,
  "cache.missed": true,
  "cache.refresh_failed": true,
  "coalesce.joined": true,
  "heal.started": true,
  "heal.completed": true,
  "heal.failed": true,
  "heal.skipped": true,
  "hedge.started": true,
  "hedge.won": true,
  "chaos.injected": true,
  "verify.failed": true,
  "rollback.started": true,
  "rollback.completed": true,
  "rollback.failed": true,
  "undo.started": true,
  "undo.completed": true,
  "undo.failed": true,
  "schedule.fired": true,
  "schedule.ended": true,
  "schedule.missed": true,
  "schedule.skipped": true,
  "schedule.queued": true,
  "schedule.replaced": true,
  "schedule.timed_out": true,
  "cleanup.completed": true,
  "cleanup.failed": true,
  "lease.lost": true,
  "journal.failed": true,
  "ballast.released": true,
  "ballast.restored": true,
  "log.written": true,
};

test("every type of event has a row above", () => {
  const tested = new Set(ROWS.map(([{ type }]) => type));

  expect([...tested].toSorted()).toEqual(Object.keys(TYPES).toSorted());
});

test("a record has all that the event tells, in the order that ecs-logging asks for", () => {
  const row: Row = [
    { type: "attempt.failed", policy: "s3-put", number: 5, durationMs: 9_730.1234567, ...FAILURE },
    { ...STEP, attempt: 4 },
    "",
    "",
    "",
  ];

  expect(JSON.stringify(toRecord(eventOf(row), SERVICE), null, 1)).toMatchInlineSnapshot(`
    "{
     "@timestamp": "2026-11-22T01:23:45.678Z",
     "log.level": "WARNING",
     "message": "Step \\"prune/upload\\" (s3-put) failed at attempt 5: no answer (HTTP_503, degraded)",
     "ecs.version": "9.4.0",
     "service.name": "nightly",
     "service.version": "1.4.0",
     "log.logger": "holdfast",
     "event": {
      "kind": "event",
      "category": [
       "process"
      ],
      "type": [
       "end"
      ],
      "action": "attempt.failed",
      "outcome": "failure",
      "duration": 9730123457,
      "dataset": "nightly"
     },
     "error": {
      "type": "Error",
      "code": "HTTP_503",
      "message": "no answer",
      "id": "eg_54fed5ad",
      "stack_trace": "Error: no answer\\n    at put"
     },
     "holdfast": {
      "automation": {
       "name": "nightly"
      },
      "run": {
       "id": "01j"
      },
      "task": {
       "name": "prune"
      },
      "step": {
       "name": "upload",
       "id": "prune/upload"
      },
      "attempt": {
       "number": 5
      },
      "policy": "s3-put",
      "idempotency_key": "01j-upload",
      "fault": {
       "class": "degraded",
       "code": "HTTP_503",
       "effect": "none",
       "retry_after_ms": 2000
      },
      "schema": 1
     }
    }"
  `);
});

/** What each event puts into `holdfast`, besides where it happened. */
test.for<[index: string, fields: object]>([
  ["run.started", { automation: { name: "nightly", file: "/srv/nightly.ts" }, run: { id: "01j" } }],
  ["run.resumed", { automation: { name: "nightly" }, run: { id: "01j", resumes: 2 } }],
  ["run.completed", { automation: { name: "nightly" }, run: { id: "01j", tasks: TASKS } }],
  [
    "run.stopped",
    {
      automation: { name: "nightly" },
      run: { id: "01j", exit_code: 82 },
      fault: { class: "degraded", code: "HTTP_503", effect: "none", retry_after_ms: 2_000 },
    },
  ],
  [
    "schedule.fired",
    {
      automation: { name: "nightly" },
      run: { id: "01j" },
      schedule: { name: "0 3 * * *", tick: "2026-11-22T02:00:00.000Z", late_ms: 1_999 },
    },
  ],
  [
    "schedule.ended",
    {
      automation: { name: "nightly" },
      run: { id: "01j", exit_code: 0 },
      schedule: { name: "0 3 * * *", tick: "2026-11-22T02:00:00.000Z" },
    },
  ],
  [
    "schedule.missed",
    {
      automation: { name: "nightly" },
      schedule: {
        name: "0 3 * * *",
        missed: 1,
        missed_from: "2026-11-22T02:00:00.000Z",
        missed_to: "2026-11-22T02:00:00.000Z",
        caught_up: 1,
      },
    },
  ],
  [
    "schedule.skipped",
    {
      automation: { name: "nightly" },
      schedule: { name: "0 3 * * *", tick: "2026-11-22T02:00:00.000Z" },
    },
  ],
  [
    "schedule.queued",
    {
      automation: { name: "nightly" },
      schedule: { name: "0 3 * * *", tick: "2026-11-22T02:00:00.000Z" },
    },
  ],
  [
    "schedule.replaced",
    {
      automation: { name: "nightly" },
      run: { id: "01j" },
      schedule: { name: "0 3 * * *", tick: "2026-11-22T02:00:00.000Z" },
    },
  ],
  [
    "schedule.timed_out",
    {
      automation: { name: "nightly" },
      run: { id: "01j" },
      schedule: { name: "0 3 * * *", tick: "2026-11-22T02:00:00.000Z", limit_ms: 3_600_000 },
    },
  ],
  ["breaker.half_opened", { policy: "bank", breaker: { name: "bank", state: "half-open" } }],
  ["breaker.closed", { policy: "bank", breaker: { name: "bank", state: "closed" } }],
  ["breaker.isolated", { policy: "bank", breaker: { name: "bank", state: "open" } }],
  ["breaker.released", { policy: "bank", breaker: { name: "bank" } }],
  ["timeout.expired", { policy: "timeout", timeout: { limit_ms: 5_000 } }],
  ["timeout.slow", { policy: "timeout", timeout: { slow_ms: 2_000 } }],
  ["cache.hit", { policy: "users", cache: { key: "42", is_stale: false } }],
  ["cache.missed", { policy: "users", cache: { key: "42" } }],
  ["coalesce.joined", { policy: "pages", coalesce: { key: "/news" } }],
  ["bulkhead.reclaimed", { policy: "db", bulkhead: { name: "db", abandoned: 0 } }],
  ["limit.changed", { policy: "api", bulkhead: { name: "api", limit: 18 } }],
  ["chaos.injected", { policy: "chaos", chaos: { injected: "latency", latency_ms: 3_000 } }],
])("the fields of %s", ([type, fields]) => {
  const row = ROWS.find(([details]) => details.type === type) as Row;

  expect(toRecord(eventOf(row), SERVICE).holdfast).toEqual({ ...fields, schema: 1 });
});

test.for<[type: EventType, path: string, value: unknown]>([
  ["run.failed", "run.exit_code", 80],
  ["run.cancelled", "run.exit_code", 80],
  ["run.cancelled", "run.tasks.total", 2],
  ["run.retried", "run.retry_of", "01h"],
  ["heal.started", "heal.remedy", "disk-full"],
  ["heal.started", "heal.target", "/srv/*.gz"],
  ["heal.started", "heal.blast_radius", "deletes files that match /srv/*.gz, all but the newest 2"],
  ["heal.started", "heal.found", "/srv has 0 B left"],
  ["heal.started", "heal.plan", ["delete /srv/1.gz (1 MB)"]],
  ["heal.started", "fault.code", "HTTP_503"],
  ["heal.completed", "heal.remedy", "disk-full"],
  ["heal.completed", "heal.target", "/srv/*.gz"],
  ["heal.completed", "heal.deeds", ["deleted /srv/1.gz (1 MB)", "deleted /srv/2.gz (1 MB)"]],
  ["heal.completed", "heal.found", "/srv has 2 MB left"],
  ["heal.failed", "heal.remedy", "disk-full"],
  ["heal.failed", "heal.deeds", []],
  ["heal.failed", "heal.because", "there is nothing to act on: /srv has 0 B left"],
  ["heal.skipped", "heal.target", "/srv/*.gz"],
  ["heal.skipped", "heal.because", "it acted 2 s ago"],
  ["run.retried", "run.retried_from", "upload"],
  ["run.retried", "run.taken_over", 2],
  ["run.cancel_requested", "run.cancelled_by", "ann on web-1"],
  ["run.failed", "run.tasks.total", 2],
  ["task.completed", "task.replayed", false],
  ["step.started", "step.has_undo", true],
  ["step.completed", "step.attempts", 1],
  ["step.failed", "step.attempts", 1],
  ["step.replayed", "step.outcome", "completed"],
  ["step.reconciled", "step.answer", "happened"],
  ["step.started", "step.id", "prune/upload"],
  ["step.started", "idempotency_key", "01j-upload"],
  ["attempt.started", "attempt.number", 2],
  ["attempt.abandoned", "attempt.grace_ms", 5_000],
  ["retry.scheduled", "attempt.max", 4],
  ["retry.scheduled", "attempt.delay_ms", 1_200],
  ["retry.stopped", "attempt.number", 4],
  ["breaker.opened", "breaker.state", "open"],
  ["breaker.opened", "breaker.pause_ms", 30_000],
  ["cache.refresh_failed", "cache.key", "42"],
  ["breaker.held", "breaker.hold", "open"],
  ["bulkhead.rejected", "bulkhead", { name: "db", limit: 10, queued: 100 }],
  ["bulkhead.abandoned", "bulkhead", { name: "db", limit: 10, abandoned: 1 }],
  ["rate_limit.drained", "rate_limit", { name: "search", permits: 12 }],
  ["throttle.rejected", "throttle", { name: "api", chance: 0.25 }],
  ["hedge.started", "attempt.delay_ms", 250],
  ["hedge.won", "attempt.number", 2],
  ["rollback.started", "rollback.steps", 3],
  ["rollback.failed", "rollback.left", ["upload", "archive"]],
  ["undo.failed", "undo.is_final", false],
  ["log.written", "data.rows", 3],
])("%s has %s", ([type, path, value]) => {
  const row = ROWS.find(([details]) => details.type === type) as Row;

  expect(toRecord(eventOf(row), SERVICE).holdfast).toHaveProperty(path, value);
});

test("a breaker that refuses a call is open, or half-open while it waits for its probe", () => {
  const rows = ROWS.filter(([details]) => details.type === "breaker.rejected");

  expect(rows.map((row) => toRecord(eventOf(row), SERVICE).holdfast)).toMatchObject([
    { breaker: { name: "bank", state: "open" } },
    { breaker: { name: "bank", state: "open", retry_after_ms: 2_500 } },
    { breaker: { name: "bank", state: "half-open", retry_after_ms: 0 } },
  ]);
});

test.for<[data: unknown, expected: unknown]>([
  [5, { value: 5 }],
  [[1], { value: [1] }],
  [null, { value: null }],
  [{ a: 1 }, { a: 1 }],
])("data %o stands in the record as an object", ([data, expected]) => {
  const row: Row = [{ type: "log.written", level: "INFO", message: "m", data }, {}, "", "", ""];

  expect(toRecord(eventOf(row), SERVICE).holdfast).toEqual({ data: expected, schema: 1 });
});

test("what redaction made text of, because it is infinite, is left out of the numbers", () => {
  const infinite = "Infinity" as unknown as number;
  const row: Row = [
    {
      type: "retry.scheduled",
      policy: "retry",
      number: 1,
      maxAttempts: infinite,
      waitMs: 5,
      fault: { ...FAULT, retryAfterMs: infinite },
    },
    {},
    "",
    "",
    "",
  ];

  expect(toRecord(eventOf(row), { name: "x" }).holdfast).toEqual({
    policy: "retry",
    attempt: { number: 1, delay_ms: 5 },
    fault: { class: "degraded", code: "HTTP_503", effect: "none" },
    schema: 1,
  });
});
