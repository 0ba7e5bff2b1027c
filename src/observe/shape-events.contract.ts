/** What the log says of tasks that depend on each other, of maps and of waits. */

import { FAILURE, RUN, STEP, TASK, type Row } from "./event-row.contract.ts";

const TASKS = { succeeded: 1, total: 2 };
const MAP = { ...RUN, task: "hosts", map: "hosts" };
const ITEM = { ...RUN, task: "hosts[a]", map: "hosts" };

/** See the header. */
export const SHAPE_ROWS: readonly Row[] = [
  [
    { type: "task.waiting", after: ["build", "test"] },
    TASK,
    "INFO",
    "info",
    'Task "prune" waits for "build", "test"',
  ],
  [
    { type: "task.skipped", ...FAILURE },
    TASK,
    "WARNING",
    "end failure",
    'Task "prune" was not run: no answer (HTTP_503, degraded)',
  ],
  [{ type: "map.started" }, MAP, "INFO", "start", 'Map "hosts" started'],
  [
    { type: "map.progressed", tasks: TASKS },
    MAP,
    "INFO",
    "info",
    'Map "hosts" so far: 1/2 tasks succeeded',
  ],
  [
    { type: "map.completed", durationMs: 1_500, tasks: TASKS, replayed: false },
    MAP,
    "INFO",
    "end",
    'Map "hosts" completed in 1.5 s: 1/2 tasks succeeded',
  ],
  [
    { type: "map.completed", durationMs: 1_500, tasks: TASKS, replayed: true },
    MAP,
    "INFO",
    "end",
    'Map "hosts" was completed before: 1/2 tasks succeeded',
  ],
  [{ type: "task.started" }, ITEM, "DEBUG", "start", 'Task "hosts[a]" started'],
  [
    { type: "task.failed", durationMs: 20, ...FAILURE },
    ITEM,
    "ERROR",
    "end failure",
    'Task "hosts[a]" failed after 20 ms: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "step.waiting", waitsFor: "time", waitMs: 3_600_000 },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" sleeps for 1 h',
  ],
  [
    { type: "step.waiting", waitsFor: "signal", waitMs: 90_000 },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" waits for its signal, at most 1 m 30 s',
  ],
  [
    { type: "step.waiting", waitsFor: "approval", waitMs: Infinity, question: "deploy 1.2?" },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" waits for an approval, at most for ever: deploy 1.2?',
  ],
];
