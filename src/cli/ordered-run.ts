/** What `execute` is told of a run that a server ordered. */

import type { Automation } from "../automation/automation.ts";
import type { ExecuteOptions } from "../automation/execute.ts";
import { OptionsError } from "../core/errors.ts";
import type { Journal } from "../core/journal.ts";
import { decodeValue } from "../journal/codec.ts";
import type { Served } from "./command.ts";

type Ordered = Pick<
  ExecuteOptions,
  "runId" | "newRunId" | "scheduledForMs" | "input" | "unfinished"
>;

/** Nothing, where no server started this process. What was cut off goes on by the automation's own rules. */
export async function orderedRun(
  served: Served | undefined,
  automation: Automation<never>,
  journal: Journal,
): Promise<Ordered> {
  if (served === undefined) return {};
  const { order } = served;
  if (order.kind === "tick") {
    const { runId: newRunId, scheduledForMs } = order;
    return { newRunId, scheduledForMs, input: inputOf(automation, order.schedule) };
  }
  const { runId } = order;
  if (order.kind === "rollback") return { runId, unfinished: "rollback" };
  const run = await journal.findRun(runId);
  // Its own input, for with any other one a human would be asked.
  return run === undefined ? { runId } : { runId, input: decodeValue(run.input) };
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
