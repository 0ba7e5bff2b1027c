/** A span for each call, with what policies did about it as its events. */

import { trace, type Tracer } from "@opentelemetry/api";
import { contextHere } from "../core/context.ts";
import type { Fault } from "../core/fault.ts";
import { part, readOptions, text, type Reader } from "../core/options.ts";
import { redactor as makeRedactor, type Redactor } from "../core/redact.ts";
import { quietly } from "../core/quietly.ts";
import { guarded } from "../policies/guard.ts";
import type { Policy } from "../policies/policy.ts";
import { readClassify } from "../policies/read-classify.ts";
import { SpanRecord } from "./span-record.ts";

/** How calls are traced. */
export interface TracedOptions {
  /** The name of the spans. Default `"traced"`. */
  readonly name?: string | undefined;
  /** Makes the spans. Default: that of the global provider, under the name `holdfast`. */
  readonly tracer?: Tracer | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: ((error: unknown) => Fault) | undefined;
  /** Takes secrets out of all that is written on a span. Default: `redactor()`. */
  readonly redactor?: Redactor | undefined;
}

const READERS = {
  name: text({ default: "traced" }),
  tracer: part<Tracer, undefined>({ methods: ["startSpan"], default: undefined }),
  classify: readClassify,
  redactor: part<Redactor, undefined>({ methods: ["text", "value"], default: undefined }),
} satisfies Record<keyof TracedOptions, Reader<unknown>>;

/**
 * Makes a policy that gives each call a span, and changes nothing else. Outside of a `retry` that is the
 * whole call with its waits, inside each attempt, as a child of it. Spans that the work makes are
 * children.
 *
 * What the policies inside of it tell, such as `retry.scheduled` and `breaker.rejected`, is an event of
 * the innermost span around them. A failed call has the status ERROR, its exception, and its fault:
 * `error.type` is the code. A call that was cancelled from outside, by its caller, a limit or a hedge, is
 * none. All text is without secrets. What the tracer throws is dropped.
 *
 * Contexts are followed by what the SDK registers for it, and events need AsyncLocalStorage; without a
 * provider the spans are no-ops.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const bank = pipeline(traced({ name: "bank" }), retry(), traced({ name: "bank attempt" }));
 */
export function traced(options: TracedOptions = {}): Policy {
  const settled = readOptions("traced", options, READERS);
  const { name, classify } = settled;
  const { tracer = trace.getTracer("holdfast"), redactor = makeRedactor() } = settled;
  const spanName = redactor.text(name);
  return guarded(name, {
    begin: (inside, work, attempt, caller) => {
      const span = quietly(() => tracer.startSpan(spanName));
      if (span === undefined) {
        inside.begin(work, attempt, caller);
        return;
      }
      const record = new SpanRecord(span, redactor, attempt.attempt);
      // What comes after the call, such as the next attempt, is no part of it.
      const outside = contextHere();
      const begin = (): void =>
        inside.begin(work, attempt, {
          succeeded: (value) => {
            record.succeeded();
            outside.runInAsyncScope(() => caller.succeeded(value));
          },
          failed: (error) => {
            if (attempt.isAborted) record.cancelled();
            else record.failed(error, classify(error));
            outside.runInAsyncScope(() => caller.failed(error));
          },
        });
      record.around(begin);
    },
  });
}
