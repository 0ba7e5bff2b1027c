/** Lengths of time as people write them, read into milliseconds. */

import { OptionsError } from "./errors.ts";
import { show } from "./show.ts";

type Unit = "ms" | "s" | "m" | "h" | "d";

/**
 * A length of time: a number of milliseconds, or text such as `"250ms"`, `"2s"`, `"1m30s"`,
 * `"1.5h"` or `"7d"`. Never negative. Months and years do not exist, for they have no fixed length.
 */
export type Duration = number | `${number}${Unit}` | `${number}${Unit}${number}${string}`;

/** One part per unit, the largest first, each at most once; at least one. */
const TEXT =
  /^(?=\d)(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

/** Of each part, in the same order. */
const MS_PER_UNIT = [86_400_000, 3_600_000, 60_000, 1_000, 1];

/** What a duration looks like, for messages: also those about a command line, where a bare number is none. */
export const DURATION_EXAMPLES = 'a duration such as "250ms", "2s" or "1m30s"';

/** The milliseconds that `input` stands for, or `undefined` when it is not a duration. */
export function findMs(input: unknown): number | undefined {
  if (typeof input === "number") return input >= 0 ? input : undefined;
  if (typeof input !== "string") return undefined;
  const parts = TEXT.exec(input)?.slice(1);
  if (parts === undefined) return undefined;
  const ms = MS_PER_UNIT.reduce(
    (sum, unitMs, index) => sum + Number(parts[index] ?? 0) * unitMs,
    0,
  );
  return Number.isFinite(ms) ? ms : undefined;
}

/**
 * The milliseconds that a duration stands for.
 *
 * @throws {OptionsError} When `duration` is not one; the message names `owner`.
 */
export function toMs(duration: Duration, owner = "duration"): number {
  const ms = findMs(duration);
  if (ms === undefined) {
    throw new OptionsError(owner, `expected ${DURATION_EXAMPLES}, received ${show(duration)}`);
  }
  return ms;
}

/** Milliseconds as short text for people: `"850 ms"`, `"2.3 s"`, `"1 m 30 s"`, `"3 h 5 m"`. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return "for ever";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return joinUnits(Math.floor(seconds / 60), "m", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return joinUnits(Math.floor(minutes / 60), "h", minutes % 60, "m");
  const hours = Math.round(minutes / 60);
  return joinUnits(Math.floor(hours / 24), "d", hours % 24, "h");
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
