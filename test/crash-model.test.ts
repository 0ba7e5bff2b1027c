/**
 * A process that dies at any of its writes to the journal, and the next start: every place is tried,
 * on a virtual clock. The real thing, with kill -9, is crash.test.ts.
 */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  automation,
  execute,
  type Automation,
  type Run,
  type Task,
} from "../src/automation/index.ts";
import { memoryJournal } from "../src/journal/index.ts";
import { VirtualClock } from "../src/testing/index.ts";
import { readAll } from "./model/all-records.ts";
import { dyingJournal, type Death } from "./dying-journal.ts";

const ROOT = mkdtempSync(join(tmpdir(), "holdfast-crash-model-"));
afterAll(() => rmSync(ROOT, { recursive: true }));

/** What automations change: objects by key, and how often each step put one. */
class Objects {
  readonly keys = new Set<string>();
  readonly puts: string[] = [];
  readonly removals: string[] = [];

  put(step: string, key: string): string {
    this.puts.push(step);
    this.keys.add(key);
    return key;
  }

  remove(step: string, key: string): void {
    this.removals.push(step);
    this.keys.delete(key);
  }
}

/** `place` is a directory for files; nothing of a run is left there. */
type Program = (run: Run, objects: Objects, place: string) => Promise<void>;

const step = (run: Pick<Run, "step">, objects: Objects, name: string) =>
  run.step(name, ({ key }) => objects.put(name, key), {
    undo: ({ key }) => objects.remove(name, key),
  });

const fail = (): never => {
  throw Object.assign(new Error("refused"), { code: "EACCES" });
};

/** Fails for good. Without its undo it would be in doubt when nobody saw its end. */
const failingStep = (run: Pick<Run, "step">, name: string) =>
  run.step(name, fail, { undo: () => {} });

const PROGRAMS: readonly [name: string, program: Program, complete: number][] = [
  [
    "three steps",
    async (run, objects) => {
      await step(run, objects, "a");
      await run.read("look", () => objects.keys.size > 0);
      await step(run, objects, "b");
      await step(run, objects, "c");
    },
    3,
  ],
  [
    "steps side by side",
    async (run, objects) => {
      await step(run, objects, "a");
      await Promise.all(["b", "c", "d"].map((name) => step(run, objects, name)));
      await step(run, objects, "e");
    },
    5,
  ],
  [
    "tasks",
    async (run, objects) => {
      await step(run, objects, "a");
      await run.task("inner", async (task) => {
        await step(task, objects, "b");
        await step(task, objects, "c");
      });
      await step(run, objects, "d");
    },
    4,
  ],
  [
    "a failure at the end",
    async (run, objects) => {
      await step(run, objects, "a");
      await step(run, objects, "b");
      await failingStep(run, "c");
    },
    0,
  ],
  [
    "a task that fails and is left out",
    async (run, objects) => {
      await step(run, objects, "a");
      const inner = await run.task(
        "inner",
        async (task) => {
          await step(task, objects, "b");
          await failingStep(task, "c");
        },
        { mayFail: true },
      );
      await run.read("outcome", () => inner.ok);
      await step(run, objects, "d");
    },
    2,
  ],
  [
    "a failure that is caught, and a later one that is not",
    async (run, objects) => {
      await step(run, objects, "a");
      await run.read("gone", fail).catch(() => undefined);
      await step(run, objects, "b");
      await failingStep(run, "c");
    },
    0,
  ],
  [
    "a scope that fails and is caught, and one that is kept",
    async (run, objects) => {
      await step(run, objects, "a");
      await run
        .scope("part", async (scope) => {
          await step(scope, objects, "b");
          await failingStep(scope, "c");
        })
        .catch(() => undefined);
      await run.scope("kept", (scope) => step(scope, objects, "d"));
    },
    2,
  ],
  [
    "scopes that are taken back with their task",
    async (run, objects) => {
      await run.scope("part", (scope) =>
        scope.scope("deeper", (deeper) => step(deeper, objects, "a")),
      );
      const key = run.scope("whole", (scope) => step(scope, objects, "b"), {
        undo: ({ value }) => objects.remove("b", value ?? ""),
      });
      await key;
      await failingStep(run, "c");
    },
    0,
  ],
  [
    "a cleanup that takes away what stands only for a while",
    async (run, objects) => {
      await run.cleanup("c", () => objects.keys.delete("for a while"));
      await run.step("a", () => void objects.keys.add("for a while"), { repeatable: true });
      await step(run, objects, "b");
    },
    1,
  ],
  [
    "files, temporary places and a lock",
    async (run, objects, place) => {
      const lock = await run.lock("db", { wait: 0 });
      {
        await using scratch = await run.tempDirectory("scratch", { in: place });
        await run.step("a", () => writeFileSync(join(scratch.path, "rows"), "rows"), {
          repeatable: true,
        });
        await run.tempFile("until the end", { in: place });
      }
      await run.file("report", join(place, "report"), () => "new");
      await step(run, objects, "b");
      await lock.release();
      await failingStep(run, "c");
    },
    0,
  ],
  [
    "parallel steps and sleeps",
    async (run, objects) => {
      await run.parallel(
        ["a", "b", "c"].map((name) => () => step(run, objects, name)),
        { concurrency: 2 },
      );
      await run.sleep("nap", "1h");
      await step(run, objects, "d");
    },
    4,
  ],
  [
    "parallel steps of which one fails",
    async (run, objects) => {
      await run.parallel(
        [
          () => step(run, objects, "a"),
          () => failingStep(run, "b"),
          () => step(run, objects, "c"),
          () => step(run, objects, "d"),
        ],
        { concurrency: 2 },
      );
    },
    0,
  ],
  [
    "tasks after each other",
    async (run, objects) => {
      void run.task("one", (task) => step(task, objects, "a"));
      void run.task("two", (task) => failingStep(task, "b"), { mayFail: true });
      void run.task("three", (task) => step(task, objects, "c"), { after: ["one"] });
      void run.task("four", (task) => step(task, objects, "d"), { after: ["two"], mayFail: true });
    },
    2,
  ],
  [
    "maps",
    async (run, objects) => {
      const work = async (name: string, task: Task) => {
        await step(task, objects, name);
        if (name === "b") fail();
      };
      await run.map("all", ["a", "b", "c"], work, { key: (name) => name, mayFail: true });
    },
    2,
  ],
  [
    "children",
    async (run, objects) => {
      const child = automation("child", (inner) => step(inner, objects, "b"));
      await step(run, objects, "a");
      await run.child("inner", child);
      await step(run, objects, "c");
    },
    3,
  ],
];

