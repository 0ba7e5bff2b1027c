import { expect, test } from "vitest";
import { automation, type Run } from "../automation.ts";
import type { ChildResult } from "./child.ts";
import { childRunId } from "../key.ts";
import { failing, Machine, play, stepAt, undoInto, type Did, type Main } from "../play.contract.ts";

/** A child that does "one" and "two", and answers its input. */
const inner = (did: Did, two: () => unknown = () => void did.push("two")) =>
  automation("inner", async (run) => {
    await run.step("one", () => void did.push("one"), undoInto(did, "one"));
    await run.step("two", two);
    return run.input;
  });

const told = (result: ChildResult) =>
  result.ok ? result.value : [result.fault.code, String(result.error), result.rollback];

/** A parent that tells what came of its child. */
const parent =
  (make: (did: Did) => ReturnType<typeof inner>, options: object = {}): Main =>
  async (run, did) => {
    const result = await run.child("c", make(did), { n: 1 }, options);
    did.push(JSON.stringify(told(result)));
  };

async function runsOf({ journal }: Machine) {
  const runs = await journal.findRuns();
  return runs.map(({ automation: name, status, exitCode }) => [name, status, exitCode]);
}

test("a child has a run of its own, and answers what its function did", async () => {
  const machine = new Machine(parent((did) => inner(did)));
  const { did, result, run, events } = await machine.start();
  const id = childRunId(result.runId, "c");
  const child = await machine.journal.findRun(id);

  expect(did).toEqual(["one", "two", '{"n":1}']);
  expect([result.count, run?.tasks]).toEqual([
    { succeeded: 1, total: 1 },
    { succeeded: 1, total: 1 },
  ]);
  expect(child).toMatchObject({
    automation: "inner",
    lock: id,
    parentId: result.runId,
    status: "succeeded",
  });
  expect(events.find(({ where }) => where.step === "one")?.where).toMatchObject({
    automation: "inner",
    runId: id,
    parentRunId: result.runId,
  });
});

test.for<[options: object, exitCode: number]>([
  [{}, 80],
  [{ mayFail: true }, 0],
])(
  "a child that failed is an answer; with %o the run exits with %i",
  async ([options, exitCode]) => {
    const machine = new Machine(parent((did) => inner(did, failing("EACCES")), options));
    const { did, result } = await machine.start();

    expect([did, result.exitCode]).toEqual([
      ["one", "undo one", '["EACCES","Error: failure 1","complete"]'],
      exitCode,
    ]);
    expect(await runsOf(machine)).toContainEqual(["inner", "failed", 80]);
  },
);

test.for<[what: string, fits: (record: object) => boolean]>([
  ["before it is claimed", stepAt("c", { status: "begun" })],
  ["in its middle", stepAt("one", { status: "completed" })],
  [
    "at its end",
    (record) =>
      "automation" in record &&
      "status" in record &&
      record.automation === "inner" &&
      record.status === "succeeded",
  ],
  ["after its end", stepAt("c", { status: "completed" })],
])("killed %s, the next start goes on with it", async ([, fits]) => {
  const machine = new Machine(parent((did) => inner(did)));
  await machine.startAndKill(fits);
  const { did, result } = await machine.start();

  expect([did, result.status]).toEqual([["one", "two", '{"n":1}'], "succeeded"]);
  expect(await runsOf(machine)).toHaveLength(2);
});

test("of a child that failed right before the kill, the exit code is known", async () => {
  const machine = new Machine(parent((did) => inner(did, failing("EACCES"))));
  await machine.startAndKill(
    (record) => "automation" in record && "status" in record && record.status === "failed",
  );
  const { did, result } = await machine.start();

  expect(did.at(-1)).toContain('failed with exit code 80","complete"]');
  expect([did.at(-1)?.includes("CHILD_FAILED"), result.exitCode]).toEqual([true, 80]);
});

test("a child is cancelled with its parent, and resumed with it", async () => {
  const stop = new AbortController();
  const machine = new Machine(
    parent((did) => inner(did, () => (did.push("two"), stop.abort(new Error("stop"))))),
  );
  const first = await machine.start({ signal: stop.signal });
  const runs = await runsOf(machine);
  const second = await machine.start();

  expect([first.result.status, second.result.status]).toEqual(["interrupted", "succeeded"]);
  expect(runs.map(([, status]) => status)).toEqual(["interrupted", "interrupted"]);
  expect(second.did).toEqual(["one", "two", '{"n":1}']);
});

