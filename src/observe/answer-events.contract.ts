/** What the log says of the events of policies that answer without the work. */

import { FAILURE, FAULT, STEP, type Row } from "./event-row.contract.ts";

/** At least one row for each of them. */
export const ANSWER_ROWS: readonly Row[] = [
  [
    { type: "fallback.used", policy: "rates", ...FAILURE },
    STEP,
    "WARNING",
    "info failure",
    'Step "prune/upload" (rates) answered in place of the work: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "fallback.used", policy: "rates", fault: FAULT },
    {},
    "WARNING",
    "info failure",
    'Policy "rates" answered in place of a result that is not good (HTTP_503)',
  ],
  [
    { type: "cache.hit", policy: "users", key: "42", isStale: false },
    {},
    "DEBUG",
    "info",
    'Cache "users" had the answer for "42"',
  ],
  [
    { type: "cache.hit", policy: "users", key: "42", isStale: true },
    {},
    "DEBUG",
    "info",
    'Cache "users" had a stale answer for "42"',
  ],
  [
    { type: "cache.missed", policy: "users", key: "42" },
    {},
    "DEBUG",
    "info",
    'Cache "users" had no answer for "42"',
  ],
  [
    { type: "cache.refresh_failed", policy: "users", key: "42", ...FAILURE },
    {},
    "WARNING",
    "info failure",
    'Cache "users" could not renew its answer for "42": no answer (HTTP_503, degraded)',
  ],
  [
    { type: "coalesce.joined", policy: "pages", key: "/news" },
    {},
    "DEBUG",
    "info",
    'Policy "pages" joined the call for "/news" that is under way',
  ],
];
