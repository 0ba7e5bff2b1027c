/** The run of a child: claimed by a name of its own, halted with its parent, and told as a result. */

import { createHash } from "node:crypto";
import {
  AutomationError,
  ChildFailedError,
  InDoubtError,
  LeaseHeldError,
} from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { Claim, Journal, Owner, RunRecord } from "../../core/journal.ts";
import { UNFINISHED } from "../../core/journal.ts";
import { decodeValue } from "../../journal/codec.ts";
import type { TaskFailure } from "../../policies/task-result.ts";
import { Book, OWN_TASK } from "../book.ts";
import type { ChildCall, ChildResult } from "./child.ts";
import { checkedInput } from "../claim/claim-run.ts";
import { interferenceIn } from "../interference.ts";
import { childRunId } from "../key.ts";
import { countedCode } from "../outcome.ts";
import { onAbort } from "../cancel/on-abort.ts";
import { RunExecution, type RunResult } from "../run.ts";
import { wasHealed } from "../step-record.ts";
import { toStorable } from "../storable.ts";
import { breakOff, Halt, type Decision, type World } from "../world.ts";

/** A child of a child of … so many runs. */
const MAX_DEPTH = 8;

/** How often the lease of a child is asked for: it outlasts its parent's by a renewal at most. */
const MAX_CLAIMS = 5;

/** What children need beside their parent's world. */
export interface ChildHost {
  readonly journal: Journal;
  readonly owner: Owner;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A child, and whether it is to be rolled back rather than run to its end. */
export interface ChildPlan extends ChildCall {
  readonly isRolledBack: boolean;
}

/** Runs a child, or takes it up. Rejects when it halts; its parent is halted by then. */
export type StartChild = (parent: World, plan: ChildPlan) => Promise<ChildResult>;

/** Makes what runs the children of a run, and theirs. */
export function childStarter(host: ChildHost): StartChild {
  return async (parent, plan) => {
    try {
      return await new ChildRun(host, parent, plan).run();
    } catch (error) {
      parent.halt.check();
      throw error;
    }
  };
}

class ChildRun {
  readonly #host: ChildHost;
  readonly #parent: World;
  readonly #plan: ChildPlan;
  readonly #runId: string;

  constructor(host: ChildHost, parent: World, plan: ChildPlan) {
    this.#host = host;
    this.#parent = parent;
    this.#plan = plan;
    this.#runId = childRunId(parent.book.run.id, plan.name);
  }

  async run(): Promise<ChildResult> {
    const found = await this.#host.journal.findRun(this.#runId);
    if (found !== undefined && !UNFINISHED.includes(found.status)) return this.#told(found);
    if (found === undefined && this.#plan.isRolledBack) return this.#neverBegun();
    if (found === undefined) await checkedInput(this.#plan.automation, this.#plan.input ?? {});
    const wanted = found ?? (await this.#newRun());
    const claim = await this.#claim(wanted);
    const result = await this.#execute(claim);
    return this.#ended(result);
  }

  async #newRun(): Promise<RunRecord> {
    const { book, clock, redactor, depth } = this.#parent;
    const { automation, input, name } = this.#plan;
    if (depth >= MAX_DEPTH) {
      throw new AutomationError(
        `Child "${name}" is one too deep: runs nest at most ${MAX_DEPTH} deep`,
      );
    }
    return {
      id: this.#runId,
      automation: automation.name,
      lock: this.#runId,
      parentId: book.run.id,
      status: "running",
      version: automation.settled.version,
      codeHash: createHash("sha256").update(String(automation.main)).digest("hex"),
      input: toStorable(redactor, input ?? {}, `The input of child "${name}"`),
      startedAtMs: clock.now(),
      resumes: 0,
    };
  }

  /** On another machine than before, the child's lease may run out a little after its parent's. */
  async #claim(wanted: RunRecord): Promise<Claim> {
    const { journal, owner } = this.#host;
    const { clock, halt } = this.#parent;
    for (let left = MAX_CLAIMS; ; left--) {
      try {
        return await journal.claim(wanted, owner);
      } catch (error) {
        if (!(error instanceof LeaseHeldError) || left <= 1) {
          halt.stop(error);
          throw error;
        }
        await clock.sleep(journal.renewEveryMs, halt.halted);
      }
    }
  }

  async #execute(claim: Claim): Promise<RunResult> {
    const { journal, env } = this.#host;
    const parent = this.#parent;
    const { name, automation, isRolledBack } = this.#plan;
    const halt = new Halt();
    const book = new Book(journal, claim, (error) => breakOff(world, error));
    const world: World = {
      ...parent,
      book,
      halt,
      depth: parent.depth + 1,
      rules: automation.settled.classify,
      remedies: automation.settled.heal,
      reactions: automation.settled.reactions,
      decisions: decisionsFor(name, parent.decisions),
      interference: parent.interference && interferenceIn(name, parent.interference),
    };
    const unlink = haltWith(parent.halt, halt);
    try {
      const input = await checkedInput(automation, decodeValue(claim.run.input));
      const choice = isRolledBack ? "rollback" : claim.isNew ? "fresh" : "resume";
      const parts = {
        input: input as never,
        env,
        renewEveryMs: journal.renewEveryMs,
        wanted: claim.run,
        choice,
        hasEnded: false,
        retried: undefined,
      } as const;
      return await new RunExecution(world, automation, parts).run();
    } catch (error) {
      if (halt.kind === "broken") breakOff(parent, error);
      else parent.halt.stop(error);
      throw error;
    } finally {
      unlink();
    }
  }

