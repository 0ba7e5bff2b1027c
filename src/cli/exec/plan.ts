/**
 * What `holdfast exec` is to do, as plain data: the flags by their names in camel case. A profile is the
 * same data, and the journal keeps it with the run, so that its undo and cleanup are known after a kill.
 */

import { findBytes } from "../../core/size.ts";
import { findMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import {
  duration,
  flag,
  integer,
  list,
  readOptions,
  required,
  text,
  type Reader,
  type Settled,
} from "../../core/options.ts";
import { readAddress } from "../../core/permissions.ts";
import { backoffFromText } from "./backoff-text.ts";
import { readConditions, readExpected } from "./conditions.ts";

/** Text that means something only to `parse`, which throws when it does not. */
function meaning(parse: (text: string, path: string) => unknown): Reader<string> {
  const whole = required(text({ default: undefined }), "text");
  return (value, path) => {
    const read = whole(value, path);
    parse(read, path);
    return read;
  };
}

function optional<Value>(reader: Reader<Value>): Reader<Value | undefined> {
  return (value, path) => (value === undefined ? undefined : reader(value, path));
}

/** One text, or a list of them. */
function texts(member: Reader<string>): Reader<readonly string[]> {
  const each = list(member, { default: [] as readonly string[] });
  return (value, path) => (typeof value === "string" ? [member(value, path)] : each(value, path));
}

const anyText = meaning(() => undefined);

/** How long to wait for a lock: `skip` and `fail` do not. */
function checkLockWait(value: string, path: string): void {
  if (value === "skip" || value === "fail" || Number.isFinite(findMs(value))) return;
  throw new OptionsError(
    path,
    `expected a duration such as 10m, skip or fail, received ${JSON.stringify(value)}`,
  );
}

/** `FILE=SIZE`, in its two parts. @throws {OptionsError} When it is not of that form. */
export function readMinSize(
  value: string,
  path: string,
): { readonly file: string; readonly bytes: number } {
  const at = value.lastIndexOf("=");
  const bytes = findBytes(value.slice(at + 1));
  if (at > 0 && bytes !== undefined) return { file: value.slice(0, at), bytes };
  throw new OptionsError(
    path,
    `expected FILE=SIZE such as out.gz=1MB, received ${JSON.stringify(value)}`,
  );
}

/** `NAME=VALUE`, in its two parts. What does not fit is not shown: it may be a secret. */
export function readVariable(value: string, path: string): readonly [string, string] {
  const at = value.indexOf("=");
  if (/^[A-Za-z_]\w*$/.test(value.slice(0, Math.max(at, 0)))) {
    return [value.slice(0, at), value.slice(at + 1)];
  }
  throw new OptionsError(path, "expected NAME=VALUE");
}

/** What `--env` says. */
export function variablesOf({ env }: Pick<Guarding, "env">): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map((text) => readVariable(text, "env")));
}

/** No path holds a zero byte; whether it is there is looked at where it is used. */
function checkPath(value: string, path: string): void {
  if (!value.includes("\0")) return;
  throw new OptionsError(path, "expected a path, received one with a zero byte in it");
}

const limit = duration({ min: 1, default: undefined });
const maybe = text({ default: undefined });

