/** What the log says of the events of bulkhead, adaptive limit, throttle and timeout. */

import { FAILURE, type Row } from "./event-row.contract.ts";

/** At least one row for each of their events. */
export const LIMIT_ROWS: readonly Row[] = [
  [
    { type: "bulkhead.rejected", policy: "db", reason: "queue is full", limit: 10, queued: 100 },
    {},
    "DEBUG",
    "info failure",
    'Bulkhead "db" refused a call, queue is full: 10 may run, 100 wait',
  ],
  [
    { type: "bulkhead.abandoned", policy: "db", abandoned: 1, limit: 10 },
    {},
    "WARNING",
    "info unknown",
    'Bulkhead "db" gave up a call whose work runs on: 1 of 10 slots held so',
  ],
  [
    { type: "bulkhead.reclaimed", policy: "db", abandoned: 0, durationMs: 20 },
    {},
    "INFO",
    "info",
    'Bulkhead "db" has a slot back, 20 ms after its call was given up',
  ],
  [
    { type: "limit.changed", policy: "api", from: 20, to: 18 },
    {},
    "INFO",
    "change",
    'Limit "api" fell from 20 to 18 at once',
  ],
  [
    { type: "limit.changed", policy: "api", from: 18, to: 19 },
    {},
    "DEBUG",
    "change",
    'Limit "api" rose from 18 to 19 at once',
  ],
  [
    { type: "throttle.rejected", policy: "api", chance: 0.25 },
    {},
    "DEBUG",
    "info failure",
    'Throttle "api" refused a call, as it does with 25 %',
  ],
  [
    { type: "call.succeeded", policy: "bank", durationMs: 20 },
    {},
    "DEBUG",
    "end success",
    'Policy "bank" succeeded in 20 ms',
  ],
  [
    { type: "call.failed", policy: "bank", durationMs: 20, ...FAILURE },
    {},
    "DEBUG",
    "end failure",
    'Policy "bank" failed after 20 ms: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "timeout.expired", policy: "timeout", limitMs: 5_000 },
    {},
    "WARNING",
    "info failure",
    'Policy "timeout" did not end within 5 s',
  ],
  [
    { type: "timeout.slow", policy: "timeout", slowMs: 2_000 },
    {},
    "WARNING",
    "info",
    'Policy "timeout" is slow: it has not ended after 2 s',
  ],
  [
    { type: "timeout.outlived", policy: "timeout", lateMs: 1_500 },
    {},
    "INFO",
    "info",
    'Policy "timeout" has ended at last, 1.5 s after its limit',
  ],
];
