/** Another answer when the work fails: the shell around the rule in `fallback-rule.ts`. */

import type { Classify } from "../classify/classify.ts";
import { OptionsError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { FAULT_CLASSES, type Fault, type FaultClass } from "../core/fault.ts";
import {
  callable,
  list,
  oneOf,
  readOptions,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { askAbout } from "./ask-about.ts";
import { bothFailures } from "./both-failures.ts";
import { readKinds, type FailureKind } from "./failure-kinds.ts";
import { isMeant } from "./fallback-rule.ts";
import { readFaultOfResult, type FaultOfResult } from "./fault-of-result.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import type { Attempt, Policy, Work } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import { teller } from "./tell.ts";
import { place } from "./order.ts";

/** What another answer stands in for. */
export interface FailedWork extends Attempt {
  /** What the work threw; `undefined` when it answered, and `faultOfResult` judged that bad. */
  readonly error: unknown;
  /** What the work answered, when that was judged bad. */
  readonly result: unknown;
  readonly fault: Fault;
}

/** Makes the other answer; may ask elsewhere, under the signal of the call. */
export type MakeAnswer<Answer> = (failed: FailedWork) => Answer | PromiseLike<Answer>;

/** Which failures are answered, and how it is watched. */
export interface FallbackOptions {
  /** Stands in events. Default `"fallback"`. */
  readonly name?: string | undefined;
  /**
   * The classes of failures that are answered. Default: all but `fatal`, which no waiting will cure
   * and nobody would ever hear of; where `only` is given, all.
   */
  readonly classes?: readonly FaultClass[] | undefined;
  /** Answers these kinds of failures alone: codes of faults, or classes of errors. Default: all. */
  readonly only?: readonly FailureKind[] | undefined;
  /** Does not answer these kinds of failures. Default: none. */
  readonly except?: readonly FailureKind[] | undefined;
  /** Whether this failure is answered; asked last, when all else says yes. Default: always. */
  readonly when?: ((error: unknown, fault: Fault) => boolean) | undefined;
  /** Tells the fault of a result that is not good; such a one is replaced as well. Default: all are good. */
  readonly faultOfResult?: FaultOfResult | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** Told `fallback.used`, as it happens. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

type When = NonNullable<FallbackOptions["when"]>;

const READERS = {
  name: text({ default: "fallback" }),
  classes: list(required(oneOf(FAULT_CLASSES, { default: undefined }), "a class of faults"), {
    default: undefined,
  }),
  only: readKinds,
  except: readKinds,
  when: callable<When, When>({ default: () => true }),
  faultOfResult: readFaultOfResult,
  classify: readClassify,
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof FallbackOptions, Reader<unknown>>;

/**
 * Makes a policy that answers something else when the work fails: a value, or what a function makes
 * of the failure.
 *
 * What is fatal, such as a bug, is not answered unless `classes` or `only` say so, and a caller's
 * abort never is: both are thrown on as they are. Where the function fails too, what it threw is
 * thrown, with the work's error as its `cause`, or, where it cannot bear one, an `AggregateError` of
 * both. A `when` that throws gives an `AggregateError` of what it threw and the work's error.
 *
 * @param answer Any value but `undefined`, handed out as it is, to every caller the same; or a
 * function, called once for each failure.
 * @throws {OptionsError} At once, if there is no answer, or an option is unknown or out of range.
 * @example
 * const rates = fallback({ EUR: 1 }, { only: [CircuitOpenError, "HTTP_503"] });
 * const today = await rates.run(({ signal }) => readRates({ signal }));
 */
export function fallback<Answer>(
  answer: Answer | MakeAnswer<Answer>,
  options: FallbackOptions = {},
): Policy<Answer> {
  if (answer === undefined) {
    throw new OptionsError("fallback.answer", "expected a value, or a function that gives one");
  }
  const make = (typeof answer === "function" ? answer : () => answer) as MakeAnswer<Answer>;
  const rules = readOptions("fallback", options, READERS);
  const guard = new FallbackGuard(make, rules);
  return Object.freeze<Policy<Answer>>({
    ...place("fallback", { answer, ...rules }),
    name: guard.name,
    run: (work, given) => guard.run(work, attemptOf(given)),
  });
}

/** One failure: what was thrown, or the result that was judged bad. */
type Failed = { readonly fault: Fault } & (
  | { readonly error: unknown }
  | { readonly result: unknown }
);

class FallbackGuard<Answer> {
  readonly #make: MakeAnswer<Answer>;
  readonly #rules: Settled<typeof READERS>;
  readonly #tell: Emit;

  constructor(make: MakeAnswer<Answer>, rules: Settled<typeof READERS>) {
    this.#make = make;
    this.#rules = rules;
    this.#tell = teller(rules.on);
  }

  get name(): string {
    return this.#rules.name;
  }

  async run<Value>(work: Work<Value>, attempt: LazyAttempt): Promise<Value | Answer> {
    let result: Value;
    try {
      result = await attempt.start(work);
    } catch (error) {
      // A caller's own abort is no fault: the signal is asked before the error.
      throwIfEnded(attempt, error);
      const failed = { error, fault: this.#rules.classify(error) };
      if (!this.#isAnswered(failed)) throw error;
      return this.#answer(failed, attempt);
    }
    const fault = this.#rules.faultOfResult?.(result);
    if (fault === undefined || !this.#isAnswered({ result, fault })) return result;
    return this.#answer({ result, fault }, attempt);
  }

  #isAnswered(failed: Failed): boolean {
    const { name, when } = this.#rules;
    const { fault } = failed;
    if (!("error" in failed)) {
      return isMeant(undefined, fault, this.#rules) && when(undefined, fault);
    }
    const { error } = failed;
    if (!isMeant(error, fault, this.#rules)) return false;
    return askAbout(`The when of "${name}"`, error, () => when(error, fault));
  }

  async #answer(failed: Failed, attempt: LazyAttempt): Promise<Answer> {
    const answer = await this.#made(failed, attempt);
    const told = "error" in failed ? failed : { fault: failed.fault };
    this.#tell({ type: "fallback.used", policy: this.name, ...told });
    return answer;
  }

  async #made(failed: Failed, attempt: LazyAttempt): Promise<Answer> {
    try {
      return await attempt.start((call) => this.#make(failedWork(call, failed)));
    } catch (thrown) {
      throwIfEnded(attempt, thrown);
      throw "error" in failed ? bothFailures(thrown, failed, this.#rules.classify) : thrown;
    }
  }
}

/** Who waits for what it asked to end wants to hear what that said. */
function throwIfEnded({ isAborted, source }: LazyAttempt, error: unknown): void {
  if (isAborted) throw source?.isWaitedFor ? error : source?.reason;
}

function failedWork(call: Attempt, failed: Failed): FailedWork {
  return {
    error: "error" in failed ? failed.error : undefined,
    result: "result" in failed ? failed.result : undefined,
    fault: failed.fault,
    attempt: call.attempt,
    deadline: call.deadline,
    // A signal costs microseconds to make, and few answers read it.
    get signal() {
      return call.signal;
    },
  };
}
