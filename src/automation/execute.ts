/** Runs an automation from its claim in the journal to its end. */

import { createHash } from "node:crypto";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import { OptionsError } from "../core/errors.ts";
import type { Sink } from "../core/events.ts";
import type { Journal, Owner, RunRecord } from "../core/journal.ts";
import { loggerTo } from "../core/logger.ts";
import {
  callable,
  flag,
  integer,
  list,
  oneOf,
  part,
  readOptions,
  record,
  required,
  text,
} from "../core/options.ts";
import type { Reader } from "../core/options.ts";
import { redactor, type Redactor } from "../core/redact.ts";
import { eventStream } from "../core/stream.ts";
import { systemClock, systemRandom } from "../core/system.ts";
import { memoryJournal } from "../journal/memory.ts";
import { thisProcess } from "../journal/owner.ts";
import type { Automation } from "./automation.ts";
import { Book } from "./book.ts";
import { childStarter } from "./child/child-run.ts";
import { claimFor } from "./claim/claim.ts";
import { DryRun } from "./dry-run.ts";
import type { Interference } from "./interference.ts";
import { newRunId } from "./key.ts";
import { toStorable } from "./storable.ts";
import { RunExecution, type RunResult } from "./run.ts";
import type { Choice } from "./claim/unfinished.ts";
import { breakOff, Halt, type Decision, type World } from "./world.ts";

/** How an automation is executed from code. */
export interface ExecuteOptions {
  /** Where the run's truth is kept. Default: in memory, gone with the process. */
  readonly journal?: Journal | undefined;
  /** Must survive the journal and hold no secret. Default `{}`. */
  readonly input?: unknown;
  /** Cancels the run: what runs is aborted, nothing is rolled back, and the run can be resumed. */
  readonly signal?: AbortSignal | undefined;
  /** Take the run's events, redacted, in order. Default: none. */
  readonly sinks?: readonly Sink[] | undefined;
  /**
   * What becomes of an earlier run that was cut off. Default: it is resumed when input and code are
   * the same and it is neither too old nor resumed too often, else `execute` rejects. `"resume"` and
   * `"rollback"` go on with its own input, whatever `input` says. When there is none, `"rollback"`
   * rejects, and the others start a new one.
   */
  readonly unfinished?: Choice | undefined;
  /**
   * What a human found out about steps in doubt, by `task/step` (or `step` in the run's own task):
   * `"absent"` when nothing happened, `{ value }` when it did. Rejects for one that is not in doubt.
   * Default: nothing.
   */
  readonly decisions?: Readonly<Record<string, Decision>> | undefined;
  /**
   * The name of a new run. Starting twice under one name makes one run: the second rejects with
   * `RunExistsError`, or goes on where the first was cut off. Default: a name of chance.
   */
  readonly newRunId?: string | undefined;
  /**
   * Of a new run: at most one unfinished run has it, and a second start goes on with that. Default: the
   * automation's name.
   */
  readonly lock?: string | undefined;
  /** The moment that a new run is for, in milliseconds since the Unix epoch. Default: none. */
  readonly scheduledForMs?: number | undefined;
  /**
   * Goes on with exactly this run, with its own input, whatever `input` says: resumes or rolls it back
   * as `unfinished` says. One that has ended can only be rolled back, and only where its rollback was
   * incomplete, or it was left by `"fresh"`: undos that are done are passed over. Else rejects with
   * `RunRefusedError`. Default: the unfinished run of the automation.
   */
  readonly runId?: string | undefined;
  /**
   * Does a run again that failed, was cancelled or left, as a new run with the same input. Steps that are
   * finished, in effect and come before `from` (`task/step`, `step`, or a task) are taken over with
   * their keys and values, and are this run's to take back. Default of `from`: the first step that
   * failed. Rejects with `RunRefusedError` where the run does not allow it.
   */
  readonly retryOf?: RunRecord["retryOf"];
  /** The file that the automation came from, for the journal. */
  readonly file?: string | undefined;
  /** Tells whether the code changed since. Default: a hash of the automation's function. */
  readonly codeHash?: string | undefined;
  /** Where secrets' values and required variables are found. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Who claims the run. Default: this process. */
  readonly owner?: Owner | undefined;
  /**
   * Whether only reads are done: other steps tell what they would do, and answer what their `plan`
   * does. Nothing is written to the journal. Default false.
   */
  readonly dryRun?: boolean | undefined;
  /** Default: the system clock. */
  readonly clock?: Clock | undefined;
  /** Gives numbers from 0 up to, not including, 1. Default: the system's. */
  readonly random?: Random | undefined;
}

const JOURNAL_METHODS = [
  "claim",
  "claimRun",
  "readState",
  "renew",
  "release",
  "writeRun",
  "writeStep",
] as const;

const anything: Reader<unknown> = (value) => value;

