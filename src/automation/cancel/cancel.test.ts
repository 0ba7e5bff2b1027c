import { expect, test } from "vitest";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { memoryJournal } from "../../journal/memory.ts";
import { thisProcess } from "../../journal/owner.ts";
import { attemptBegun, newStep, stepCompleted } from "../step-record.ts";
import { cancelRun } from "./cancel.ts";
import { failing, Machine, rollingBack, undoInto, type Main } from "../play.contract.ts";

const NEVER = () => new Promise<never>(() => {});

/** Work that ends only when it is aborted. */
const patient = ({ signal }: { readonly signal: AbortSignal }) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });

/** Starts `main`, has it cancelled after `afterMs`, and tells how both ended. */
async function cancelled(main: Main, afterMs: number) {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock, isGone: () => false });
  const machine = new Machine(main, {}, { clock, journal });
  const asked = (async () => {
    await clock.sleep(afterMs);
    const [run] = await journal.findRuns();
    return cancelRun(journal, run?.id ?? "", { by: "ann", reason: "wrong night", clock });
  })();
  const { result, run, types, did } = await machine.start();
  const { outcome } = await clock.settle(() => asked);
  const { status, exitCode } = result;
  return { outcome, status, exitCode, recorded: run?.status, types, did, clock };
}

const MOMENTS: [
  when: string,
  main: Main,
  end: { status: string; exitCode: number; did: string[]; afterMs?: number },
][] = [
  [
    "before the first step",
    async (run, did) => {
      await new Promise<void>((resolve) => run.signal.addEventListener("abort", () => resolve()));
      await run.step("a", () => void did.push("a"), undoInto(did, "a"));
    },
    { status: "cancelled", exitCode: 1, did: [] },
  ],
  [
    "in a step",
    async (run, did) => {
      await run.step("a", () => void did.push("a"), undoInto(did, "a"));
      await run.step("b", patient, undoInto(did, "b"));
    },
    { status: "cancelled", exitCode: 80, did: ["a", "undo b", "undo a"] },
  ],
  [
    "between two attempts",
    async (run, did) => {
      await run.step("a", failing("ECONNRESET"), {
        ...undoInto(did, "a"),
        retry: { attempts: 3, backoff: () => 60_000 },
      });
    },
    // The way to the next attempt is cleared after the wait, so it is undone once.
    { status: "cancelled", exitCode: 80, did: ["undo a"] },
  ],
  [
    "in an undo",
    async (run, did, clock) => {
      await run.step("a", () => void did.push("a"), {
        undo: async () => {
          await clock.sleep(3_000);
          did.push("undo a");
        },
      });
      throw new Error("it failed by itself");
    },
    { status: "failed", exitCode: 80, did: ["a", "undo a"] },
  ],
  [
    "while nothing minds that it is",
    async (run, did) => {
      await run.step("a", () => void did.push("a"), undoInto(did, "a"));
      await run.step("b", patient).catch(() => undefined);
      await run.step("c", () => void did.push("c")).catch(() => did.push("no c"));
    },
    { status: "cancelled", exitCode: 80, did: ["a", "no c", "undo a"] },
  ],
  [
    "while the function hangs outside of its steps",
    async (run, did) => {
      await run.step("a", () => void did.push("a"), undoInto(did, "a"));
      await NEVER();
    },
    { status: "cancelled", exitCode: 80, did: ["a", "undo a"] },
  ],
  [
    "while work does not hear that it is aborted",
    async (run, did) => {
      await run.step("a", () => void did.push("a"), undoInto(did, "a"));
      await run.step("b", NEVER, undoInto(did, "b"));
    },
    // What it does from now on is not taken back.
    { status: "cancelled", exitCode: 81, did: ["a", "undo b", "undo a"] },
  ],
  [
    "in a task beside one that succeeded",
    async (run, did) => {
      await run.task("kept", (task) =>
        task.step("a", () => void did.push("a"), undoInto(did, "a")),
      );
      const { ok } = await run.task("open", (task) => task.step("b", patient, undoInto(did, "b")));
      did.push(`ok ${ok}`);
    },
    { status: "cancelled", exitCode: 80, did: ["a", "undo b", "ok false"] },
  ],
  [
    "so late that all had succeeded",
    async (run, did, clock) => {
      await run.step("a", () => void did.push("a"), undoInto(did, "a"));
      await clock.sleep(300);
    },
    { status: "succeeded", exitCode: 0, did: ["a"] },
  ],
];

test.for(MOMENTS)("a run that is cancelled %s", async ([, main, { status, exitCode, did }]) => {
  const ended = await cancelled(main, 200);

  expect({ ...ended, types: undefined, clock: undefined }).toEqual({
    outcome: "ended",
    status,
    exitCode,
    recorded: status,
    did,
    types: undefined,
    clock: undefined,
  });
});

