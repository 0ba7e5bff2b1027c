/** `holdfast cancel`: ends a run that another process has, and what it did is undone. */

import { cancelRun, type CancelOutcome } from "../automation/cancel/cancel.ts";
import { exitCodeOfCancellation } from "../automation/cancel/cancellation.ts";
import type { RunResult } from "../automation/run.ts";
import { findMs, formatMs } from "../core/duration.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { Journal, RunRecord } from "../core/journal.ts";
import { describeOwner } from "../journal/owner.ts";
import { UsageError, type Arguments, type Command } from "./command.ts";
import { ONE_RUN, requireRun, RUN_IN_HELP } from "./find-run.ts";
import { FILE_FLAG, loadFileOf } from "./go-on.ts";
import { listenForSignals } from "./interruption.ts";
import { meaningOf } from "./meaning.ts";
import { onStage, OUTPUT_FLAGS, perform, type Stage } from "./perform.ts";
import { printable } from "./printable.ts";

/** How long the end of the run is waited for, in milliseconds. */
const WAIT_MS = 60_000;

/** See the header. */
export const cancel: Command = {
  name: "cancel",
  usage: "RUN|last [--reason TEXT] [--wait DURATION|--no-wait] [--file FILE] [--json]",
  details: `${RUN_IN_HELP}

The process that has the run sees the request within about a second: the work under way is
aborted, what the unfinished tasks did is undone, and the run ends as cancelled. Where no
process has it any more, it is rolled back by this one. The request stays, whatever is killed
meanwhile: the next start goes on rolling back.

Exit codes: 0 the run was cancelled and nothing of it is left, or with --no-wait the request
was made; 1 it had ended otherwise; 75 it has not ended yet; 81 its rollback is incomplete.`,
  positionals: ONE_RUN,
  flags: {
    reason: { type: "string", value: "TEXT", summary: "Why; journaled, so no secrets" },
    wait: {
      type: "string",
      value: "DURATION",
      summary: "How long to wait for its end; default 60s",
    },
    "no-wait": { type: "boolean", summary: "Make the request, and do not wait for the end" },
    ...FILE_FLAG,
    ...OUTPUT_FLAGS,
  },
  examples: [
    { line: "holdfast cancel last", does: "End the newest run" },
    {
      line: `holdfast cancel 01k9x3 --reason "wrong directory" --wait 10m`,
      does: "Wait longer for a slow undo",
    },
  ],
  run: (args, world) => onStage(args, world, cancelIt),
};

async function cancelIt(stage: Stage): Promise<number> {
  const { args, world } = stage;
  const waitMs = readWait(args);
  const journal = await stage.openJournal();
  try {
    const { id } = await requireRun(journal, args.positionals[0] ?? "");
    const outcome = await request(stage, journal, { id, waitMs });
    if (outcome.outcome !== "without owner") return tell(stage, outcome, waitMs);
    stage.complain(`No process has run ${id} any more; it is rolled back here.\n`, "INFO");
    const loaded = await loadFileOf(outcome.run, args, { world, journal });
    const options = { runId: id, unfinished: "rollback" } as const;
    return exitCodeOfOwn(await perform(stage, { loaded, journal, options }));
  } finally {
    await journal.close();
  }
}

function readWait(args: Arguments): number {
  const text = args.text("wait");
  if (!args.has("no-wait")) return text === undefined ? WAIT_MS : readDuration(text);
  if (text !== undefined) throw new UsageError("--wait and --no-wait exclude each other");
  return 0;
}

function readDuration(text: string): number {
  const ms = findMs(text);
  if (ms !== undefined) return ms;
  throw new UsageError(`--wait: expected a duration such as 60s, received ${JSON.stringify(text)}`);
}

/** Ctrl-C ends the waiting alone: the request stays. */
async function request(
  { args, world, complain }: Stage,
  journal: Journal,
  { id, waitMs }: { readonly id: string; readonly waitMs: number },
): Promise<CancelOutcome | { readonly outcome: "left"; readonly exitCode: number }> {
  const reason = args.text("reason");
  const interruption = listenForSignals(world, complain, "the request to end the run stays.\n");
  const { signal } = interruption;
  try {
    return await cancelRun(journal, id, { wait: waitMs, reason, signal, clock: world.clock });
  } catch (error) {
    if (!signal.aborted) throw error;
    return { outcome: "left", exitCode: exitCodeOfCancellation(signal.reason) };
  } finally {
    interruption.end();
  }
}

type Told = Exclude<Awaited<ReturnType<typeof request>>, { readonly outcome: "without owner" }>;

function tell({ args, world }: Stage, outcome: Told, waitMs: number): number {
  if (outcome.outcome === "left") return outcome.exitCode;
  const { run } = outcome;
  const exitCode = exitCodeOf(outcome, args);
  const { id: runId, automation, status, exitCode: ofRun, tasks } = run;
  const document = { schema: 1, runId, automation, outcome: outcome.outcome, status };
  const text = args.has("json")
    ? `${JSON.stringify({ ...document, exitCode: ofRun, tasks }, undefined, 2)}\n`
    : printable(`Run ${runId} of ${automation} ${sentenceOf(outcome, waitMs)}\n`);
  world.print(text);
  return exitCode;
}

function sentenceOf(outcome: Exclude<Told, { readonly outcome: "left" }>, waitMs: number): string {
  const { run } = outcome;
  if (outcome.outcome === "under way") {
    const holder = describeOwner(outcome.holder);
    if (waitMs === 0) return `is asked to end; it is run by ${holder}`;
    return `has not ended within ${formatMs(waitMs)}; it is run by ${holder}, and the request stays`;
  }
  const had = outcome.outcome === "had ended" ? "had ended before" : "ended";
  const how = run.status === "cancelled" ? "was cancelled" : `${had}: ${run.status}`;
  return run.exitCode === undefined ? how : `${how}, ${meaningOf(run.exitCode)}`;
}

function exitCodeOf(outcome: Exclude<Told, { readonly outcome: "left" }>, args: Arguments): number {
  if (outcome.outcome === "under way") return args.has("no-wait") ? EXIT.ok : EXIT.gaveUp;
  return ofEnd(outcome.run);
}

/** Nothing of a cancelled run is left, unless its rollback was incomplete. */
function ofEnd({ status, exitCode }: Pick<RunRecord, "status" | "exitCode">): number {
  if (exitCode === EXIT.rollbackIncomplete) return exitCode;
  return status === "cancelled" ? EXIT.ok : EXIT.failed;
}

/** What this process rolled back by itself; where it was stopped, by what. */
function exitCodeOfOwn(result: RunResult): number {
  const hasEnded = result.status !== "interrupted" && result.status !== "in doubt";
  return hasEnded ? ofEnd(result) : result.exitCode;
}
