/**
 * What an HTTP status means, as data. Sources: RFC 9110 (15), RFC 6585, RFC 4918, RFC 8470, and for
 * 520 to 526 the list of Cloudflare's statuses.
 */

import type { Fault } from "../core/fault.ts";
import type { Meaning } from "./code-table.ts";

/** The statuses that differ from their hundred. @internal */
export const HTTP_STATUSES: Readonly<Record<number, Meaning>> = {
  400: ["fatal", "none"],
  401: ["fatal", "none"],
  403: ["fatal", "none"],
  404: ["fatal", "none"],
  405: ["fatal", "none"],
  // It gave up waiting for the request; gateways say it for a slow service too.
  408: ["timeout", "unknown"],
  409: ["transient", "none"],
  410: ["fatal", "none"],
  422: ["fatal", "none"],
  423: ["transient", "none"],
  425: ["transient", "none"],
  429: ["transient", "none"],
  500: ["degraded", "unknown"],
  501: ["fatal", "none"],
  502: ["degraded", "unknown"],
  // A proxy says it also when it lost its service in the middle.
  503: ["degraded", "unknown"],
  504: ["timeout", "unknown"],
  505: ["fatal", "none"],
  507: ["degraded", "unknown"],
  508: ["fatal", "none"],
  // A captive portal: the request never got out of the local network.
  511: ["fatal", "none"],
  520: ["degraded", "unknown"],
  // The service refused the connection, or no way led to it: it saw nothing.
  521: ["degraded", "none"],
  522: ["degraded", "unknown"],
  523: ["degraded", "none"],
  524: ["degraded", "unknown"],
  // No TLS between the network and the service.
  525: ["fatal", "none"],
  526: ["fatal", "none"],
};

const OTHER_5XX: Meaning = ["degraded", "unknown"];
/** Any other 4xx, and what is neither success nor failure where success was asked for. */
const OTHERS: Meaning = ["fatal", "none"];

/**
 * The fault of a status, with the wait that the server asked for.
 *
 * A 503 that names a time to come back was refused on purpose, before anything happened; without
 * one nobody knows. A 413 that names one is too large only for now: RFC 9110 (15.5.14).
 */
export function statusFault(status: number, retryAfterMs?: number): Fault {
  const other = status >= 500 && status < 600 ? OTHER_5XX : OTHERS;
  const [faultClass, effect] = HTTP_STATUSES[status] ?? other;
  const isRefusal = status === 503 && retryAfterMs !== undefined;
  const isForNow = status === 413 && retryAfterMs !== undefined;
  return {
    class: isForNow ? "transient" : faultClass,
    code: `HTTP_${status}`,
    effect: isRefusal ? "none" : effect,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
