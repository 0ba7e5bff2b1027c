/** Runs the commands that flags name, such as `--verify` and `--undo`: lines for `sh`, bounded in time. */

import type { EndedCommand } from "../../process/ended-command.ts";
import type { Clock } from "../../core/clock.ts";
import { startCommand } from "../../process/start-command.ts";
import type { Wrap } from "../../process/contain.ts";
import { variablesOf, type ExecPlan } from "./plan.ts";

/** How long one of them may take, in milliseconds, where nothing else is said. */
export const HOOK_LIMIT_MS = 300_000;

/** Variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What a line is run with. */
export interface HookParts {
  readonly plan: ExecPlan;
  readonly env: Variables;
  /** What it is told beside the environment of the command. */
  readonly told: Variables;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Written to its stdin. Default: nothing. */
  readonly input?: string | undefined;
  readonly limitMs?: number | undefined;
  /** What is put around it. Default: nothing. */
  readonly wrap?: Wrap | undefined;
}

/**
 * Runs `line` by `sh -c`. What it writes goes to our standard error, on both streams: the standard
 * output is the command's. Never rejects.
 */
export function runHook(line: string, options: HookParts): Promise<EndedCommand> {
  const { plan, env, told, clock, signal, input, wrap, limitMs = HOOK_LIMIT_MS } = options;
  return startCommand(["sh", "-c", line], {
    cwd: plan.cwd,
    env: commandEnv(plan, env, told),
    stdout: process.stderr,
    stderr: process.stderr,
    timeout: limitMs,
    leftovers: "leave",
    clock,
    signal,
    input,
    user: plan.user,
    wrap,
  }).end;
}

/** The environment of the command and of all that is run for it. */
export function commandEnv(plan: ExecPlan, env: Variables, told: Variables): Variables {
  return { ...env, ...variablesOf(plan), HOLDFAST_NAME: plan.name, ...told };
}

/** Whether it ended well. */
export function isGood({ exitCode, endedBy }: EndedCommand): boolean {
  return exitCode === 0 && endedBy === undefined;
}

/** How it ended, in words. */
export function endInWords({ exitCode, signal, startError, endedBy }: EndedCommand): string {
  if (startError !== undefined) return `could not be started (${startError})`;
  if (endedBy === "timeout") return "took too long, and was ended";
  if (endedBy === "idle") return "wrote nothing for too long, and was ended";
  if (signal !== undefined) return `was ended by ${signal}`;
  return `ended with exit code ${exitCode}`;
}
