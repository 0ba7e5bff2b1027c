/**
 * What Redis and Valkey answer instead of a result: the first word of an error reply.
 *
 * Sources: the replies of Redis 7 and its cluster specification, and replies provoked here.
 */

import type { Fault } from "../core/fault.ts";
import type { CodeTable } from "./code-table.ts";
import { findText } from "./property.ts";

/** By the first word. A server that answers so has not run the command. */
export const REDIS_REPLIES: CodeTable = {
  NOAUTH: ["fatal", "none"],
  WRONGPASS: ["fatal", "none"],
  NOPERM: ["fatal", "none"],
  WRONGTYPE: ["fatal", "none"],
  NOSCRIPT: ["fatal", "none"],
  EXECABORT: ["fatal", "none"],
  CROSSSLOT: ["fatal", "none"],
  NOGROUP: ["fatal", "none"],
  BUSYGROUP: ["fatal", "none"],
  UNKILLABLE: ["fatal", "none"],
  OOM: ["degraded", "none"],
  MISCONF: ["degraded", "none"],
  NOREPLICAS: ["degraded", "none"],
  // After a failover: another connection reaches the primary.
  READONLY: ["degraded", "none"],
  LOADING: ["transient", "none"],
  BUSY: ["transient", "none"],
  MASTERDOWN: ["transient", "none"],
  TRYAGAIN: ["transient", "none"],
  CLUSTERDOWN: ["transient", "none"],
};

const FIRST_WORD = /^([A-Z]+)(?: |$)/;

/** What an error reply means, by its text; a plain `ERR` is an invalid command, and known to nobody here. */
export function redisReplyFault(reply: string): Fault | undefined {
  const word = FIRST_WORD.exec(reply)?.[1] ?? "";
  const meaning = Object.hasOwn(REDIS_REPLIES, word) ? REDIS_REPLIES[word] : undefined;
  return meaning && { class: meaning[0], code: `REDIS_${word}`, effect: meaning[1] };
}

const ERRORS: ReadonlySet<string> = new Set([
  "ReplyError",
  "ErrorReply",
  "SimpleError",
  "BlobError",
]);

/** The fault of an error of ioredis (`ReplyError`) or of node-redis (`ErrorReply` and its kinds). */
export function redisFault(error: object): Fault | undefined {
  const name = findText(error, "name") ?? "";
  const type = (error.constructor as { name?: unknown } | undefined)?.name;
  if (!ERRORS.has(name) && !(typeof type === "string" && ERRORS.has(type))) return undefined;
  return redisReplyFault(findText(error, "message") ?? "");
}
