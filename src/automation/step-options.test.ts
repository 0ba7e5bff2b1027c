import { expect, test } from "vitest";
import { reactionsWith } from "../core/reactions.ts";
import { automation, type AutomationOptions } from "./automation.ts";
import { readReadOptions, readStepOptions } from "./step-options.ts";

test.for<[message: string, options: object]>([
  ['step "copy".retry.total: unknown; known are attempts, backoff', { retry: { total: "1m" } }],
  ['step "copy".retry.attempts: expected an integer >= 1', { retry: { attempts: 0 } }],
  ['step "copy".retry: expected an object with options, received null', { retry: null }],
  [
    'step "copy".retry.reactions.fatal.breaker: unknown; known are retries, firstRetry',
    { retry: { reactions: { fatal: { breaker: "counts" } } } },
  ],
  [
    'step "copy".undoRetry.reactions.fatal.exitCode: unknown; known are retries, firstRetry',
    { undoRetry: { reactions: { fatal: { exitCode: 3 } } } },
  ],
])("a step is refused with %s", ([message, options]) => {
  expect(() => readStepOptions("copy", options)).toThrow(message);
});

test("an automation has no breaker, and refuses a change to what one counts", () => {
  const options = { reactions: { fatal: { breaker: "counts" } } };

  expect(() => automation("demo", options as AutomationOptions, () => {})).toThrow(
    'automation "demo".reactions.fatal.breaker: unknown; known are retries, firstRetry, exitCode',
  );
});

test("one table of reactions is for an automation and its steps", () => {
  const reactions = reactionsWith({ fatal: { retries: 1, breaker: "counts", exitCode: 3 } });

  const program = automation("demo", { reactions }, () => {});
  const step = readStepOptions("copy", { retry: { reactions } });
  const read = readReadOptions("list", { retry: { reactions } });

  expect([program.settled.reactions, step.retry?.reactions, read.retry?.reactions]).toEqual([
    reactions,
    reactions,
    reactions,
  ]);
});

test("each option of a step's retry is read once, and what is not given stays open", () => {
  let reads = 0;
  const given = {
    get attempts() {
      reads++;
      return 7;
    },
  };

  const { retry } = readStepOptions("copy", { retry: given });

  expect([reads, retry]).toEqual([1, { attempts: 7 }]);
});
