import { expect, test } from "vitest";
import type { EventDetails, HoldfastEvent, Where } from "../../core/events.ts";
import { summariseError, type ErrorSummary } from "../../core/error-summary.ts";
import { progressLines } from "./progress.ts";

type Details = EventDetails<ErrorSummary>;

const AT_MS = new Date(2026, 10, 22, 3, 0, 7).getTime();
const RUN: Where = { automation: "nightly", runId: "r1" };
const STEP: Where = { ...RUN, task: "prune", step: "upload" };

function failure(message: string) {
  const fault = { class: "transient", code: "ECONNRESET", effect: "unknown" } as const;
  return { fault, error: summariseError(new Error(message)) };
}

/** The lines of these events, the time cut off. */
function lines(events: readonly (readonly [Details, Where])[], hasColours = false): string[] {
  const written: string[] = [];
  const sink = progressLines((text) => written.push(text), hasColours);
  for (const [details, where] of events) {
    sink({ ...details, atMs: AT_MS, where } as HoldfastEvent);
  }
  return written.map((line) => line.replace(/^03:00:07 /, ""));
}

const attemptStarted = (number: number): Details => ({ type: "attempt.started", number });
const attemptFailed = (number: number, message: string): Details => ({
  type: "attempt.failed",
  policy: "prune/upload",
  number,
  durationMs: 1,
  ...failure(message),
});

test.for<[details: Details, line: string]>([
  [{ type: "step.started", hasUndo: true }, '·  Step "prune/upload" started\n'],
  [
    { type: "step.completed", durationMs: 5, attempts: 1 },
    '✓  Step "prune/upload" completed in 5 ms\n',
  ],
  [{ type: "undo.completed", durationMs: 5 }, '✓  Step "prune/upload" was undone in 5 ms\n'],
  [
    attemptFailed(1, "a\n  b"),
    '!  Step "prune/upload" failed at attempt 1: a b (ECONNRESET, transient)\n',
  ],
  [
    { type: "step.failed", durationMs: 5, attempts: 2, ...failure("no") },
    '✗  Step "prune/upload" failed after 2 attempts: no (ECONNRESET, transient)\n',
  ],
  [
    { type: "undo.failed", isFinal: true, ...failure("no") },
    '✗✗ Step "prune/upload" could not be undone, a human is needed: no (ECONNRESET, transient)\n',
  ],
  [{ type: "log.written", level: "INFO", message: "one\ntwo \u001b[31mred" }, "·  one two red\n"],
])("%o", ([details, line]) => {
  expect(lines([[details, STEP]])).toEqual([line]);
});

test("the time is the local time of day", () => {
  const written: string[] = [];
  const sink = progressLines((text) => written.push(text), false);

  sink({ type: "step.interrupted", atMs: AT_MS, where: STEP });

  expect(written).toEqual(['03:00:07 ·  Step "prune/upload" was interrupted\n']);
});

test("colours are for the time and the mark", () => {
  const text = lines([[{ type: "step.completed", durationMs: 5, attempts: 1 }, STEP]], true);

  expect(text).toEqual([
    '\u001b[2m03:00:07\u001b[22m \u001b[32m✓ \u001b[39m Step "prune/upload" completed in 5 ms\n',
  ]);
});

const UNTOLD: [what: string, details: Details, where: Where][] = [
  ["what is for debugging", attemptStarted(1), STEP],
  [
    "the end of a run, which the summary tells",
    { type: "run.completed", durationMs: 1, tasks: { succeeded: 1, total: 1 } },
    RUN,
  ],
  ["the begin of the run's own task", { type: "task.started" }, RUN],
  [
    "the end of the run's own task",
    { type: "task.completed", durationMs: 1, replayed: false },
    RUN,
  ],
  [
    "the failure of the run's own task",
    { type: "task.failed", durationMs: 1, ...failure("no") },
    RUN,
  ],
  [
    "that a step is not tried again",
    {
      type: "retry.stopped",
      policy: "prune/upload",
      attempts: 1,
      reason: "time is up",
      history: [],
      ...failure("no"),
    },
    STEP,
  ],
  [
    "that a step's time is up",
    { type: "timeout.expired", policy: "prune/upload", limitMs: 1 },
    STEP,
  ],
  [
    "that an undo's time is up",
    { type: "timeout.expired", policy: "prune/upload: undo", limitMs: 1 },
    STEP,
  ],
];

test.for(UNTOLD)("there is no line for %s", ([, details, where]) => {
  expect(lines([[details, where]])).toEqual([]);
});

test("there are lines for named tasks, and for policies within a step's work or outside of any", () => {
  const policy = "bank";
  expect(
    lines([
      [{ type: "task.started" }, { ...RUN, task: "prune" }],
      [{ type: "timeout.expired", policy, limitMs: 5 }, STEP],
      [
        {
          type: "retry.stopped",
          policy,
          attempts: 1,
          reason: "time is up",
          history: [],
          ...failure("no"),
        },
        STEP,
      ],
      [{ type: "timeout.expired", policy, limitMs: 5 }, {}],
    ]),
  ).toEqual([
    '·  Task "prune" started\n',
    '!  Step "prune/upload" (bank) did not end within 5 ms\n',
    '!  Step "prune/upload" (bank) is not tried again after 1 attempt, time is up: no (ECONNRESET, transient)\n',
    '!  Policy "bank" did not end within 5 ms\n',
  ]);
});

test("a failure is told once for each attempt, and again where another came between", () => {
  const reset = failure("reset");
  const task = { ...RUN, task: "prune" };
  expect(
    lines([
      [attemptStarted(1), STEP],
      [attemptFailed(1, "reset"), STEP],
      [attemptStarted(2), STEP],
      [attemptFailed(2, "reset"), STEP],
      [{ type: "step.failed", durationMs: 1, attempts: 2, ...reset }, STEP],
      [{ type: "rollback.started", steps: 1, ...reset }, task],
      [{ type: "undo.failed", isFinal: false, ...failure("no") }, STEP],
      [{ type: "undo.failed", isFinal: true, ...failure("no") }, STEP],
      [{ type: "task.failed", durationMs: 1, ...reset }, task],
      [
        {
          type: "run.failed",
          durationMs: 1,
          tasks: { succeeded: 0, total: 1 },
          exitCode: 81,
          ...reset,
        },
        RUN,
      ],
    ]),
  ).toEqual([
    '!  Step "prune/upload" failed at attempt 1: reset (ECONNRESET, transient)\n',
    '!  Step "prune/upload" failed at attempt 2: reset (ECONNRESET, transient)\n',
    '✗  Step "prune/upload" failed after 2 attempts\n',
    '!  Task "prune" is being rolled back, 1 step\n',
    '!  Step "prune/upload" could not be undone: no (ECONNRESET, transient)\n',
    '✗✗ Step "prune/upload" could not be undone, a human is needed: no (ECONNRESET, transient)\n',
    '✗  Task "prune" failed after 1 ms: reset (ECONNRESET, transient)\n',
    '✗  Automation "nightly" failed after 1 ms, 0/1 tasks succeeded\n',
  ]);
});
