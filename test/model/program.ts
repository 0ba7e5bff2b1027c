/** Automations of a model, as data: what they are made of, and how they are run. */

import { automation, type Run, type StepOptions, type Task } from "../../src/automation/index.ts";
import type { Policy } from "../../src/policies/policy.ts";
import type { Objects } from "./objects.ts";
import type { Process } from "./process.ts";

/** What may be done about an attempt whose end nobody saw. `plain` ones are for a human. */
export const GUARDS = ["plain", "undo", "reconcile", "undo and reconcile", "repeatable"] as const;

/** How a step is guarded and how it goes. */
export interface StepPart {
  readonly step: string;
  readonly guard: (typeof GUARDS)[number];
  /**
   * `refused`: the first attempt does nothing. `lost`: the first attempt lands, and its answer is
   * lost. `bug`: it lands and fails, always. `stuck undo`: the first undo does nothing.
   */
  readonly fault?: "refused" | "lost" | "bug" | "stuck undo" | undefined;
  /** How it bears an abort. Default: it ends at once. `deaf` ends in its grace, `endless` after it. */
  readonly hearing?: "deaf" | "endless" | undefined;
}

/** What a program does, one after the other, or side by side. */
export type Part =
  | StepPart
  | { readonly read: string }
  | { readonly pauseMs: number }
  | { readonly all: readonly (readonly Part[])[] }
  | { readonly cleanup: string }
  /** A scope, which is undone by its steps or by one `undo` for all; its error is caught. */
  | { readonly scope: string; readonly parts: readonly Part[]; readonly isWhole?: boolean }
  | { readonly parallel: readonly (readonly Part[])[]; readonly concurrency: number }
  | { readonly sleep: string; readonly ms: number }
  | {
      readonly task: string;
      readonly parts: readonly Part[];
      readonly mayFail?: boolean;
      readonly after?: readonly string[];
    }
  /** Each item's steps are called by it. */
  | {
      readonly map: string;
      readonly items: readonly string[];
      readonly parts: readonly StepPart[];
      /** The items whose last step is a bug. */
      readonly bugs?: readonly string[];
      readonly mayFail?: boolean;
      readonly maxFailures?: number;
    }
  | { readonly child: string; readonly parts: readonly Part[]; readonly mayFail?: boolean };

/** Where a program runs. */
export interface Stage {
  readonly process: Process;
  readonly objects: Objects;
  /** The way of all steps: one attempt at a time. */
  readonly queue: Policy;
}

/** How long work takes before and after its effect, in milliseconds. */
const WORK_MS = 2;
const ENDLESS_MS = 20_000;

/** Runs a program. */
export async function perform(parts: readonly Part[], run: Run, stage: Stage): Promise<void> {
  await performIn(run, parts, run, stage);
}

async function performIn(own: Task, parts: readonly Part[], run: Run, stage: Stage): Promise<void> {
  for (const part of parts) {
    if ("step" in part) await performStep(own, part, stage);
    else if ("read" in part) await own.read(part.read, () => stage.process.reach("read"));
    else if ("pauseMs" in part) await stage.process.clock.sleep(part.pauseMs);
    else if ("sleep" in part) await own.sleep(part.sleep, part.ms);
    else if ("cleanup" in part) await registerCleanup(own, part.cleanup, stage);
    else if ("scope" in part) {
      const body = (scope: Task) => performIn(scope, part.parts, run, stage);
      await own.scope(part.scope, body, { undo: undoOf(part, stage) }).catch(unlessBug);
    } else if ("all" in part) {
      await Promise.all(part.all.map((branch) => performIn(own, branch, run, stage)));
    } else if ("parallel" in part) {
      const branches = part.parallel.map((branch) => () => performIn(own, branch, run, stage));
      await own.parallel(branches, { concurrency: part.concurrency });
    } else await performApart(part, run, stage);
  }
}

