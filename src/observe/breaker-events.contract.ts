/** What the log says of the events of breakers. */

import type { Where } from "../core/events.ts";
import type { FAILURE, Row } from "./every-event.contract.ts";

/** The rows of the events of breakers; `failure` opened one, and it happened at `where`. */
export const breakerRows = (failure: typeof FAILURE, where: Where): readonly Row[] => [
  [
    { type: "breaker.opened", policy: "bank", pauseMs: 30_000, ...failure },
    where,
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
    { type: "breaker.rejected", policy: "bank", retryAfterMs: Infinity },
    where,
    "DEBUG",
    "info failure",
    'Breaker "bank" refused a call; it is held open',
  ],
  [
    { type: "breaker.rejected", policy: "bank", retryAfterMs: 2_500 },
    where,
    "DEBUG",
    "info failure",
    'Breaker "bank" refused a call; it stays open for 2.5 s',
  ],
  [
    { type: "breaker.rejected", policy: "bank", retryAfterMs: 0 },
    where,
    "DEBUG",
    "info failure",
    'Breaker "bank" refused a call; it waits for its probe',
  ],
];
