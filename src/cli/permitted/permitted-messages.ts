/** What the process of an automation with permissions and the one that started it say to each other. */

import type { ExecuteOptions } from "../../automation/execute.ts";
import type { Schedule } from "../../automation/schedule/schedule.ts";
import type { RunResult } from "../../automation/run.ts";
import type { TaskEnd } from "../../automation/outcome.ts";
import type { HoldfastEvent } from "../../core/events.ts";
import type { PackedError } from "../../core/packed-error.ts";
import type { SettledPermissions } from "../../core/permissions.ts";
import type { Kept } from "../../process/kernel-denial.ts";
import type { TooManyUses, Use } from "../../process/uses.ts";
import type { TaskResult } from "../../policies/task-result.ts";
import type { JournalAnswer, JournalCall } from "../../journal/remote.ts";
import type { Work } from "../perform.ts";

/** What of the options of a run survives the way. */
export type PlainOptions = Work["options"] & Pick<ExecuteOptions, "codeHash" | "owner">;

/** What it is started for. */
export type PermittedJob =
  | { readonly ask: "look"; readonly file: string }
  | {
      readonly ask: "run";
      readonly file: string;
      readonly options: PlainOptions;
      readonly permissions: SettledPermissions;
      readonly heldBack: readonly string[];
      readonly renewEveryMs: number;
      /** What of its permissions the kernel keeps, too; missing where that is nothing. */
      readonly kept?: Kept | undefined;
      /** Whether everything is done, and told of as a use. */
      readonly learns: boolean;
    };

/** What the file says of itself. */
export interface PermittedFacts {
  readonly name: string;
  readonly codeHash: string;
  readonly permissions: SettledPermissions | undefined;
  readonly schedule: readonly Schedule[];
}

/** What the process is told after its job. */
export type ToPermitted =
  | { readonly id: number; readonly answer: JournalAnswer }
  /** A signal of the operating system, where that is why. */
  | {
      readonly abort: PackedError;
      readonly signal?: { readonly name: string; readonly number: number } | undefined;
    };

/** What it says. */
export type FromPermitted =
  | { readonly facts: PermittedFacts }
  | { readonly id: number; readonly call: JournalCall }
  | { readonly event: HoldfastEvent }
  | { readonly use: Use | TooManyUses }
  | { readonly result: PackedResult }
  | { readonly failed: PackedError }
  | { readonly uncaught: PackedError };

/** A result without the values of tasks, which nobody asks for there. */
export interface PackedResult extends Omit<RunResult, "tasks" | "error"> {
  readonly tasks: readonly PackedTask[];
  readonly error?: PackedError | undefined;
}

interface PackedTask {
  readonly mayFail: boolean;
  readonly result: Omit<TaskResult<unknown>, "value" | "error">;
  readonly error?: PackedError | undefined;
}

/** Packs a result. */
export function packResult(result: RunResult, pack: (error: unknown) => PackedError): PackedResult {
  const { tasks, error, ...rest } = result;
  return {
    ...rest,
    tasks: tasks.map((end) => packTask(end, pack)),
    ...(error === undefined ? {} : { error: pack(error) }),
  };
}

function packTask({ result, mayFail }: TaskEnd, pack: (error: unknown) => PackedError): PackedTask {
  if (!result.ok) {
    const { error, ...rest } = result;
    return { mayFail, result: rest, error: pack(error) };
  }
  const { value: _, ...rest } = result;
  return { mayFail, result: rest };
}

/** And back. */
export function unpackResult(
  { tasks, error, ...rest }: PackedResult,
  unpack: (error: PackedError) => Error,
): RunResult {
  return {
    ...rest,
    tasks: tasks.map((task): TaskEnd => ({
      mayFail: task.mayFail,
      result: {
        ...task.result,
        value: undefined,
        ...(task.error === undefined ? {} : { error: unpack(task.error) }),
      } as TaskResult<unknown>,
    })),
    ...(error === undefined ? {} : { error: unpack(error) }),
  };
}
