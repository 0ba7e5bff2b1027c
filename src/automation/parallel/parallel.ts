/** Runs functions side by side, so many at a time. */

import { callable, integer, readOptions, required, type Reader } from "../../core/options.ts";
import { OptionsError } from "../../core/errors.ts";
import { show } from "../../core/show.ts";

/** Any function that can be run beside others. */
export type Branch = () => unknown;

/** What `run.parallel` takes: functions, in order or by name. */
export type Branches = readonly Branch[] | Readonly<Record<string, Branch>>;

/** What the functions answered, in their order or by their names. */
export type BranchValues<Work extends Branches> = {
  -readonly [Name in keyof Work]: Work[Name] extends () => infer Value ? Awaited<Value> : never;
};

/** How many run at a time. */
export interface ParallelOptions {
  /** Default 8. */
  readonly concurrency?: number | undefined;
}

const READERS = {
  concurrency: integer({ min: 1, max: 1_000, default: 8 }),
} satisfies Record<keyof ParallelOptions, Reader<unknown>>;

/** What the task around them tells. */
export interface Surrounding {
  /**
   * Asked when a failure keeps further functions from being begun. Resolves when they are gone through
   * all the same, to come to what is recorded of them.
   */
  readonly heldBack: () => Promise<void>;
}

/**
 * Runs `work`, at most `concurrency` at a time. Rejects with the first failure, and begins nothing
 * after it: the task that fails by that aborts what is under way, and waits for it.
 *
 * On the way to what is recorded all of them are begun, for what was done in the last one has to be
 * taken back or go on too, and a failure comes sooner than before when it is answered from the journal.
 *
 * @throws {OptionsError} Rejects with it for what is no function, or an option out of range.
 */
export async function runParallel<Work extends Branches>(
  work: Work,
  options: ParallelOptions,
  { heldBack }: Surrounding,
): Promise<BranchValues<Work>> {
  const { concurrency } = readOptions("parallel", options, READERS);
  const branches = readBranches(work);
  const values = new Map<string, unknown>();
  const failure = Promise.withResolvers<never>();
  const rest = branches.values();
  let hasFailed = false;
  async function runRest(): Promise<void> {
    for (const [name, branch] of rest) {
      try {
        values.set(name, await branch());
      } catch (error) {
        failure.reject(error);
        hasFailed = true;
      }
      if (hasFailed) await heldBack();
    }
  }
  const workers = Array.from({ length: Math.min(concurrency, branches.length) }, runRest);
  await Promise.race([Promise.all(workers), failure.promise]);
  const answers = branches.map(([name]) => [name, values.get(name)] as const);
  const all = Array.isArray(work) ? answers.map(([, value]) => value) : Object.fromEntries(answers);
  return all as BranchValues<Work>;
}

const readBranch = required(callable<Branch, undefined>({ default: undefined }), "a function");

function readBranches(work: Branches): readonly (readonly [string, Branch])[] {
  if (typeof work !== "object" || work === null) {
    throw new OptionsError(
      "parallel",
      `expected an array or an object of functions, received ${show(work)}`,
    );
  }
  return Object.entries(work).map(([name, branch]) => [
    name,
    readBranch(branch, `parallel[${JSON.stringify(name)}]`),
  ]);
}
