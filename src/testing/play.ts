/** The calls to a scripted dependency: each takes its time, ends as the script says, and is noted. */

import { AssertionError } from "node:assert";
import type { Clock } from "../core/clock.ts";
import type { Outcome, ScriptedAttempt } from "./outcome.ts";

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

/** How the calls to a dependency will end. */
export interface Script {
  /** One for each call. */
  readonly outcomes: readonly Outcome<unknown>[];
  readonly otherwise: Outcome<unknown> | undefined;
}

/** One performance of a script. */
export class Play {
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

  /** What is told of every call so far. */
  get calls(): readonly ScriptedCall[] {
    return this.#calls.map((call) => call.told);
  }

  /** How many calls are under way. */
  get running(): number {
    return this.#running;
  }

  /** The most that were at once. */
  get mostRunning(): number {
    return this.#mostRunning;
  }

  /** The outcomes that wait for a call. */
  get left(): readonly Outcome<unknown>[] {
    return this.#script.outcomes.slice(this.#calls.length);
  }

  /** Plays the outcome whose turn it is. */
  async call(attempt: ScriptedAttempt): Promise<unknown> {
    const outcome = this.#script.outcomes[this.#calls.length] ?? this.#script.otherwise;
    const call = new Call(attempt, this.#clock);
    this.#calls.push(call);
    this.#running++;
    this.#mostRunning = Math.max(this.#mostRunning, this.#running);
    try {
      if (outcome === undefined) throw new Error(this.#tooMany());
      await takeTime(outcome, attempt.signal, this.#clock);
      const value = await endOf(outcome, attempt);
      call.ended("answered");
      return value;
    } catch (error) {
      call.ended("failed");
      throw error;
    } finally {
      this.#running--;
    }
  }

  /** @throws {AssertionError} When the calls were not as many as the outcomes. */
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
  if (afterMs > 0) await clock.sleep(afterMs, mindsAbort ? signal : undefined);
}

/** How the call ends, unless an abort that it minds ends it before. */
async function endOf(
  { mindsAbort, end }: Outcome<unknown>,
  attempt: ScriptedAttempt,
): Promise<unknown> {
  const signal = mindsAbort ? attempt.signal : undefined;
  if (signal === undefined) return end(attempt);
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([end(attempt), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function failed(message: string): AssertionError {
  return new AssertionError({ message });
}