/** Runs until the death, or to the end when it does not come to it. */
async function runUntil(
  program: Automation<never>,
  journal: ReturnType<typeof memoryJournal>,
  death: Death,
) {
  const clock = new VirtualClock();
  return clock.settle(
    () =>
      new Promise<"died" | "ended">((resolve, reject) => {
        const dying = dyingJournal(journal, death, () => resolve("died"));
        execute(program, { clock, journal: dying, env: {} }).then(() => resolve("ended"), reject);
      }),
  );
}

/** Dies at `death`, starts again, and answers what is to be seen then; `undefined` past the last write. */
async function dieAndResume(main: Program, death: Death) {
  const objects = new Objects();
  const place = mkdtempSync(join(ROOT, "place-"));
  const journal = memoryJournal({ isGone: () => true });
  const program = automation("demo", (run) => main(run, objects, place)) as Automation<never>;
  if ((await runUntil(program, journal, death)) === "ended") return undefined;
  const wholes = await readAll(journal);
  const run = wholes[0]?.run;
  const finished = wholes
    .flatMap(({ steps }) => steps)
    .filter(({ status, kind }) => status === "completed" && kind === "step")
    .map(({ name }) => name);
  const rest = async () => [...readdirSync(place), ...(await journal.readStates({ prefix: "" }))];
  if (run?.exitCode !== undefined) {
    return { exitCode: run.exitCode, objects, finished, rest: await rest() };
  }
  const clock = new VirtualClock();
  const { exitCode } = await clock.settle(() => execute(program, { clock, journal, env: {} }));
  return { exitCode, objects, finished, rest: await rest() };
}

test.for(PROGRAMS)(
  "killed at any write, %s end well at the next start",
  async ([, main, complete]) => {
    const deaths: string[] = [];
    for (let write = 1; ; write++) {
      const outcomes = [];
      for (const side of ["before", "after"] as const) {
        const outcome = await dieAndResume(main, { write, side });
        if (outcome === undefined) continue;
        outcomes.push(outcome);
        deaths.push(`${side} ${write}`);
        const { objects, finished, exitCode, rest } = outcome;
        const repeated = finished.filter(
          (name) => objects.puts.filter((put) => put === name).length > 1,
        );
        const at = `${side} write ${write}`;
        expect({ at, left: objects.keys.size, repeated, exitCode, rest }).toEqual({
          at,
          left: complete,
          repeated: [],
          rest: [],
          exitCode: complete === 0 ? 80 : 0,
        });
      }
      if (outcomes.length === 0) break;
    }
    expect(deaths.length).toBeGreaterThan(8);
  },
);

const TWICE = ["a failure at the end", "parallel steps of which one fails", "maps", "children"];

test.for(PROGRAMS.filter(([name]) => TWICE.includes(name)))(
  "killed again while it resumes, at every pair of places, %s still end well",
  async ([, main, complete]) => {
    let pairs = 0;
    for (let first = 1; first <= 10; first++) {
      for (let second = 1; second <= 10; second++) {
        const objects = new Objects();
        const journal = memoryJournal({ isGone: () => true });
        const program = automation("demo", (run) => main(run, objects, ROOT)) as Automation<never>;
        const once = await runUntil(program, journal, { write: first, side: "after" });
        const twice =
          once === "ended"
            ? once
            : await runUntil(program, journal, { write: second, side: "before" });
        if (twice === "ended") continue;
        pairs++;
        const clock = new VirtualClock();
        const { exitCode } = await clock.settle(() =>
          execute(program, { clock, journal, env: {} }),
        );
        expect({ exitCode, left: objects.keys.size }).toEqual({
          exitCode: complete === 0 ? 80 : 0,
          left: complete,
        });
      }
    }
    expect(pairs).toBeGreaterThan(20);
  },
);
