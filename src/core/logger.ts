/** Where an automation writes its own log records. */

import type { Level } from "./events.ts";

/** Writes one record: a message for people and, if need be, data for programs. Both are redacted. */
export type LogMethod = (message: string, data?: unknown) => void;

/** One method per level. */
export type Logger = Readonly<Record<Lowercase<Level>, LogMethod>>;

/** A logger that hands each record to `write`. */
export function loggerTo(write: (level: Level, message: string, data: unknown) => void): Logger {
  const at =
    (level: Level): LogMethod =>
    (message, data) =>
      write(level, message, data);
  return Object.freeze({
    debug: at("DEBUG"),
    info: at("INFO"),
    warning: at("WARNING"),
    error: at("ERROR"),
    critical: at("CRITICAL"),
  });
}
