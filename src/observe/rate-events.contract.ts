/** What the log says of the events of rate limit, gate and retry budget. */

import { FAILURE, STEP, type Row } from "./event-row.contract.ts";

/** At least one row for each of their events. */
export const RATE_ROWS: readonly Row[] = [
  [
    { type: "gate.closed", policy: "search", waitMs: 2_000, ...FAILURE },
    STEP,
    "WARNING",
    "change",
    'Gate "search" closed for 2 s: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "rate_limit.waited", policy: "search", waitMs: 250 },
    {},
    "DEBUG",
    "info",
    'Rate limit "search" held a call back for 250 ms',
  ],
  [
    { type: "rate_limit.rejected", policy: "search", retryAfterMs: 2_500 },
    {},
    "DEBUG",
    "info failure",
    'Rate limit "search" refused a call; its turn would come in 2.5 s',
  ],
  [
    { type: "rate_limit.rejected", policy: "search", retryAfterMs: Infinity },
    {},
    "DEBUG",
    "info failure",
    'Rate limit "search" refused a call; its turn would never come',
  ],
  [
    { type: "rate_limit.drained", policy: "search", permits: 12 },
    {},
    "INFO",
    "change",
    'Rate limit "search" gave up 12 calls that could begin',
  ],
  [{ type: "gate.opened", policy: "search" }, {}, "INFO", "change", 'Gate "search" opened'],
  [
    { type: "gate.rejected", policy: "search", retryAfterMs: 2_000 },
    {},
    "DEBUG",
    "info failure",
    'Gate "search" refused a call; it stays closed for 2 s',
  ],
  [
    { type: "gate.rejected", policy: "search", retryAfterMs: 0 },
    {},
    "DEBUG",
    "info failure",
    'Gate "search" refused a call; it lets few through at a time',
  ],
  [
    { type: "budget.spent", policy: "search", calls: 1, retries: 12, windowMs: 10_000 },
    {},
    "WARNING",
    "change",
    'Retry budget "search" is spent: 1 call in 10 s had 12 further attempts',
  ],
];
