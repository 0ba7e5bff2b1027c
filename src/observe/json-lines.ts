/** Events as lines of JSON, one record on each. */

import type { Sink } from "../core/events.ts";
import { clip } from "../core/show.ts";
import { toRecord, type LogRecord, type Service } from "./record.ts";

/** Shippers cut or drop longer lines: Filebeat at 10 MB, fluent-bit at 32 kB unless told otherwise. */
const LONGEST_LINE_BYTES = 256 * 1_024;

/**
 * A sink that hands one line per event to `write`: a JSON object and a line feed. A line is at most
 * 256 KiB long; to fit, a record loses its own data first, then the ends of its texts, and says so
 * by `holdfast.truncated`.
 */
export function jsonLines(write: (line: string) => void, service: Service): Sink {
  return (event) => write(lineOf(toRecord(event, service)));
}

/** The longest text that is left at each try; the last always fits. */
const TEXT_LIMITS = [Infinity, 4_000, 200];

function lineOf(record: LogRecord): string {
  const whole = `${JSON.stringify(record)}\n`;
  if (fits(whole)) return whole;
  const { data: _, ...holdfast } = record.holdfast;
  const shorter = { ...record, holdfast: { ...holdfast, truncated: true } };
  const tries = TEXT_LIMITS.map((limit) => `${JSON.stringify(shorten(shorter, limit))}\n`);
  return tries.find(fits) ?? (tries.at(-1) as string);
}

function fits(line: string): boolean {
  // Three bytes are the most that a UTF-16 unit takes.
  return line.length * 3 <= LONGEST_LINE_BYTES || Buffer.byteLength(line) <= LONGEST_LINE_BYTES;
}

const MOST_MEMBERS = 20;

function shorten(value: unknown, longest: number): unknown {
  if (longest === Infinity) return value;
  if (typeof value === "string") return clip(value, longest);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    return value.slice(0, MOST_MEMBERS).map((member) => shorten(member, longest));
  }
  const entries = Object.entries(value).map(([key, part]) => [key, shorten(part, longest)]);
  return Object.fromEntries(entries);
}
