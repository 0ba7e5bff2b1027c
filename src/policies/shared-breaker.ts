/**
 * A circuit breaker that many processes share, and that outlives each of them: it is kept in shared
 * state under `breaker/<name>`, and every change replaces the version that it was made from, so that no
 * count is lost when two end at the same moment. The rules are those of `circuit.ts`; moments are the
 * time of day, the only clock that processes share.
 */

import { classifier, type Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { CircuitOpenError, RejectedError, TimeoutError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  integer,
  part,
  readOptions,
  required,
  text,
  type Reader,
} from "../core/options.ts";
import { reactions, type ReactionChanges, type Reactions } from "../core/reactions.ts";
import type { SharedState } from "../core/shared-state.ts";
import { systemClock } from "../core/system.ts";
import type { Fault } from "../core/fault.ts";
import * as rule from "./circuit.ts";
import type { Call, Circuit, CircuitRules, Ticket } from "./circuit.ts";
import type { Policy, RunOptions, Work } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import { circuitFromText, circuitToText, probeIn } from "./shared-circuit.ts";
import { teller } from "./tell.ts";

/** When a shared breaker opens, and for how long. */
export interface SharedBreakerOptions {
  /** Failures in a row, of whatever process, that open it. Default 5; at least 1. */
  readonly failures?: number | undefined;
  /** How long it stays open before one call may probe. Default `"5m"`; at least 1 ms. */
  readonly pause?: Duration | undefined;
  /**
   * How long a probe holds its place when nobody hears of its end, for its process was killed. Past it
   * another call may probe. Default `"1h"`.
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

const READERS = {
  failures: integer({ min: 1, default: 5 }),
  pause: duration({ min: 1, default: 300_000 }),
  probeTimeout: duration({ min: 1, default: 3_600_000 }),
  classify: readClassify,
  reactions: reactions("breaker"),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof SharedBreakerOptions, Reader<unknown>>;

/** So many others may write between our look and our write; then something else is wrong. */
const MOST_TURNS = 1_000;

const readName = required(text({ default: undefined }), "a name");

/** Where a shared breaker is kept. */
export function breakerKey(name: string): string {
  return `breaker/${name}`;
}

/**
 * Makes a breaker that all users of `state` share by its name. `run` rejects with `CircuitOpenError`
 * while it is open, and with `JournalError` when the store fails before the work has begun; one that
 * fails after it does not change how the call ended.
 *
 * @throws {OptionsError} At once, if the name is empty or an option is unknown or out of range.
 */
export function sharedBreaker(
  name: string,
  state: SharedState,
  options: SharedBreakerOptions = {},
): Policy {
  readName(name, "sharedBreaker.name");
  return new SharedBreaker(name, state, readOptions("sharedBreaker", options, READERS));
}

type Settled = { readonly [Name in keyof typeof READERS]: ReturnType<(typeof READERS)[Name]> };

class SharedBreaker implements Policy {
  readonly name: string;
  readonly #state: SharedState;
  readonly #clock: Clock;
  readonly #classify: Classify;
  readonly #reactions: Reactions;
  readonly #tell: Emit;
  readonly #rules: CircuitRules;
  readonly #pauseMs: number;

  constructor(name: string, state: SharedState, settled: Settled) {
    this.name = name;
    this.#state = state;
    this.#clock = settled.clock;
    this.#classify = settled.classify ?? classifier([]);
    this.#reactions = settled.reactions;
    this.#tell = teller(settled.on);
    this.#pauseMs = settled.pause;
    this.#rules = { ...ONE_PROBE, failures: settled.failures, probeTimeout: settled.probeTimeout };
  }

  async run<Value>(work: Work<Value>, options: RunOptions = {}): Promise<Value> {
    options.signal?.throwIfAborted();
    const ticket = await this.#admit();
    try {
      const value = await work(options as Parameters<Work<Value>>[0]);
      await this.#end(ticket, undefined);
      return value;
    } catch (error) {
      const { aborted = false, reason } = options.signal ?? {};
      // Who gives up says nothing of the work, but a limit that was over does.
      const isLate = aborted && reason instanceof TimeoutError;
      if ((aborted && !isLate) || error instanceof RejectedError) await this.#ignore(ticket);
      else await this.#end(ticket, this.#classify(isLate ? reason : error));
      throw error;
    }
  }

  async #admit(): Promise<Ticket> {
    const { was, answer } = await this.#change<Ticket | undefined>((circuit, nowMs) => {
      if (circuit.state === "closed") return { next: circuit, answer: circuit.generation };
      if (!rule.admits(circuit, nowMs, this.#rules)) return { next: circuit, answer: undefined };
      const { next, probe } = rule.probing(circuit, nowMs, this.#rules);
      return { next, answer: probe };
    });
    if (answer === undefined) {
      const retryAfterMs = rule.pauseLeftMs(was, this.#clock.now());
      this.#tell({ type: "breaker.rejected", policy: this.name, retryAfterMs });
      throw new CircuitOpenError(this.name, retryAfterMs, undefined);
    }
    if (was.state === "open") this.#tell({ type: "breaker.half_opened", policy: this.name });
    return answer;
  }

  async #end(ticket: Ticket, fault: Fault | undefined): Promise<void> {
    const isFailure = fault !== undefined && this.#counts(fault);
    const { was, next } = await this.#afterwards((circuit, nowMs) =>
      this.#ended(circuit, { ticket, isFailure, nowMs, fault }),
    );
    if (next.state === was.state) return;
    if (next.state === "open") {
      const failure = fault === undefined ? {} : { fault };
      this.#tell({
        type: "breaker.opened",
        policy: this.name,
        pauseMs: next.pauseMs,
        ...failure,
      });
    } else if (next.state === "closed") this.#tell({ type: "breaker.closed", policy: this.name });
  }

  #ended(circuit: Circuit, end: End): Circuit {
    const { isFailure, nowMs, fault } = end;
    const ticket = known(circuit, end.ticket);
    if (!rule.isCurrent(circuit, ticket, nowMs)) return circuit;
    const next = rule.ended(circuit, ticket, { isFailure, isSlow: false });
    if (isFailure && rule.isBroken(next, undefined, this.#rules)) {
      return rule.opened(next, nowMs, Math.max(this.#pauseMs, fault?.retryAfterMs ?? 0));
    }
    const isCured = next.state === "half-open" && next.successes > 0;
    return isCured ? rule.closed(next.generation + 1) : next;
  }

  /** A refusal of what was never begun shows that a service is alive; see the reaction table. */
  #counts(fault: Fault): boolean {
    const { breaker } = this.#reactions[fault.class];
    return breaker === "counts" || (breaker === "unless refused" && fault.effect !== "none");
  }

  async #ignore(ticket: Ticket): Promise<void> {
    await this.#afterwards((circuit) => rule.ignored(circuit, known(circuit, ticket)));
  }

  /** What cannot be written any more must not change how the work ended. */
  async #afterwards(decide: (circuit: Circuit, nowMs: number) => Circuit): Promise<Change> {
    try {
      return await this.#change((circuit, nowMs) => ({
        next: decide(circuit, nowMs),
        answer: undefined,
      }));
    } catch {
      return { was: rule.CLOSED, next: rule.CLOSED };
    }
  }

  async #change<Answer>(
    decide: (
      circuit: Circuit,
      nowMs: number,
    ) => { readonly next: Circuit; readonly answer: Answer },
  ): Promise<Change & { readonly answer: Answer }> {
    const key = breakerKey(this.name);
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const found = await this.#state.readState(key);
      const nowMs = this.#clock.now();
      const was = circuitFromText(found?.value, nowMs);
      const { next, answer } = decide(was, nowMs);
      if (next === was) return { was, next, answer };
      const value = circuitToText(next);
      const replaces = found?.version ?? 0;
      if (await this.#state.writeState({ key, value, replaces, atMs: nowMs })) {
        return { was, next, answer };
      }
    }
    throw new Error(`breaker "${this.name}" was changed ${MOST_TURNS} times while it was written`);
  }
}

interface Change {
  readonly was: Circuit;
  readonly next: Circuit;
}

interface End {
  readonly ticket: Ticket;
  readonly isFailure: boolean;
  readonly nowMs: number;
  readonly fault: Fault | undefined;
}

/** One probe at a time, whose end decides. */
const ONE_PROBE = {
  limits: undefined,
  probes: 1,
  successes: 1,
  probeFailures: 1,
  heals: false,
  checks: false,
} as const satisfies Partial<CircuitRules>;

function known(circuit: Circuit, ticket: Ticket): Ticket {
  return typeof ticket === "number" ? ticket : probeIn(circuit, ticket satisfies Call);
}
