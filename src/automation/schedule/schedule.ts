/** When an automation runs by itself, as its author says it. Nothing here needs a clock. */

import { formatMs, type Duration } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { duration, oneOf, readOptions, text } from "../../core/options.ts";
import type { Reader, Settled } from "../../core/options.ts";
import { show } from "../../core/show.ts";

/** When `holdfast serve` runs an automation, and what it does about ticks that it missed. */
export interface ScheduleOptions {
  /**
   * Tells the schedules of one automation apart, and is what is remembered of the past: under another
   * name it begins anew. Default: the expression, or `every` and the length.
   */
  readonly name?: string | undefined;
  /**
   * Minute, hour, day of the month, month, weekday, as in a crontab, or `@hourly`, `@daily`, `@weekly`,
   * `@monthly`, `@yearly`. Either this or `every`.
   */
  readonly cron?: string | undefined;
  /** The length between two ticks, counted from the Unix epoch; at least 100 ms. Either this or `cron`. */
  readonly every?: Duration | undefined;
  /** The zone of `cron`'s hours, such as `"Europe/Berlin"`. Default `"UTC"`, wherever it runs. */
  readonly timezone?: string | undefined;
  /**
   * The run begins at a moment up to this long after the tick: always the same for one tick and one
   * journal. Shorter than the time between two ticks. Default 0.
   */
  readonly jitter?: Duration | undefined;
  /**
   * What becomes of ticks that came while nobody served: `"none"`, only the newest (`"last"`), or
   * `"all"`, one after the other, the newest 100 at most. Default `"last"`.
   */
  readonly catchUp?: "none" | "last" | "all" | undefined;
  /** How late a run may begin that was missed or had to wait. Default `"1h"`; `Infinity` for any time. */
  readonly within?: Duration | undefined;
  /**
   * What a tick does while the automation still runs: it is skipped (`"forbid"`), waits, with room for
   * one (`"queue"`), or ends that run, which is rolled back (`"replace"`). Default `"forbid"`.
   */
  readonly overlap?: "forbid" | "queue" | "replace" | undefined;
  /** What its runs work on. Default `{}`. */
  readonly input?: unknown;
  /** How long a run may take before it is ended and rolled back. Default `"24h"`; `Infinity` for ever. */
  readonly timeout?: Duration | undefined;
}

const READERS = {
  name: text({ default: undefined }),
  cron: text({ default: undefined }),
  every: duration({ min: 100, default: undefined }),
  timezone: text({ default: "UTC" }),
  jitter: duration({ default: 0 }),
  catchUp: oneOf(["none", "last", "all"], { default: "last" as const }),
  within: duration({ orInfinity: true, default: 3_600_000 }),
  overlap: oneOf(["forbid", "queue", "replace"], { default: "forbid" as const }),
  input: (value: unknown) => (value === undefined ? {} : value),
  timeout: duration({ min: 1, orInfinity: true, default: 24 * 3_600_000 }),
} satisfies Record<keyof ScheduleOptions, Reader<unknown>>;

/** A schedule with its defaults; lengths are in milliseconds. */
export type Schedule = Settled<typeof READERS> & { readonly name: string };

/** More than these are a table of a database, not an automation's own schedules. */
const MAX_SCHEDULES = 100;

const MAX_NAME_LENGTH = 100;

/** Reads one schedule or several. Their expressions are looked at when they are used: see `timetable.ts`. */
export const readSchedules: Reader<readonly Schedule[]> = (value, path) => {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [readSchedule(value, path)];
  if (value.length > MAX_SCHEDULES)
    throw new OptionsError(path, `expected at most ${MAX_SCHEDULES}, received ${value.length}`);
  const all = value.map((one: unknown, index) => readSchedule(one, `${path}[${index}]`));
  const names = all.map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) < index);
  if (twice < 0) return Object.freeze(all);
  throw new OptionsError(
    `${path}[${twice}].name`,
    `there are two named ${show(names[twice])}; each needs a name of its own`,
  );
};

function readSchedule(value: unknown, path: string): Schedule {
  const settled = readOptions(path, value, READERS);
  const { cron, every, timezone, jitter } = settled;
  if ((cron === undefined) === (every === undefined))
    throw new OptionsError(path, "expected either cron or every");
  if (cron !== undefined) checkFields(cron, `${path}.cron`);
  checkZone(timezone, `${path}.timezone`);
  if (every !== undefined && jitter >= every)
    throw new OptionsError(`${path}.jitter`, `expected less than every, received ${show(jitter)}`);
  const name =
    settled.name ?? cron?.trim().replaceAll(/\s+/g, " ") ?? `every ${formatMs(every ?? 0)}`;
  if (name.length > MAX_NAME_LENGTH)
    throw new OptionsError(`${path}.name`, `expected at most ${MAX_NAME_LENGTH} characters`);
  return Object.freeze({ ...settled, name });
}

/** What is commonly mistaken is told at once; the rest is croner's to refuse. */
function checkFields(cron: string, path: string): void {
  const fields = cron.trim().split(/\s+/);
  if (fields.length === 5 || (fields.length === 1 && cron.trim().startsWith("@"))) return;
  const seconds = fields.length === 6 ? "; there are no seconds: for those take every" : "";
  throw new OptionsError(
    path,
    `expected five fields (minute, hour, day of the month, month, weekday), received ${show(cron)}${seconds}`,
  );
}

function checkZone(timezone: string, path: string): void {
  if (timezone === "UTC") return;
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    throw new OptionsError(
      path,
      `expected a time zone such as "Europe/Berlin", received ${show(timezone)}`,
    );
  }
}
