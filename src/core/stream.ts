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
  return (details, where) => {
    const plain =
      "error" in details ? { ...details, error: summariseError(details.error) } : details;
    const event = redactor.value({ ...plain, atMs: clock.now(), where }) as HoldfastEvent;
    for (const sink of sinks) {
      try {
        sink(event);
      } catch {
        // A full disk under the log must not fail the backup that would free it.
      }
    }
  };
}
