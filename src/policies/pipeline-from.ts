/** A pipeline out of plain data, as a configuration file holds it. Each policy reads its own options. */

import type { Classify } from "../classify/classify.ts";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { flag, group, list, readOptions, record, required, type Reader } from "../core/options.ts";
import { adaptiveLimit, type AdaptiveLimitOptions } from "./adaptive-limit.ts";
import { breaker } from "./breaker.ts";
import type { BreakerOptions } from "./breaker-options.ts";
import { bulkhead, type BulkheadOptions } from "./bulkhead.ts";
import { chaos, type ChaosOptions } from "./chaos.ts";
import { fallback, type FallbackOptions } from "./fallback.ts";
import type { FaultOfResult } from "./fault-of-result.ts";
import { backoffFrom, ruleFrom, under } from "./from-data.ts";
import { gate, type GateOptions } from "./gate.ts";
import { hedge, type HedgeOptions } from "./hedge.ts";
import type { HedgeDelay } from "./hedge-delay.ts";
import { measured, type MeasuredOptions } from "./measured.ts";
import { intended, pipeline } from "./pipeline.ts";
import type { Policy } from "./policy.ts";
import { rateLimit } from "./rate-limit.ts";
import type { RateLimitOptions } from "./rate-limit-options.ts";
import { retry, type RetryOptions } from "./retry.ts";
import type { RetryAllowance } from "./retry-state.ts";
import { throttle, type ThrottleOptions } from "./throttle.ts";
import { timeout, type TimeoutOptions } from "./timeout.ts";

/** What no file can hold, for the policies of a pipeline that was made out of data. */
export interface PipelineParts {
  /** For all that go by time. */
  readonly clock?: Clock | undefined;
  /** For all that throw dice. */
  readonly random?: Random | undefined;
  /** Told the events of all of them. */
  readonly on?: Emit | undefined;
  /** For all that ask for the fault of an error. */
  readonly classify?: Classify | undefined;
  /** For `retry`, `breaker`, `hedge` and `fallback`. */
  readonly faultOfResult?: FaultOfResult | undefined;
  /** For `retry` and `hedge`. */
  readonly budget?: RetryAllowance | undefined;
  /** Options of one kind of policy: functions, or anything that the data may leave out. */
  readonly defaults?: PolicyDefaults | undefined;
}

/** What the data says goes before it. */
export interface PolicyDefaults {
  readonly adaptiveLimit?: AdaptiveLimitOptions | undefined;
  readonly breaker?: BreakerOptions | undefined;
  readonly bulkhead?: BulkheadOptions | undefined;
  readonly chaos?: Partial<ChaosOptions> | undefined;
  readonly fallback?: FallbackOptions | undefined;
  readonly gate?: GateOptions | undefined;
  readonly hedge?: HedgeOptions | undefined;
  readonly measured?: MeasuredOptions | undefined;
  readonly rateLimit?: RateLimitOptions | undefined;
  readonly retry?: RetryOptions | undefined;
  readonly throttle?: ThrottleOptions | undefined;
  readonly timeout?: TimeoutOptions | undefined;
}

type Kind = keyof PolicyDefaults;
type SharedPart = Exclude<keyof PipelineParts, "defaults">;
type PolicyData = Readonly<Record<string, unknown>>;

/** How each is made. The types say what is expected: the policy's own readers see to it. */
const MAKERS = {
  adaptiveLimit: ({ rule, ...options }: AdaptiveLimitOptions) =>
    adaptiveLimit({ ...options, rule: ruleFrom(rule, "adaptiveLimit.rule") }),
  breaker: ({ name, pause, ...options }: BreakerOptions & { readonly name: string }) =>
    breaker(name, { ...options, pause: backoffFrom(pause, "breaker.pause") }),
  bulkhead: ({ limit, ...options }: BulkheadOptions & { readonly limit: number }) =>
    bulkhead(limit, options),
  chaos,
  fallback: ({ answer, ...options }: FallbackOptions & { readonly answer: unknown }) =>
    fallback(answer, options),
  gate,
  hedge: ({ delay, ...options }: HedgeOptions & { readonly delay: HedgeDelay }) =>
    hedge(delay, options),
  measured,
  rateLimit: ({ calls, ...options }: RateLimitOptions & { readonly calls: number }) =>
    rateLimit(calls, options),
  retry: ({ backoff, ...options }: RetryOptions) =>
    retry({ ...options, backoff: backoffFrom(backoff, "retry.backoff") }),
  throttle,
  timeout: ({ limit, ...options }: TimeoutOptions & { readonly limit: Duration }) =>
    timeout(limit, options),
} satisfies Record<Kind, (told: never) => Policy<unknown>>;