  /** A child that has not come to its end leaves its parent without one too. */
  async #ended(result: RunResult): Promise<ChildResult> {
    const { halt, book } = this.#parent;
    const { status, error } = result;
    if (status === "in doubt") {
      const step = error instanceof InDoubtError ? error.step : "STEP";
      halt.stop(new InDoubtError(book.run.id, `${this.#plan.name}/${step}`));
    } else if (status === "interrupted") halt.cancel(error);
    halt.check();
    const run = await this.#host.journal.findRun(this.#runId);
    return this.#told(run as RunRecord, result);
  }

  /** What came of a run that has ended, be it now or before its parent could be told. */
  async #told(run: RunRecord, result?: RunResult): Promise<ChildResult> {
    const { id, automation, exitCode = EXIT.failed, startedAtMs, endedAtMs = startedAtMs } = run;
    const common = {
      name: this.#plan.name,
      runId: id,
      attempts: run.resumes + 1,
      durationMs: result?.durationMs ?? endedAtMs - startedAtMs,
    };
    if (exitCode === EXIT.ok) {
      return { ...common, ok: true, ...(await this.#success()) };
    }
    const { reactions } = this.#plan.automation.settled;
    const end = result?.tasks.find((each) => countedCode(each, reactions) === exitCode);
    const failure = end?.result.ok === false ? end.result : lostFailure(id, automation, exitCode);
    const { error, fault, rollback } = failure;
    return { ...common, ok: false, error, fault, rollback };
  }

  /** The parent is rolled back, and had only just written that it would begin the child. */
  #neverBegun(): ChildResult {
    const { name, automation } = this.#plan;
    const failure = lostFailure(this.#runId, automation.name, EXIT.failed);
    return { ok: false, name, runId: this.#runId, attempts: 0, durationMs: 0, ...failure };
  }

  /** What the child's function answered, and whether anything had to be healed on the way. */
  async #success(): Promise<{ readonly value: unknown; readonly healed: boolean }> {
    const records = await this.#host.journal.readSteps(this.#runId);
    const own = records.find(({ task, kind }) => task === OWN_TASK && kind === "task");
    return { value: decodeValue(own?.value ?? ""), healed: wasHealed(records) };
  }
}

/** What is known of a failure of which only the exit code is. */
function lostFailure(
  runId: string,
  automation: string,
  exitCode: number,
): Pick<TaskFailure, "error" | "fault" | "rollback"> {
  const error = new ChildFailedError(runId, automation, exitCode);
  const isWorthTrying = exitCode === EXIT.gaveUp;
  return {
    error,
    fault: { class: isWorthTrying ? "transient" : "fatal", code: error.code, effect: "none" },
    rollback: ROLLBACKS[exitCode] ?? "none",
  };
}

const ROLLBACKS: Readonly<Record<number, TaskFailure["rollback"]>> = {
  [EXIT.rolledBack]: "complete",
  [EXIT.rollbackIncomplete]: "incomplete",
};

/** What a human decided about steps of the child, by the names that they have there. */
function decisionsFor(name: string, all: World["decisions"]): Readonly<Record<string, Decision>> {
  const prefix = `${name}/`;
  return Object.fromEntries(
    Object.entries(all)
      .filter(([label]) => label.startsWith(prefix))
      .map(([label, decision]) => [label.slice(prefix.length), decision]),
  );
}

/** Halts `child` in the same way as `parent`, which may have been halted already. The answer ends that. */
function haltWith(parent: Halt, child: Halt): () => void {
  const pass = () => {
    const { reason } = parent.halted;
    if (parent.kind === "broken") child.break(reason);
    else if (parent.kind === "cancelled") child.cancel(reason);
    else child.stop(new Error("the run that began it has stopped"));
  };
  // A run that was stopped may still be cancelled, and one that was cancelled may still break.
  const unlinks = [
    ...[parent.halted, parent.signal, parent.broken].map((signal) => onAbort(signal, pass)),
    onAbort(parent.recalled, () => child.recall(parent.recalled.reason)),
  ];
  return () => {
    for (const unlink of unlinks) unlink();
  };
}
