/**
 * apt, dpkg, npm and pip.
 *
 * Sources: npm's docs/errors, failures provoked on Debian 12, and apt's and dpkg's own texts.
 */

import { FULL, NO_NAME, REFUSED, row, type ToolRow } from "../tool-row.ts";

const APT = ["apt-get", "apt", "aptitude"];
const DPKG = ["dpkg", "apt-get", "apt"];
const NPM = ["npm", "npx"];
const PIP = ["pip", "pip3", "python", "python3"];

const APT_LOCKED =
  /Could not get lock \/|Unable to (?:acquire the dpkg|lock directory|lock the administration)/;

/** `npm error code X` of npm 9 and newer, `npm ERR! code X` before. */
function npm(symptom: number, codes: string, meaning: Parameters<typeof row>[3]): ToolRow {
  return row(symptom, NPM, { says: new RegExp(`^npm (?:error|ERR!) code (?:${codes})$`) }, meaning);
}

/** See the header. */
export const PACKAGES: readonly ToolRow[] = [
  row(21, APT, { says: APT_LOCKED }, ["PACKAGES_LOCKED", "transient", "none"]),
  row(22, DPKG, { says: /lock was locked by another process/ }, [
    "PACKAGES_LOCKED",
    "transient",
    "none",
  ]),
  row(23, DPKG, { says: /dpkg was interrupted, you must manually run/ }, [
    "DPKG_INTERRUPTED",
    "degraded",
    "partial",
  ]),
  row(24, APT, { says: /Unable to locate package|has no installation candidate/ }, [
    "PACKAGE_NOT_FOUND",
    "fatal",
    "none",
  ]),
  row(32, APT, { says: /Temporary failure resolving|Could not resolve/ }, NO_NAME),
  row(36, APT, { says: /Could not connect to .*Connection refused|Connection failed/ }, REFUSED),
  row(2, DPKG, { says: /No space left on device|You don't have enough free space/ }, FULL),
  row(118, APT, { says: /Unmet dependencies|unmet dependencies|held broken packages/ }, [
    "PACKAGES_CONFLICT",
    "fatal",
    "none",
  ]),
  row(68, ["dpkg"], { says: /cannot access archive/ }, ["ENOENT", "fatal", "none"]),

  npm(10, "ENOSPC", FULL),
  npm(91, "ENOTFOUND|EAI_AGAIN", NO_NAME),
  npm(91, "ECONNREFUSED", REFUSED),
  npm(91, "ECONNRESET|ERR_SOCKET_TIMEOUT", ["ECONNRESET", "transient", "partial"]),
  npm(91, "ETIMEDOUT", ["ETIMEDOUT", "timeout", "partial"]),
  npm(91, "E5\\d\\d|E429", ["REGISTRY_FAILED", "transient", "partial"]),
  npm(91, "E404|ETARGET", ["PACKAGE_NOT_FOUND", "fatal", "none"]),
  npm(91, "ERESOLVE", ["PACKAGES_CONFLICT", "fatal", "none"]),
  npm(91, "EUSAGE|EJSONPARSE|ENOLOCK", ["USAGE", "fatal", "none"]),
  npm(91, "E401|E403|ENEEDAUTH", ["AUTHENTICATION_FAILED", "fatal", "none"]),
  npm(91, "EINTEGRITY", ["CHECKSUM_MISMATCH", "degraded", "partial"]),
  npm(91, "EACCES|EPERM", ["EACCES", "fatal", "partial"]),
  row(10, NPM, { exit: [228] }, FULL),

  // What stands before the last line tells more than that nothing was found in the end.
  row(92, PIP, { says: /ReadTimeoutError|Read timed out/ }, ["ETIMEDOUT", "timeout", "none"]),
  row(92, PIP, { says: /Connection broken|IncompleteRead/ }, [
    "BODY_TRUNCATED",
    "transient",
    "none",
  ]),
  row(36, PIP, { says: /NewConnectionError.*Connection refused/ }, REFUSED),
  row(92, PIP, { says: /No matching distribution found|Could not find a version/ }, [
    "PACKAGE_NOT_FOUND",
    "fatal",
    "none",
  ]),
  row(118, PIP, { says: /ResolutionImpossible|conflicting dependencies/ }, [
    "PACKAGES_CONFLICT",
    "fatal",
    "none",
  ]),
  row(91, PIP, { says: /THESE PACKAGES DO NOT MATCH THE HASHES/ }, [
    "CHECKSUM_MISMATCH",
    "degraded",
    "none",
  ]),
];
