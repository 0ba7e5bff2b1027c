/**
 * tar, gzip and their kin, rsync and ssh.
 *
 * Sources: the exit values in rsync(1), ssh(1), tar(1) and gzip(1), and failures provoked on Debian 12.
 */

import { FULL, NO_NAME, REFUSED, row, type ToolRow } from "../tool-row.ts";

const SSH = ["ssh", "scp", "sftp"];
/** What it is sent through says why. */
const BY_SSH = { exit: [12, 255] } as const;

/** In its words, its options or its own files. */
const SSH_CALLED_WRONGLY =
  /^usage: |unknown option -- |Bad (?:configuration option|port|owner or permissions|.*forwarding spec)|^Can't open user config file|^No user exists for uid|: (?:no argument after keyword|unsupported option|missing argument)|line \d+: .*(?:extra arguments|garbage) at end/i;

/** gzip and its kin. */
export const ZIPPED: readonly string[] = [
  "gzip",
  "gunzip",
  "zcat",
  "xz",
  "unxz",
  "bzip2",
  "bunzip2",
  "zstd",
  "unzstd",
];
const CORRUPT = ["ARCHIVE_CORRUPT", "fatal", "none"] as const;

/** See the header. */
export const ARCHIVES: readonly ToolRow[] = [
  row(
    3,
    ["tar"],
    { exit: [2], says: /Cannot (write|open|mkdir|close): No space left on device/ },
    FULL,
  ),
  row(3, ["tar"], { exit: [2], says: /Wrote only \d+ of \d+ bytes/, ifFull: true }, FULL),
  row(
    70,
    ["tar"],
    { says: /This does not look like a tar archive|Unexpected EOF in archive/ },
    CORRUPT,
  ),
  row(
    70,
    ["tar"],
    { says: /not in gzip format|unexpected end of file|Skipping to next header/ },
    CORRUPT,
  ),
  row(68, ["tar"], { exit: [2], says: /Cannot (stat|open|chdir): No such file or directory/ }, [
    "ENOENT",
    "fatal",
    "partial",
  ]),
  row(4, ZIPPED, { says: /No space left on device/ }, FULL),
  row(
    70,
    ZIPPED,
    { says: /not in \w+ format|unexpected end of|format not recognized|crc error/i },
    CORRUPT,
  ),
  row(
    70,
    ZIPPED,
    { says: /data is corrupt|data integrity error|invalid compressed data/i },
    CORRUPT,
  ),
  row(71, ZIPPED, { says: /already (exists|has)|File exists/ }, ["EEXIST", "degraded", "none"]),
  row(68, ZIPPED, { says: /No such file or directory/ }, ["ENOENT", "fatal", "none"]),

  row(5, ["rsync"], { says: /No space left on device \(28\)/ }, FULL),
  row(5, ["rsync"], { exit: [11], ifFull: true }, FULL),
  row(36, ["rsync"], { exit: [10], says: /Connection refused/ }, REFUSED),
  row(35, ["rsync"], { exit: [10], says: /(Name or service not known|name resolution)/ }, NO_NAME),
  row(36, ["rsync"], { ...BY_SSH, says: /^ssh: connect to host .* Connection refused/ }, REFUSED),
  row(35, ["rsync"], { ...BY_SSH, says: /^ssh: Could not resolve hostname/ }, NO_NAME),
  row(44, ["rsync"], { ...BY_SSH, says: /^ssh: connect to host .* Connection timed out/ }, [
    "ETIMEDOUT",
    "timeout",
    "none",
  ]),
  row(94, ["rsync"], { ...BY_SSH, says: /Host key verification failed/ }, [
    "HOST_KEY_REFUSED",
    "fatal",
    "none",
  ]),
  row(94, ["rsync"], { says: /Permission denied \(publickey|@ERROR: auth failed/ }, [
    "AUTHENTICATION_FAILED",
    "fatal",
    "none",
  ]),
  row(68, ["rsync"], { exit: [23], says: /link_stat .* failed: No such file/ }, [
    "ENOENT",
    "fatal",
    "partial",
  ]),
  row(67, ["rsync"], { exit: [23], says: /: Permission denied \(13\)/ }, [
    "EACCES",
    "fatal",
    "partial",
  ]),
  row(69, ["rsync"], { exit: [23] }, ["RSYNC_PARTIAL", "degraded", "partial"]),
  row(69, ["rsync"], { exit: [24] }, ["RSYNC_VANISHED", "degraded", "partial"]),
  row(43, ["rsync"], { exit: [30] }, ["ETIMEDOUT", "timeout", "partial"]),
  row(43, ["rsync"], { exit: [35] }, ["ETIMEDOUT", "timeout", "none"]),
  row(116, ["rsync"], { exit: [1, 2, 4] }, ["USAGE", "fatal", "none"]),
  row(117, ["rsync"], { exit: [5] }, ["PROTOCOL_FAILED", "fatal", "none"]),
  row(36, ["rsync"], { exit: [10] }, ["SOCKET_FAILED", "transient", "unknown"]),
  row(117, ["rsync"], { exit: [12] }, ["CONNECTION_LOST", "transient", "partial"]),
  row(58, ["rsync"], { exit: [20] }, ["SIGTERM", "fatal", "partial"]),

  row(35, SSH, { exit: [255, 1], says: /Could not resolve hostname/ }, NO_NAME),
  row(36, SSH, { exit: [255, 1], says: /connect to host .* Connection refused/ }, REFUSED),
  row(44, SSH, { exit: [255, 1], says: /Connection timed out during banner exchange/ }, [
    "ETIMEDOUT",
    "timeout",
    "none",
  ]),
  row(44, SSH, { exit: [255, 1], says: /connect to host .* Connection timed out/ }, [
    "ETIMEDOUT",
    "timeout",
    "none",
  ]),
  row(94, SSH, { exit: [255, 1], says: /Host key verification failed/ }, [
    "HOST_KEY_REFUSED",
    "fatal",
    "none",
  ]),
  row(94, SSH, { exit: [255, 1], says: /Permission denied \(|Too many authentication failures/ }, [
    "AUTHENTICATION_FAILED",
    "fatal",
    "none",
  ]),
  row(95, SSH, { exit: [255], says: /kex_exchange_identification|Connection (reset|closed) by/ }, [
    "ECONNRESET",
    "transient",
    "none",
  ]),
  row(116, SSH, { exit: [255, 1], says: SSH_CALLED_WRONGLY }, ["USAGE", "fatal", "none"]),
  row(117, SSH, { exit: [255, 1], says: /^Unable to negotiate with / }, [
    "PROTOCOL_FAILED",
    "fatal",
    "none",
  ]),
  // What the remote command did before the connection broke, nobody saw.
  row(95, SSH, { exit: [255] }, ["CONNECTION_LOST", "transient", "unknown"]),
];
