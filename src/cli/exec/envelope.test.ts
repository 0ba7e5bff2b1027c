import { expect, test } from "vitest";
import { automation } from "../../automation/automation.ts";
import { execute } from "../../automation/execute.ts";
import { loggerTo } from "../../core/logger.ts";
import { journalWith } from "../../journal/journal-with.contract.ts";
import { memoryJournal } from "../../journal/memory.ts";
import type { Deviation } from "../../policies/envelope.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { EXEC_CODE } from "./code.ts";
import { compareWithFormer } from "./compare.ts";
import { findUnusual, unusualIn } from "./envelope.ts";
import type { Done } from "./exec-automation.ts";
import { readGuarding, type ExecPlan } from "./plan.ts";

const deviation = (value: number, usual: number): Deviation => ({
  value,
  usual,
  factor: value > usual ? value / usual : usual / value,
  side: value > usual ? "above" : "below",
});

test.for([
  [
    { duration: deviation(1_000, 3_250), output: deviation(20, 4_096) },
    "exit 0, but 3.3 times faster than usual (1 s, usually 3.3 s) and 20 B of output (usually 4.1 kB), by 12 former runs",
  ],
  [
    { output: deviation(9_000, 1_000) },
    "exit 0, but 9 kB of output (usually 1 kB), by 12 former runs",
  ],
  [
    { duration: deviation(0, 5_000) },
    "exit 0, but much faster than usual (0 ms, usually 5 s), by 12 former runs",
  ],
  // That is for time limits.
  [{ duration: deviation(9_000, 1_000) }, undefined],
] as const)("%o is told as %s", ([outlier, words]) => {
  expect(unusualIn({ runs: 12, ...outlier })).toBe(words);
});

/** A journal of ten runs of each of these, each a little longer than the one before. */
async function history(...argvs: readonly (readonly string[])[]) {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock });
  // One that is no command under guard may have the same name.
  await execute(
    automation("sh", () => 0),
    { journal, clock, input: { a: 1 } },
  );
  for (let run = 0; run < 10; run++) {
    for (const argv of argvs) {
      const done: Done = { exitCode: 0, durationMs: 5_000 + run, outputBytes: 2_000 + run };
      const job = automation("sh", (on) =>
        on.step("command", async () => {
          await clock.sleep(done.durationMs);
          return { ...done };
        }),
      );
      const input = { exec: { argv }, isMasked: false };
      await clock.settle(() => execute(job, { journal, clock, input, codeHash: EXEC_CODE }));
    }
  }
  return journal;
}

test("alike runs are found among many others of the same name", async () => {
  const others = Array.from({ length: 9 }, (_, other) => ["sh", `other-${other}`]);
  const guarding = readGuarding({ shell: false }, "exec");
  const plan: ExecPlan = { ...guarding, name: "sh", cwd: "/", argv: ["sh", "a"] };

  const unusual = await findUnusual(SHORT, plan, await history(["sh", "a"], ...others));

  expect(unusual).toContain("by 10 former runs");
});

const USUAL: Done = { exitCode: 0, durationMs: 5_000, outputBytes: 2_000 };
const SHORT: Done = { exitCode: 0, durationMs: 1_000, outputBytes: 20 };

test.for([
  ["the same command line", { argv: ["sh", "a"] }, SHORT, "exit 0, but 5 times faster"],
  ["what is usual", { argv: ["sh", "a"] }, USUAL, undefined],
  ["another command line", { argv: ["sh", "b"] }, SHORT, undefined],
  ["a name that was given", { argv: ["backup", "b"] }, SHORT, "by 10 former runs"],
  ["a line for a shell", { argv: ["sh", "-c", "sh a", "sh"], shell: true }, SHORT, undefined],
  [
    "output that nobody counted",
    { argv: ["sh", "a"] },
    { ...SHORT, outputBytes: undefined },
    "5 s), by 10",
  ],
] as const)("runs of one name are compared: %s", async ([, said, done, words]) => {
  const guarding = readGuarding({ shell: "shell" in said && said.shell }, "exec");
  const plan: ExecPlan = { ...guarding, name: "sh", cwd: "/", argv: said.argv };

  const unusual = await findUnusual(done, plan, await history(["sh", "a"]));

  expect(unusual ?? "usual").toContain(words ?? "usual");
});

test("a run that took its usual time, and whose output nobody counted, costs one question", async () => {
  const journal = await history(["sh", "a"]);
  const plan: ExecPlan = { ...readGuarding({}, "exec"), name: "sh", cwd: "/", argv: ["sh", "a"] };
  let asked = 0;
  const readSteps: typeof journal.readSteps = (id, filter) => {
    asked++;
    return journal.readSteps(id, filter);
  };
  const counting = journalWith(journal, { readSteps });

  const usual = await findUnusual({ exitCode: 0, durationMs: 5_000 }, plan, counting);
  const whileUsual = asked;
  const short = await findUnusual({ exitCode: 0, durationMs: 1_000 }, plan, counting);

  expect([usual, whileUsual, short !== undefined, asked]).toEqual([undefined, 0, true, 10]);
});

test("former runs that cannot be read fail no command, not even with --strict-envelope", async () => {
  const journal = await history(["sh", "a"]);
  const readSteps = () => Promise.reject(new Error("the record is damaged"));
  const plan: ExecPlan = {
    ...readGuarding({ strictEnvelope: true }, "exec"),
    name: "sh",
    cwd: "/",
    argv: ["sh", "a"],
  };
  const told: string[] = [];
  const log = loggerTo((level, message) => told.push(`${level} ${message}`));

  await compareWithFormer(SHORT, { plan, journal: journalWith(journal, { readSteps }), log });

  expect(told).toEqual([
    "WARNING what the former runs took cannot be read, so this one is not compared: the record is damaged",
  ]);
});
