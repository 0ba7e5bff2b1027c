/** The structured log: events as records, lines and files. */

export { fileSink, type FileCalls, type FileSink } from "./file-sink.ts";
export { jsonLines } from "./json-lines.ts";
export { levelOf } from "./level.ts";
export { messageOf } from "./message.ts";
export { toRecord, type EventRecord, type LogRecord, type Service } from "./record.ts";
export type { ErrorRecord } from "./error-record.ts";
export { redactor, secret, type Redactor, type RedactorOptions } from "../core/redact.ts";
export type { EventType, HoldfastEvent, Level, Sink, Where } from "../core/events.ts";
