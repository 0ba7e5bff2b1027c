/**
 * curl, wget and what else speaks to the network.
 *
 * Sources: EXIT CODES in curl(1), EXIT STATUS in wget(1), and failures provoked on Debian 12.
 */

import { NO_NAME, REFUSED, row, type ToolRow } from "../tool-row.ts";

const CURL = ["curl"];
const WGET = ["wget"];
const BAD_URL = ["USAGE", "fatal", "none"] as const;
const NO_ANSWER = ["ETIMEDOUT", "timeout", "unknown"] as const;

/** `curl -f` and wget say the status in words alone; classes and effects as for HTTP. */
const STATUSES: readonly ToolRow[] = [
  status(98, "408", "timeout", "unknown"),
  status(98, "425", "transient", "none"),
  status(99, "409", "transient", "none"),
  status(99, "423", "transient", "none"),
  status(100, "429", "transient", "none"),
  status(102, "503", "degraded", "unknown"),
  status(101, "504", "timeout", "unknown"),
  status(101, "500", "degraded", "unknown"),
  status(101, "502", "degraded", "unknown"),
  status(106, "501", "fatal", "none"),
  status(106, "505", "fatal", "none"),
  status(106, "507", "degraded", "unknown"),
  status(106, "508", "fatal", "none"),
  status(106, "511", "fatal", "none"),
  status(104, "401", "fatal", "none"),
  status(104, "403", "fatal", "none"),
  status(105, "400", "fatal", "none"),
  status(105, "404", "fatal", "none"),
  status(105, "405", "fatal", "none"),
  status(105, "410", "fatal", "none"),
  status(105, "413", "fatal", "none"),
  status(105, "415", "fatal", "none"),
  status(105, "422", "fatal", "none"),
];

function status(symptom: number, code: string, ...meaning: ToolRow["meaning"]): ToolRow {
  const says = new RegExp(`returned error: ${code}$|ERROR ${code}:|Authentication Failed.*${code}`);
  return row(symptom, [...CURL, ...WGET], { says }, [`HTTP_${code}`, ...meaning]);
}

/** See the header. */
export const NETWORK: readonly ToolRow[] = [
  ...STATUSES,
  row(32, CURL, { exit: [5] }, ["ENOTFOUND", "transient", "none"]),
  row(32, CURL, { exit: [6] }, NO_NAME),
  row(45, CURL, { exit: [7], says: /No route to host/ }, ["EHOSTUNREACH", "transient", "none"]),
  row(45, CURL, { exit: [7], says: /Network is unreachable/ }, [
    "ENETUNREACH",
    "transient",
    "none",
  ]),
  row(36, CURL, { exit: [7] }, REFUSED),
  row(39, CURL, { exit: [18] }, ["BODY_TRUNCATED", "transient", "partial"]),
  row(104, CURL, { exit: [67] }, ["AUTHENTICATION_FAILED", "fatal", "none"]),
  row(102, CURL, { exit: [22] }, ["HTTP_FAILED", "unknown", "unknown"]),
  row(6, CURL, { exit: [23], ifFull: true }, ["ENOSPC", "degraded", "partial"]),
  row(6, CURL, { exit: [23] }, ["OUTPUT_FAILED", "unknown", "partial"]),
  row(116, CURL, { exit: [1, 2, 3, 4, 43, 48] }, BAD_URL),
  row(68, CURL, { exit: [26, 37] }, ["ENOENT", "fatal", "none"]),
  row(56, CURL, { exit: [27] }, ["ENOMEM", "degraded", "partial"]),
  row(40, CURL, { exit: [28] }, NO_ANSWER),
  row(48, CURL, { exit: [35], says: /wrong version number/ }, [
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "fatal",
    "none",
  ]),
  row(37, CURL, { exit: [35], says: /Connection reset by peer|SSL_ERROR_SYSCALL/ }, [
    "ECONNRESET",
    "transient",
    "none",
  ]),
  row(48, CURL, { exit: [35] }, ["TLS_HANDSHAKE_FAILED", "fatal", "none"]),
  row(107, CURL, { exit: [47] }, ["REDIRECT_LOOP", "fatal", "none"]),
  row(38, CURL, { exit: [52] }, ["EMPTY_REPLY", "transient", "unknown"]),
  row(37, CURL, { exit: [55, 56] }, ["ECONNRESET", "transient", "unknown"]),
  row(46, CURL, { exit: [60], says: /certificate has expired/ }, [
    "CERT_HAS_EXPIRED",
    "fatal",
    "none",
  ]),
  row(46, CURL, { exit: [60], says: /certificate is not yet valid/ }, [
    "CERT_NOT_YET_VALID",
    "fatal",
    "none",
  ]),
  row(47, CURL, { exit: [60], says: /self[- ]signed certificate in certificate chain/ }, [
    "SELF_SIGNED_CERT_IN_CHAIN",
    "fatal",
    "none",
  ]),
  row(47, CURL, { exit: [60], says: /self[- ]signed certificate/ }, [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "fatal",
    "none",
  ]),
  row(47, CURL, { exit: [60], says: /subject name/ }, [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "fatal",
    "none",
  ]),
  row(47, CURL, { exit: [51, 60] }, ["CERT_UNTRUSTED", "fatal", "none"]),
  row(68, CURL, { exit: [77] }, ["ENOENT", "fatal", "none"]),
  row(37, CURL, { exit: [16, 92, 95] }, ["CONNECTION_LOST", "transient", "unknown"]),

  row(46, WGET, { exit: [5], says: /certificate has expired/ }, [
    "CERT_HAS_EXPIRED",
    "fatal",
    "none",
  ]),
  row(47, WGET, { exit: [5] }, ["CERT_UNTRUSTED", "fatal", "none"]),
  row(34, WGET, { exit: [4], says: /unable to resolve host address/ }, NO_NAME),
  row(36, WGET, { exit: [4], says: /failed: Connection refused/ }, REFUSED),
  row(40, WGET, { exit: [4], says: /(?:Connection|Operation) timed out/ }, NO_ANSWER),
  row(45, WGET, { exit: [4], says: /failed: Network is unreachable/ }, [
    "ENETUNREACH",
    "transient",
    "none",
  ]),
  row(45, WGET, { exit: [4], says: /failed: No route to host/ }, [
    "EHOSTUNREACH",
    "transient",
    "none",
  ]),
  row(34, WGET, { exit: [4] }, ["NETWORK_FAILED", "transient", "unknown"]),
  row(104, WGET, { exit: [6] }, ["AUTHENTICATION_FAILED", "fatal", "none"]),
  row(116, WGET, { exit: [2] }, BAD_URL),
  row(117, WGET, { exit: [7] }, ["PROTOCOL_FAILED", "fatal", "unknown"]),
  row(102, WGET, { exit: [8] }, ["HTTP_FAILED", "unknown", "unknown"]),

  row(49, ["nc", "netcat"], { says: /Address already in use/ }, ["EADDRINUSE", "degraded", "none"]),
];