test("a child in doubt puts its parent in doubt, and is decided by its name", async () => {
  const stop = new AbortController();
  const hanging = () => {
    setImmediate(() => stop.abort(new Error("stop")));
    return new Promise<string>(() => {});
  };
  const machine = new Machine((run, did) =>
    run
      .child(
        "c",
        automation("inner", (own) =>
          own.task("t", (task) => task.step("pay", hanging, { grace: 5 })),
        ),
      )
      .then((result) => did.push(JSON.stringify(result.ok))),
  );
  await machine.start({ signal: stop.signal });
  const doubted = await machine.start();
  const runs = await runsOf(machine);
  const decided = await machine.start({ decisions: { "c/t/pay": { value: "receipt" } } });

  expect([doubted.result.status, doubted.result.exitCode]).toEqual(["in doubt", 82]);
  expect(String(doubted.result.error)).toContain('Step "c/t/pay" was begun');
  expect(runs.map(([, status]) => status)).toEqual(["in doubt", "in doubt"]);
  expect([decided.result.status, decided.did]).toEqual(["succeeded", ["true"]]);
});

test("a decision about a step of a child that is not in doubt is refused", async () => {
  const machine = new Machine(parent((did) => inner(did)));
  await machine.startAndKill(stepAt("one", { status: "completed" }));

  await expect(machine.start({ decisions: { "c/one": "absent" } })).rejects.toThrow('Step "c/one"');
});

const failsAfter =
  (options: object): Main =>
  async (run, did) => {
    await run.child("c", inner(did), {}, options);
    await run.step("fails", failing("EACCES"));
  };

test("a child that succeeded is kept when its parent fails", async () => {
  expect((await play(failsAfter({}))).did).toEqual(["one", "two"]);
});

test("with an undo it is taken back with its parent's steps", async () => {
  const undone: unknown[] = [];
  const undo = ({ value }: { value?: ChildResult }) => void undone.push(value && told(value));
  const { result } = await play(failsAfter({ undo }));

  expect([undone, result.exitCode]).toEqual([[{}], 80]);
});

test("a child that failed took itself back, and its undo is not called", async () => {
  const undone: unknown[] = [];
  const main: Main = async (run, did) => {
    const undo = () => undone.push("undo");
    await run.child("c", inner(did, failing("EACCES")), {}, { undo, mayFail: true });
    await run.step("fails", failing("EACCES"));
  };
  const { did } = await play(main);

  expect([did, undone]).toEqual([["one", "undo one"], []]);
});

test.for<[what: string, fits: (record: object) => boolean, did: string[]]>([
  ["that was under way", stepAt("one", { status: "completed" }), ["one", "undo one"]],
  ["that had not begun", stepAt("c", { status: "begun" }), []],
  ["that had ended", stepAt("c", { status: "completed" }), ["one", "two"]],
])("in a rollback on request a child %s", async ([, fits, expected]) => {
  const machine = new Machine(parent((did) => inner(did)));
  await machine.startAndKill(fits);
  const { did, result } = await machine.start({ unfinished: "rollback" });

  expect([did.filter((what) => !/^[[{]/.test(what)), result.status]).toEqual([expected, "failed"]);
});

test("the code no longer reaches a child that was begun: what it did is told as left", async () => {
  const machine = new Machine(async (run, did) => {
    if (!run.isResumed) await parent((own) => inner(own))(run, did, undefined as never);
    await run.step("fails", failing("EACCES"));
  });
  await machine.startAndKill(stepAt("one", { status: "completed" }));
  const { result } = await machine.start();

  expect(result.exitCode).toBe(81);
});

test.for<[what: string, main: Main, problem: string]>([
  [
    "input that does not fit",
    (run, did) => run.child("c", inner(did), 5),
    'InputError: The input does not fit "inner"',
  ],
  [
    "an unknown option",
    (run, did) => run.child("c", inner(did), {}, { retries: 1 } as never),
    'child "c".retries: unknown',
  ],
  [
    "the name of a task",
    async (run, did) => {
      await run.task("c", () => 1);
      await run.child("c", inner(did));
    },
    'There are two tasks named "c"',
  ],
  [
    "children of children without an end",
    (run) => {
      const endless = automation("endless", async (own: Run) => {
        const result = await own.child("c", endless as never);
        if (!result.ok) throw result.error;
      });
      return run.child("c", endless as never).then((result) => {
        if (!result.ok) throw result.error;
      });
    },
    "runs nest at most 8 deep",
  ],
])("refuses %s", async ([, main, problem]) => {
  const { result } = await play(main);

  expect(String(result.error)).toContain(problem);
});

test("a child that lacks what it requires at a resume interrupts its parent with the code of its own", async () => {
  const childWith = (commands: string[]) =>
    automation("inner", { requires: { commands } }, (run) => run.sleep("nap", "1h"));
  const machine = new Machine((run) => run.child("c", childWith(run.isResumed ? ["no-such"] : [])));
  await machine.startAndKill(stepAt("nap", { status: "begun" }));
  const { result } = await machine.start();

  const [child] = await machine.journal.findRuns({ parentId: result.runId });
  expect([result.status, result.exitCode]).toEqual(["interrupted", child?.exitCode]);
  expect(String(result.error)).toContain('command "no-such" is not on the PATH');
});
