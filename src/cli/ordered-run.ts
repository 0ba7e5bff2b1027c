/** What `execute` is told of a run that a server ordered. */

import type { Automation } from "../automation/automation.ts";
import type { ExecuteOptions } from "../automation/execute.ts";
import { OptionsError } from "../core/errors.ts";
import type { Journal } from "../core/journal.ts";
import { decodeValue } from "../journal/codec.ts";
import type { Served } from "./command.ts";

type Ordered = Pick<ExecuteOptions, "runId" | "scheduledForMs" | "input" | "unfinished" | "signal">;

/**
 * The run's name stands also where it was cut off before: when it has ended since, no other begins.
 *
 * @param signal Ends the run besides, as when the server's process has ended.
 */
export async function orderedRun(
  { order, serverGone }: Served,
  automation: Automation<never>,
  journal: Journal,
  signal: AbortSignal,
): Promise<Ordered> {
  const { runId } = order;
  const both = AbortSignal.any([signal, serverGone]);
  if (order.kind === "tick") {
    const { scheduledForMs } = order;
    const input = inputOf(automation, order.schedule);
    return { runId, scheduledForMs, input, signal: both };
  }
  const run = await journal.findRun(runId);
  return {
    runId,
    // By the automation's own rules it would go on with the same input only, which it has.
    ...(run === undefined ? {} : { input: decodeValue(run.input) }),
    ...(order.kind === "rollback" ? { unfinished: "rollback" as const } : {}),
    signal: both,
  };
}

/** As the file has it now: it may have changed since the server read it. */
function inputOf({ name, settled }: Automation<never>, schedule: string): unknown {
  const found = settled.schedule.find((each) => each.name === schedule);
  if (found !== undefined) return found.input;
  throw new OptionsError(
    `automation "${name}".schedule`,
    `there is none named "${schedule}" any more; send SIGHUP to holdfast serve`,
  );
}
