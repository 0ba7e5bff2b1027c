/** What the log says of attempts that a policy began beside others, or struck on purpose. */

import type { Row } from "./event-row.contract.ts";

/** At least one row for each type of event of hedge and chaos. */
export const EXTRA_ATTEMPT_ROWS: readonly Row[] = [
  [
    { type: "hedge.started", policy: "quick", number: 2, afterMs: 250 },
    {},
    "DEBUG",
    "start",
    'Policy "quick" started attempt 2, 250 ms after the first',
  ],
  [
    { type: "hedge.won", policy: "quick", number: 2, durationMs: 320 },
    {},
    "DEBUG",
    "end success",
    'Policy "quick" was answered by attempt 2 first, after 320 ms',
  ],
  [
    { type: "chaos.injected", policy: "chaos", injected: "latency", latencyMs: 3_000 },
    {},
    "INFO",
    "info",
    'Policy "chaos" injected a latency of 3 s',
  ],
  [
    {
      type: "chaos.injected",
      policy: "chaos",
      injected: "fault",
      error: { type: "Error", message: "no answer" },
    },
    {},
    "INFO",
    "info",
    'Policy "chaos" injected a fault: no answer',
  ],
  [
    { type: "chaos.injected", policy: "chaos", injected: "result" },
    {},
    "INFO",
    "info",
    'Policy "chaos" injected a result',
  ],
];
