/** What the log says of scopes that are taken back, of cleanups and of healings. */

import { FAILURE, STEP, type Row } from "./event-row.contract.ts";
import { HEAL_ROWS } from "./heal-events.contract.ts";

/** At least one row for each type of event of cleanups and healings. */
export const SCOPE_ROWS: readonly Row[] = [
  [
    { type: "rollback.completed", steps: 2 },
    STEP,
    "INFO",
    "end success",
    'Scope "prune/upload" was rolled back, 2 steps',
  ],
  [
    { type: "cleanup.completed", durationMs: 20 },
    STEP,
    "INFO",
    "end success",
    'Cleanup "prune/upload" completed in 20 ms',
  ],
  [
    { type: "cleanup.failed", ...FAILURE },
    STEP,
    "ERROR",
    "end failure",
    'Cleanup "prune/upload" failed, and something may be left behind: no answer (HTTP_503, degraded)',
  ],
  ...HEAL_ROWS,
];
