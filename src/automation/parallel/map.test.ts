import { expect, test } from "vitest";
import type { MapResult } from "./map-result.ts";
import { failing, Machine, play, stepAt, undoInto, type Main } from "../play.contract.ts";

/** What the values of a map are, all at once. */
async function valuesOf<Value>(result: MapResult<Value>): Promise<(readonly [string, Value])[]> {
  const all: (readonly [string, Value])[] = [];
  for await (const entry of result.values()) all.push(entry);
  return all;
}

const byItself = { key: (host: string) => host };

/** Updates hosts; those in `bad` fail after their update. */
const update =
  (hosts: Iterable<string>, bad: string, options: { maxFailures?: number } = {}): Main =>
  async (run, did) => {
    const result = await run.map(
      "hosts",
      hosts,
      async (host, task) => {
        await task.step("update", () => void did.push(host), undoInto(did, host));
        if (bad.includes(host)) failing("EACCES")();
        return host.toUpperCase();
      },
      { ...byItself, concurrency: 2, ...options },
    );
    const { name, ok, succeeded, failed, total, isCutShort, failures } = result;
    const shown = failures.map(({ key, fault, rollback }) => [key, fault.code, rollback]);
    const values = await valuesOf(result);
    run.log.info("ended", {
      name,
      ok,
      succeeded,
      failed,
      total,
      isCutShort,
      failures: shown,
      values,
    });
  };

const told = (events: readonly { readonly type: string }[]): unknown =>
  events.flatMap((event) => (event.type === "log.written" && "data" in event ? [event.data] : []));

test("each item is a task of its own: it is kept, or rolled back as a whole", async () => {
  const { result, did, events } = await play(update("abc".split(""), "b"));

  expect(did).toEqual(["a", "b", "undo b", "c"]);
  expect([result.exitCode, result.count]).toEqual([80, { succeeded: 2, total: 3 }]);
  expect(result.tasks.map(({ result: { name, ok } }) => [name, ok])).toEqual([["hosts[b]", false]]);
  expect(told(events)).toEqual([
    {
      name: "hosts",
      ok: false,
      succeeded: 2,
      failed: 1,
      total: 3,
      isCutShort: false,
      failures: [["b", "EACCES", "complete"]],
      values: [
        ["a", "A"],
        ["c", "C"],
      ],
    },
  ]);
});

test("killed at any of its writes, it does each item once and tells the same", async () => {
  const whole = await play(update("abcd".split(""), "c"));
  for (const item of ["a", "b", "c", "d"]) {
    for (const status of ["begun", "completed", "rolling back", "failed"]) {
      const machine = new Machine(update("abcd".split(""), "c"));
      const fits = stepAt("", { task: `hosts[${item}]`, status } as never);
      const isWritten =
        (item === "c") === ["rolling back", "failed"].includes(status) || status === "begun";
      if (!isWritten) continue;
      await machine.startAndKill(fits);
      const { result, did, events } = await machine.start();

      expect([item, status, did.toSorted(), result.count, told(events)]).toEqual([
        item,
        status,
        ["a", "b", "c", "d", "undo c"],
        whole.result.count,
        told(whole.events),
      ]);
    }
  }
});

test("a map that has ended answers from the journal, without its items", async () => {
  const machine = new Machine(async (run, did) => {
    function* items(): Generator<string> {
      did.push("asked");
      yield* ["a", "b"];
    }
    await update(items(), "b")(run, did, undefined as never);
    await run.step("after", () => did.push("after"));
  });
  await machine.startAndKill(stepAt("", { task: "hosts", status: "completed" }));
  const { result, did, events } = await machine.start();

  expect(did).toEqual(["asked", "a", "b", "undo b", "after"]);
  expect([result.exitCode, result.count]).toEqual([80, { succeeded: 2, total: 3 }]);
  expect(told(events)).toMatchObject([
    { failed: 1, failures: [["b", "EACCES", "complete"]], values: [["a", "A"]] },
  ]);
});

test("with mayFail, failed items do not fail the run; a rollback that is incomplete does", async () => {
  const main =
    (undo: () => void): Main =>
    async (run) => {
      await run.map(
        "hosts",
        ["a"],
        async (_, task) => {
          await task.step("update", () => 1, { undo, undoRetry: { attempts: 1 } });
          failing("EACCES")();
        },
        { mayFail: true },
      );
    };

  expect((await play(main(() => undefined))).result.exitCode).toBe(0);
  expect((await play(main(failing("EIO")))).result.exitCode).toBe(81);
});

test("after maxFailures no new item is begun, now and at a resume", async () => {
  const { did, events } = await play(update("abcdef".split(""), "abcdef", { maxFailures: 2 }));
  const machine = new Machine(update("abcdef".split(""), "abcdef", { maxFailures: 2 }));
  await machine.startAndKill(stepAt("", { task: "hosts[b]", status: "begun" }));
  const again = await machine.start();

  expect(did.filter((what) => !what.startsWith("undo"))).toEqual(["a", "b"]);
  expect(told(events)).toMatchObject([{ failed: 2, total: 2, isCutShort: true }]);
  expect(told(again.events)).toEqual(told(events));
});

