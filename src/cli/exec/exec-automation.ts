/** The automation that `holdfast exec` is: one step around a command, made from flags. */

import {
  automation,
  type Automation,
  type OwnEnd,
  type StepOptions,
} from "../../automation/automation.ts";
import { isCancellation } from "../../automation/cancel/cancel-request.ts";
import type { EndedCommand } from "../../process/ended-command.ts";
import { findMs } from "../../core/duration.ts";
import { isHoldfastError, VerificationError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Remedy } from "../../core/remedy.ts";
import type { SharedState } from "../../core/shared-state.ts";
import { exponential } from "../../policies/backoff.ts";
import type { TaskFailure } from "../../policies/task-result.ts";
import { sharedBreaker } from "../../policies/shared-breaker.ts";
import { CommandError } from "../../process/command-error.ts";
import { attemptCommand, isOutputCounted, type AttemptParts } from "./attempt.ts";
import { backoffFromText } from "./backoff-text.ts";
import { checkResult } from "./checks.ts";
import { HOOK_LIMIT_MS, isGood, runHook, type HookParts } from "./hook.ts";
import { namedFault } from "./named-fault.ts";
import { endingOf } from "./outcome.ts";
import type { Overlaid } from "./overlaid.ts";
import { attemptsOf, isRepeatable, type ExecPlan } from "./plan.ts";

/** The name of its one step. */
export const COMMAND = "command";

/** What it acts with. */
export interface ExecParts extends AttemptParts {
  /** What cures a failure before the next attempt. Default: nothing. */
  readonly remedies?: readonly Remedy[] | undefined;
  /** Where breakers are kept. */
  readonly state: SharedState;
  /** Called when the command is begun. */
  readonly begun?: (() => void) | undefined;
  /** What the command is run over in place of the files themselves. */
  readonly overlaid?: Overlaid | undefined;
  /** Looks whether it is usual; rejects where that is required and it is not. */
  readonly compare?: ((done: Done, log: Logger) => Promise<void>) | undefined;
  /** Called at each end of the command, also of attempts that are followed by another one. */
  readonly ended?: ((end: EndedCommand) => void) | undefined;
  /** What this process exits with when it only undoes the command: the code of the signal that ended it. */
  readonly exitCode?: number | undefined;
}

/** What the step's value is. */
export interface Done {
  readonly exitCode: number;
  readonly durationMs: number;
  /** How much it wrote on its standard output; missing where that did not pass by. */
  readonly outputBytes?: number | undefined;
}

/** See the header. */
export function execAutomation(plan: ExecPlan, parts: ExecParts): Automation {
  let last: EndedCommand | undefined;
  const guarded = automation(plan.name, { resumeWithin: Infinity }, async (run) => {
    const told = { HOLDFAST_RUN_ID: run.id };
    if (plan.lock !== undefined) {
      await run.lock("lock", { lock: plan.lock, wait: findMs(plan.lockWait) ?? 0 });
    }
    await run.step(
      COMMAND,
      async ({ signal, attempt, key, scale }): Promise<Done> => {
        const said = {
          ...told,
          HOLDFAST_ATTEMPT: String(attempt),
          HOLDFAST_KEY: key,
          HOLDFAST_SCALE: String(scale),
        };
        await parts.overlaid?.begin();
        parts.begun?.();
        const end = await attemptCommand(plan, parts, { signal, told: said });
        last = end;
        run.log.debug(`the command's tree was ${end.level}`, { level: end.level });
        parts.ended?.(end);
        if (!isGood(end)) throw new CommandError(end);
        const done = doneBy(end, isOutputCounted(plan, parts));
        await verified(async () => {
          const wrap = parts.overlaid?.wrap;
          await checkResult(plan, end, { ...hookOptions(plan, parts, told), wrap, signal });
          await parts.compare?.(done, run.log);
        });
        return done;
      },
      {
        ...stepOptions(plan, parts),
        ...undoOf(plan, parts, told),
      },
    );
    const { overlaid } = parts;
    if (plan.transaction && overlaid !== undefined) {
      const kept = await run.step("commit", () => overlaid.commit(), {
        timeout: { attempt: Infinity },
      });
      if (kept.length > 0) {
        const { toldKept } = await import("./told-changes.ts");
        run.log.warning(toldKept(kept));
      }
    }
  });
  const endOf = (failure: TaskFailure) => endOfRun(failure, { plan, parts, last });
  return Object.freeze({ ...guarded, endOf });
}

