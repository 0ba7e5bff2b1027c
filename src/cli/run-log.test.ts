import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { HoldfastEvent } from "../core/events.ts";
import { deleteRunLog, findParts, partsToDelete } from "./log-parts.ts";
import { LogReader } from "./log-reader.ts";
import { rawLine, shownLine } from "./logged-line.ts";
import { runLog } from "./run-log.ts";

function directory(): string {
  const root = mkdtempSync(join(tmpdir(), "run-log-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return root;
}

function said(message: string, runId: string | undefined = "r1"): HoldfastEvent {
  return { type: "log.written", level: "INFO", message, where: { runId, step: "a" }, atMs: 0 };
}

/** Opens a log, writes the messages into it, and answers what failed. */
function write(root: string, messages: readonly string[], partBytes = 1_000): Error[] {
  const failures: Error[] = [];
  const log = runLog({
    directory: join(root, "logs"),
    service: { name: "demo" },
    onFailure: (error) => void failures.push(error),
    partBytes,
  });
  for (const message of messages) log.sink(said(message));
  log.close();
  return failures;
}

/** What a reader reads until nothing more is there. */
function readAll(reader: LogReader): { readonly messages: string[]; readonly gaps: number } {
  const messages: string[] = [];
  let gaps = 0;
  for (;;) {
    const { lines, isGap } = reader.read();
    if (isGap) gaps++;
    if (lines.length === 0 && !isGap) return { messages, gaps };
    messages.push(...lines.map((line) => (JSON.parse(line) as { message: string }).message));
  }
}

test("a log is for its owner alone, and a resume appends to it", () => {
  const root = directory();

  const failures = [write(root, ["one"]), write(root, ["two"])].flat();

  const logs = join(root, "logs");
  expect(failures).toEqual([]);
  expect(readAll(new LogReader(logs, "r1"))).toEqual({ messages: ["one", "two"], gaps: 0 });
  expect([statSync(logs).mode & 0o777, statSync(join(logs, "r1.jsonl")).mode & 0o777]).toEqual([
    0o700, 0o600,
  ]);
});

test("while the ballast is given up, a log has only what is urgent: the room is the journal's", () => {
  const root = directory();
  const logs = join(root, "logs");
  const log = runLog({
    directory: logs,
    service: { name: "demo" },
    onFailure: () => expect.unreachable(),
  });
  const ballast = { file: "/j.ballast", bytes: 1, where: {}, atMs: 0 };
  const all = (round: string) => {
    for (const level of ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const) {
      log.sink({ ...said(`${round} ${level}`), level } as HoldfastEvent);
    }
  };

  log.sink({ type: "ballast.released", ...ballast });
  all("full");
  log.sink({ type: "ballast.restored", ...ballast });
  all("roomy");
  log.close();

  expect(readAll(new LogReader(logs, "r1")).messages).toEqual([
    "full WARNING",
    "full ERROR",
    "full CRITICAL",
    "roomy DEBUG",
    "roomy INFO",
    "roomy WARNING",
    "roomy ERROR",
    "roomy CRITICAL",
  ]);
});

test("a long log keeps its beginning and its newest lines, and says that some are missing", () => {
  const root = directory();
  const messages = Array.from({ length: 40 }, (_, index) => `line ${index}`);

  write(root, messages.slice(0, 25));
  write(root, messages.slice(25));

  const logs = join(root, "logs");
  const parts = findParts(logs, "r1");
  const { messages: read, gaps } = readAll(new LogReader(logs, "r1"));
  const sizes = readdirSync(logs).map((name) => statSync(join(logs, name)).size);
  expect([parts.length, parts[0], gaps]).toEqual([3, 1, 1]);
  expect(sizes.filter((size) => size > 1_000)).toEqual([]);
  expect([read[0], read.at(-1)]).toEqual(["line 0", "line 39"]);
  const numbers = read.map((message) => Number(message.slice(5)));
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
});

test("whoever follows a log gets each line once, as it grows, whole", () => {
  const root = directory();
  const logs = join(root, "logs");
  const reader = new LogReader(logs, "r1");
  const before = [reader.exists(), readAll(reader)];
  write(root, ["one", "two"]);
  const first = readAll(reader);
  appendFileSync(join(logs, "r1.jsonl"), '{"message":"thr');
  const half = readAll(reader);
  appendFileSync(join(logs, "r1.jsonl"), 'ee"}\n');
  const whole = readAll(reader);
  write(root, ["a longer one ".repeat(50), "last"]);

  expect({ before, first, half, whole, last: readAll(reader).messages.at(-1) }).toEqual({
    before: [false, { messages: [], gaps: 0 }],
    first: { messages: ["one", "two"], gaps: 0 },
    half: { messages: [], gaps: 0 },
    whole: { messages: ["three"], gaps: 0 },
    last: "last",
  });
  expect(reader.exists()).toBe(true);
});

test("a log that cannot be written is told of once, and fails nothing", () => {
  const root = directory();
  writeFileSync(join(root, "logs"), "a file where the directory should be");

  expect(write(root, ["one", "two"]).map(({ message }) => message.slice(0, 6))).toEqual(["EEXIST"]);
});

test("events of no run are left out, and a log is deleted as a whole", () => {
  const root = directory();
  const log = runLog({
    directory: root,
    service: { name: "demo" },
    onFailure: () => undefined,
    partBytes: 1,
  });
  log.sink({ ...said("nowhere"), where: {} });
  const before = readdirSync(root);
  log.sink(said("one"));
  log.sink(said("two"));
  log.close();
  writeFileSync(join(root, "r1.old.jsonl"), "");
  writeFileSync(join(root, "r10.jsonl"), "");

  deleteRunLog(root, "r1");

  expect([before, readdirSync(root)]).toEqual([[], ["r1.old.jsonl", "r10.jsonl"]]);
  expect(findParts(join(root, "nowhere"), "r1")).toEqual([]);
});

test("the first part and the newest two are never deleted, and no other is left", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), (newest) => {
      const parts = Array.from({ length: newest }, (_, index) => index + 1);

      const deleted = partsToDelete(parts, newest);

      const left = parts.filter((part) => !deleted.includes(part));
      expect(left).toEqual([...new Set([1, Math.max(1, newest - 1), newest])]);
    }),
  );
});

