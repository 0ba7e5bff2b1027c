import { expect, test } from "vitest";
import type { EventDetails, HoldfastEvent, Where } from "../core/events.ts";
import { type ErrorSummary } from "../core/error-summary.ts";
import { afterEvent, QUIET, type Live } from "./screen/live-model.ts";
import { linesOf } from "./screen/live-view.ts";
import { widthOf } from "./screen/width.ts";

type Happened = readonly [details: EventDetails<ErrorSummary>, where: Where, atMs: number];

const FAULT = { class: "transient", code: "HTTP_503", effect: "none" } as const;
const FAILURE = { fault: FAULT, error: { type: "Error", message: "no" } };
const UPLOAD: Where = { task: "prune", step: "upload" };
const LABEL = "prune/upload";

function after(events: readonly Happened[]): Live {
  return events
    .map(([details, where, atMs]) => ({ ...details, where, atMs }) as HoldfastEvent)
    .reduce(afterEvent, QUIET);
}

const STARTED: Happened = [{ type: "step.started", hasUndo: true }, UPLOAD, 1_000];
const waits = (policy: string, atMs = 3_000): Happened => [
  { type: "retry.scheduled", policy, number: 1, maxAttempts: 4, waitMs: 4_000, fault: FAULT },
  UPLOAD,
  atMs,
];
const UNDOING: Happened = [{ type: "undo.started" }, UPLOAD, 2_000];

test.for<[what: string, events: Happened[], lines: string[]]>([
  ["nothing", [], []],
  ["a step", [STARTED], ["⠋ 9 s  prune/upload"]],
  [
    "its second attempt",
    [STARTED, [{ type: "attempt.started", number: 2 }, UPLOAD, 5_000]],
    ["⠋ 9 s, attempt 2  prune/upload"],
  ],
  [
    "an attempt of a policy within it",
    [STARTED, [{ type: "attempt.started", policy: "http", number: 7 }, UPLOAD, 5_000]],
    ["⠋ 9 s  prune/upload"],
  ],
  ["a step that waits", [STARTED, waits(LABEL, 9_000)], ["⠋ 9 s, attempt 2 in 3 s  prune/upload"]],
  ["a policy within it that waits", [STARTED, waits("http")], ["⠋ 9 s  prune/upload"]],
  ["an undo", [UNDOING], ["⠋ 8 s  undoing prune/upload"]],
  [
    "an undo that waits",
    [UNDOING, waits(`${LABEL}: undo`, 9_500)],
    ["⠋ 8 s, attempt 2 in 3 s  undoing prune/upload"],
  ],
  [
    "an undo whose work says that it waits",
    [UNDOING, waits(LABEL)],
    ["⠋ 8 s  undoing prune/upload"],
  ],
  ["a wait of what is not under way", [waits(LABEL)], []],
  [
    "an undo before the next attempt",
    [
      STARTED,
      UNDOING,
      [{ type: "undo.completed", durationMs: 1 }, UPLOAD, 3_000],
      [{ type: "attempt.started", number: 2 }, UPLOAD, 6_000],
    ],
    ["⠋ 4 s, attempt 2  prune/upload"],
  ],
  [
    "a failed attempt at an undo",
    [UNDOING, [{ type: "undo.failed", isFinal: false, ...FAILURE }, UPLOAD, 3_000]],
    ["⠋ 8 s  undoing prune/upload"],
  ],
  [
    "a clock that was set back",
    [[{ type: "step.started", hasUndo: false }, UPLOAD, 99_000]],
    ["⠋ 0 s  prune/upload"],
  ],
  [
    "a task that is done, beside a step",
    [[{ type: "task.completed", durationMs: 1, replayed: false }, { task: "a" }, 0], STARTED],
    ["⠋ 9 s  prune/upload", "  1 task done"],
  ],
  [
    "two tasks that are done",
    [
      [{ type: "task.completed", durationMs: 1, replayed: false }, { task: "a" }, 0],
      [{ type: "task.failed", durationMs: 1, ...FAILURE }, { task: "b" }, 0],
      STARTED,
    ],
    ["⠋ 9 s  prune/upload", "  2 tasks done"],
  ],
  [
    "the end of the run's own task",
    [[{ type: "task.completed", durationMs: 1, replayed: false }, {}, 0], STARTED],
    ["⠋ 9 s  prune/upload"],
  ],
  [
    "control characters",
    [[{ type: "step.started", hasUndo: false }, { step: "a\nb\u001b[2J" }, 9_000]],
    ["⠋ 1 s  a b"],
  ],
])("%s", ([, events, lines]) => {
  expect(linesOf(after(events), { nowMs: 10_000, columns: 80, frame: 0 })).toEqual(lines);
});

const ENDS: EventDetails<ErrorSummary>[] = [
  { type: "step.completed", durationMs: 1, attempts: 1 },
  { type: "step.failed", durationMs: 1, attempts: 1, ...FAILURE },
  { type: "step.interrupted" },
  { type: "step.doubted" },
  { type: "undo.completed", durationMs: 1 },
  { type: "undo.failed", isFinal: true, ...FAILURE },
];

test.for(ENDS)("$type takes a step off, and leaves the others", (end) => {
  const other: Happened = [{ type: "step.started", hasUndo: true }, { step: "other" }, 1_000];

  const live = after([STARTED, other, [end, UPLOAD, 2_000]]);

  expect(live.underWay.map(({ label }) => label)).toEqual(["other"]);
});

test("of many steps five are shown, and no line is as wide as the terminal", () => {
  const steps = Array.from({ length: 8 }, (_, index): Happened => [
    { type: "step.started", hasUndo: true },
    { step: `${index} 日本 and a name that is far too long for a small window` },
    0,
  ]);

  const lines = linesOf(after(steps), { nowMs: 0, columns: 40, frame: 11 });

  expect(lines.map((line) => line.slice(0, 9))).toEqual([
    "⠙ 0 s  0 ",
    "⠙ 0 s  1 ",
    "⠙ 0 s  2 ",
    "⠙ 0 s  3 ",
    "⠙ 0 s  4 ",
    "  and 3 m",
  ]);
  expect(lines.filter((line) => widthOf(line) > 39)).toEqual([]);
});
