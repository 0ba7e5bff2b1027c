/** Telling of every call: how it ended, and how long it took. */

import type { Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Emit } from "../core/events.ts";
import { callable, part, readOptions, text, type Reader } from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { guarded, type Guard } from "./guard.ts";
import { place } from "./order.ts";
import type { Policy } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import { teller } from "./tell.ts";

/** How calls are measured and told of. */
export interface MeasuredOptions {
  /** Stands in events. Default `"measured"`. */
  readonly name?: string | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told `call.succeeded` and `call.failed`, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const READERS = {
  name: text({ default: "measured" }),
  classify: readClassify,
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof MeasuredOptions, Reader<unknown>>;

/**
 * Makes a policy that tells how each call ended and how long it took, and does nothing else. Outside of
 * a `retry` that is the whole call with its waits, inside each attempt. A call that its caller cancelled
 * is not told of.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const bank = pipeline(measured({ name: "bank" }), retry(), timeout("2s"));
 */
export function measured(options: MeasuredOptions = {}): Policy {
  const settled = readOptions("measured", options, READERS);
  const { name, classify, clock, on } = settled;
  const tell = teller(on);
  const guard: Guard = {
    begin: (inside, work, attempt, caller) => {
      const startedAtMs = clock.elapsed();
      const durationMs = (): number => clock.elapsed() - startedAtMs;
      inside.begin(work, attempt, {
        succeeded: (value) => {
          tell({ type: "call.succeeded", policy: name, durationMs: durationMs() });
          caller.succeeded(value);
        },
        failed: (error) => {
          if (!attempt.isAborted) {
            const fault = classify(error);
            tell({ type: "call.failed", policy: name, durationMs: durationMs(), fault, error });
          }
          caller.failed(error);
        },
      });
    },
  };
  return guarded(name, guard, place("measured", settled));
}
