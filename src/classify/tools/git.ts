/**
 * git, whose exit codes 1 and 128 say nothing by themselves.
 *
 * Source: failures provoked with git 2.39 on Debian 12.
 */

import { FULL, NO_NAME, REFUSED, row, type ToolRow } from "../tool-row.ts";

const GIT = ["git"];
const NOT_LET_IN = ["AUTHENTICATION_FAILED", "fatal", "none"] as const;

/** See the header. */
export const GIT_ROWS: readonly ToolRow[] = [
  row(9, GIT, { says: /No space left on device/ }, FULL),
  row(25, GIT, { says: /Unable to create '.*\.lock': File exists/ }, [
    "GIT_LOCKED",
    "transient",
    "none",
  ]),
  row(25, GIT, { says: /cannot lock ref/ }, ["GIT_LOCKED", "transient", "none"]),
  row(26, GIT, { says: /\[(remote )?rejected\].*(non-fast-forward|fetch first|stale info)/ }, [
    "GIT_PUSH_REJECTED",
    "degraded",
    "none",
  ]),
  row(26, GIT, { says: /\[remote rejected\]/ }, ["GIT_PUSH_DECLINED", "fatal", "none"]),
  row(27, GIT, { says: /^CONFLICT \(/, on: "stdout" }, ["GIT_CONFLICT", "fatal", "partial"]),
  row(
    28,
    GIT,
    { says: /could not read (Username|Password)|terminal prompts disabled/ },
    NOT_LET_IN,
  ),
  row(28, GIT, { says: /Authentication failed for|Permission denied \(publickey/ }, NOT_LET_IN),
  row(29, GIT, { says: /detected dubious ownership/ }, ["GIT_OWNERSHIP", "fatal", "none"]),
  row(32, GIT, { says: /Could not resolve host/ }, NO_NAME),
  row(36, GIT, { says: /unable to access .*Failed to connect to|: Connection refused/ }, REFUSED),
  row(37, GIT, { says: /Connection reset by peer|unexpected disconnect|early EOF/ }, [
    "ECONNRESET",
    "transient",
    "unknown",
  ]),
  row(45, GIT, { says: /Operation timed out|Connection timed out/ }, [
    "ETIMEDOUT",
    "timeout",
    "none",
  ]),
  row(46, GIT, { says: /certificate has expired/ }, ["CERT_HAS_EXPIRED", "fatal", "none"]),
  row(47, GIT, { says: /server certificate verification failed|SSL certificate problem/ }, [
    "CERT_UNTRUSTED",
    "fatal",
    "none",
  ]),
  row(101, GIT, { says: /The requested URL returned error: 5\d\d/ }, [
    "HTTP_FAILED",
    "degraded",
    "unknown",
  ]),
  row(104, GIT, { says: /The requested URL returned error: 40[13]/ }, NOT_LET_IN),
  row(
    105,
    GIT,
    { says: /repository '.*' (not found|does not exist)|does not appear to be a git/ },
    ["GIT_REPOSITORY_NOT_FOUND", "fatal", "none"],
  ),
  row(
    116,
    GIT,
    { says: /not a git repository|did not match any file|unknown revision|unknown option/ },
    ["USAGE", "fatal", "none"],
  ),
  row(116, GIT, { exit: [129] }, ["USAGE", "fatal", "none"]),
];
