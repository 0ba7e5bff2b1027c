/** What the log says of the events of schedules. */

import { RUN, type Row } from "./event-row.contract.ts";

const NIGHTLY = { automation: "nightly" };
/** 22 November 2026, 02:00 UTC. */
const TICK_MS = 1_795_312_800_000;
const TICK = { schedule: "0 3 * * *", tickMs: TICK_MS };

/** At least one row for each of their events. */
export const SCHEDULE_ROWS: readonly Row[] = [
  [
    { type: "schedule.fired", ...TICK, lateMs: 1_999 },
    RUN,
    "INFO",
    "start",
    'Tick 2026-11-22T02:00:00Z of "nightly" became run 01j',
  ],
  [
    { type: "schedule.fired", ...TICK, lateMs: 2_000 },
    RUN,
    "INFO",
    "start",
    'Tick 2026-11-22T02:00:00Z of "nightly" became run 01j, 2 s late',
  ],
  [
    { type: "schedule.ended", ...TICK, exitCode: 0, durationMs: 1_500 },
    RUN,
    "INFO",
    "end",
    'Run 01j of "nightly" ended with 0 after 1.5 s',
  ],
  [
    { type: "schedule.ended", exitCode: 69, durationMs: 1_500 },
    RUN,
    "WARNING",
    "end",
    'Run 01j of "nightly" ended with 69 after 1.5 s',
  ],
  [
    { type: "schedule.ended", ...TICK, exitCode: 82, durationMs: 1_500 },
    RUN,
    "ERROR",
    "end",
    'Run 01j of "nightly" ended with 82 after 1.5 s',
  ],
  [
    { type: "schedule.ended", ...TICK, exitCode: 143, durationMs: 1_500 },
    {},
    "WARNING",
    "end",
    'A run of "?" ended with 143 after 1.5 s',
  ],
  [
    {
      type: "schedule.missed",
      schedule: "0 3 * * *",
      count: 1,
      fromMs: TICK_MS,
      toMs: TICK_MS,
      caughtUp: 1,
    },
    NIGHTLY,
    "WARNING",
    "info failure",
    'Automation "nightly" missed a tick of "0 3 * * *", 2026-11-22T02:00:00Z; 1 caught up',
  ],
  [
    {
      type: "schedule.missed",
      schedule: "every 500 ms",
      count: 3,
      fromMs: TICK_MS,
      toMs: TICK_MS + 1_500,
      caughtUp: 0,
    },
    NIGHTLY,
    "ERROR",
    "info failure",
    'Automation "nightly" missed 3 ticks of "every 500 ms", the first 2026-11-22T02:00:00Z and the last 2026-11-22T02:00:01.500Z; none is caught up',
  ],
  [
    { type: "schedule.skipped", ...TICK, reason: "it still runs" },
    NIGHTLY,
    "WARNING",
    "info failure",
    'Tick 2026-11-22T02:00:00Z of "nightly" was skipped: it still runs',
  ],
  [
    { type: "schedule.queued", ...TICK },
    NIGHTLY,
    "INFO",
    "info",
    'Tick 2026-11-22T02:00:00Z of "nightly" waits for the run under way',
  ],
  [
    { type: "schedule.replaced", ...TICK },
    RUN,
    "WARNING",
    "change",
    'Run 01j is being ended: it makes way for tick 2026-11-22T02:00:00Z of "nightly"',
  ],
  [
    { type: "schedule.timed_out", ...TICK, limitMs: 3_600_000 },
    RUN,
    "ERROR",
    "change failure",
    'Run 01j of "nightly" is being ended: it did not end within 1 h',
  ],
];
