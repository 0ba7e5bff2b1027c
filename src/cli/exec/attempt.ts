/** One attempt at the command: starts it with our own streams, and waits for its end. */

import { isatty } from "node:tty";
import type { Writable } from "node:stream";
import { StoppedBySignal } from "../../automation/cancel/cancellation.ts";
import type { Clock } from "../../core/clock.ts";
import type { EndedCommand, RunningCommand } from "../../process/ended-command.ts";
import { startCommand } from "../../process/start-command.ts";
import type { OutputTarget, RunCommandOptions } from "../../process/command-options.ts";
import { handOn } from "./hand-on.ts";
import { commandEnv, type Variables } from "./hook.ts";
import type { ExecPlan } from "./plan.ts";

/** What an attempt is made with. */
export interface AttemptParts {
  readonly env: Variables;
  readonly clock: Clock;
  /** Where commands under way are written down. */
  readonly records: string | undefined;
  /** Takes the output in place of our own streams: `--quiet-on-success`. */
  readonly held?: { readonly stdout: Writable; readonly stderr: Writable } | undefined;
  readonly wrap?: RunCommandOptions["wrap"];
}

/** Which attempt it is. */
export interface AttemptCall {
  readonly signal: AbortSignal | undefined;
  readonly told: Variables;
}

/** Never rejects for how the command ended. */
export async function attemptCommand(
  plan: ExecPlan,
  parts: AttemptParts,
  { signal, told }: AttemptCall,
): Promise<EndedCommand> {
  const stopping = new AbortController();
  const command = startCommand(plan.argv, {
    ...streamsOf(plan, parts),
    cwd: plan.cwd,
    env: commandEnv(plan, parts.env, told),
    unattended: !isatty(0),
    stdin: "inherit",
    timeout: plan.attemptTimeout ?? Infinity,
    idleTimeout: plan.idleTimeout ?? Infinity,
    grace: plan.grace,
    signal: stopping.signal,
    user: plan.user,
    records: parts.records,
    wrap: parts.wrap,
    supervise: true,
    clock: parts.clock,
  });
  const stop = () => void stopWith(signal?.reason, { command, stopping, plan, clock: parts.clock });
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const keep = handOn(command);
  try {
    return await command.end;
  } finally {
    keep();
    stopping.abort();
    signal?.removeEventListener("abort", stop);
  }
}

/**
 * A terminal is handed down. Elsewhere a copy of the end of the error stream is kept for the
 * classifier; of the output only where somebody wants to look at it, for else it need not pass here.
 */
function streamsOf(
  plan: ExecPlan,
  { held }: AttemptParts,
): {
  readonly stdout: OutputTarget;
  readonly stderr: OutputTarget;
} {
  if (held !== undefined) return held;
  return { stdout: isOutputRead(plan) ? "pass" : "inherit", stderr: "pass" };
}

function isOutputRead(plan: ExecPlan): boolean {
  return (
    plan.expectOutput.length > 0 ||
    plan.idleTimeout !== undefined ||
    plan.strictEnvelope ||
    [...plan.retryOn, ...plan.fatalOn].some((text) => text.startsWith("/"))
  );
}

/** Whether its end tells how much it wrote. */
export function isOutputCounted(plan: ExecPlan, { held }: Pick<AttemptParts, "held">): boolean {
  return held !== undefined || (isOutputRead(plan) && !isatty(1));
}

interface Stopping {
  readonly command: RunningCommand;
  readonly stopping: AbortController;
  readonly plan: ExecPlan;
  readonly clock: Clock;
}

/** The signal that we got comes first, as it is: what it means the command knows. Then its tree is ended. */
async function stopWith(reason: unknown, { command, stopping, plan, clock }: Stopping) {
  // One that ends by the signal itself may leave others behind that do not.
  command.leaveNobody();
  if (reason instanceof StoppedBySignal) {
    const { name } = reason.signal;
    // Ctrl-C in a terminal has reached the command already, and a second one may mean more to it.
    if (name !== "SIGINT" || !isatty(0)) command.forward(name as NodeJS.Signals);
    await clock.sleep(plan.grace, stopping.signal).catch(() => undefined);
  }
  stopping.abort(reason);
}