test("the owner notices within a second, and says who asked", async () => {
  const { types, clock } = await cancelled((run) => run.step("a", patient), 200);

  expect(types).toEqual([
    "run.started",
    "task.started",
    "step.started",
    "attempt.started",
    "run.cancel_requested",
    "step.interrupted",
    "task.failed",
    "run.cancelled",
  ]);
  expect(clock.elapsed()).toBeLessThanOrEqual(1_200);
});

test("what rejects with the cancellation tells who asked and why", async () => {
  const machine = new Machine((run) => run.step("a", patient));
  const { clock, journal } = machine;
  void (async () => {
    await clock.sleep(10);
    const [run] = await journal.findRuns();
    await cancelRun(journal, run?.id ?? "", { by: "ann", reason: "wrong night", wait: 0, clock });
  })();

  const { result, events } = await machine.start();

  expect(result.error).toMatchObject({
    code: "RUN_CANCELLED",
    message: `Run ${result.runId} was cancelled by ann: wrong night`,
  });
  expect(events.find(({ type }) => type === "run.cancel_requested")).toMatchObject({
    by: "ann",
    why: "wrong night",
  });
});

test("whoever asks first is named, and a secret in the reason is not kept", async () => {
  const journal = memoryJournal({ isGone: () => false });
  const clock = new VirtualClock();
  await journal.claim(record("r1"), thisProcess());
  await cancelRun(journal, "r1", {
    by: "ann",
    reason: "see sk-ant-api03-aaaaaaaaaaaaaaaaaaaaaaaa",
    wait: 0,
    clock,
  });
  await cancelRun(journal, "r1", { by: "bob", wait: 0, clock });

  const { value = "" } = (await journal.readState("run/r1/cancel")) ?? {};

  expect(JSON.parse(value)).toEqual({ by: "ann", atMs: clock.now(), reason: "see ***" });
});

function record(id: string) {
  return {
    id,
    automation: "demo",
    status: "running",
    codeHash: "same",
    input: "{}",
    startedAtMs: 0,
    resumes: 0,
  } as const;
}

test("a run that nobody has any more is said to be without owner, and the request stays", async () => {
  const machine = new Machine(async (run, did) => {
    await run.step("a", () => void did.push("a"), undoInto(did, "a"));
    await run.step("b", () => void did.push("b"));
  });
  const a = { runId: "r1", task: "", name: "a", kind: "step", position: 1 } as const;
  const begun = attemptBegun(newStep({ ...a, hasUndo: true, atMs: 0 }), 1, 0);
  await machine.cutOff([stepCompleted(begun, "1", 0)]);
  const { clock, journal } = machine;
  const { outcome } = await cancelRun(journal, "r1", { by: "ann", clock });

  const { result, run, did } = await machine.start();
  const again = await cancelRun(journal, "r1", { by: "bob", clock });

  expect({ outcome, exitCode: result.exitCode, status: run?.status, did }).toEqual({
    outcome: "without owner",
    exitCode: 80,
    status: "cancelled",
    did: ["undo a"],
  });
  expect(again).toEqual({ outcome: "had ended", run });
});

test("a run whose owner does not end it is under way when the waiting is over", async () => {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock, isGone: () => false });
  await journal.claim(record("r1"), thisProcess());

  const asked = await clock.settle(() => cancelRun(journal, "r1", { wait: "2s", clock }));

  expect([asked.outcome, clock.elapsed()]).toEqual(["under way", 2_000]);
});

test("the waiting can be ended, and a run that is not there is refused", async () => {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock, isGone: () => false });
  await journal.claim(record("r1"), thisProcess());
  const signal = AbortSignal.abort(new Error("no longer"));

  await expect(cancelRun(journal, "r1", { signal, clock })).rejects.toThrow("no longer");
  await expect(cancelRun(journal, "r2", { clock })).rejects.toMatchObject({ code: "RUN_REFUSED" });
});

test("killed in the rollback of a cancelled run, the next start finishes it", async () => {
  const machine = new Machine(async (run, did) => {
    await run.step("a", () => void did.push("a"), undoInto(did, "a"));
    await run.step("b", patient, undoInto(did, "b"));
  });
  const { clock, journal } = machine;
  void (async () => {
    await clock.sleep(10);
    const [run] = await journal.findRuns();
    await cancelRun(journal, run?.id ?? "", { by: "ann", wait: 0, clock });
  })();
  await machine.startAndKill(rollingBack);

  const { result, did } = await machine.start();

  expect([result.status, result.exitCode, did]).toEqual([
    "cancelled",
    80,
    ["a", "undo b", "undo a"],
  ]);
});
