/** Runs a guarded command from its plan to its end: journal, what was broken off before, the run itself. */

import { existsSync } from "node:fs";
import { constants, hostname } from "node:os";
import { abandonRun } from "../../automation/abandon.ts";
import { exitCodeOfCancellation, StoppedBySignal } from "../../automation/cancellation.ts";
import { execute } from "../../automation/execute.ts";
import { newRunId } from "../../automation/key.ts";
import type { RunResult } from "../../automation/run.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { Journal, RunRecord } from "../../core/journal.ts";
import { SandboxError } from "../../core/errors.ts";
import { loggerTo, type Logger } from "../../core/logger.ts";
import type { Remedy } from "../../core/remedy.ts";
import { redactor } from "../../core/redact.ts";
import { systemRandom } from "../../core/system.ts";
import { memoryJournal } from "../../journal/memory.ts";
import { thisProcess } from "../../journal/owner.ts";
import type { Wrap } from "../../process/contain.ts";
import type { EndedCommand } from "../../process/ended-command.ts";
import type { FEWEST_RUNS } from "../../policies/envelope.ts";
import type { RollbackOutcome } from "../../policies/task-result.ts";
import type { Arguments, World } from "../command.ts";
import { listenForSignals, type Interruption } from "../interruption.ts";
import { pruneAtEnd } from "../prune-runs.ts";
import { afterwards } from "./afterwards.ts";
import { EXEC_CODE } from "./code.ts";
import { execAutomation, type Done, type ExecParts } from "./exec-automation.ts";
import { execOutput, type ExecOutput } from "./exec-output.ts";
import { findBrokenOff, takeBack } from "./former-runs.ts";
import { HeldOutput } from "./held-output.ts";
import { endingOf, type Facts } from "./outcome.ts";
import { PatientJournal } from "./patient-journal.ts";
import type { Overlaid } from "./overlaid.ts";
import { performedOf, type ExecPlan } from "./plan.ts";
import { layersIn, recordsIn } from "./records.ts";
import { sandboxOf } from "./sandbox.ts";
import { fromRecorded, toRecorded } from "./recorded-plan.ts";
import type { Ended } from "./report.ts";

/** What is performed, and where. */
interface Performing {
  readonly plan: ExecPlan;
  readonly remedies: readonly Remedy[];
  readonly args: Arguments;
  readonly world: World;
}

/** Answers the exit code. Rejects when holdfast itself fails before or around the command. */
export async function performExec({
  plan: asked,
  remedies,
  args,
  world,
}: Performing): Promise<number> {
  const plan = performedOf(asked);
  const output = execOutput(args, world);
  const interruption = listenForSignals(
    world,
    output.complain,
    "the command is being ended. A second signal kills.\n",
  );
  const exec = new ExecRun(plan, {
    remedies: plan.dryRun ? [] : remedies,
    world,
    output,
    interruption,
  });
  try {
    const ended = await exec.run();
    if (typeof ended === "number") return ended;
    await afterwards(ended, { args, world, complain: output.complain });
    return ended.exitCode;
  } finally {
    interruption.end();
    await exec.close();
  }
}

interface Surroundings {
  readonly remedies: readonly Remedy[];
  readonly world: World;
  readonly output: ExecOutput;
  readonly interruption: Interruption;
}

class ExecRun {
  readonly #plan: ExecPlan;
  readonly #surroundings: Surroundings;
  readonly #startedAtMs: number;
  readonly #held: HeldOutput | undefined;
  #journal: Journal | undefined;
  #wrap: Wrap | undefined;
  #overlaid: Overlaid | undefined;
  #isKept = true;
  #lastEnd: EndedCommand | undefined;
  #attempts = 0;

  constructor(plan: ExecPlan, surroundings: Surroundings) {
    this.#plan = plan;
    this.#surroundings = surroundings;
    this.#startedAtMs = surroundings.world.clock.now();
    this.#held = plan.quietOnSuccess
      ? new HeldOutput({ stdout: process.stdout, stderr: process.stderr })
      : undefined;
  }

