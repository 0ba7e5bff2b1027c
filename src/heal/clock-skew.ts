/** Tells whether the clock of this machine is wrong. It never sets it: that is for a time service. */

import { request } from "node:http";
import { formatMs, type Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { duration, readOptions, required, type Reader } from "../core/options.ts";
import type { Remedy, RemedyContext } from "../core/remedy.ts";
import { WRONG_TIME } from "./codes.ts";
import { HOUR, limitReaders, limitsOf, MINUTE, SECOND, type RemedyLimits } from "./limits.ts";
import type { ProbeContext } from "./probe.ts";

/** Tells the right time: milliseconds since the Unix epoch. */
export type TellTime = (context: ProbeContext) => number | Promise<number>;

/** Whose time is the right one. */
export interface ClockSkewOptions extends RemedyLimits {
  /**
   * A server's `http://` address, whose `Date` header is asked, for with a wrong clock no certificate
   * holds; or a function that tells the time.
   */
  readonly against: string | TellTime;
  /** How far the clock may be off. Default 1 minute. */
  readonly tolerance?: Duration | undefined;
}

const readReference: Reader<TellTime> = (value, path) => {
  if (typeof value === "function") return value as TellTime;
  if (typeof value === "string" && URL.canParse(value) && new URL(value).protocol === "http:") {
    return ({ signal }) => timeOf(value, signal);
  }
  throw new OptionsError(path, "expected an address that begins with http://, or a function");
};

const READERS = {
  against: required(readReference, "an address or a function"),
  tolerance: duration({ min: SECOND, default: MINUTE }),
  ...limitReaders({ times: 1, withinMs: HOUR, coolDownMs: 0, limitMs: 15 * SECOND }),
} satisfies Record<keyof ClockSkewOptions, Reader<unknown>>;

/**
 * Tells by how much the clock is off, after a failure that a wrong clock may cause. It has nothing to
 * act on: a clock that jumps breaks more than it mends, so a human sets up a time service.
 */
export function clockSkew(options: ClockSkewOptions): Remedy {
  const settled = readOptions("clockSkew", options, READERS);
  const look = async ({ clock, signal }: RemedyContext) => {
    const offMs = clock.now() - (await settled.against({ signal }));
    const isWrong = Math.abs(offMs) > settled.tolerance;
    const way = offMs > 0 ? "ahead" : "behind";
    return {
      isWrong,
      found: isWrong
        ? `the clock of this machine is ${formatMs(Math.abs(offMs))} ${way}; let a time service set it`
        : "the clock of this machine is right",
    };
  };
  return Object.freeze({
    name: "clock-skew",
    target: "the clock",
    blastRadius: "tells, and changes nothing",
    advice: "let a time service set the clock",
    isExclusive: false,
    ...limitsOf(settled, WRONG_TIME),
    examine: async (context: RemedyContext) => {
      const { isWrong, found } = await look(context);
      return { isPresent: isWrong, found, plan: [] };
    },
    act: async () => {
      throw new Error("it has nothing to act on");
    },
    measure: async (context: RemedyContext) => {
      const { isWrong, found } = await look(context);
      return { isGone: !isWrong, found };
    },
  });
}

/** To the second, as HTTP tells it. Source: RFC 9110, 6.6.1. */
function timeOf(address: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(address, { method: "HEAD", signal }, ({ headers }) => {
      asked.destroy();
      const atMs = Date.parse(headers.date ?? "");
      if (Number.isNaN(atMs)) reject(new Error(`${address} told no date`));
      else resolve(atMs);
    });
    asked.once("error", reject);
    asked.end();
  });
}
