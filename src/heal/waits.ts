/** Remedies that only wait: until something answers, until a conflict has passed. They change nothing. */

import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { duration, readOptions, text, type Reader } from "../core/options.ts";
import type { ActContext, Remedy, RemedyContext } from "../core/remedy.ts";
import { formatMs } from "../core/duration.ts";
import { CONFLICTS, UNREACHABLE } from "./codes.ts";
import {
  checkWithinLimit,
  HOUR,
  limitReaders,
  limitsOf,
  MINUTE,
  SECOND,
  type RemedyLimits,
} from "./limits.ts";
import { askBy, connectTo, describeProbe, readProbe, type Probe } from "./probe.ts";

/** What is waited for. */
export interface WaitUntilReachableOptions extends RemedyLimits {
  /** A host and port, as `store.example:443`, to connect to. Either this or `probe`. */
  readonly host?: string | undefined;
  /** Asks whether it can be reached. Either this or `host`. */
  readonly probe?: Probe | undefined;
  /** How long to wait at most. Default 5 minutes. */
  readonly wait?: Duration | undefined;
  /** How long one question may take. Default 5 seconds. */
  readonly probeTimeout?: Duration | undefined;
}

/** A probe that connects, of text such as `store.example:443` or `[::1]:443`. */
const readHost: Reader<Probe | undefined> = (value, path) => {
  const given = text({ default: undefined })(value, path);
  if (given === undefined) return undefined;
  const [, bracketed, plain, port = ""] =
    /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(given) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) {
    return connectTo(host, Number(port));
  }
  throw new OptionsError(
    path,
    `expected a host and port as store.example:443, received "${given}"`,
  );
};

const REACH_READERS = {
  host: readHost,
  probe: readProbe,
  wait: duration({ min: 1, default: 5 * MINUTE }),
  probeTimeout: duration({ min: 1, default: 5 * SECOND }),
  ...limitReaders({ times: 5, withinMs: HOUR, coolDownMs: 0, limitMs: HOUR }),
} satisfies Record<keyof WaitUntilReachableOptions, Reader<unknown>>;

const FIRST_ASK_MS = 500;
const LONGEST_ASK_MS = 15_000;

/**
 * Waits until a host can be reached: its name is known, and it takes connections; or until a probe is
 * well. Asks after half a second, then ever more seldom, up to 15 s apart, with jitter.
 *
 * Defaults: 5 times in a step.
 */
export function waitUntilReachable(options: WaitUntilReachableOptions): Remedy {
  const settled = readOptions("waitUntilReachable", options, REACH_READERS);
  const { wait: waitMs, probeTimeout: limitMs } = settled;
  checkWithinLimit("waitUntilReachable", settled, { wait: waitMs, probeTimeout: limitMs });
  if ((settled.host === undefined) === (settled.probe === undefined)) {
    throw new OptionsError("waitUntilReachable", 'expected either "host" or "probe"');
  }
  const probe = (settled.host ?? settled.probe) as Probe;
  const name = describeProbe(probe);
  const ask = ({ clock, signal }: RemedyContext) => askBy(probe)({ clock, signal, limitMs });
  return Object.freeze({
    name: "wait-until-reachable",
    target: name,
    blastRadius: `waits at most ${formatMs(waitMs)}, and changes nothing`,
    advice: `look whether ${name} works, and the name and the network on the way to it`,
    isExclusive: false,
    ...limitsOf(settled, UNREACHABLE),
    examine: async (context: RemedyContext) => {
      const { isWell, found } = await ask(context);
      const plan = [`wait at most ${formatMs(waitMs)} until ${name} is well`];
      return { isPresent: !isWell, found, plan };
    },
    act: async (context: ActContext) => {
      const { clock, random, signal, did } = context;
      const beganAtMs = clock.elapsed();
      for (let pauseMs = FIRST_ASK_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_ASK_MS)) {
        const leftMs = beganAtMs + waitMs - clock.elapsed();
        if (leftMs <= 0) break;
        await clock.sleep(Math.min(leftMs, pauseMs * (0.5 + random() / 2)), signal);
        if ((await ask(context)).isWell) break;
      }
      did(`waited ${formatMs(clock.elapsed() - beganAtMs)}`);
    },
    measure: async (context: RemedyContext) => {
      const { isWell: isGone, found } = await ask(context);
      return { isGone, found };
    },
  });
}

/** How long is waited for other transactions. */
export interface DatabaseLockOptions extends RemedyLimits {
  /** The wait before the second attempt, at most; it doubles each time, up to 30 s and half of `limit`. Default 500 ms. */
  readonly wait?: Duration | undefined;
}

const LOCK_READERS = {
  wait: duration({ min: 1, default: 500 }),
  ...limitReaders({ times: 8, withinMs: HOUR, coolDownMs: 0, limitMs: MINUTE }),
} satisfies Record<keyof DatabaseLockOptions, Reader<unknown>>;

const LONGEST_WAIT_MS = 30_000;

/**
 * Waits while another transaction is in the way, with jitter, so that two that met do not meet again:
 * for a locked SQLite file, serialization failures and deadlocks. What failed was taken back by the
 * database, so the step's next attempt is the whole transaction again.
 *
 * Defaults: 8 times in a step.
 */
export function databaseLock(options: DatabaseLockOptions = {}): Remedy {
  const settled = readOptions("databaseLock", options, LOCK_READERS);
  checkWithinLimit("databaseLock", settled, { wait: settled.wait });
  // Half of its limit leaves room for the rest of a healing.
  const mostMs = Math.max(settled.wait, Math.min(LONGEST_WAIT_MS, settled.limit / 2));
  const longest = ({ round }: RemedyContext) =>
    // Past so many doublings it is the longest anyway.
    Math.min(mostMs, settled.wait * 2 ** Math.min(round - 1, 30));
  return Object.freeze({
    name: "database-lock",
    target: "the transaction",
    blastRadius: `waits at most ${formatMs(mostMs)} at a time, and changes nothing`,
    advice: "look which transaction keeps its locks",
    isExclusive: false,
    ...limitsOf(settled, CONFLICTS),
    examine: async (context: RemedyContext) => ({
      isPresent: true,
      found: "another transaction was in the way",
      plan: [`wait at most ${formatMs(longest(context))}`],
    }),
    act: async (context: ActContext) => {
      const { clock, random, signal, did } = context;
      const waitMs = longest(context) * (0.5 + random() / 2);
      await clock.sleep(waitMs, signal);
      did(`waited ${formatMs(waitMs)}`);
    },
    // The conflict was the failed transaction's, and went with it. Another one is another failure.
    measure: async () => ({
      isGone: true,
      found: "the transaction was taken back, and may begin anew",
    }),
  });
}
