/** The options of the object store, read once; and the profiles, which are sets of faults by name. */

import { OptionsError } from "../core/errors.ts";
import {
  duration,
  flag,
  integer,
  list,
  number,
  oneOf,
  readOptions,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { show } from "../core/show.ts";
import type { Duration } from "../core/duration.ts";

/**
 * What the store does to a request: `unavailable` answers 503 with Retry-After; `reset` cuts the
 * connection before anything happened, `reset-after` when the effect has landed; `stall` gives no
 * answer; `truncate` sends half of an object under the length of the whole.
 */
export type FaultKind = "unavailable" | "reset" | "reset-after" | "stall" | "truncate";

/** Every kind of fault that is drawn. */
export const FAULT_KINDS: readonly FaultKind[] = [
  "unavailable",
  "reset",
  "reset-after",
  "stall",
  "truncate",
];

/** Methods as the ledger names them; `LIST` is the GET that lists objects. */
export type StoreMethod = "PUT" | "GET" | "HEAD" | "DELETE" | "LIST";

/** Every method. */
export const STORE_METHODS: readonly StoreMethod[] = ["PUT", "GET", "HEAD", "DELETE", "LIST"];

/**
 * `none`: no faults. `nightly`: every kind, with waits as a real store has them. `fast`: the same
 * with hardly any waits, for tests. `outage`: every PUT is refused with 403, for good.
 */
export type StoreProfile = "none" | "fast" | "nightly" | "outage";

/** Every profile. */
export const STORE_PROFILES: readonly StoreProfile[] = ["none", "fast", "nightly", "outage"];

/** How often and how the store misbehaves. What is left out is as in the profile. */
export interface StoreFaults {
  /** The kinds that are drawn from. Every one is caused once as soon as a request fits it. */
  readonly kinds?: readonly FaultKind[] | undefined;
  /** The share of requests that fail, from 0 to 1, beside those that fail for another reason here. */
  readonly rate?: number | undefined;
  /** The most faults in a row for one method and object: with more attempts a client gets through. */
  readonly inARow?: number | undefined;
  /** Whether the first request for each object fails: a client without retries never gets through. */
  readonly atFirst?: boolean | undefined;
  /** What Retry-After asks for; HTTP has it in whole seconds, so it is rounded up. */
  readonly retryAfter?: Duration | undefined;
  /** How long a stall lasts before the connection is cut, when the client does not give up before. */
  readonly stall?: Duration | undefined;
}

/** Requests that are refused for good. */
export interface Refusal {
  readonly method: StoreMethod;
  /** From 400 to 599. Default 403. */
  readonly status?: number | undefined;
  /** Only objects whose name begins so. Default: all. */
  readonly prefix?: string | undefined;
}

/** How an object store is made. */
export interface ObjectStoreOptions {
  /** Where objects and ledger are kept. It is made when it is missing. One store at a time may have it. */
  readonly directory: string;
  /** The port on 127.0.0.1. Default 0: one that is free. */
  readonly port?: number | undefined;
  /** Draws the faults: the same seed and requests, the same faults. Default `"holdfast"`. */
  readonly seed?: number | string | undefined;
  /** Default `"none"`. */
  readonly profile?: StoreProfile | undefined;
  /** Changes to the profile. */
  readonly faults?: StoreFaults | undefined;
  /** What happens to the first requests, one after the other, in place of what would be drawn. */
  readonly script?: readonly (FaultKind | "none")[] | undefined;
  /** Requests that are refused for good, beside those that the profile refuses. */
  readonly refuse?: readonly Refusal[] | undefined;
}

/** The faults after reading: times in milliseconds. */
export interface FaultRules {
  readonly kinds: readonly FaultKind[];
  readonly rate: number;
  readonly inARow: number;
  readonly atFirst: boolean;
  readonly retryAfter: number;
  readonly stall: number;
}

/** A refusal after reading. */
export interface SettledRefusal {
  readonly method: StoreMethod;
  readonly status: number;
  readonly prefix: string;
}

/** The options after reading. */
export interface SettledStore {
  readonly directory: string;
  readonly port: number;
  readonly seed: number | string;
  readonly profile: StoreProfile;
  readonly faults: FaultRules;
  readonly script: readonly (FaultKind | "none")[];
  readonly refuse: readonly SettledRefusal[];
}

const QUIET: FaultRules = {
  kinds: [],
  rate: 0,
  inARow: 2,
  atFirst: false,
  retryAfter: 1_000,
  stall: 30_000,
};

const NIGHTLY: FaultRules = { ...QUIET, kinds: FAULT_KINDS, rate: 0.15, atFirst: true };

const PROFILES: Readonly<Record<StoreProfile, FaultRules>> = {
  none: QUIET,
  nightly: NIGHTLY,
  fast: { ...NIGHTLY, retryAfter: 0, stall: 300 },
  outage: QUIET,
};

const asInProfile = { default: undefined };

const FAULT_READERS = {
  kinds: list(required(oneOf(FAULT_KINDS, asInProfile), "a kind of fault"), asInProfile),
  rate: number({ min: 0, max: 1, default: undefined }),
  inARow: integer({ min: 1, default: undefined }),
  atFirst: flag(asInProfile),
  retryAfter: duration({ default: undefined }),
  stall: duration({ default: undefined }),
} satisfies Record<keyof StoreFaults, Reader<unknown>>;

const REFUSAL_READERS = {
  method: required(oneOf(STORE_METHODS, asInProfile), "a method"),
  status: integer({ min: 400, max: 599, default: 403 }),
  prefix: text({ default: "" }),
} satisfies Record<keyof Refusal, Reader<unknown>>;

const READERS = {
  directory: required(text({ default: undefined }), "a directory"),
  port: integer({ min: 0, max: 65_535, default: 0 }),
  seed: readSeed,
  profile: oneOf<StoreProfile, StoreProfile>(STORE_PROFILES, { default: "none" }),
  faults: (value, path) => readOptions(path, value ?? {}, FAULT_READERS),
  script: list(required(oneOf([...FAULT_KINDS, "none"], asInProfile), "a kind of fault"), {
    default: [],
  }),
  refuse: list((value, path) => readOptions(path, value, REFUSAL_READERS), { default: [] }),
} satisfies Record<keyof ObjectStoreOptions, Reader<unknown>>;

/** Reads the options and puts the profile under them. @throws {OptionsError} When one does not fit. */
export function readStoreOptions(options: ObjectStoreOptions): SettledStore {
  const settled = readOptions("objectStore", options, READERS);
  const outage = { method: "PUT", status: 403, prefix: "" } as const;
  return {
    ...settled,
    faults: withChanges(PROFILES[settled.profile], settled.faults),
    refuse: settled.profile === "outage" ? [outage, ...settled.refuse] : settled.refuse,
  };
}

function withChanges(rules: FaultRules, changes: Settled<typeof FAULT_READERS>): FaultRules {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...rules, ...(Object.fromEntries(given) as Partial<FaultRules>) };
}

function readSeed(value: unknown, path: string): number | string {
  if (value === undefined) return "holdfast";
  if (typeof value === "string" || Number.isSafeInteger(value)) return value as number | string;
  throw new OptionsError(path, `expected a whole number or text, received ${show(value)}`);
}
