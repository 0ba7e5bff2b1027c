/** Whether a command that ended with 0 did what it was to do: `--verify`, `--expect-output`, `--min-size`. */

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { CommandEnd } from "../../core/command-end.ts";
import { formatBytes } from "../../core/size.ts";
import type { Wrap } from "../../process/contain.ts";
import { startCommand } from "../../process/start-command.ts";
import { readExpected } from "./conditions.ts";
import { endInWords, HOOK_LIMIT_MS, isGood, runHook, type HookParts } from "./hook.ts";
import { readMinSize, type ExecPlan } from "./plan.ts";

/** Rejects with an error that says what is wrong. What is cheap to look at comes first. */
export async function checkResult(
  plan: ExecPlan,
  end: CommandEnd,
  options: HookParts,
): Promise<void> {
  for (const expected of plan.expectOutput) checkOutput(expected, end);
  for (const wanted of plan.minSize) await checkSize(wanted, options);
  for (const line of plan.verify) {
    const verified = await runHook(line, options);
    if (!isGood(verified)) throw new Error(`${line} ${endInWords(verified)}`);
  }
}

function checkOutput(expected: string, { stdout }: CommandEnd): void {
  const isThere = readExpected(expected, "expectOutput")(stdout);
  if (isThere === true) return;
  const shown = expected.startsWith("/") ? expected : JSON.stringify(expected);
  throw new Error(
    isThere === undefined
      ? `${shown} could not be looked for in the output within a second`
      : `the output has no ${shown}`,
  );
}

async function checkSize(wanted: string, options: HookParts): Promise<void> {
  const { file, bytes } = readMinSize(wanted, "minSize");
  const { plan, wrap } = options;
  const size = await (
    wrap === undefined
      ? sizeOf(resolve(plan.cwd, file))
      : sizeWithin(wrap, resolve(plan.cwd, file), options)
  ).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read (${error.code})`);
  });
  if (size >= bytes) return;
  throw new Error(`${file} has ${formatBytes(size)}, and ${formatBytes(bytes)} are expected`);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** As the command left it, where that is seen only from within. */
async function sizeWithin(wrap: Wrap, path: string, { clock }: HookParts): Promise<number> {
  const argv = ["stat", "--dereference", "--format=%s", "--", path];
  const end = await startCommand(argv, { cwd: "/", wrap, clock, timeout: HOOK_LIMIT_MS }).end;
  if (isGood(end)) return Number(end.stdout);
  const said = end.stderr.trim().split(": ").at(-1);
  throw Object.assign(new Error(end.stderr), { code: said });
}
