/** What Postgres and the network say, as an error that tells the user what to do. */

import { isHoldfastError, JournalError } from "../../core/errors.ts";
import { NoAnswerError } from "./pool.ts";

const UNREACHABLE =
  "cannot be reached: check that the server runs and accepts connections from here, and start again; what was written before is safe";
const FORBIDDEN =
  'does not let this user do that: give the rights that docs/postgres.md lists under "Rights"';
const NOT_LET_IN =
  "does not let this user in: check user, password and database in the address, and the server's pg_hba.conf";
const CHANGED =
  "is not as holdfast made it, for tables or columns are missing: restore it from a backup, or name another schema";
const DAMAGED =
  "is damaged: stop what uses it, keep a copy of the server's data, and restore a backup; see the server's log";

/** By SQLSTATE, or its first two characters. Source: postgresql.org/docs/current/errcodes-appendix.html. */
const PROBLEMS: ReadonlyMap<string, string> = new Map([
  ["08", UNREACHABLE],
  ["22", "refuses a record"],
  ["23", "refuses a record"],
  ["25006", "is read-only, perhaps a standby: name the primary server in its address"],
  ["28", NOT_LET_IN],
  ["3D000", "is not there: make the database, or name another one in the address"],
  ["3F", CHANGED],
  ["42", CHANGED],
  ["42501", FORBIDDEN],
  ["40", "was in the way of another process each time that it tried: start again"],
  ["53", UNREACHABLE],
  [
    "53100",
    "cannot grow, for the server's disk is full: free some space there and start again; what was written before is safe",
  ],
  ["53200", "cannot go on, for the server has no memory left: see what else it runs"],
  ["54", "refuses a record, for a name in it is too long for an index"],
  ["57", UNREACHABLE],
  [
    "57014",
    "was told to cancel, by a statement_timeout or by hand: allow at least 30 s for this user, and look for what holds locks (pg_stat_activity)",
  ],
  ["55P03", "waited too long for a lock: look for what holds it (pg_stat_activity)"],
  ["58", "cannot be read or written by its server: check its disk and its log"],
  ["XX001", DAMAGED],
  ["XX002", DAMAGED],
]);

/** Errors of sockets and names, after which the connection may come back. */
const OUTAGES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EAI_AGAIN",
  // A unix socket of a server that is being started again.
  "ENOENT",
  // Ended by an administrator, by another process's crash, starting up, ended for being idle.
  "57P01",
  "57P02",
  "57P03",
  "57P05",
  // Serialization failure, deadlock: the whole transaction may be tried again.
  "40001",
  "40P01",
  // Too many connections.
  "53300",
]);

/** `pg` gives these no code. */
const BROKEN =
  /^(?:Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;

/** The SQLSTATE or the system's code, or `""`. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** Whether it is the database's or the network's state, may be over soon, and no refusal. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error) || isHoldfastError(error)) return false;
  const code = codeOf(error);
  return OUTAGES.has(code) || code.startsWith("08") || BROKEN.test(error.message);
}

/** Whether Postgres refused what was to be written, and the rest of its batch might be taken. */
export function isRefusal(error: unknown): boolean {
  return /^(?:22|23|54)...$/.test(codeOf(error));
}

/**
 * The error for the user. Our own errors come back as they are, and so does what neither Postgres nor
 * the network can have thrown.
 *
 * @param journal How it is called: `Journal "holdfast" in Postgres at db.example:5432/app`.
 */
export function toJournalError(error: unknown, journal: string): unknown {
  if (isHoldfastError(error) || !(error instanceof Error)) return error;
  const problem = problemOf(error);
  if (problem === undefined) return error;
  // A host with two addresses fails with an error per address, and no message of its own.
  const said = error.message === "" ? codeOf(error) : error.message;
  return new JournalError(`${journal} ${problem} (${said})`, { cause: error });
}

function problemOf(error: Error): string | undefined {
  const code = codeOf(error);
  // None begins with an E, as EPIPE and EPERM do.
  if (/^(?!E)[0-9A-Z]{5}$/.test(code)) {
    return PROBLEMS.get(code) ?? PROBLEMS.get(code.slice(0, 2)) ?? "failed";
  }
  if (error instanceof NoAnswerError) {
    return "does not answer: see whether the server is overloaded, or a lock is held (pg_stat_activity), and start again";
  }
  if (isOutage(error) || code === "ENOTFOUND") return UNREACHABLE;
  if (code === "EACCES" || code === "EPERM" || /password|SASL|SSL|certificate/i.test(error.message))
    return NOT_LET_IN;
  // Bugs, of ours or of those who handed the pool in, are not the database's.
  return error instanceof TypeError || error instanceof RangeError ? undefined : "failed";
}