/** Within the work, and not as the step's own verification: a breaker counts what happens there. */
async function verified(check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof Error) || isHoldfastError(error)) throw error;
    throw new VerificationError(`Step "${COMMAND}"`, error.message, { cause: error });
  }
}

/** What is known where the run fails. */
interface Known {
  readonly plan: ExecPlan;
  readonly parts: ExecParts;
  readonly last: EndedCommand | undefined;
}

/** History shows what the shell saw. One that is rolled back on request has no end of its own. */
function endOfRun(
  { fault, error, rollback }: TaskFailure,
  { plan, parts: { exitCode: given }, last: end }: Known,
): OwnEnd | undefined {
  if (fault.code === ON_REQUEST) {
    const isLeft = rollback === "incomplete";
    return given === undefined || isLeft ? undefined : { status: "failed", exitCode: given };
  }
  const status = isCancellation(error) ? "cancelled" : "failed";
  const skipsWhenLocked = plan.lockWait === "skip";
  const { outcome, exitCode } = endingOf({ status, fault, rollback, end, skipsWhenLocked });
  return { status: outcome === "skipped" ? "cancelled" : status, exitCode };
}

const ON_REQUEST = "ROLLBACK_REQUESTED";

function doneBy({ durationMs, stdoutBytes }: EndedCommand, isCounted: boolean): Done {
  const done = { exitCode: 0, durationMs: Math.round(durationMs) };
  return isCounted ? { ...done, outputBytes: stdoutBytes } : done;
}

function stepOptions(plan: ExecPlan, parts: ExecParts): StepOptions<Done> {
  const { undo, timeout = Infinity, breaker, grace } = plan;
  const attempts = attemptsOf(plan);
  return {
    // With an undo, what an attempt left is taken back before the next one.
    repeatable: undo === undefined && isRepeatable(plan),
    retry: {
      attempts,
      backoff:
        plan.backoff === undefined
          ? exponential("1s", { max: "60s", jitter: "equal" })
          : backoffFromText(plan.backoff, "exec.backoff"),
      // Who names a number of attempts wants them, whatever is known of the failure.
      reactions: { transient: { firstRetry: "backoff" }, unknown: { retries: Infinity } },
    },
    // The limit of an attempt is kept where the command is run, which knows how it ended by it.
    timeout: { attempt: Infinity, total: timeout },
    // The signal that is handed on has its grace, and the one that ends the tree.
    grace: grace * 2 + SPARE_MS,
    heal: parts.remedies ?? [],
    classify: [namedFault(plan)],
    ...(breaker === undefined ? {} : { policy: breakerOf(breaker, plan, parts) }),
  };
}

/** For the end of a tree to be seen. */
const SPARE_MS = 5_000;

function breakerOf(name: string, plan: ExecPlan, { state, clock }: ExecParts) {
  const { breakerFailures: failures, breakerPause: pause, attemptTimeout, timeout } = plan;
  const probeTimeout = attemptTimeout ?? timeout;
  const rule = namedFault(plan);
  return sharedBreaker(name, state, {
    failures,
    pause,
    clock,
    ...(probeTimeout === undefined ? {} : { probeTimeout: probeTimeout + grace(plan) }),
    classify: (error) => rule(error) ?? { class: "unknown", code: "UNKNOWN", effect: "unknown" },
  });
}

function grace(plan: ExecPlan): number {
  return plan.grace * 2 + SPARE_MS;
}

function undoOf(
  plan: ExecPlan,
  parts: ExecParts,
  told: Readonly<Record<string, string>>,
): Pick<StepOptions<Done>, "undo" | "undoTimeout"> {
  const { undo } = plan;
  if (undo === undefined) return {};
  return {
    undoTimeout: HOOK_LIMIT_MS,
    undo: async ({ key, effect, signal }) => {
      const said = { ...told, HOLDFAST_KEY: key, HOLDFAST_EFFECT: effect };
      const end = await runHook(undo, { ...hookOptions(plan, parts, said), signal });
      if (!isGood(end)) throw new CommandError(end);
    },
  };
}

function hookOptions(plan: ExecPlan, parts: ExecParts, told: HookParts["told"]): HookParts {
  return { plan, env: parts.env, clock: parts.clock, told };
}
