/** Runs a guarded command from its plan to its end: what was broken off before, the run itself, what follows. */

import { constants, hostname } from "node:os";
import { exitCodeOfCancellation, StoppedBySignal } from "../../automation/cancel/cancellation.ts";
import { newRunId } from "../../automation/key.ts";
import type { RunResult } from "../../automation/run.ts";
import { SandboxError } from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import { redactor, secret } from "../../core/redact.ts";
import type { Remedy } from "../../core/remedy.ts";
import { systemRandom } from "../../core/system.ts";
import type { RollbackOutcome } from "../../policies/task-result.ts";
import type { Arguments, World } from "../command.ts";
import { listenForSignals, type Interruption } from "../interruption.ts";
import { pruneAtEnd } from "../prune-runs.ts";
import { afterwards, tellOthers } from "./afterwards.ts";
import { endRun, rollbackOf, runCommand, type Between, type Surroundings } from "./engine-run.ts";
import { execOutput, type ExecOutput } from "./exec-output.ts";
import { HeldOutput } from "./held-output.ts";
import { openKeptJournal, type KeptJournal } from "./kept-journal.ts";
import { endLeftovers } from "./leftovers.ts";
import { brokenBy, endingOf, type Facts } from "./outcome.ts";
import type { Overlaid } from "./overlaid.ts";
import { performedOf, variablesOf, type ExecPlan } from "./plan.ts";
import { Progress } from "./progress.ts";
import { layersIn } from "./records.ts";
import { sandboxOf } from "./sandbox.ts";
import { secretsIn } from "./secret-arguments.ts";
import { takeBackFormer } from "./take-back-former.ts";
import type { Ended } from "./report.ts";

/** What is performed, and where. */
interface Performing {
  readonly plan: ExecPlan;
  readonly remedies: readonly Remedy[];
  readonly args: Arguments;
  readonly world: World;
}

/** A shorter one would be found in words, and is masked where it stands only. */
const SHORTEST_KNOWN = 6;

/** Answers the exit code. Rejects when holdfast itself fails before or around the command. */
export async function performExec({
  plan: asked,
  remedies,
  args,
  world: given,
}: Performing): Promise<number> {
  const plan = performedOf(asked);
  // Secrets that the command is handed are masked wherever it writes them.
  const world = { ...given, env: { ...given.env, ...variablesOf(plan) } };
  for (const found of secretsIn(plan.argv, redactor({ env: world.env }))) {
    if (found.length >= SHORTEST_KNOWN) secret(found);
  }
  const output = execOutput(args, world);
  const interruption = listenForSignals(
    world,
    output.complain,
    "the command is being ended. A second signal kills.\n",
  );
  const start = new Start(plan, {
    remedies: plan.dryRun ? [] : remedies,
    world,
    output,
    interruption,
  });
  try {
    const ended = await start.run();
    if (typeof ended === "number") return ended;
    await afterwards(ended, { args, world, complain: output.complain });
    return ended.exitCode;
  } catch (error) {
    // A run that is left unfinished is cleaned up by the next start; who waits for it hears of it now.
    await tellOthers(start.brokenBy(error), { args, world, complain: output.complain });
    throw error;
  } finally {
    interruption.end();
    await start.close();
  }
}

interface StartParts {
  readonly remedies: readonly Remedy[];
  readonly world: World;
  readonly output: ExecOutput;
  readonly interruption: Interruption;
}

/** One start of `holdfast exec`. */
class Start {
  readonly #plan: ExecPlan;
  readonly #parts: StartParts;
  readonly #startedAtMs: number;
  readonly #progress = new Progress();
  #kept: KeptJournal | undefined;
  #overlaid: Overlaid | undefined;

  constructor(plan: ExecPlan, parts: StartParts) {
    this.#plan = plan;
    this.#parts = parts;
    this.#startedAtMs = parts.world.clock.now();
  }

