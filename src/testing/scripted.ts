/** A dependency that plays a script: for tests of whatever calls it under policies. */

import { AssertionError } from "node:assert";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import { OptionsError } from "../core/errors.ts";
import { list, part, readOptions, required, text, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";
import { systemClock } from "../core/system.ts";
import type { Outcome, ScriptedAttempt } from "./outcome.ts";

/** What a scripted dependency is called, and what it goes by. */
export interface ScriptedOptions<Value = never> {
  /** Stands in messages. Default `"dependency"`. */
  readonly name?: string | undefined;
  /** How every call ends that comes after the script. Default: it fails, and `expectUsedUp` tells. */
  readonly otherwise?: Outcome<Value> | undefined;
  /** By which calls take their time. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** One call that a scripted dependency received. */
export interface ScriptedCall {
  /** The attempt that it was given; `undefined` when the caller said nothing. */
  readonly attempt: number | undefined;
  /** When it began, in milliseconds by the clock's `elapsed`. */
  readonly startedAtMs: number;
  /** When it ended; `undefined` while it is under way, as a call that hangs is for ever. */
  readonly endedAtMs: number | undefined;
  /** How it ended. An abort that it minded is a failure. */
  readonly end: "answered" | "failed" | "under way";
  /** Whether its signal had aborted before it ended, minded or not. */
  readonly wasAborted: boolean;
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

interface Script {
  /** One for each call. */
  readonly outcomes: readonly Outcome<unknown>[];
  readonly otherwise: Outcome<unknown> | undefined;
}

/** One performance of a script. */
class Play {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #script: Script;
  readonly #calls: Call[] = [];
  #running = 0;
  #mostRunning = 0;

  constructor(name: string, clock: Clock, script: Script) {
    this.#name = name;
    this.#clock = clock;
    this.#script = script;
  }

  get calls(): readonly ScriptedCall[] {
    return this.#calls.map((call) => call.told);
  }

  get running(): number {
    return this.#running;
  }

  get mostRunning(): number {
    return this.#mostRunning;
  }

  /** The outcomes that wait for a call. */
  get left(): readonly Outcome<unknown>[] {
    return this.#script.outcomes.slice(this.#calls.length);
  }

  async call(attempt: ScriptedAttempt): Promise<unknown> {
    const outcome = this.#script.outcomes[this.#calls.length] ?? this.#script.otherwise;
    const call = new Call(attempt, this.#clock);
    this.#calls.push(call);
    this.#running++;
    this.#mostRunning = Math.max(this.#mostRunning, this.#running);
    try {
      if (outcome === undefined) throw new Error(this.#tooMany());
      await takeTime(outcome, attempt.signal, this.#clock);
      const value = await outcome.end(attempt);
      call.ended("answered");
      return value;
    } catch (error) {
      call.ended("failed");
      throw error;
    } finally {
      this.#running--;
    }
  }

  expectUsedUp(): void {
    const { left } = this;
    const names = left.map(({ label }) => label).join(", ");
    if (left.length > 0) {
      throw failed(`"${this.#name}" has outcomes that nobody called for: ${names}`);
    }
    const isOver = this.#calls.length > this.#script.outcomes.length;
    if (isOver && this.#script.otherwise === undefined) throw failed(this.#tooMany());
  }

  #tooMany(): string {
    const { length } = this.#script.outcomes;
    return `"${this.#name}" was called more often than its script says (calls: ${this.#calls.length}, outcomes: ${length})`;
  }
}

/** One call, and what is told of it. */
class Call {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #begun: Pick<ScriptedCall, "attempt" | "startedAtMs">;
  #ended: ScriptedCall | undefined;

  constructor({ attempt, signal }: ScriptedAttempt, clock: Clock) {
    this.#clock = clock;
    this.#signal = signal;
    this.#begun = { attempt, startedAtMs: clock.elapsed() };
  }

  get told(): ScriptedCall {
    return this.#ended ?? this.#now("under way", undefined);
  }

  /** Keeps what is so now: a signal that outlives the call may abort later. */
  ended(end: ScriptedCall["end"]): void {
    this.#ended = this.#now(end, this.#clock.elapsed());
  }

  #now(end: ScriptedCall["end"], endedAtMs: number | undefined): ScriptedCall {
    return { ...this.#begun, endedAtMs, end, wasAborted: this.#signal?.aborted === true };
  }
}

/** Takes the time of a call, unless an abort that it minds ends it before. */
async function takeTime(
  { afterMs, mindsAbort }: Outcome<unknown>,
  signal: AbortSignal | undefined,
  clock: Clock,
): Promise<void> {
  const minded = mindsAbort ? signal : undefined;
  minded?.throwIfAborted();
  if (afterMs > 0) await clock.sleep(afterMs, minded);
}

function failed(message: string): AssertionError {
  return new AssertionError({ message });
}
