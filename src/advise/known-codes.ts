/** Every code of a fault that is known, with its class, effect and cause. */

import type { Meaning } from "../classify/code-table.ts";
import { GRPC_ROWS } from "../classify/grpc.ts";
import { HTTP_STATUSES } from "../classify/http-status.ts";
import { NODE_CODES, TLS_CODES, UNDICI_CODES } from "../classify/node-codes.ts";
import { REDIS_REPLIES } from "../classify/redis.ts";
import { SQLITE_ROWS } from "../classify/sqlite.ts";
import { sqlStateFault } from "../classify/sqlstate.ts";
import { SOCKET_CODES, SYSTEM_CODES } from "../classify/system-codes.ts";
import { TOOL_ROWS } from "../classify/tool-rows.ts";
import { PG_STATES } from "../classify/tools/databases.ts";
import { ANY_PROGRAM, OUT_OF_MEMORY } from "../classify/tools/processes.ts";
import type { Fault } from "../core/fault.ts";
import type { Cause, Causes } from "./cause.ts";
import { NETWORK_CAUSES } from "./causes/network.ts";
import { PROCESS_CAUSES } from "./causes/processes.ts";
import { PROGRAM_CAUSES } from "./causes/programs.ts";
import { SERVICE_CAUSES } from "./causes/services.ts";
import { SYSTEM_CAUSES } from "./causes/system.ts";

const CAUSES: Causes = {
  ...SYSTEM_CAUSES,
  ...PROCESS_CAUSES,
  ...NETWORK_CAUSES,
  ...SERVICE_CAUSES,
  ...PROGRAM_CAUSES,
};

/** Found beside a command alone, by measurement or by whoever ran it. */
const MEASURED: Readonly<Record<string, Meaning>> = {
  INODES_EXHAUSTED: ["degraded", "partial"],
  NO_SPACE_UNCONFIRMED: ["unknown", "partial"],
  TIMED_OUT: ["timeout", "unknown"],
  ABORTED: ["fatal", "unknown"],
  FETCH_FAILED: ["transient", "unknown"],
};

// The first that has a code counts: a tool's row may mean it of that tool alone.
const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  [
    ...[SYSTEM_CODES, SOCKET_CODES, UNDICI_CODES, NODE_CODES, TLS_CODES, MEASURED].flatMap(
      (table) => Object.entries(table),
    ),
    ...Object.entries(HTTP_STATUSES).map(
      ([status, meaning]) => [`HTTP_${status}`, meaning] as const,
    ),
    ...Object.entries(REDIS_REPLIES).map(([word, meaning]) => [`REDIS_${word}`, meaning] as const),
    ...[...GRPC_ROWS, ...SQLITE_ROWS].map(({ code, meaning }) => [code, meaning] as const),
    ...[...ANY_PROGRAM, OUT_OF_MEMORY, ...TOOL_ROWS].map(
      ({ code, meaning }) => [code, meaning] as const,
    ),
  ].toReversed(),
);

/** Every code that is known by itself, for those who look for the one that was meant. */
export const KNOWN_CODES: readonly string[] = [
  ...MEANINGS.keys(),
  ...new Set(PG_STATES.map(({ state }) => `SQLSTATE_${state}`)),
];

/** The fault of a code, when it alone is known: `ENOSPC`, `HTTP_503`, `40P01`, `SQLSTATE_40P01`. */
export function faultOfCode(code: string): Fault | undefined {
  const meaning = MEANINGS.get(code);
  if (meaning !== undefined) return { class: meaning[0], code, effect: meaning[1] };
  // SQLITE_BUSY_SNAPSHOT is a kind of SQLITE_BUSY.
  const general = /^SQLITE_[A-Z]+(?=_)/.exec(code)?.[0];
  if (general !== undefined) return faultOfCode(general);
  return sqlStateFault(code.replace(/^SQLSTATE_/, ""));
}

/** Every code that has a cause of its own; those of two signs are classes of SQLSTATE. */
export const CAUSED_CODES: readonly string[] = Object.keys(CAUSES);

/** What is known of a code; of a SQLSTATE without a cause of its own, that of its class. */
export function causeOf(code: string): Cause | undefined {
  return CAUSES[code] ?? (code.startsWith("SQLSTATE_") ? CAUSES[code.slice(0, 11)] : undefined);
}
