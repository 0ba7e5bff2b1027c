/** What the log says of the events of breakers. */

import { FAILURE, STEP, type Row } from "./event-row.contract.ts";

/** At least one row for each of them. */
export const BREAKER_ROWS: readonly Row[] = [
  [
    { type: "breaker.opened", policy: "bank", pauseMs: 30_000, ...FAILURE },
    STEP,
    "WARNING",
    "change",
    'Breaker "bank" opened for 30 s: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "breaker.half_opened", policy: "bank" },
    {},
    "INFO",
    "change",
    'Breaker "bank" lets calls through as probes',
  ],
  [{ type: "breaker.closed", policy: "bank" }, {}, "INFO", "change", 'Breaker "bank" closed'],
  [
    { type: "breaker.held", policy: "bank", hold: "open" },
    {},
    "WARNING",
    "change",
    'Breaker "bank" is held open',
  ],
  [
    { type: "breaker.held", policy: "bank", hold: "off" },
    {},
    "WARNING",
    "change",
    'Breaker "bank" is switched off',
  ],
  [
    { type: "breaker.isolated", policy: "bank" },
    {},
    "WARNING",
    "change",
    '"bank" is isolated: calls are refused until it is released',
  ],
  [
    { type: "breaker.released", policy: "bank" },
    {},
    "INFO",
    "change",
    '"bank" is released, and isolated no more',
  ],
  [
    { type: "breaker.rejected", policy: "bank", retryAfterMs: Infinity },
    STEP,
    "DEBUG",
    "info failure",
    'Breaker "bank" refused a call; it is held open',
  ],
  [
    { type: "breaker.rejected", policy: "bank", retryAfterMs: 2_500 },
    STEP,
    "DEBUG",
    "info failure",
    'Breaker "bank" refused a call; it stays open for 2.5 s',
  ],
  [
    { type: "breaker.rejected", policy: "bank", retryAfterMs: 0 },
    STEP,
    "DEBUG",
    "info failure",
    'Breaker "bank" refused a call; it waits for its probe',
  ],
];
