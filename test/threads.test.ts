/**
 * Real threads behind a bulkhead, as docs/policies/bulkhead.md shows it. It needs real threads, since
 * that work which never looks at a signal is ended all the same is what it is about.
 */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { bulkhead, timeout, type RunOptions } from "holdfast";

/** What a thread does: hold until it is released, spin without end, fail, leave, or answer. */
type Task = "hold" | "spin" | "fail" | "leave" | "answer";

const CODE = `
  const { parentPort, threadId, workerData } = require("node:worker_threads");
  const shared = new Int32Array(workerData);
  parentPort.on("message", (task) => {
    Atomics.add(shared, 0, 1);
    Atomics.notify(shared, 0);
    if (task === "hold") Atomics.wait(shared, 1, 0);
    while (task === "spin");
    if (task === "fail") throw new RangeError("too large");
    if (task === "leave") process.exit(3);
    Atomics.sub(shared, 0, 1);
    parentPort.postMessage(threadId);
  });
`;

const made: Worker[] = [];

/** Never leaves a thread behind, even when a test fails. */
afterEach(async () => {
  await Promise.all(made.splice(0).map((worker) => worker.terminate()));
});

/** A few threads that are kept, and one more is made only when none is idle. */
function threadPool(size: number) {
  const slots = bulkhead(size, { name: "threads", queue: 10 });
  // How many are at work, and whether those that hold may end.
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const idle: Worker[] = [];
  const makeThread = (): Worker => {
    const worker = new Worker(CODE, { eval: true, workerData: shared.buffer });
    made.push(worker);
    return worker;
  };
  const run = (task: Task, options?: RunOptions): Promise<number> =>
    slots.run(async ({ signal }) => {
      const worker = idle.pop() ?? makeThread();
      try {
        const answer = await ask(worker, task, signal);
        idle.push(worker);
        return answer;
      } catch (error) {
        // The slot is free when the thread has really ended.
        await worker.terminate();
        throw error;
      }
    }, options);
  const release = (): void => {
    Atomics.store(shared, 1, 1);
    Atomics.notify(shared, 1);
  };
  return { slots, idle, shared, run, release };
}

async function ask(worker: Worker, task: Task, signal: AbortSignal): Promise<number> {
  const ended = new AbortController();
  const leave = (): void => ended.abort(new Error("the thread has ended"));
  worker.once("exit", leave);
  try {
    const answered = once(worker, "message", { signal: AbortSignal.any([signal, ended.signal]) });
    worker.postMessage(task);
    const [answer] = (await answered) as [number];
    return answer;
  } finally {
    worker.off("exit", leave);
  }
}

/** Resolves when so many threads are at work. */
async function atWork(shared: Int32Array, count: number): Promise<void> {
  for (let now = Atomics.load(shared, 0); now !== count; now = Atomics.load(shared, 0)) {
    const waited = Atomics.waitAsync(shared, 0, now);
    if (waited.async) await waited.value;
  }
}

test("never more threads work than there are slots, the other calls wait, and threads are kept", async () => {
  const { slots, idle, shared, run, release } = threadPool(2);
  const running = Array.from({ length: 5 }, () => run("hold"));
  await atWork(shared, 2);
  const during = [slots.running, slots.queued, made.length];

  release();
  const threads = await Promise.all(running);

  expect([during, new Set(threads).size, made.length, idle.length]).toEqual([[2, 3, 2], 2, 2, 2]);
});

test("a call that is given up ends its thread, and its slot is free when that has ended", async () => {
  const { slots, shared, run } = threadPool(1);
  const caller = new AbortController();
  const spinning = run("spin", caller).catch((reason: unknown) => reason);
  await atWork(shared, 1);
  const next = run("answer");

  caller.abort("stop");
  const reason = await spinning;
  const after = [slots.running, slots.abandoned];

  expect([reason, after]).toEqual(["stop", [1, 1]]);
  // Another thread, for the first does not answer any more.
  expect([await next, made.length, made[0]?.threadId]).toEqual([expect.any(Number), 2, -1]);
});

test("a time limit ends a thread that spins", async () => {
  const { slots, run } = threadPool(1);

  const error: unknown = await timeout("200ms")
    .run((attempt) => run("spin", attempt))
    .catch((failure: unknown) => failure);
  await slots.drained();

  expect([error, made[0]?.threadId]).toEqual([expect.objectContaining({ code: "TIMED_OUT" }), -1]);
});

test("a call that is given up while it waits starts no thread", async () => {
  const { slots, shared, run, release } = threadPool(1);
  const caller = new AbortController();
  const holding = run("hold");
  await atWork(shared, 1);
  const waiting = run("answer", caller).catch((reason: unknown) => reason);

  caller.abort("stop");
  const during = [await waiting, slots.queued];
  release();
  await holding;

  expect([during, made.length]).toEqual([["stop", 0], 1]);
});

test.for<[task: Task, error: unknown]>([
  ["fail", expect.objectContaining({ name: "RangeError", message: "too large" })],
  ["leave", expect.objectContaining({ cause: new Error("the thread has ended") })],
])("a thread that dies of its task (%s) takes no slot with it", async ([task, error]) => {
  const { slots, run } = threadPool(1);

  const failure: unknown = await run(task).catch((reason: unknown) => reason);
  const answer = await run("answer");

  expect([failure, answer, slots.running]).toEqual([error, expect.any(Number), 0]);
});
