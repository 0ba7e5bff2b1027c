/** `run.child`: another automation, in a run of its own, as a step of this one. */

import type { ErrorSummary } from "../../core/error-summary.ts";
import type { Fault } from "../../core/fault.ts";
import { callable, flag, readOptions, type Reader } from "../../core/options.ts";
import type { RollbackOutcome, TaskResult } from "../../policies/task-result.ts";
import type { Automation, UndoContext } from "../automation.ts";
import { reviveError } from "../revive.ts";
import type { Scope } from "../scope.ts";
import { readStepOptions, type SettledStep } from "../step-options.ts";
import type { StepWork } from "../step.ts";
import { redactedFailure, type World } from "../world.ts";

/** How a child counts, and how it is taken back. */
export interface ChildOptions {
  /**
   * Takes back what a child that succeeded did, when the run's own task is rolled back. Default: it is
   * kept, as tasks are that succeeded.
   */
  readonly undo?: ((context: UndoContext<ChildResult>) => unknown) | undefined;
  /** Whether the run may succeed when the child failed. Default false. */
  readonly mayFail?: boolean | undefined;
}

/** How a child ended: as a task does, and in which run. */
export type ChildResult = TaskResult & { readonly runId: string };

const READERS = {
  undo: callable<(context: UndoContext<ChildResult>) => unknown, undefined>({
    default: undefined,
  }),
  mayFail: flag({ default: false }),
} satisfies Record<keyof ChildOptions, Reader<unknown>>;

/** A child that is to be run. */
export interface ChildCall {
  readonly name: string;
  readonly automation: Automation<never>;
  readonly input: unknown;
}

/** As it stands in the journal. */
interface StoredChild {
  readonly runId: string;
  readonly attempts: number;
  readonly durationMs: number;
  readonly value?: unknown;
  /** Present where it is true. */
  readonly healed?: boolean;
  readonly failure?: {
    readonly fault: Fault;
    readonly error: ErrorSummary;
    readonly rollback: RollbackOutcome;
  };
}

/** @throws {OptionsError} When an option is unknown or out of range. */
export function readChildOptions(
  name: string,
  options: object,
): ReturnType<typeof readOptions<typeof READERS>> {
  return readOptions(`child "${name}"`, options, READERS);
}

/** Runs it as a step of `own`, or answers from the journal. Rejects only when the run halts. */
export async function runChild(
  own: Scope,
  call: ChildCall,
  { undo }: Pick<ChildOptions, "undo">,
): Promise<ChildResult> {
  const { world } = own;
  let fresh: ChildResult | undefined;
  const work: StepWork = async () => {
    fresh = await world.startChild(world, { ...call, isRolledBack: own.isRollingBack });
    return toStored(world, fresh);
  };
  const stored = (await own.begin(call.name, work, () => settled(call.name, undo))) as StoredChild;
  return fresh ?? fromStored(call.name, stored);
}

function settled(name: string, undo: ChildOptions["undo"]): SettledStep {
  const takeBack = (context: UndoContext<StoredChild>): unknown => {
    const { value, ...rest } = context;
    // One that failed was rolled back by itself.
    if (undo === undefined || value === undefined || value.failure !== undefined) return undefined;
    return undo({ ...rest, value: fromStored(name, value) });
  };
  const options = readStepOptions(name, {
    // Its run is found by its name, and goes on where it was.
    repeatable: true,
    retry: { attempts: 1 },
    timeout: { attempt: Infinity },
    ...(undo === undefined ? {} : { undo: takeBack }),
  });
  // What runs in it has bounds of its own.
  return Object.freeze({ ...options, kind: "child", grace: Infinity });
}

function toStored(world: World, result: ChildResult): StoredChild {
  const { runId, attempts, durationMs } = result;
  const common = { runId, attempts, durationMs };
  if (result.ok) return { ...common, value: result.value, ...(result.healed && { healed: true }) };
  return { ...common, failure: { ...redactedFailure(world, result), rollback: result.rollback } };
}

function fromStored(name: string, stored: StoredChild): ChildResult {
  const { runId, attempts, durationMs, value, healed = false, failure } = stored;
  const common = { name, runId, attempts, durationMs };
  if (failure === undefined) return { ...common, ok: true, value, healed };
  const error = reviveError(failure.error, failure.fault);
  return { ...common, ok: false, ...failure, error };
}
