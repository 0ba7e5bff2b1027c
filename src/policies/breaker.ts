/** The circuit breaker: its clock, promises and events. Its rules are in `circuit.ts`. */

import type { Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { CircuitOpenError, RejectedError } from "../core/errors.ts";
import { withoutStack } from "../core/without-stack.ts";
import type { Emit } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import {
  callable,
  duration,
  integer,
  part,
  readOptions,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { reactions, type ReactionChanges } from "../core/reactions.ts";
import { systemClock } from "../core/system.ts";
import {
  admits,
  begun,
  CLOSED,
  failed,
  ignored,
  pauseLeftMs,
  succeeded,
  type Circuit,
} from "./circuit.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import type { Policy, RunOptions, Work } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import { teller } from "./tell.ts";

/** When a breaker opens, and for how long. */
export interface BreakerOptions {
  /** Failures in a row that open it. Default 5; at least 1. */
  readonly failures?: number | undefined;
  /** How long it stays open before one call may probe. Default `"30s"`; at least 1 ms. */
  readonly pause?: Duration | undefined;
  /**
   * How long a probe holds its place when it does not end. Past it another call may probe, and the
   * late end is dropped; so it must be longer than a slow call. Default: the pause, at least `"30s"`.
   */
  readonly probeTimeout?: Duration | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** Which classes count as failures of the dependency. Default: `REACTIONS`. */
  readonly reactions?: ReactionChanges<"breaker"> | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told the `breaker.…` events, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

/** A breaker is one policy for one dependency: everybody who calls that must share it. */
export interface Breaker extends Policy {
  /** `open` until a call begins after the pause, then `half-open` until a probe tells more. */
  readonly state: Circuit["state"];
}

/** A probe that is slower than the pause is short should still be heard. */
const LEAST_PROBE_MS = 30_000;

const READERS = {
  failures: integer({ min: 1, default: 5 }),
  pause: duration({ min: 1, default: 30_000 }),
  probeTimeout: duration({ min: 1, default: undefined }),
  classify: readClassify,
  reactions: reactions("breaker"),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof BreakerOptions, Reader<unknown>>;

const readName = required(text({ default: undefined }), "a name");

/**
 * Makes a policy that stops calling a dependency that keeps failing.
 *
 * After `failures` in a row it opens: for the length of the pause calls reject with
 * `CircuitOpenError` and the work is not started. Then one call at a time may probe: its success
 * closes the breaker, its failure opens it again. What counts as a failure is in the reaction table;
 * refusals by our own policies and the caller's abort never do, and a probe that ends so leaves its
 * place to the next call.
 *
 * @throws {OptionsError} At once, if the name is empty or an option is unknown or out of range.
 * @example
 * const bank = breaker("bank", { failures: 3, pause: "10s" });
 * const balance = await bank.run(({ signal }) => readBalance(42, { signal }));
 */
export function breaker(name: string, options: BreakerOptions = {}): Breaker {
  const circuitName = readName(name, "breaker.name");
  const guard = new CircuitGuard(circuitName, readOptions("breaker", options, READERS));
  return Object.freeze<Breaker>({
    name: circuitName,
    get state() {
      return guard.state;
    },
    run: (work, given) => guard.run(work, given),
  });
}

type Rules = Settled<typeof READERS> & { readonly probeTimeout: number };

/** One circuit, shared by all calls through one breaker. */
class CircuitGuard {
  readonly #name: string;
  readonly #rules: Rules;
  readonly #tell: Emit;
  #circuit: Circuit = CLOSED;
  /** The failure that opened it last. */
  #lastFailure: unknown;

  constructor(name: string, settled: Settled<typeof READERS>) {
    const { pause, probeTimeout = Math.max(pause, LEAST_PROBE_MS) } = settled;
    this.#name = name;
    this.#rules = { ...settled, probeTimeout };
    this.#tell = teller(settled.on);
  }

  get state(): Circuit["state"] {
    return this.#circuit.state;
  }

  async run<Value>(work: Work<Value>, given: RunOptions | undefined): Promise<Value> {
    const attempt = attemptOf(given);
    attempt.throwIfAborted();
    const generation = this.#begin();
    try {
      const value = await attempt.start(work);
      this.#move(succeeded(this.#circuit, generation, this.#nowMs()));
      return value;
    } catch (error) {
      this.#fail(generation, error, attempt);
      throw error;
    }
  }

  /** Admits a call and answers its generation, or throws `CircuitOpenError`. */
  #begin(): number {
    const nowMs = this.#nowMs();
    if (!admits(this.#circuit, nowMs)) {
      const retryAfterMs = pauseLeftMs(this.#circuit, nowMs);
      this.#tell({ type: "breaker.rejected", policy: this.#name, retryAfterMs });
      throw withoutStack(() => new CircuitOpenError(this.#name, retryAfterMs, this.#lastFailure));
    }
    const next = begun(this.#circuit, nowMs, this.#rules);
    this.#move(next);
    return next.generation;
  }

  #fail(generation: number, error: unknown, attempt: LazyAttempt): void {
    const fault = attempt.isAborted ? undefined : this.#failureOf(error);
    if (fault === undefined) {
      this.#circuit = ignored(this.#circuit, generation);
      return;
    }
    const before = this.#circuit;
    this.#circuit = failed(before, generation, this.#rules.clock.elapsed(), this.#rules);
    if (this.#circuit.state !== "open" || this.#circuit === before) return;
    this.#lastFailure = error;
    this.#tell({
      type: "breaker.opened",
      policy: this.#name,
      pauseMs: this.#rules.pause,
      fault,
      error,
    });
  }

  /** The dependency's fault, or `undefined` when `error` tells nothing about the dependency. */
  #failureOf(error: unknown): Fault | undefined {
    if (error instanceof RejectedError) return undefined;
    const fault = this.#rules.classify(error);
    const { breaker: reaction } = this.#rules.reactions[fault.class];
    const isFailure =
      reaction === "counts" || (reaction === "unless refused" && fault.effect !== "none");
    return isFailure ? fault : undefined;
  }

  /** Takes the next state after a call began or succeeded, and tells when it is another one. */
  #move(next: Circuit): void {
    const before = this.#circuit.state;
    this.#circuit = next;
    if (next.state === before) return;
    const type = next.state === "closed" ? "breaker.closed" : "breaker.half_opened";
    this.#tell({ type, policy: this.#name });
  }

  /** A closed circuit does not go by time, and reading it would cost as much as all the rest. */
  #nowMs(): number {
    return this.#circuit.state === "closed" ? 0 : this.#rules.clock.elapsed();
  }
}