  /** Answers only the exit code where a former run is in the way, of which all is told by then. */
  async run(): Promise<Ended | number> {
    const { world, output } = this.#parts;
    const { complain } = output;
    const kept = await openKeptJournal(this.#plan, { progress: this.#progress, world, complain });
    this.#kept = kept;
    const surroundings = { ...this.#parts, journal: kept.journal, progress: this.#progress };
    if (!this.#plan.dryRun) await endLeftovers(world, complain);
    const tellOf = (runId: string) => this.#endedOf(runId);
    const stuck = await takeBackFormer(this.#plan, tellOf, surroundings);
    if (stuck !== undefined) return stuck;
    const ended = await this.#runNew(newRunId(world.clock, systemRandom), surroundings);
    if (this.#plan.dryRun) return this.#tellChanges(ended);
    await pruneAtEnd(kept.journal, world);
    return ended;
  }

  async #runNew(id: string, surroundings: Surroundings): Promise<Ended> {
    const { stdout, stderr } = process;
    const held = this.#plan.quietOnSuccess ? new HeldOutput({ stdout, stderr }) : undefined;
    const between = { ...(await this.#between(id)), held };
    const result = await runCommand(id, this.#plan, between, surroundings);
    const ended = await this.#endOf(id, result, surroundings);
    if (ended.exitCode === EXIT.ok) held?.drop();
    else await held?.release();
    return ended;
  }

  /** What keeps it to what it may do. */
  async #between(id: string): Promise<Between> {
    const { world, output } = this.#parts;
    const { dryRun, transaction } = this.#plan;
    if (!dryRun && !transaction) {
      return { wrap: await sandboxOf(this.#plan, world.env, output.complain) };
    }
    const records = await layersIn(world);
    if (records === undefined) throw new SandboxError("there is no place for its layers");
    const { Overlaid } = await import("./overlaid.ts");
    this.#overlaid = await Overlaid.open(this.#plan, records, id);
    return { wrap: this.#overlaid.wrap, overlaid: this.#overlaid };
  }

  /** What was broken off by a signal is taken back at once. */
  async #endOf(id: string, result: RunResult, surroundings: Surroundings): Promise<Ended> {
    const isBrokenOff = result.status === "interrupted" || result.status === "in doubt";
    if (!isBrokenOff) return this.#endedBy(result, rollbackOf(result));
    const stoppedBy: unknown = this.#parts.interruption.signal.reason;
    const exitCode = exitCodeOfCancellation(stoppedBy);
    const rollback = await endRun(id, { plan: this.#plan, exitCode }, surroundings);
    return this.#endedBy(result, rollback ?? "none", stoppedBy);
  }

  #endedBy(result: RunResult, rollback: RollbackOutcome, stoppedBy?: unknown): Ended {
    const own = result.tasks.at(0)?.result;
    const isStopped = stoppedBy instanceof StoppedBySignal;
    const fault = own?.ok === false ? own.fault : undefined;
    const facts: Facts = {
      status: isStopped ? "interrupted" : statusOf(result),
      fault,
      rollback,
      end: this.#progress.lastEnd,
      signal: isStopped ? stoppedBy.signal.number : constants.signals.SIGINT,
      skipsWhenLocked: this.#plan.lockWait === "skip",
    };
    return {
      ...this.#endedOf(result.runId),
      ...endingOf(facts),
      error: own?.ok === false ? own.error : result.error,
      fault,
      rollback,
    };
  }

  #endedOf(runId: string | undefined): Omit<Ended, "outcome" | "exitCode" | "rollback"> {
    const { attempts, mayHaveDone, lastEnd, unhealed } = this.#progress;
    return {
      plan: this.#plan,
      runId: this.#kept?.isKept === true ? runId : undefined,
      attempts,
      durationMs: this.#parts.world.clock.now() - this.#startedAtMs,
      startedAtMs: this.#startedAtMs,
      hasBegun: mayHaveDone,
      end: lastEnd,
      unhealed: unhealed.all,
      host: hostname(),
    };
  }

  /** The end that it has where holdfast itself fails. */
  brokenBy(error: unknown): Ended {
    return { ...this.#endedOf(undefined), ...brokenBy(error), rollback: "none", error };
  }

  async #tellChanges(ended: Ended): Promise<Ended> {
    const { world, output } = this.#parts;
    const { toldChanges } = await import("./told-changes.ts");
    const changes = (await this.#overlaid?.changes()) ?? [];
    const told = await toldChanges(changes, this.#plan.cwd, redactor({ env: world.env }));
    output.complain(told, "INFO");
    return { ...ended, changes };
  }

  async close(): Promise<void> {
    await this.#overlaid?.remove();
    await this.#kept?.close();
  }
}

function statusOf({ status }: RunResult): Facts["status"] {
  return status === "in doubt" ? "interrupted" : status;
}
