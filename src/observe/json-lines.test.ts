import fc from "fast-check";
import { expect, test } from "vitest";
import type { HoldfastEvent } from "../core/events.ts";
import { eventStream } from "../core/stream.ts";
import { redactor } from "../core/redact.ts";
import { jsonLines } from "./json-lines.ts";
import { toRecord } from "./record.ts";

const SERVICE = { name: "nightly" };
const LIMIT_BYTES = 256 * 1_024;

function written(event: HoldfastEvent): string {
  const lines: string[] = [];
  jsonLines((line) => lines.push(line), SERVICE)(event);
  return lines.join("");
}

function logged(message: string, data?: unknown): HoldfastEvent {
  return { type: "log.written", level: "INFO", message, data, atMs: 0, where: { step: "upload" } };
}

test("an event is one line of JSON", () => {
  const event = logged("two\nlines\u2028and more", { a: 1 });

  const line = written(event);

  expect([line.indexOf("\n"), JSON.parse(line)]).toEqual([
    line.length - 1,
    toRecord(event, SERVICE),
  ]);
});

test("a line that would be too long loses its data first, and says so", () => {
  const line = written(logged("short", { rows: Array(1_000).fill("x".repeat(1_000)) }));

  expect(JSON.parse(line)).toEqual({
    ...toRecord(logged("short"), SERVICE),
    holdfast: { step: { name: "upload", id: "upload" }, truncated: true, schema: 1 },
  });
});

test("then its texts lose their ends", () => {
  const { message } = JSON.parse(written(logged("x".repeat(300_000)))) as { message: string };

  expect([message.length, message.at(-1)]).toEqual([4_000, "…"]);
});

test("a line is never longer than 256 KiB and always JSON, whatever happened", () => {
  const text = fc
    .nat({ max: 40_000 })
    .chain((length) =>
      fc.constantFrom("x", "\u0001", "€", "😀", '"').map((unit) => unit.repeat(length)),
    );
  const step = fc.record({ text, many: fc.nat({ max: 40 }) });
  fc.assert(
    fc.property(step, ({ text: long, many }) => {
      const error = { type: long, message: long, stack: long, code: long };
      const line = written({
        type: "rollback.failed",
        steps: Array(many).fill(long),
        error,
        atMs: 0,
        where: { automation: long, runId: long, task: long, step: long, key: long },
      });

      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LIMIT_BYTES);
      expect(JSON.parse(line)).toMatchObject({ event: { action: "rollback.failed" } });
    }),
    { numRuns: 60 },
  );
});

test("a line that just fits is left as it is", () => {
  const overhead = Buffer.byteLength(written(logged("")));
  const fitting = written(logged("x".repeat(LIMIT_BYTES - overhead)));
  const longer = written(logged("x".repeat(LIMIT_BYTES - overhead + 1)));

  expect([fitting.length, fitting.includes("truncated"), longer.includes("truncated")]).toEqual([
    LIMIT_BYTES,
    false,
    true,
  ]);
});

test("no secret reaches a line, wherever it was planted", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "B", "7", "/", "+", " ", '"', "ü"),
    minLength: 8,
  });
  fc.assert(
    fc.property(
      text.map((inner) => `q${inner}Z`),
      (planted) => {
        const lines: string[] = [];
        const emit = eventStream({
          clock: { now: () => 0 } as never,
          redactor: redactor({ env: { STORE_TOKEN: planted } }),
          sinks: [jsonLines((line) => lines.push(line), SERVICE)],
        });
        const error = Object.assign(
          new Error(`refused ${planted}`, { cause: { token: planted } }),
          {
            code: planted,
          },
        );

        emit(
          {
            type: "step.failed",
            durationMs: 1,
            attempts: 1,
            error,
            fault: { class: "fatal", code: planted, effect: "none" },
          },
          { automation: planted, step: `${planted}/x`, key: planted },
        );
        emit(
          { type: "log.written", level: "INFO", message: planted, data: { [planted]: [planted] } },
          {},
        );

        const parsed = lines.map((line) => JSON.stringify(JSON.parse(line)));
        const escaped = JSON.stringify(planted).slice(1, -1);
        expect(parsed.filter((line) => line.includes(escaped))).toEqual([]);
        expect(lines).toHaveLength(2);
      },
    ),
    { numRuns: 300 },
  );
});
