/** What every remedy of the catalogue can be told: how often, how soon again, how long, and for which faults. */

import { formatMs, type Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { duration, group, integer, list, required, text, type Reader } from "../core/options.ts";
import type { Ailment, Remedy } from "../core/remedy.ts";

/** The options that all remedies have. */
export interface RemedyLimits {
  /** How often it may act on its target within a length of time; each has its own default. */
  readonly budget?:
    | { readonly times?: number | undefined; readonly within?: Duration | undefined }
    | undefined;
  /** How long it leaves its target alone after it acted; each has its own default. */
  readonly coolDown?: Duration | undefined;
  /** How long a healing may take in all; each has its own default. */
  readonly limit?: Duration | undefined;
  /** Codes of further faults that it is for. Default: none. */
  readonly codes?: readonly string[] | undefined;
}

/** The defaults of one remedy, in milliseconds. */
interface Defaults {
  readonly times: number;
  readonly withinMs: number;
  readonly coolDownMs: number;
  readonly limitMs: number;
}

/** The limits as they were read; times are in milliseconds. */
export interface SettledLimits {
  readonly budget: { readonly times: number; readonly within: number };
  readonly coolDown: number;
  readonly limit: number;
  readonly codes: readonly string[];
}

type LimitReaders = { readonly [Name in keyof SettledLimits]: Reader<SettledLimits[Name]> };

/** One reader for each of them. */
export function limitReaders({ times, withinMs, coolDownMs, limitMs }: Defaults): LimitReaders {
  return {
    budget: group({
      times: integer({ min: 1, max: 1_000, default: times }),
      within: duration({ min: 1, default: withinMs }),
    }),
    coolDown: duration({ default: coolDownMs }),
    limit: duration({ min: 1, default: limitMs }),
    codes: list(required(text({ default: undefined }), "the code of a fault"), { default: [] }),
  } satisfies Record<keyof RemedyLimits, Reader<unknown>>;
}

/** The part of a remedy that its limits say. `codes` are those of the faults that it is made for. */
export function limitsOf(
  settled: SettledLimits,
  codes: readonly string[],
): Pick<Remedy, "budget" | "coolDownMs" | "limitMs" | "fits"> {
  const { budget, coolDown: coolDownMs, limit: limitMs } = settled;
  const all = new Set([...codes, ...settled.codes]);
  return {
    budget: { times: budget.times, withinMs: budget.within },
    coolDownMs,
    limitMs,
    fits: ({ fault }: Ailment) => all.has(fault.code),
  };
}

/**
 * Refuses lengths of time, by the names of their options, that the healing as a whole leaves no room for.
 *
 * @throws {OptionsError}
 */
export function checkWithinLimit(
  owner: string,
  { limit }: SettledLimits,
  lengthsMs: Readonly<Record<string, number>>,
): void {
  for (const [name, lengthMs] of Object.entries(lengthsMs)) {
    if (lengthMs < limit) continue;
    const expected = `expected less than the limit of the whole healing, which is ${formatMs(limit)}`;
    throw new OptionsError(`${owner}.${name}`, `${expected}, received ${formatMs(lengthMs)}`);
  }
}

/** One second, in milliseconds. */
export const SECOND = 1_000;
/** One minute, in milliseconds. */
export const MINUTE = 60_000;
/** One hour, in milliseconds. */
export const HOUR = 3_600_000;
