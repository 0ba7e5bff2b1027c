/** What `resilientFetch` can be told, and the policy that it has otherwise. */

import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError, RejectedError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  integer,
  list,
  oneOf,
  part,
  readOptions,
  record,
  required,
  text,
  type Reader,
} from "../core/options.ts";
import { show } from "../core/show.ts";
import { systemClock, systemFetch, type Fetch } from "../core/system.ts";
import { breakers, type BreakersOptions } from "../policies/breakers.ts";
import { pipeline } from "../policies/pipeline.ts";
import type { Policy } from "../policies/policy.ts";
import { retry, type RetryOptions } from "../policies/retry.ts";
import type { When } from "../policies/retry-state.ts";
import { timeout } from "../policies/timeout.ts";
import { readPolicyFor } from "./policy-for.ts";
import { IDEMPOTENT_METHODS } from "./repeatable.ts";
import type { SenderParts } from "./sender.ts";

/** What a policy for one request may go by. */
export interface RequestFacts {
  /** Host and port, as `api.example:8443`. */
  readonly host: string;
  readonly method: string;
  /** Whether it may be sent again after an attempt that may have had its effect. */
  readonly isRepeatable: boolean;
  /** Whether its body can be sent only once, so that it is not sent again whatever became of it. */
  readonly isReadOnce: boolean;
}

/** Gives the policy for a request. */
export type PolicyFor = (request: RequestFacts) => Policy;

/** How requests are guarded. */
export interface ResilientFetchOptions {
  /** Stands in events and in errors. Default `"fetch"`. */
  readonly name?: string | undefined;
  /**
   * What guards each request, or gives the policy for one. What must not be sent twice is sent once all
   * the same. Default: a retry, and within it a breaker for each host.
   */
  readonly policy?: Policy | PolicyFor | undefined;
  /** Of the default policy's retry; `repeatable` is found out. Not together with `policy`. */
  readonly retry?: Omit<RetryOptions, "repeatable"> | undefined;
  /** Of the default policy's breakers. Not together with `policy`. */
  readonly breaker?: BreakersOptions | undefined;
  /**
   * The methods that may be sent again after an attempt that may have had its effect. Others are only
   * after failures with effect `none`, or with an Idempotency-Key header. Default: those that RFC 9110
   * calls idempotent: GET, HEAD, OPTIONS, PUT, DELETE, TRACE.
   */
  readonly methods?: readonly string[] | undefined;
  /**
   * The longest wait for the headers of a response, connecting and sending included; for each attempt,
   * and each redirect that is followed here. Default `"30s"`; `Infinity` is allowed.
   */
  readonly headersTimeout?: Duration | undefined;
  /**
   * The longest wait for the next part of a response's body, while somebody reads it. Default `"30s"`;
   * `Infinity` is allowed.
   */
  readonly bodyTimeout?: Duration | undefined;
  /**
   * How many redirects are followed. One more is a failed status. Default: `fetch` follows them, up to
   * twenty. Not in browsers, which do not show where a redirect leads.
   */
  readonly redirects?: number | undefined;
  /**
   * Names of headers that do not go to another origin, besides Authorization, Cookie and
   * Proxy-Authorization, which never do. Only with `redirects`. Default: none.
   */
  readonly privateHeaders?: readonly string[] | undefined;
  /**
   * What becomes of a status from 400 on, after the last attempt: it is `answered`, as `fetch` does, or
   * `thrown` as `HttpStatusError`. Default `"answered"`.
   */
  readonly failedStatus?: "answered" | "thrown" | undefined;
  /** Sends the requests. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told the events of all its parts, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const readName = required(text({ default: undefined }), "a name");

/** Options of a part, which reads them itself. */
const readGiven = record((value: unknown) => value, { default: undefined });

const readHeaderName: Reader<string> = (value, path) => {
  const name = readName(value, path);
  try {
    new Headers().has(name);
    return name;
  } catch {
    throw new OptionsError(path, `expected the name of a header, received ${show(name)}`);
  }
};

const READERS = {
  name: text({ default: "fetch" }),
  policy: (value, path) => readPolicyFor<RequestFacts>(value, path),
  retry: (value, path) => readGiven(value, path) as RetryOptions | undefined,
  breaker: (value, path) => readGiven(value, path) as BreakersOptions | undefined,
  methods: list(readName, { default: IDEMPOTENT_METHODS }),
  headersTimeout: duration({ orInfinity: true, default: 30_000 }),
  bodyTimeout: duration({ orInfinity: true, default: 30_000 }),
  redirects: integer({ min: 0, default: undefined }),
  privateHeaders: list(readHeaderName, { default: [] }),
  failedStatus: oneOf(["answered", "thrown"], { default: "answered" as const }),
  fetch: callable<Fetch, Fetch>({ default: systemFetch }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof ResilientFetchOptions, Reader<unknown>>;

/** Options as they are gone by. */
export interface FetchParts extends SenderParts {
  readonly policyFor: PolicyFor;
  /** The limit for each wait for a part of a body. */
  readonly untilPart: Policy | undefined;
}

/** Reads the options. @throws {OptionsError} If one is unknown or out of range. */
export function readFetchParts(options: ResilientFetchOptions): FetchParts {
  const settled = readOptions("resilientFetch", options, READERS);
  const { name, policy, headersTimeout, bodyTimeout, clock, on } = settled;
  if (policy !== undefined && (settled.retry !== undefined || settled.breaker !== undefined))
    throw new OptionsError("resilientFetch.policy", "stands for retry and breaker; leave them out");
  if (settled.privateHeaders.length > 0 && settled.redirects === undefined) {
    const problem = "is for redirects that are followed here; give redirects too";
    throw new OptionsError("resilientFetch.privateHeaders", problem);
  }
  const limit = (what: string, limitMs: number): Policy =>
    timeout(limitMs, { name: `${name} ${what}`, clock, on });
  return {
    ...settled,
    methods: settled.methods.map((method) => method.toUpperCase()),
    policyFor: policy ?? defaultPolicy(settled),
    untilHeaders: limit("headers", headersTimeout),
    untilPart: bodyTimeout === Infinity ? undefined : limit("body", bodyTimeout),
  };
}

interface DefaultParts {
  readonly name: string;
  readonly retry: RetryOptions | undefined;
  readonly breaker: BreakersOptions | undefined;
  readonly clock: Clock;
  readonly on: Emit | undefined;
}

function defaultPolicy(parts: DefaultParts): PolicyFor {
  const { name, clock, on } = parts;
  const shared = { name, clock, on, ...parts.retry };
  const again = retry(shared);
  const onlyRefused = retry({ ...shared, repeatable: false });
  const onlyUnsent = retry({ ...shared, repeatable: false, when: beforeSending(shared.when) });
  const hosts = breakers(name, { clock, on, ...parts.breaker });
  return ({ host, isRepeatable, isReadOnce }) => {
    const unlessSent = isReadOnce ? onlyUnsent : onlyRefused;
    return pipeline(isRepeatable ? again : unlessSent, hosts.for(host));
  };
}

/** Whether the breaker refused it: nothing was read of its body then. */
function beforeSending(when: When = () => true): When {
  return (error, fault, attempt) => error instanceof RejectedError && when(error, fault, attempt);
}
