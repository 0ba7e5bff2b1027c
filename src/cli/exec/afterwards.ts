/** What is done when a command has ended, whichever way: cleanup, the last line, report, alert. */

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { redactor } from "../../core/redact.ts";
import type { Arguments, World } from "../command.ts";
import { printable } from "../printable.ts";
import type { Complain } from "../run-output.ts";
import { endInWords, isGood, runHook, type HookParts } from "./hook.ts";
import { isAlarming } from "./outcome.ts";
import { documentOf, lineOf, type Ended } from "./report.ts";

/** Nobody waits longer than this for an alert to get through, in milliseconds. */
const ALERT_LIMIT_MS = 30_000;

/** With what it is done. */
export interface AfterwardsParts {
  /** Where it says where a report goes. */
  readonly args?: Arguments | undefined;
  readonly world: World;
  readonly complain: Complain;
}

/** Never rejects: what fails here is told, and changes nothing about how the command ended. */
export async function afterwards(ended: Ended, parts: AfterwardsParts): Promise<void> {
  const { world, complain } = parts;
  const { cleanup } = ended.plan;
  if (cleanup !== undefined && ended.hasBegun) await cleanUp(cleanup, ended, parts);
  const secrets = redactor({ env: world.env });
  // Only where there is a run to show: what is called then can be told.
  const calledAs = ended.runId === undefined ? "" : await world.calledAs();
  const line = printable(lineOf(ended, secrets, calledAs));
  if (line !== "") complain(line, levelOf(ended));
  await tellOthers(ended, parts);
}

/** Writes the report, and alerts whom it concerns. Never rejects. */
export async function tellOthers(ended: Ended, parts: AfterwardsParts): Promise<void> {
  const { args, world } = parts;
  const { plan } = ended;
  const secrets = redactor({ env: world.env });
  const file = args?.text("report");
  if (file !== undefined) await report(resolve(world.cwd, file), documentOf(ended, secrets), parts);
  if (plan.alert !== undefined && isAlarming(ended)) {
    await alert(plan.alert, ended, parts);
  }
}

function levelOf(ended: Ended): "CRITICAL" | "ERROR" | "INFO" {
  if (ended.rollback === "incomplete") return "CRITICAL";
  return isAlarming(ended) ? "ERROR" : "INFO";
}

/** What `--cleanup` and `--alert` are told in their environment. */
function toldOf({ outcome, exitCode, runId, rollback, end }: Ended): HookParts["told"] {
  return {
    HOLDFAST_OUTCOME: outcome,
    HOLDFAST_EXIT_CODE: String(exitCode),
    HOLDFAST_COMMAND_EXIT_CODE: String(end?.exitCode ?? ""),
    HOLDFAST_ROLLBACK: rollback,
    HOLDFAST_RUN_ID: runId ?? "",
  };
}

async function cleanUp(
  line: string,
  ended: Ended,
  { world, complain }: AfterwardsParts,
): Promise<void> {
  const { plan } = ended;
  const options = { plan, env: world.env, clock: world.clock, told: toldOf(ended) };
  const end = await runHook(line, options);
  if (isGood(end)) return;
  complain(`holdfast: the cleanup of ${plan.name} ${endInWords(end)}\n`, "ERROR");
}

async function report(file: string, document: string, { complain }: AfterwardsParts) {
  try {
    await writeFile(file, document, { mode: 0o600 });
  } catch (error) {
    const { message } = error as Error;
    complain(`holdfast: the report cannot be written: ${message}\n`, "ERROR");
  }
}

async function alert(
  line: string,
  ended: Ended,
  { world, complain }: AfterwardsParts,
): Promise<void> {
  const { plan } = ended;
  const end = await runHook(line, {
    plan,
    env: world.env,
    clock: world.clock,
    told: toldOf(ended),
    input: documentOf(ended, redactor({ env: world.env })),
    limitMs: ALERT_LIMIT_MS,
  });
  if (isGood(end)) return;
  complain(`holdfast: the alert of ${plan.name} ${endInWords(end)}\n`, "CRITICAL");
}