/** What exec can be told; each is a flag, too. */
export const PLAN_READERS = {
  name: maybe,
  tag: texts(anyText),
  attempts: integer({ min: 1, max: 10_000, default: undefined }),
  backoff: optional(meaning(backoffFromText)),
  timeout: limit,
  attemptTimeout: limit,
  idleTimeout: limit,
  grace: duration({ default: 10_000 }),
  retryOn: texts(meaning(readConditions)),
  fatalOn: texts(meaning(readConditions)),
  verify: texts(anyText),
  expectOutput: texts(meaning(readExpected)),
  minSize: texts(meaning(readMinSize)),
  undo: maybe,
  cleanup: maybe,
  heal: texts(anyText),
  lock: maybe,
  lockWait: optional(meaning(checkLockWait)),
  breaker: maybe,
  breakerFailures: integer({ min: 1, max: 1_000, default: 5 }),
  breakerPause: duration({ min: 1, default: 300_000 }),
  cwd: maybe,
  env: texts(meaning(readVariable)),
  user: maybe,
  read: texts(meaning(checkPath)),
  write: texts(meaning(checkPath)),
  net: texts(meaning(readAddress)),
  noNet: flag({ default: false }),
  requireSandbox: flag({ default: false }),
  quietOnSuccess: flag({ default: false }),
  dryRun: flag({ default: false }),
  transaction: flag({ default: false }),
  strictEnvelope: flag({ default: false }),
  shell: flag({ default: false }),
  alert: maybe,
} satisfies Record<string, Reader<unknown>>;

/** What is said of how a command is guarded, settled. Times are in milliseconds. */
export type Guarding = Settled<typeof PLAN_READERS>;

/** A command, and how it is guarded. */
export interface ExecPlan extends Guarding {
  /** Never empty. */
  readonly argv: readonly string[];
  readonly name: string;
  readonly cwd: string;
}

/** @throws {OptionsError} For what is unknown, out of range, or excludes something else. */
export function readGuarding(input: unknown, owner: string): Guarding {
  const settled = readOptions(owner, input, PLAN_READERS);
  // What has a default is there also where nobody said it.
  const said = input as Partial<Record<keyof Guarding, unknown>>;
  const needs = NEEDED.find(
    ([name, ...others]) => given(said[name]) && !others.some((other) => isSaid(settled[other])),
  );
  if (needs !== undefined) {
    throw new OptionsError(`${owner}.${needs[0]}`, `means nothing without ${needs[1]}`);
  }
  if (settled.noNet && settled.net.length > 0) {
    throw new OptionsError(`${owner}.noNet`, "excludes net");
  }
  const mode = (["dryRun", "transaction"] as const).find((name) => settled[name]);
  const clash = mode && NOT_OVER_LAYERS.find((name) => name !== mode && isSaid(settled[name]));
  if (clash !== undefined) throw new OptionsError(`${owner}.${clash}`, `excludes ${mode}`);
  return settled;
}

/** What each flag needs one of; the first is told. */
const NEEDED: readonly (readonly [keyof Guarding, keyof Guarding, ...(keyof Guarding)[]])[] = [
  ["backoff", "attempts", "retryOn"],
  ["lockWait", "lock"],
  ["breakerFailures", "breaker"],
  ["breakerPause", "breaker"],
];

/** What a command over an overlay cannot have. */
const NOT_OVER_LAYERS = ["transaction", "user", "read"] as const;

/** Whether it is more than what holds where nothing is said. */
export function isSaid(value: ExecPlan[keyof ExecPlan]): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

function given(value: unknown): boolean {
  return value !== undefined;
}

/**
 * With `--dry-run` nothing is done but the command itself: there is nothing to undo, to clean up or to
 * heal, nobody to alert, and nothing that others wait for.
 */
export function performedOf(plan: ExecPlan): ExecPlan {
  if (!plan.dryRun) return plan;
  const nothing = { undo: undefined, cleanup: undefined, alert: undefined, heal: [] };
  return { ...plan, ...nothing, lock: undefined, lockWait: undefined, breaker: undefined };
}

/** How often the command may run in all. */
export function attemptsOf({ attempts, retryOn }: Guarding): number {
  return attempts ?? (retryOn.length > 0 ? RETRIED : 1);
}

/** Whether it may simply be run again: who asks for attempts, or for a cure, says so. */
export function isRepeatable(guarding: Guarding): boolean {
  return attemptsOf(guarding) > 1 || guarding.heal.length > 0;
}

/** As often as `retry()` does by itself. */
const RETRIED = 4;
