/** A dependency that plays a script: for tests of whatever calls it under policies. */

import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import { OptionsError } from "../core/errors.ts";
import { list, part, readOptions, required, text, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";
import { systemClock } from "../core/system.ts";
import type { Outcome, ScriptedAttempt } from "./outcome.ts";
import { Play, type ScriptedCall } from "./play.ts";

/** What a scripted dependency is called, and what it goes by. */
export interface ScriptedOptions<Value = never> {
  /** Stands in messages. Default `"dependency"`. */
  readonly name?: string | undefined;
  /** How every call ends that comes after the script. Default: it fails, and `expectUsedUp` tells. */
  readonly otherwise?: Outcome<Value> | undefined;
  /** By which calls take their time. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** The work to hand to a policy, and what is known of its calls. */
export interface Scripted<Value> {
  (attempt?: ScriptedAttempt): Promise<Value>;
  /** Every call so far, in the order in which they came; a copy. */
  readonly calls: readonly ScriptedCall[];
  /** How many calls are under way now. */
  readonly running: number;
  /** The most calls that were under way at once. */
  readonly mostRunning: number;
  /** How many outcomes of the script wait for a call. */
  readonly left: number;
  /**
   * @throws {AssertionError} When outcomes of the script are left, or when there were more calls than
   * outcomes and no `otherwise`.
   */
  expectUsedUp(): void;
}

const READERS = {
  name: text({ default: "dependency" }),
  otherwise: (value: unknown, path: string) =>
    value === undefined ? undefined : readOutcome(value, path),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
} satisfies Record<keyof ScriptedOptions, Reader<unknown>>;

/**
 * Makes a dependency that ends its calls as the script says, one outcome after the other, whoever
 * calls; afterwards as `otherwise` says.
 *
 * @throws {OptionsError} At once, if the script holds something else than outcomes, or an option is
 * unknown or out of range.
 * @example
 * const bank = scripted([fails(503, { retryAfter: "2s" }), hangs(), answers(12)], { clock });
 * const balance = await clock.settle(() => guarded.run(bank));
 * bank.expectUsedUp();
 */
export function scripted<Value>(
  script: readonly Outcome<Value>[],
  options: ScriptedOptions<Value> = {},
): Scripted<Value> {
  const { name, otherwise, clock } = readOptions("scripted", options, READERS);
  const outcomes = readScript(script, "scripted");
  const play = new Play(name, clock, {
    outcomes: outcomes.flatMap((outcome) => Array.from({ length: outcome.times }, () => outcome)),
    otherwise,
  });
  const watching = {
    get calls() {
      return play.calls;
    },
    get running() {
      return play.running;
    },
    get mostRunning() {
      return play.mostRunning;
    },
    get left() {
      return play.left.length;
    },
    expectUsedUp: () => play.expectUsedUp(),
  };
  const work = (attempt: ScriptedAttempt = {}): Promise<unknown> => play.call(attempt);
  const described = Object.defineProperties(work, Object.getOwnPropertyDescriptors(watching));
  return Object.freeze(described) as Scripted<Value>;
}

function readOutcome(value: unknown, path: string): Outcome<unknown> {
  const { end } = (value ?? {}) as Partial<Outcome<unknown>>;
  if (typeof end === "function") return value as Outcome<unknown>;
  throw new OptionsError(
    path,
    `expected an outcome, made by answers, fails, hangs or does, received ${show(value)}`,
  );
}

const readScript = required(list(readOutcome, { default: undefined }), "a list of outcomes");