  /** Answers only the exit code where a former run is in the way, of which all is told by then. */
  async run(): Promise<Ended | number> {
    const journal = await this.#openJournal();
    await this.#endLeftovers();
    const stuck = await this.#takeBackFormer(journal);
    if (stuck !== undefined) return stuck;
    const { world, interruption } = this.#surroundings;
    const id = newRunId(world.clock, systemRandom);
    this.#wrap = await this.#wrapOf(id);
    const result = await this.#execute(journal, id);
    const isBrokenOff = result.status === "interrupted" || result.status === "in doubt";
    const stoppedBy: unknown = isBrokenOff ? interruption.signal.reason : undefined;
    const rollback = isBrokenOff
      ? await this.#end(journal, id, {
          plan: this.#plan,
          exitCode: exitCodeOfCancellation(stoppedBy),
        })
      : rollbackOf(result);
    const ended = this.#endedBy(result, rollback, stoppedBy);
    if (ended.exitCode === EXIT.ok) this.#held?.drop();
    else await this.#held?.release();
    if (this.#plan.dryRun) return this.#tellChanges(ended);
    await pruneAtEnd(journal, world);
    return ended;
  }

  /** What keeps it to what it may do. */
  async #wrapOf(id: string): Promise<Wrap | undefined> {
    const { world, output } = this.#surroundings;
    const { dryRun, transaction } = this.#plan;
    if (!dryRun && !transaction) return sandboxOf(this.#plan, world.env, output.complain);
    const records = await layersIn(world);
    if (records === undefined) throw new SandboxError("there is no place for its layers");
    const { Overlaid } = await import("./overlaid.ts");
    this.#overlaid = await Overlaid.open(this.#plan, records, id);
    return this.#overlaid.wrap;
  }

  async #tellChanges(ended: Ended): Promise<Ended> {
    const { world, output } = this.#surroundings;
    const { toldChanges } = await import("./told-changes.ts");
    const changes = (await this.#overlaid?.changes()) ?? [];
    const told = await toldChanges(changes, this.#plan.cwd, redactor({ env: world.env }));
    output.complain(told, "INFO");
    return { ...ended, changes };
  }

  async close(): Promise<void> {
    await this.#overlaid?.remove();
    await this.#journal?.close();
  }

  /** The command is run even where no journal can be had; but not where a lock would be in vain. */
  async #openJournal(): Promise<Journal> {
    const { world, output } = this.#surroundings;
    const lost = (error: Error) => {
      this.#isKept = false;
      const text = `holdfast: the journal cannot be used, so this run of ${this.#plan.name} is not recorded: ${error.message}\n`;
      output.complain(redactor({ env: world.env }).text(text), "CRITICAL");
    };
    const instead = memoryJournal({ clock: world.clock });
    const isBorne = () => this.#attempts > 0 || this.#plan.lock === undefined;
    if (this.#plan.dryRun) {
      this.#isKept = false;
      return instead;
    }
    try {
      const journal = await world.openJournal();
      this.#journal = new PatientJournal(journal, { instead, isBorne, lost });
    } catch (error) {
      if (!isBorne()) throw error;
      lost(error as Error);
      this.#journal = instead;
    }
    return this.#journal;
  }

  /** Whom a command left whose holdfast was killed: they are ended before anything new begins. */
  async #endLeftovers(): Promise<void> {
    if (this.#plan.dryRun) return;
    const { world, output } = this.#surroundings;
    await this.#sweepLayers();
    const records = await recordsIn(world);
    if (records === undefined || !existsSync(records)) return;
    const { reapLeftovers } = await import("../../process/reap.ts");
    for (const { program, ended, leftovers } of await reapLeftovers(records)) {
      const left = leftovers.length === 0 ? "" : `; ${leftovers.join(", ")} could not be ended`;
      output.complain(
        `holdfast: ${program} had left processes behind: ${ended.join(", ")} ended${left}\n`,
        "WARNING",
      );
    }
  }

  /** The layers of those that were killed: a commit that was cut off is done to its end. */
  async #sweepLayers(): Promise<void> {
    const { world, output } = this.#surroundings;
    const records = await layersIn(world);
    if (records === undefined || !existsSync(records)) return;
    const { sweepLayers } = await import("./overlaid.ts");
    const failed = ({ message }: Error) =>
      output.complain(`holdfast: what a kill left cannot be removed: ${message}\n`, "WARNING");
    const { toldSwept } = await import("./told-changes.ts");
    for (const swept of await sweepLayers(records, failed)) {
      const text = toldSwept(swept);
      if (text !== "") output.complain(text, "WARNING");
    }
  }

  /** What was broken off before; `undefined` where nothing of it is in the way. */
  async #takeBackFormer(journal: Journal): Promise<number | undefined> {
    for (const run of await findBrokenOff(this.#plan, journal)) {
      const problem = await this.#takeBackOne(journal, run);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  async #takeBackOne(journal: Journal, run: RunRecord): Promise<number | undefined> {
    const { complain } = this.#surroundings.output;
    const plan = this.#planOf(run);
    const what = plan?.undo === undefined ? "what it did is left as it is" : "it is undone first";
    complain(`holdfast: run ${run.id} of ${run.automation} was cut off; ${what}\n`, "WARNING");
    const former = plan ?? { ...this.#plan, undo: undefined, cleanup: undefined, lock: undefined };
    const rollback = await this.#end(journal, run.id, { plan: former });
    const exitCode = EXIT_BY_ROLLBACK[rollback];
    const own = {
      outcome: "cut-off",
      exitCode,
      rollback,
      error: new Error("its process was killed"),
    } as const;
    const ended = { ...this.#ended(run.id), ...own, plan: former, hasBegun: true };
    const { world } = this.#surroundings;
    await afterwards(ended, { world, complain });
    return rollback === "incomplete" ? exitCode : undefined;
  }

  /** Without its secrets it cannot be undone: then it is only ended. */
  #planOf(run: RunRecord): ExecPlan | undefined {
    try {
      return fromRecorded(run);
    } catch (error) {
      const { message } = error as Error;
      this.#surroundings.output.complain(`holdfast: ${message}\n`, "WARNING");
      return undefined;
    }
  }

  async #execute(journal: Journal, id: string): Promise<RunResult> {
    const { world, output, interruption } = this.#surroundings;
    const secrets = redactor({ env: world.env });
    const log = await output.openRun(this.#plan);
    try {
      return await execute(execAutomation(this.#plan, await this.#parts(journal)), {
        journal,
        input: toRecorded(this.#plan, secrets),
        newRunId: id,
        // Two commands of one name may run beside each other: that is what --lock is for.
        lock: id,
        codeHash: EXEC_CODE,
        sinks: log.sinks,
        signal: interruption.signal,
        env: world.env,
        clock: world.clock,
      });
    } finally {
      log.close();
    }
  }

  /** Ends a run that no process has, or that this one has just broken off. */
  async #end(
    journal: Journal,
    id: string,
    { plan, exitCode }: { readonly plan: ExecPlan; readonly exitCode?: number | undefined },
  ): Promise<RollbackOutcome> {
    const { world, output } = this.#surroundings;
    const { env, clock } = world;
    const log = await output.openRun(plan);
    const { sinks } = log;
    try {
      if (plan.undo !== undefined) {
        const parts = await this.#parts(journal);
        return rollbackOf(await takeBack(id, plan, parts, { journal, sinks, env, clock }));
      }
      const logger = loggerTo((level, message) => output.complain(`holdfast: ${message}\n`, level));
      await abandonRun(id, thisProcess(), { journal, clock, log: logger, exitCode });
      return "none";
    } finally {
      log.close();
    }
  }

  async #parts(journal: Journal): Promise<ExecParts> {
    const { env, clock } = this.#surroundings.world;
    return {
      env,
      clock,
      remedies: this.#surroundings.remedies,
      state: journal,
      records: await recordsIn(this.#surroundings.world),
      held: this.#held,
      wrap: this.#wrap,
      overlaid: this.#overlaid,
      compare: (done, logger) => this.#compare(done, logger, journal),
      begun: () => {
        this.#attempts++;
      },
      ended: (end) => {
        this.#lastEnd = end;
      },
    };
  }

  /** Few modules are loaded where there is nothing to compare with. */
  async #compare(done: Done, log: Logger, journal: Journal): Promise<void> {
    const { name: automation, strictEnvelope } = this.#plan;
    const known = await journal.findRuns({ automation, status: "succeeded", limit: FEWEST });
    if (known.length < FEWEST) return;
    const { findUnusual } = await import("./envelope.ts");
    const unusual = await findUnusual(done, this.#plan, journal);
    if (unusual === undefined) return;
    if (strictEnvelope) throw new Error(unusual);
    log.warning(unusual);
  }

  #endedBy(result: RunResult, rollback: RollbackOutcome, stoppedBy: unknown): Ended {
    const own = result.tasks.at(0)?.result;
    const isStopped = stoppedBy instanceof StoppedBySignal;
    const status = isStopped ? "interrupted" : statusOf(result);
    const fault = own?.ok === false ? own.fault : undefined;
    const facts: Facts = {
      status,
      fault,
      rollback,
      end: this.#lastEnd,
      signal: isStopped ? stoppedBy.signal.number : constants.signals.SIGINT,
      skipsWhenLocked: this.#plan.lockWait === "skip",
    };
    return {
      ...this.#ended(result.runId),
      ...endingOf(facts),
      error: own?.ok === false ? own.error : result.error,
      fault,
      rollback,
    };
  }

  #ended(runId: string): Omit<Ended, "outcome" | "exitCode" | "rollback"> {
    const { world } = this.#surroundings;
    return {
      plan: this.#plan,
      runId: this.#isKept ? runId : undefined,
      attempts: this.#attempts,
      durationMs: world.clock.now() - this.#startedAtMs,
      startedAtMs: this.#startedAtMs,
      hasBegun: this.#attempts > 0,
      end: this.#lastEnd,
      host: hostname(),
    };
  }
}

/** With fewer, nothing is unusual. */
const FEWEST: typeof FEWEST_RUNS = 10;

/** What a run that was cut off is told to have ended with. */
const EXIT_BY_ROLLBACK: Readonly<Record<RollbackOutcome, number>> = {
  none: EXIT.failed,
  complete: EXIT.rolledBack,
  incomplete: EXIT.rollbackIncomplete,
};

function statusOf({ status }: RunResult): Facts["status"] {
  return status === "in doubt" ? "interrupted" : status;
}

function rollbackOf({ tasks }: RunResult): RollbackOutcome {
  const own = tasks.at(0)?.result;
  return own?.ok === false ? own.rollback : "none";
}
