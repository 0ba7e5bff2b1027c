/**
 * Traces for OpenTelemetry: the entry `holdfast/otel`. It needs the package `@opentelemetry/api`, which is
 * an optional peer, so that nobody else has to have it.
 */

export { traced, type TracedOptions } from "./traced.ts";
