import { expect, test } from "vitest";
import { automation } from "../../automation/automation.ts";
import { execute } from "../../automation/execute.ts";
import { memoryJournal } from "../../journal/memory.ts";
import type { Deviation } from "../../policies/envelope.ts";
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
  const journal = memoryJournal();
  for (let run = 0; run < 10; run++) {
    for (const argv of argvs) {
      const done: Done = { exitCode: 0, durationMs: 5_000 + run, outputBytes: 2_000 + run };
      const job = automation("sh", (on) => on.step("command", () => ({ ...done })));
      await execute(job, { journal, input: { exec: { argv }, isMasked: false } });
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
