/** The one stream of events: stamped, redacted once, and handed to every sink. */

import type { Clock } from "./clock.ts";
import { summariseError } from "./error-summary.ts";
import type { EventDetails, HoldfastEvent, Sink, Where } from "./events.ts";
import type { Redactor } from "./redact.ts";

/** Where events go in. */
export type Stream = (details: EventDetails, where: Where) => void;

/**
 * Makes a stream into `sinks`. What a sink throws is dropped: watching never fails what is watched.
 */
export function eventStream(parts: {
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly sinks: readonly Sink[];
}): Stream {
  const { clock, redactor, sinks } = parts;
  if (sinks.length === 0) return () => undefined;
  return (details, where) => {
    const plain =
      "error" in details ? { ...details, error: summariseError(details.error) } : details;
    const event = redacted({ ...plain, atMs: clock.now(), where }, redactor) as HoldfastEvent;
    for (const sink of sinks) {
      try {
        sink(event);
      } catch {
        // A full disk under the log must not fail the backup that would free it.
      }
    }
  };
}

/**
 * What holdfast itself says. Events are told by it, also where a password is one of its words. Not
 * the idempotency key: the name of its step is in it.
 */
const OWN_WORDS: ReadonlySet<string> = new Set(
  "type level outcome answer class effect runId".split(" "),
);

/** What an automation wrote, where a number can be anything. */
const WRITTEN: ReadonlySet<string> = new Set(["message", "data"]);

/** What holds such words and, beside them, what others said: names, and codes of errors. */
const OWN_RECORDS: ReadonlySet<string> = new Set(["where", "fault", "tasks"]);

function redacted(record: object, redactor: Redactor): object {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]: [string, unknown]) => {
      const isCount = typeof value === "number" && !WRITTEN.has(name);
      if (isCount || OWN_WORDS.has(name)) return [name, value];
      const isOwn = OWN_RECORDS.has(name) && typeof value === "object" && value !== null;
      return [name, isOwn ? redacted(value, redactor) : redactor.value(value)];
    }),
  );
}
