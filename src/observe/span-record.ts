/**
 * What is written on the span of a call. Names of attributes are those of OpenTelemetry's semantic
 * conventions (1.45: `error.type`, `exception.*`) where these have them; all else is under `holdfast.`,
 * by the names that the log uses.
 */

import { context, SpanStatusCode, trace, type Attributes, type Span } from "@opentelemetry/api";
import { ambient, withAmbient } from "../core/context.ts";
import { errorLine, summariseError, type ErrorSummary } from "../core/error-summary.ts";
import type { HoldfastEvent, Where } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { quietly } from "../core/quietly.ts";
import type { Redactor } from "../core/redact.ts";
import { eventStream, type Stream } from "../core/stream.ts";
import { systemClock } from "../core/system.ts";
import { holdfastFields } from "./details.ts";
import { errorRecord } from "./error-record.ts";

const NOWHERE: Where = Object.freeze({});

/** The streams that end in a span, with those around them that do not: an event belongs to one span. */
const beyondSpans = new WeakMap<Stream, Stream | undefined>();

/** One span, from the begin of its call to the end. No method throws, whatever the span does. */
export class SpanRecord {
  readonly #span: Span;
  readonly #redactor: Redactor;
  #isEnded = false;

  constructor(span: Span, redactor: Redactor, attempt: number) {
    this.#span = span;
    this.#redactor = redactor;
    quietly(() => span.setAttribute("holdfast.attempt.number", attempt));
  }

  /** Runs `work` so that what policies tell within it is written here, and goes on to the run around it. */
  around(work: () => void): void {
    let isBegun = false;
    const begin = (): void => {
      isBegun = true;
      work();
    };
    const span = this.#span;
    quietly(() => {
      const within = trace.setSpan(context.active(), span);
      context.with(within, () => (span.isRecording() ? this.#listeningTo(begin) : begin()));
    });
    if (!isBegun) work();
  }

  #listeningTo(work: () => void): void {
    const { where = NOWHERE, scope, stream: outer } = ambient() ?? {};
    const beyond = outer && beyondSpans.has(outer) ? beyondSpans.get(outer) : outer;
    const write = eventStream({
      clock: systemClock,
      redactor: this.#redactor,
      sinks: [(event) => this.#write(event)],
    });
    const stream: Stream = (details, at) => {
      quietly(() => write(details, at));
      beyond?.(details, at);
    };
    beyondSpans.set(stream, beyond);
    withAmbient({ where, stream, scope }, work);
  }

  succeeded(): void {
    this.#end();
  }

  /** The caller wanted no answer any more: no failure. */
  cancelled(): void {
    quietly(() => this.#span.setAttribute("holdfast.cancelled", true));
    this.#end();
  }

  failed(error: unknown, fault: Fault): void {
    quietly(() => this.#writeFailure(error, fault));
    this.#end();
  }

  #writeFailure(error: unknown, fault: Fault): void {
    if (!this.#span.isRecording()) return;
    const plain = this.#redactor.value(summariseError(error)) as ErrorSummary;
    const { type: name, message, stack_trace: stack } = errorRecord(plain, fault);
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: errorLine(plain) });
    this.#span.setAttributes(this.#faultAttributes(fault));
    this.#span.recordException({ name, message, stack });
  }

  #faultAttributes({ class: name, code, effect }: Fault): Attributes {
    return {
      "error.type": this.#redactor.text(code),
      "holdfast.fault.class": name,
      "holdfast.fault.effect": effect,
    };
  }

  /** Work that outlives its call tells of that when its span is gone. */
  #write(event: HoldfastEvent): void {
    if (this.#isEnded || !("policy" in event)) return;
    const { schema: _, ...fields } = holdfastFields(event);
    const error = "error" in event ? event.error : undefined;
    this.#span.addEvent(event.type, {
      ...flat("holdfast", fields),
      ...(error && { "exception.type": error.type, "exception.message": error.message }),
    });
  }

  #end(): void {
    this.#isEnded = true;
    quietly(() => this.#span.end());
  }
}

/** Fields within fields as attributes, which have no depth: their names are put together by dots. */
function flat(prefix: string, fields: object): Attributes {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => {
    const path = `${prefix}.${name}`;
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    return isNested ? flat(path, value) : { [path]: value as Attributes[string] };
  });
  return Object.assign({}, ...entries) as Attributes;
}