/** What is a task of its own, or several. */
async function performApart(
  part: Extract<Part, { task: string } | { map: string } | { child: string }>,
  run: Run,
  stage: Stage,
): Promise<void> {
  if ("task" in part) {
    const body = (task: Task) => performIn(task, part.parts, run, stage);
    await run.task(part.task, body, { mayFail: part.mayFail, after: part.after });
  } else if ("map" in part) {
    const { items, parts, bugs = [], mayFail, maxFailures } = part;
    const work = (item: string, task: Task) => {
      const steps = parts.map((step, index): StepPart => {
        const isBug = bugs.includes(item) && index === parts.length - 1;
        return { ...step, step: `${item}${step.step}`, ...(isBug ? { fault: "bug" } : {}) };
      });
      return performIn(task, steps, run, stage);
    };
    const key = (item: string) => item;
    await run.map(part.map, items, work, { concurrency: 2, key, mayFail, maxFailures });
  } else {
    const child = automation(part.child, (inner) => perform(part.parts, inner, stage));
    await run.child(part.child, child, {}, { mayFail: part.mayFail });
  }
}

/** The fault of the program itself; whatever else ends it is the run's. */
function unlessBug(error: unknown): void {
  if (!(error instanceof Error) || error.message !== "bug") throw error;
}

/** One undo for all that the parts did: they are found by what they are called. */
function undoOf({ parts, isWhole }: { parts: readonly Part[]; isWhole?: boolean }, stage: Stage) {
  if (isWhole !== true) return undefined;
  const { process, objects } = stage;
  return async () => {
    await process.reach("undo of a scope");
    for (const part of parts) if ("step" in part) objects.removeAll(part.step);
  };
}

async function registerCleanup(own: Task, name: string, stage: Stage): Promise<void> {
  const { process, objects } = stage;
  await own.cleanup(name, async ({ outcome }) => {
    await process.reach(`cleanup ${name}`);
    objects.cleanUp(name, outcome);
    await process.reach(`cleaned ${name}`);
  });
}

async function performStep(own: Task, part: StepPart, stage: Stage): Promise<void> {
  const { process, objects } = stage;
  const value = await own.step(
    part.step,
    ({ key, signal }) => work(part, stage, { key, signal }),
    optionsOf(part, stage),
  );
  if (!process.isOver) objects.answer(part.step, value);
}

async function work(
  { step, guard, fault, hearing }: StepPart,
  { process, objects }: Stage,
  { key, signal }: { readonly key: string; readonly signal: AbortSignal },
): Promise<string> {
  const waitMs = hearing === "endless" ? ENDLESS_MS : WORK_MS;
  const heard = hearing === undefined ? signal : undefined;
  await process.reach(`work of ${step}`);
  objects.begin(step);
  if (fault === "refused" && objects.failsNow(step)) throw failure("EBUSY");
  await process.clock.sleep(WORK_MS, heard);
  await process.reach(`effect of ${step}`);
  objects.put(step, key, guard === "repeatable");
  await process.reach(`done: ${step}`);
  await process.clock.sleep(waitMs, heard);
  if (fault === "lost" && objects.failsNow(step)) throw failure("ECONNRESET");
  if (fault === "bug") throw new TypeError("bug");
  return key;
}

function optionsOf({ step, guard, fault }: StepPart, stage: Stage): StepOptions<string> {
  const { process, objects, queue } = stage;
  const again = { attempts: 4, backoff: () => 3 };
  return {
    repeatable: guard === "repeatable",
    retry: again,
    undoRetry: again,
    policy: queue,
    verify: async (key) => {
      await process.reach(`verification of ${step}`);
      await process.clock.sleep(1);
      return objects.has(key);
    },
    undo: guard.startsWith("undo")
      ? async ({ key }) => {
          await process.reach(`undo of ${step}`);
          if (fault === "stuck undo" && objects.failsNow(`undo of ${step}`)) throw failure("EIO");
          await process.clock.sleep(1);
          await process.reach(`undoing ${step}`);
          objects.remove(step, key);
          await process.clock.sleep(1);
        }
      : undefined,
    reconcile: guard.endsWith("reconcile")
      ? async ({ key, signal }) => {
          await process.reach(`question about ${step}`);
          await process.clock.sleep(1, signal);
          return objects.has(key) ? { value: key } : "absent";
        }
      : undefined,
  };
}

/** Lets one attempt through at a time; who waits for its turn leaves when it is aborted. */
export function oneByOne(): Policy {
  let last: Promise<unknown> = Promise.resolve();
  return {
    name: "one by one",
    async run(attempt, given = {}) {
      const before = last;
      const own = Promise.withResolvers<void>();
      last = Promise.all([before, own.promise]);
      try {
        await Promise.race([before, aborted(given.signal)]);
        given.signal?.throwIfAborted();
        return await attempt(given as never);
      } finally {
        own.resolve();
      }
    },
  };
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