const AT = new Date(2026, 10, 22, 3, 0, 7);

function record(action: string, level: string, holdfast: object = {}): string {
  return JSON.stringify({
    "@timestamp": AT.toISOString(),
    "log.level": level,
    message: "a \u001b[2J b",
    event: { action },
    holdfast,
  });
}

const STEP = { step: { name: "upload" } };

test.for<[line: string, least: "DEBUG" | "INFO" | "ERROR", shown: string]>([
  [record("step.started", "INFO"), "INFO", "03:00:07 ·  a  b\n"],
  [record("step.completed", "INFO"), "INFO", "03:00:07 ✓  a  b\n"],
  [record("step.completed", "INFO"), "ERROR", ""],
  [record("run.failed", "ERROR"), "ERROR", "03:00:07 ✗  a  b\n"],
  [record("attempt.started", "DEBUG"), "INFO", ""],
  [record("attempt.started", "DEBUG"), "DEBUG", "03:00:07    a  b\n"],
  [record("task.started", "INFO"), "INFO", ""],
  [record("task.started", "INFO"), "DEBUG", "03:00:07 ·  a  b\n"],
  [record("task.started", "INFO", { task: { name: "prune" } }), "INFO", "03:00:07 ·  a  b\n"],
  [record("retry.stopped", "WARNING", { ...STEP, policy: "upload" }), "INFO", ""],
  [record("retry.stopped", "WARNING", { ...STEP, policy: "http" }), "INFO", "03:00:07 !  a  b\n"],
  ["cut o\u001b[2Jff", "ERROR", "cut off\n"],
])("%s at %s", ([line, least, shown]) => {
  expect(shownLine(line, least)).toBe(shown);
});

test("a raw line is itself, where it is urgent enough and a record", () => {
  const line = record("run.failed", "ERROR");

  expect([rawLine(line, "ERROR"), rawLine(line, "CRITICAL"), rawLine("cut off", "DEBUG")]).toEqual([
    `${line}\n`,
    "",
    "",
  ]);
});