test.for<[what: string, main: Main, problem: string]>([
  [
    "two items of one key",
    update("aa".split(""), ""),
    'Map "hosts" has two items with the key "a"',
  ],
  [
    "a key that is no text",
    (run) => run.map("hosts", [1], () => 1, { key: ((item: number) => item) as never }),
    'map "hosts".key: expected text for item 0, received 1',
  ],
  [
    "what holds no items",
    (run) => run.map("hosts", 5 as never, () => 1),
    'map "hosts": expected an array, an iterable or an async iterable of items, received 5',
  ],
  [
    "text, whose letters nobody means",
    (run) => run.map("hosts", "abc" as never, () => 1),
    'map "hosts": expected an array, an iterable or an async iterable of items, received "abc"',
  ],
  [
    "an unknown option",
    (run) => run.map("hosts", [], () => 1, { retries: 1 } as never),
    'map "hosts".retries: unknown',
  ],
  [
    "a task with the name of an item",
    async (run) => {
      await run.task("hosts[1]", () => 1);
      await run.map("hosts", [], () => 1);
    },
    'There are two tasks named "hosts"',
  ],
  [
    "a source that fails",
    (run) =>
      run.map(
        "hosts",
        (function* () {
          yield 1;
          throw new Error("no more hosts");
        })(),
        () => 1,
      ),
    "no more hosts",
  ],
])("refuses %s", async ([, main, problem]) => {
  const { result } = await play(main);

  expect([result.status, String(result.error)]).toEqual([
    "failed",
    expect.stringContaining(problem),
  ]);
});

test("items come as fast as they are taken: at most one more than run at a time", async () => {
  let given = 0;
  let ended = 0;
  const ahead: number[] = [];
  async function* items(): AsyncGenerator<number> {
    for (; given < 10; given++) yield given;
  }
  await play((run, _, clock) =>
    run.map(
      "numbers",
      items(),
      async () => {
        ahead.push(given - ended);
        await clock.sleep(10);
        ended++;
      },
      { concurrency: 3 },
    ),
  );

  expect([Math.max(...ahead), ended]).toEqual([3, 10]);
});

test("items that never come do not keep a run that is cancelled", async () => {
  const stop = new AbortController();
  async function* items(): AsyncGenerator<number> {
    yield 1;
    await new Promise(() => {});
  }
  const { result } = await play(
    (run, _, clock) => {
      clock.after(50, () => stop.abort(new Error("stop")));
      return run.map("numbers", items(), () => 1);
    },
    { signal: stop.signal },
  );

  expect([result.status, result.count]).toEqual(["interrupted", { succeeded: 1, total: 2 }]);
});

test("items that the code no longer has are told of", async () => {
  const machine = new Machine(async (run, did) => {
    const hosts = run.isResumed ? ["a"] : ["a", "b", "c"];
    await update(hosts, "")(run, did, undefined as never);
  });
  await machine.startAndKill(stepAt("", { task: "hosts[c]", status: "begun" }));

  await expect(machine.start()).rejects.toThrow(
    'recorded 2 items of map "hosts" that the code of "demo" no longer has',
  );
});

test("a step of an item that is in doubt is decided by the name of its task", async () => {
  const stop = new AbortController();
  const machine = new Machine(async (run, _, clock) => {
    const values = await run.map(
      "hosts",
      ["a"],
      (_host, task) =>
        task.step(
          "charge",
          () => {
            clock.after(1, () => stop.abort(new Error("stop")));
            return new Promise<string>(() => {});
          },
          { grace: 5 },
        ),
      byItself,
    );
    run.log.info("ended", { values: await valuesOf(values) });
  });
  await machine.start({ signal: stop.signal });
  const doubted = await machine.start();
  const decided = await machine.start({ decisions: { "hosts[a]/charge": { value: "receipt" } } });

  expect([doubted.result.status, decided.result.status]).toEqual(["in doubt", "succeeded"]);
  expect(told(decided.events)).toEqual([{ values: [["a", "receipt"]] }]);
});

test("of a run that is rolled back, items that have not ended are taken back, and the others kept", async () => {
  const machine = new Machine(update("abc".split(""), ""));
  await machine.startAndKill(stepAt("update", { task: "hosts[b]", status: "completed" }));
  const { result, did } = await machine.start({ unfinished: "rollback" });

  expect(did.slice(-1)).toEqual(["undo b"]);
  expect(result.status).toBe("failed");
});

test("records of items carry their map, and no others do", async () => {
  const machine = new Machine(update(["a"], ""));
  const { result, steps } = await machine.start();
  const items = await machine.journal.readSteps(result.runId, { map: "hosts" });

  expect(steps.map(({ task, kind, map }) => [task, kind, map])).toEqual([
    ["hosts", "map", undefined],
  ]);
  expect(items.map(({ task, name, map }) => [task, name, map])).toEqual([
    ["hosts[a]", "", "hosts"],
    ["hosts[a]", "update", "hosts"],
  ]);
});

test.for<[what: string, last: () => IteratorResult<number>, isClosed: boolean]>([
  ["have come to their end", () => ({ done: true, value: undefined }), false],
  [
    "have failed",
    () => {
      throw new Error("gone");
    },
    false,
  ],
  ["have more than are begun", () => ({ done: false, value: 3 }), true],
])("items that %s are told to clean up as for … of does it", async ([, last, isClosed]) => {
  let closed = false;
  const ends = [1, 2].map((value) => () => ({ done: false as const, value }));
  const next = (): IteratorResult<number> => (ends.shift() ?? last)();
  const close = () => {
    closed = true;
    return { done: true as const, value: undefined };
  };
  const items: Iterable<number> = { [Symbol.iterator]: () => ({ next, return: close }) };
  await play((run) =>
    run.map("m", items, () => Promise.reject(new Error("no")), { maxFailures: 3, concurrency: 1 }),
  );

  expect(closed).toBe(isClosed);
});
