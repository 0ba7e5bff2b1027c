/** A line of a run's log, as it is shown to people. Pure. */

import type { Level } from "../core/events.ts";
import type { LogRecord } from "../observe/record.ts";
import { printable } from "./printable.ts";
import { isToldElsewhere, progressLine } from "./screen/progress-line.ts";

/** The least urgent first. */
export const LEVELS: readonly Level[] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

/** Where it happened, as far as the record tells. */
interface Place {
  readonly task?: { readonly name?: string };
  readonly step?: { readonly name?: string };
  readonly policy?: string;
}

/** The line as a progress line; empty when it is less urgent than `least`, or told by another one. */
export function shownLine(line: string, least: Level): string {
  const record = parse(line);
  if (record === undefined) return `${printable(line)}\n`;
  if (!isUrgent(record, least)) return "";
  const { task, step, policy } = record.holdfast as Place;
  const type = record.event.action;
  const where = { task: task?.name, step: step?.name };
  if (least !== "DEBUG" && isToldElsewhere({ type, where, policy })) return "";
  const atMs = Date.parse(record["@timestamp"]);
  return progressLine({ type, level: record["log.level"], atMs, text: record.message }, false);
}

/** The line as it is; empty when it is less urgent than `least`. */
export function rawLine(line: string, least: Level): string {
  const record = parse(line);
  return record !== undefined && isUrgent(record, least) ? `${line}\n` : "";
}

function isUrgent(record: LogRecord, least: Level): boolean {
  return LEVELS.indexOf(record["log.level"]) >= LEVELS.indexOf(least);
}

/** A line that was cut off, as by a full disk, is no record. */
function parse(line: string): LogRecord | undefined {
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    return undefined;
  }
}
