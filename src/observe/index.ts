/** What is seen of runs and policies: the structured log, and metrics. */

export { fileSink, type FileCalls, type FileSink } from "./file-sink.ts";
export { jsonLines } from "./json-lines.ts";
export { levelOf } from "./level.ts";
export { messageOf } from "./message.ts";
export type {
  DurationSample,
  MetricSnapshot,
  MetricsSnapshot,
  NumberSample,
} from "./metric-snapshot.ts";
export { metrics, type Metrics, type MetricsOptions } from "./metrics.ts";
export { METRICS_CONTENT_TYPE } from "./prometheus-text.ts";
export type { Labels } from "./series.ts";
export type { Watchable } from "./watched.ts";
export { toRecord, type EventRecord, type LogRecord, type Service } from "./record.ts";
export type { ErrorRecord } from "./error-record.ts";
export { redactor, secret, type Redactor, type RedactorOptions } from "../core/redact.ts";
export type { EventType, HoldfastEvent, Level, Sink, Where } from "../core/events.ts";
