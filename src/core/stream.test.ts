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

test("a sink that throws harms neither the others nor what is watched", () => {
  const { seen, sink } = listening();
  const broken = (): never => {
    throw new Error("disk full");
  };
  const stream = eventStream({ ...parts, sinks: [broken, sink] });

  stream({ type: "task.started" }, { task: "a" });

  expect(seen.map(({ type }) => type)).toEqual(["task.started"]);
});
