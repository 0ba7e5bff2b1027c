/** Whether a command that ended with 0 did what it was to do: `--verify`, `--expect-output`, `--min-size`. */

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { CommandEnd } from "../../core/command-end.ts";
import { formatBytes } from "../../core/size.ts";
import { readExpected } from "./conditions.ts";
import { endInWords, isGood, runHook, type HookParts } from "./hook.ts";
import { readMinSize, type ExecPlan } from "./plan.ts";

/** Rejects with an error that says what is wrong. What is cheap to look at comes first. */
export async function checkResult(
  plan: ExecPlan,
  end: CommandEnd,
  options: HookParts,
): Promise<void> {
  for (const expected of plan.expectOutput) checkOutput(expected, end);
  for (const wanted of plan.minSize) await checkSize(plan, wanted);
  for (const line of plan.verify) {
    const verified = await runHook(line, options);
    if (!isGood(verified)) throw new Error(`${line} ${endInWords(verified)}`);
  }
}

function checkOutput(expected: string, { stdout }: CommandEnd): void {
  if (readExpected(expected, "expectOutput")(stdout)) return;
  throw new Error(
    `the output has no ${expected.startsWith("/") ? expected : JSON.stringify(expected)}`,
  );
}

async function checkSize(plan: ExecPlan, wanted: string): Promise<void> {
  const { file, bytes } = readMinSize(wanted, "minSize");
  const found = await stat(resolve(plan.cwd, file)).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) throw new Error(`${file} cannot be read (${found.code})`);
  if (found.size >= bytes) return;
  throw new Error(`${file} has ${formatBytes(found.size)}, and ${formatBytes(bytes)} are expected`);
}
