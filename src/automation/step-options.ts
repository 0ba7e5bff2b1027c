/** A step's options, read once. */

import type { Rule } from "../classify/classify.ts";
import { OptionsError } from "../core/errors.ts";
import {
  callable,
  duration,
  flag,
  group,
  list,
  part,
  readOptions,
  required,
} from "../core/options.ts";
import type { Reader } from "../core/options.ts";
import { exponential } from "../policies/backoff.ts";
import type { Policy } from "../policies/policy.ts";
import { GIVEN_READERS } from "../policies/retry.ts";
import type {
  ReadOptions,
  Reconciled,
  ScopeOptions,
  StepOptions,
  StepRetry,
  UndoContext,
} from "./automation.ts";
import { readRemedies } from "./remedies.ts";
import { readVerify } from "./verify.ts";

const DEFAULT_ATTEMPT_MS = 600_000;

/** What the step itself decides, such as the name and the clock, is no option here. */
const { attempts, backoff, maxRetryAfter, when, reactions } = GIVEN_READERS;
const RETRY_READERS = {
  attempts,
  backoff,
  maxRetryAfter,
  when,
  reactions,
} satisfies Record<keyof StepRetry, Reader<unknown>>;

const retryReader: Reader<StepRetry | undefined> = (value, path) =>
  value === undefined ? undefined : readOptions(path, value, RETRY_READERS);

/** How an undo is retried when nothing else is said: stubbornly, for a rollback must end well. */
const UNDO_RETRY: StepRetry = {
  attempts: 5,
  backoff: exponential("500ms", { max: "10s" }),
  reactions: { unknown: { retries: Infinity }, fatal: { retries: 1 } },
};

const READ_READERS = {
  verify: readVerify,
  retry: retryReader,
  heal: readRemedies,
  timeout: group({
    attempt: duration({ default: DEFAULT_ATTEMPT_MS, orInfinity: true, min: 1 }),
    total: duration({ default: Infinity, orInfinity: true, min: 1 }),
  }),
  policy: part<Policy, undefined>({ methods: ["run"], default: undefined }),
  classify: list(required(callable<Rule, undefined>({ default: undefined }), "a rule"), {
    default: [],
  }),
  grace: duration({ default: 5_000 }),
} satisfies Record<keyof ReadOptions<never>, Reader<unknown>>;

const STEP_READERS = {
  ...READ_READERS,
  undo: callable<(context: UndoContext<unknown>) => unknown, undefined>({ default: undefined }),
  reconcile: callable<
    (context: {
      readonly key: string;
      readonly signal: AbortSignal;
    }) => Reconciled<unknown> | PromiseLike<Reconciled<unknown>>,
    undefined
  >({ default: undefined }),
  plan: callable<NonNullable<StepOptions<unknown>["plan"]>, undefined>({ default: undefined }),
  repeatable: flag({ default: undefined }),
  undoRetry: retryReader,
  undoTimeout: duration({ default: 300_000, orInfinity: true, min: 1 }),
} satisfies Record<keyof StepOptions<never>, Reader<unknown>>;

/** What a step goes by, whichever kind it is. */
export interface SettledStep extends Omit<ReturnType<typeof settle>, "repeatable" | "undoRetry"> {
  readonly kind: "step" | "read" | "scope" | "child";
  readonly repeatable: boolean;
  readonly undoRetry: StepRetry;
}

function settle(path: string, options: object) {
  return readOptions(path, options, STEP_READERS);
}

/** Reads the options of `run.step`. @throws {OptionsError} When one is unknown or out of range. */
export function readStepOptions(name: string, options: object): SettledStep {
  const settled = settle(`step "${name}"`, options);
  return Object.freeze({
    ...settled,
    kind: "step",
    repeatable: settled.repeatable ?? settled.retry !== undefined,
    undoRetry: undoRetryOf(settled.undoRetry),
  });
}

/** What a step of a kind of its own knows how to do, so that nobody need say it. */
export function refuseMade(owner: string, options: object, made: readonly string[]): void {
  const given = made.find((name) => Object.hasOwn(options, name));
  if (given === undefined) return;
  throw new OptionsError(`${owner}.${given}`, "unknown; it is made by the step itself");
}

const SCOPE_READERS = {
  undo: STEP_READERS.undo,
  undoRetry: retryReader,
  undoTimeout: STEP_READERS.undoTimeout,
} satisfies Record<keyof ScopeOptions<never>, Reader<unknown>>;

/** Reads the options of `task.scope`. @throws {OptionsError} When one is unknown or out of range. */
export function readScopeOptions(name: string, options: object): SettledStep {
  const settled = readOptions(`scope "${name}"`, options, SCOPE_READERS);
  return Object.freeze({
    ...settle(`scope "${name}"`, {}),
    ...settled,
    kind: "scope",
    repeatable: false,
    undoRetry: undoRetryOf(settled.undoRetry),
  });
}

/** As everywhere in options, `undefined` means the default. */
function undoRetryOf(given: StepRetry = {}): StepRetry {
  return {
    ...given,
    attempts: given.attempts ?? UNDO_RETRY.attempts,
    backoff: given.backoff ?? UNDO_RETRY.backoff,
    reactions: given.reactions ?? UNDO_RETRY.reactions,
  };
}

/** Reads the options of `run.read`. @throws {OptionsError} When one is unknown or out of range. */
export function readReadOptions(name: string, options: object): SettledStep {
  const settled = readOptions(`read "${name}"`, options, READ_READERS);
  return Object.freeze({
    ...settled,
    kind: "read",
    repeatable: true,
    undo: undefined,
    reconcile: undefined,
    plan: undefined,
    undoRetry: UNDO_RETRY,
    undoTimeout: 0,
  });
}
