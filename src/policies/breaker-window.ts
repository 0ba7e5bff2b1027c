/** The window of a breaker: what can be told of it, and the limits that this is read into. */

import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { duration, integer, number, readOptions, type Reader } from "../core/options.ts";
import type { WindowLimits } from "./circuit.ts";
import { CountWindow, TimeWindow, type TimeWindowShape } from "./outcome-window.ts";

/** Goes by how many of the calls in a window failed or were slow, and not by failures in a row. */
export interface BreakerWindow {
  /** The last so many calls. Give this or `time`; 1 to 10,000. */
  readonly calls?: number | undefined;
  /** The calls of the last so long. Give this or `calls`; 1 ms to 1 hour. */
  readonly time?: Duration | undefined;
  /** Into how many parts `time` is cut: what leaves it leaves by the part. Default 10; 1 to 100. */
  readonly buckets?: number | undefined;
  /** The share of failures that opens it, from 0.001 to 1. Default 0.5, or none beside `failures`. */
  readonly rate?: number | undefined;
  /** How many failures in the window open it, whatever share they are. Default: none. */
  readonly failures?: number | undefined;
  /** Below so many calls in the window no share opens it. Default 10, or `calls` where that is less. */
  readonly minimum?: number | undefined;
  /** A call that takes longer than this is slow, also if it succeeds. Default: none is. */
  readonly slow?: Duration | undefined;
  /** The share of slow calls that opens it, from 0.001 to 1. Default 1. */
  readonly slowRate?: number | undefined;
}

/** A window as it was told, settled; by calls where `calls` is there, else by time. */
export interface WindowRules {
  /** As it was given, settled. */
  readonly told: object;
  readonly calls: number | undefined;
  readonly shape: TimeWindowShape;
  readonly limits: WindowLimits;
  /** `Infinity` where no call is slow. */
  readonly slowMs: number;
}

const DEFAULT_MINIMUM = 10;
const DEFAULT_RATE = 0.5;
const LONGEST_MS = 3_600_000;

const share = number({ min: 0.001, max: 1, default: undefined });

const READERS = {
  calls: integer({ min: 1, max: 10_000, default: undefined }),
  time: duration({ min: 1, default: undefined }),
  buckets: integer({ min: 1, max: 100, default: 10 }),
  rate: share,
  failures: integer({ min: 1, default: undefined }),
  minimum: integer({ min: 1, default: undefined }),
  slow: duration({ orInfinity: true, default: Infinity }),
  slowRate: share,
} satisfies Record<keyof BreakerWindow, Reader<unknown>>;

/** Reads the option `window`. */
export const readWindow: Reader<WindowRules | undefined> = (value, path) => {
  if (value === undefined) return undefined;
  const settled = readOptions(path, value, READERS);
  const { calls, time, buckets, slow, ...given } = settled;
  if ((calls === undefined) === (time === undefined)) {
    throw new OptionsError(path, "expected either calls or time");
  }
  if (time !== undefined && time > LONGEST_MS) {
    throw new OptionsError(`${path}.time`, `${time} ms is above the longest window of 1 h`);
  }
  const { minimum = Math.min(DEFAULT_MINIMUM, calls ?? Infinity) } = given;
  if (minimum > (calls ?? Infinity)) {
    throw new OptionsError(
      `${path}.minimum`,
      `${minimum} calls never fit into a window of ${calls}`,
    );
  }
  const { failures = Infinity, slowRate = 1 } = given;
  const rate = given.rate ?? (given.failures === undefined ? DEFAULT_RATE : undefined);
  const shape = { timeMs: time ?? 0, buckets, countsSlow: slow < Infinity };
  return Object.freeze({
    told: Object.freeze({ ...settled, minimum, rate, slowRate }),
    calls,
    shape,
    limits: { failures, minimum, rate: rate ?? Infinity, slowRate },
    slowMs: slow,
  });
};

/** An empty window. */
export function emptyWindow(
  { calls, shape }: WindowRules,
  nowMs: number,
): CountWindow | TimeWindow {
  return calls === undefined ? new TimeWindow(shape, nowMs) : new CountWindow(calls);
}