const READERS = {
  journal: part<Journal, undefined>({ methods: JOURNAL_METHODS, default: undefined }),
  input: (value: unknown) => (value === undefined ? {} : value),
  signal: part<AbortSignal, undefined>({ methods: ["addEventListener"], default: undefined }),
  sinks: list(required(callable<Sink, undefined>({ default: undefined }), "a function"), {
    default: [],
  }),
  unfinished: oneOf(["resume", "fresh", "rollback"], { default: undefined }),
  decisions: record(anything as Reader<Decision>, { default: {} }),
  runId: text({ default: undefined }),
  newRunId: text({ default: undefined }),
  lock: text({ default: undefined }),
  scheduledForMs: integer({ min: 0, default: undefined }),
  retryOf: readRetryOf,
  file: text({ default: undefined }),
  codeHash: text({ default: undefined }),
  env: record(anything as Reader<string | undefined>, { default: undefined }),
  owner: anything as Reader<Owner | undefined>,
  dryRun: flag({ default: false }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  random: callable<Random, Random>({ default: systemRandom }),
} satisfies Record<keyof ExecuteOptions, Reader<unknown>>;

const RETRY_READERS = {
  runId: required(text({ default: undefined }), "a run's id"),
  from: text({ default: undefined }),
} satisfies Record<keyof NonNullable<RunRecord["retryOf"]>, Reader<unknown>>;

function readRetryOf(value: unknown, path: string): RunRecord["retryOf"] {
  if (value === undefined) return undefined;
  return readOptions(path, record(anything, { default: {} })(value, path), RETRY_READERS);
}

type Settled = ReturnType<typeof settle>;

function settle(options: ExecuteOptions) {
  const settled = readOptions("execute", options, READERS);
  const { runId, retryOf, unfinished, dryRun } = settled;
  if (dryRun && (runId ?? retryOf ?? unfinished) !== undefined) {
    throw new OptionsError("execute.dryRun", "excludes runId, retryOf and unfinished");
  }
  if (runId !== undefined && (retryOf !== undefined || unfinished === "fresh")) {
    throw new OptionsError("execute.runId", 'excludes retryOf, and "fresh"');
  }
  return { ...settled, env: settled.env ?? process.env };
}

/**
 * Runs `automation`, or takes up its run that was cut off, to its end.
 *
 * Failed tasks and unmet requirements are in the result. Rejects with `InputError` or `ValueError`
 * (the input), with `LeaseHeldError` (another process runs it), `UnfinishedRunError` (a human has to
 * choose first), `RunRefusedError` (what `runId` or `retryOf` name does not allow it), `RunExistsError`
 * (the run that `newRunId` names has ended), `JournalError`, `LeaseLostError` and
 * `ReplayMismatchError`. When it rejects,
 * nothing was undone: what had been begun stays in the journal, and the next start takes it up.
 */
export async function execute<Input>(
  automation: Automation<Input>,
  options: ExecuteOptions = {},
): Promise<RunResult> {
  return executeUnder(undefined, automation, options);
}

/** As `execute`, with somebody asked around every step's work and undo: `holdfast rehearse`. */
export async function executeUnder<Input>(
  interference: Interference | undefined,
  automation: Automation<Input>,
  options: ExecuteOptions,
): Promise<RunResult> {
  const settled = settle(options);
  const dryRun = settled.dryRun ? new DryRun() : undefined;
  const world = { ...makeWorld(automation, settled), interference, dryRun };
  const fresh = newRun(automation, settled, world.redactor);
  const wanted = interference === undefined ? fresh : { ...fresh, id: interference.runId };
  const given = dryRun === undefined ? settled.journal : undefined;
  const journal = given ?? memoryJournal({ clock: settled.clock });
  const owner = settled.owner ?? thisProcess();
  const { claim, choice, input, hasEnded, retried } = await claimFor(automation, {
    journal,
    owner,
    wanted,
    input: settled.input,
    asked: settled.unfinished,
    runId: settled.runId,
    retryOf: settled.retryOf,
    decided: Object.keys(settled.decisions),
    clock: settled.clock,
    log: loggerTo((level, message, data) =>
      world.stream({ type: "log.written", level, message, data }, { automation: automation.name }),
    ),
  });
  const book = new Book(journal, claim, (error) => breakOff(whole, error));
  const startChild = childStarter({ journal, owner, env: settled.env });
  const whole: World = { ...world, book, depth: 0, startChild };
  const execution = new RunExecution(whole, automation, {
    input,
    env: settled.env,
    renewEveryMs: journal.renewEveryMs,
    wanted,
    choice,
    hasEnded,
    retried,
  });
  const result = await withCancellation(settled.signal, world.halt, () => execution.run());
  return dryRun === undefined ? result : { ...result, plan: dryRun.planned };
}

function makeWorld(
  automation: Automation<never>,
  settled: Settled,
): Omit<World, "book" | "depth" | "startChild"> {
  const { clock, random, env, sinks, decisions } = settled;
  const hideSecrets = redactor({ env });
  return {
    clock,
    random,
    redactor: hideSecrets,
    stream: eventStream({ clock, redactor: hideSecrets, sinks }),
    rules: automation.settled.classify,
    remedies: automation.settled.heal,
    reactions: automation.settled.reactions,
    decisions,
    halt: new Halt(),
  };
}

function newRun(automation: Automation<never>, settled: Settled, redactor: Redactor): RunRecord {
  const { clock, random, input, lock, scheduledForMs, file, codeHash } = settled;
  return {
    id: settled.newRunId ?? newRunId(clock, random),
    automation: automation.name,
    status: "running",
    ...(lock === undefined ? {} : { lock }),
    ...(scheduledForMs === undefined ? {} : { scheduledForMs }),
    ...(file === undefined ? {} : { file }),
    version: automation.settled.version,
    codeHash: codeHash ?? createHash("sha256").update(String(automation.main)).digest("hex"),
    input: toStorable(redactor, input, "The input"),
    startedAtMs: clock.now(),
    resumes: 0,
  };
}

/** Lets the caller's signal halt the run while `work` runs, and leaves no listener behind. */
async function withCancellation<Value>(
  signal: AbortSignal | undefined,
  halt: Halt,
  work: () => Promise<Value>,
): Promise<Value> {
  const cancel = () => halt.cancel(signal?.reason);
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await work();
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
