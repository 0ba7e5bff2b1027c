import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { HoldfastEvent, Sink } from "./events.ts";
import { redactor } from "./redact.ts";
import { eventStream } from "./stream.ts";

function listening(): { seen: HoldfastEvent[]; sink: Sink } {
  const seen: HoldfastEvent[] = [];
  return { seen, sink: (event) => seen.push(event) };
}

const clock = new VirtualClock();
const parts = { clock, redactor: redactor({ secrets: ["hunter22"] }) };

test("an event is stamped, redacted and handed to every sink", () => {
  const [one, two] = [listening(), listening()];
  const stream = eventStream({ ...parts, sinks: [one.sink, two.sink] });

  stream(
    { type: "log.written", level: "INFO", message: "it is hunter22", data: { password: "x" } },
    { automation: "nightly", attempt: 2 },
  );

  const event = {
    type: "log.written",
    level: "INFO",
    message: "it is ***",
    data: { password: "***" },
    atMs: clock.now(),
    where: { automation: "nightly", attempt: 2 },
  };
  expect([one.seen, two.seen]).toEqual([[event], [event]]);
});

test("an error becomes a summary, redacted too", () => {
  const { seen, sink } = listening();
  const stream = eventStream({ ...parts, sinks: [sink] });

  stream({ type: "journal.failed", error: new Error("hunter22", { cause: "hunter22" }) }, {});

  expect(seen).toEqual([
    {
      type: "journal.failed",
      error: {
        type: "Error",
        message: "***",
        stack: expect.not.stringContaining("hunter22") as string,
        cause: { type: "text", message: "***" },
      },
      atMs: clock.now(),
      where: {},
    },
  ]);
});

test("what holdfast says itself stays as it is, whatever the passwords are", () => {
  const { seen, sink } = listening();
  const words = [
    "attempt",
    "failed",
    "fatal",
    "none",
    "WARNING",
    "happened",
    "completed",
    "run-1",
    "17",
  ];
  const stream = eventStream({ clock, redactor: redactor({ secrets: words }), sinks: [sink] });
  const fault = { class: "fatal", code: "E_fatal", effect: "none", retryAfterMs: 17 } as const;

  stream(
    {
      type: "attempt.failed",
      policy: "none",
      number: 17,
      durationMs: Infinity,
      fault,
      error: "failed",
    },
    {
      automation: "attempt",
      runId: "run-1",
      task: "fatal",
      step: "failed",
      attempt: 17,
      key: "run-1-failed",
    },
  );
  stream({ type: "log.written", level: "WARNING", message: "failed", data: 17 }, {});
  stream({ type: "step.reconciled", answer: "happened" }, { task: undefined });
  stream({ type: "step.replayed", outcome: "completed" }, {});
  stream({ type: "run.interrupted", durationMs: 17, reason: "failed" }, {});
  stream({ type: "rollback.failed", steps: ["failed/x"], error: "failed" }, {});
  stream({ type: "run.completed", durationMs: 1, tasks: { succeeded: 17, total: 17 } }, {});
  stream({ type: "task.completed", durationMs: 1, replayed: true }, {});

  const atMs = clock.now();
  const error = { type: "text", message: "***" };
  expect(seen).toEqual([
    {
      type: "attempt.failed",
      policy: "***",
      number: 17,
      durationMs: Infinity,
      fault: { ...fault, code: "E_***" },
      error,
      atMs,
      where: {
        automation: "***",
        runId: "run-1",
        task: "***",
        step: "***",
        attempt: 17,
        key: "***-***",
      },
    },
    { type: "log.written", level: "WARNING", message: "***", data: "***", atMs, where: {} },
    { type: "step.reconciled", answer: "happened", atMs, where: {} },
    { type: "step.replayed", outcome: "completed", atMs, where: {} },
    { type: "run.interrupted", durationMs: 17, reason: "***", atMs, where: {} },
    { type: "rollback.failed", steps: ["***/x"], error, atMs, where: {} },
    { type: "run.completed", durationMs: 1, tasks: { succeeded: 17, total: 17 }, atMs, where: {} },
    { type: "task.completed", durationMs: 1, replayed: true, atMs, where: {} },
  ]);
});

test("a sink that throws harms neither the others nor what is watched", () => {
  const { seen, sink } = listening();
  const broken = (): never => {
    throw new Error("disk full");
  };
  const stream = eventStream({ ...parts, sinks: [broken, sink] });

  stream({ type: "task.started" }, { task: "a" });

  expect(seen.map(({ type }) => type)).toEqual(["task.started"]);
});