const KINDS = Object.keys(MAKERS) as readonly Kind[];

/** Which of them know each part. */
const KNOWN_BY: Readonly<Record<SharedPart, readonly Kind[]>> = {
  clock: KINDS.filter((kind) => kind !== "fallback"),
  random: ["breaker", "chaos", "retry", "throttle"],
  on: KINDS,
  classify: KINDS.filter((kind) => !["bulkhead", "chaos", "timeout"].includes(kind)),
  faultOfResult: ["breaker", "fallback", "hedge", "retry"],
  budget: ["hedge", "retry"],
};

const asItIs: Reader<unknown> = (value) => value;
const readData = record(asItIs, { default: undefined });
const EACH_KIND = Object.fromEntries(KINDS.map((kind) => [kind, readData])) as Readonly<
  Record<Kind, typeof readData>
>;

const ENTRY_READERS = { ...EACH_KIND, intended: flag({ default: false }) };

const PARTS_READERS = {
  clock: asItIs,
  random: asItIs,
  on: asItIs,
  classify: asItIs,
  faultOfResult: asItIs,
  budget: asItIs,
  defaults: group(EACH_KIND),
} satisfies Record<keyof PipelineParts, Reader<unknown>>;

/**
 * Makes a pipeline out of plain data, as JSON, YAML or a store of settings gives it: a list, the
 * outermost first, of objects with one policy each, by the name of the function that makes it. What
 * stands before the options there stands among them here: `limit` of a `timeout`, `name` of a `breaker`.
 * A backoff is a list, or its formula with the first wait: `{ exponential: "200ms", max: "30s" }`.
 * `intended: true` beside a policy says what `intended` does.
 *
 * `cache` and `coalesce` are by key, so they are not among them: nest what this makes. The type of what
 * a `fallback` in it answers is the caller's to say: `pipelineFrom<null>(data)`.
 *
 * @param data Checked as strictly as in code; an entry for each policy.
 * @param parts What no data can hold: each part goes to every policy that knows it.
 * @throws {OptionsError} At once, with the place, as `pipeline[1].breaker.failures`, for whatever is
 * unknown or out of range; and where the order makes no sense.
 * @example
 * const bank = pipelineFrom([
 *   { retry: { attempts: 5, backoff: ["200ms", "1s"] } },
 *   { breaker: { name: "bank", failures: 3 } },
 *   { timeout: { limit: "2s" } },
 * ]);
 */
export function pipelineFrom<Answer = never>(
  data: unknown,
  parts: PipelineParts = {},
): Policy<Answer> {
  const shared = readOptions("pipelineFrom", parts, PARTS_READERS);
  const readEntry: Reader<Policy> = (entry, path) => policyFrom(entry, path, shared);
  const read = required(list(readEntry, { default: undefined }), "an array of policies");
  return pipeline(...read(data, "pipeline"));
}

type Shared = ReturnType<typeof readOptions<typeof PARTS_READERS>>;

function policyFrom(entry: unknown, path: string, shared: Shared): Policy {
  const { intended: isIntended, ...given } = readOptions(path, entry, ENTRY_READERS);
  const [kind, other] = KINDS.filter((each) => given[each] !== undefined);
  if (kind === undefined || other !== undefined) {
    const received = kind === undefined ? "none" : `${kind} and ${other}`;
    throw new OptionsError(
      path,
      `expected one policy, such as { retry: {} }, received ${received}`,
    );
  }
  const told = Object.fromEntries(
    [partsFor(kind, shared), shared.defaults[kind], given[kind]].flatMap(saidIn),
  );
  const policy = under(path, () => (MAKERS[kind] as (told: PolicyData) => Policy)(told));
  return isIntended ? intended(policy) : policy;
}

/** What is left out, or undefined, leaves what goes before it as it is. */
function saidIn(told: PolicyData = {}): readonly [option: string, value: unknown][] {
  return Object.entries(told).filter(([, value]) => value !== undefined);
}

/** The parts that a kind of policy knows. */
function partsFor(kind: Kind, shared: Shared): PolicyData {
  const names = Object.keys(KNOWN_BY) as readonly SharedPart[];
  const known = names.filter((name) => KNOWN_BY[name].includes(kind));
  return Object.fromEntries(known.map((name) => [name, shared[name]]));
}
