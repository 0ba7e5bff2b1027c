/**
 * As cancel-model.test.ts, for what runs are made of beside steps: parallel branches, tasks in order,
 * maps, sleeps and children.
 */

import { step, testCancelAnywhere } from "./model/cancel-anywhere.ts";

testCancelAnywhere([
  [
    "parallel steps, two at a time, and a sleep",
    [
      {
        parallel: [
          [step("a", "undo")],
          [{ sleep: "nap", ms: 5 }, step("b", "plain")],
          [step("c", "repeatable", { hearing: "deaf" })],
        ],
        concurrency: 2,
      },
      { sleep: "night", ms: 9 },
      step("d", "undo"),
    ],
    "abcd",
  ],
  [
    "a failure among parallel steps",
    [
      {
        parallel: [
          [step("a", "undo")],
          [step("b", "undo"), step("c", "undo", { fault: "bug" })],
          [step("d", "undo")],
          [step("e", "undo", { hearing: "deaf" })],
          [step("f", "undo")],
        ],
        concurrency: 2,
      },
    ],
    "",
  ],
  [
    "tasks after each other",
    [
      {
        all: [
          [{ task: "one", parts: [step("a", "plain")] }],
          [{ task: "two", parts: [step("b", "undo"), step("c", "undo", { fault: "bug" })] }],
          [{ task: "three", parts: [step("d", "undo")], after: ["one"] }],
          [{ task: "four", parts: [step("e", "undo")], after: ["two", "three"] }],
        ],
      },
    ],
    "ad",
  ],
  [
    "a map of which one item fails",
    [
      step("z", "plain"),
      {
        map: "hosts",
        items: ["p", "q"],
        parts: [step("1", "undo"), step("2", "undo", { hearing: "deaf" })],
        bugs: ["q"],
        mayFail: true,
      },
      step("y", "plain"),
    ],
    "p1p2yz",
  ],
  [
    "a map that is cut short",
    [
      {
        map: "hosts",
        items: ["p", "q", "r", "s", "t", "u"],
        parts: [step("1", "undo", { hearing: "deaf" })],
        bugs: ["p", "q", "r", "s", "t", "u"],
        maxFailures: 2,
      },
    ],
    "",
  ],
  [
    "a map in doubt beside a failure",
    [
      {
        all: [
          [{ map: "hosts", items: ["p", "q"], parts: [step("1", "plain")] }],
          [step("a", "undo"), step("b", "undo", { fault: "bug" })],
        ],
      },
    ],
    "p1q1",
  ],
  [
    "a child, and steps around it",
    [
      step("a", "undo"),
      { child: "inner", parts: [step("b", "plain"), { sleep: "nap", ms: 4 }, step("c", "undo")] },
      step("d", "undo"),
    ],
    "abcd",
  ],
  [
    "a child that fails and may",
    [
      {
        child: "inner",
        parts: [step("b", "undo"), step("c", "undo", { fault: "bug" })],
        mayFail: true,
      },
      step("d", "plain"),
    ],
    "d",
  ],
  [
    "a child that goes on beside a failure",
    [
      {
        all: [
          [
            {
              child: "inner",
              parts: [step("a", "undo"), { sleep: "nap", ms: 6 }, step("b", "plain")],
            },
          ],
          [step("c", "undo"), step("d", "undo", { fault: "bug" })],
        ],
      },
    ],
    "ab",
  ],
]);
