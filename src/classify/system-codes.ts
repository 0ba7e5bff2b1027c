/**
 * What the operating system's error numbers mean, under the names that Node gives them.
 *
 * Sources: errno(3), Node's list of common system errors, and failures provoked on Debian.
 */

import type { CodeTable, Meaning } from "./code-table.ts";

/** Files, memory and processes. */
export const SYSTEM_CODES: CodeTable = {
  // Room ran out, perhaps after part was written: fs.writeSync may write half without an error.
  ENOSPC: ["degraded", "partial"],
  EDQUOT: ["degraded", "partial"],
  EMFILE: ["degraded", "partial"],
  ENFILE: ["degraded", "partial"],
  ENOMEM: ["degraded", "partial"],
  ENOBUFS: ["degraded", "partial"],
  EFBIG: ["fatal", "partial"],

  // Somebody else has it for now.
  EBUSY: ["transient", "none"],
  ETXTBSY: ["transient", "none"],
  EAGAIN: ["transient", "none"],
  EWOULDBLOCK: ["transient", "none"],
  EDEADLK: ["transient", "none"],
  EINTR: ["transient", "unknown"],
  ENOLCK: ["degraded", "none"],
  // The file moved under a network mount; opening it anew may help.
  ESTALE: ["degraded", "unknown"],

  // There already: on a second attempt perhaps by the first one, so it is worth a look.
  EEXIST: ["degraded", "none"],
  ENOTEMPTY: ["degraded", "none"],

  // The disk is failing, or was mounted read-only because it is.
  EIO: ["fatal", "unknown"],
  EROFS: ["fatal", "none"],

  EACCES: ["fatal", "none"],
  EPERM: ["fatal", "none"],
  ENOENT: ["fatal", "none"],
  ENOTDIR: ["fatal", "none"],
  EISDIR: ["fatal", "none"],
  ELOOP: ["fatal", "none"],
  EMLINK: ["fatal", "none"],
  ENAMETOOLONG: ["fatal", "none"],
  // The temporary file must lie on its target's file system.
  EXDEV: ["fatal", "none"],
  ENODEV: ["fatal", "none"],
  ENXIO: ["fatal", "none"],
  ESRCH: ["fatal", "none"],
  E2BIG: ["fatal", "none"],
  ENOEXEC: ["fatal", "none"],
  EINVAL: ["fatal", "none"],
  EBADF: ["fatal", "none"],
  ENOSYS: ["fatal", "none"],
  ENOTSUP: ["fatal", "none"],
  EOPNOTSUPP: ["fatal", "none"],
  EILSEQ: ["fatal", "none"],
};

/** Connections and names. */
export const SOCKET_CODES: CodeTable = {
  // Nobody listens: the service is down, so it counts in the breaker and may be healed by a start.
  ECONNREFUSED: ["degraded", "none"],
  ECONNRESET: ["transient", "unknown"],
  ECONNABORTED: ["transient", "unknown"],
  ENETRESET: ["transient", "unknown"],
  ENOTCONN: ["transient", "unknown"],
  EPIPE: ["transient", "unknown"],
  EHOSTUNREACH: ["transient", "unknown"],
  EHOSTDOWN: ["transient", "unknown"],
  ENETUNREACH: ["transient", "unknown"],
  ENETDOWN: ["transient", "unknown"],
  ETIMEDOUT: ["timeout", "unknown"],
  EADDRINUSE: ["degraded", "none"],
  EADDRNOTAVAIL: ["fatal", "none"],
  EAFNOSUPPORT: ["fatal", "none"],
  EMSGSIZE: ["fatal", "none"],
  // Nearly always TLS spoken to a port without it.
  EPROTO: ["fatal", "unknown"],

  // Names. EAI_ is the system's resolver; the others are those of node:dns.
  EAI_AGAIN: ["transient", "none"],
  EAI_FAIL: ["transient", "none"],
  ENOTFOUND: ["transient", "none"],
  ENODATA: ["transient", "none"],
  EAI_NODATA: ["transient", "none"],
  EAI_NONAME: ["transient", "none"],
  ESERVFAIL: ["transient", "none"],
  EREFUSED: ["transient", "none"],
  EBADRESP: ["transient", "none"],
  ETIMEOUT: ["timeout", "none"],
  EBADNAME: ["fatal", "none"],
  EFORMERR: ["fatal", "none"],
  ENOTIMP: ["fatal", "none"],
};

/** A code that means something else where one system call failed by it. */
export interface CallRow {
  readonly code: string;
  /** The call, or the beginning of its name: Node writes `spawn`, `spawnSync tar`, `connect`. */
  readonly call: string;
  readonly meaning: Meaning;
}

/** What a failing call tells beyond its code. */
export const CALL_ROWS: readonly CallRow[] = [
  // Where no connection came about, nothing was sent.
  { code: "ETIMEDOUT", call: "connect", meaning: ["timeout", "none"] },
  { code: "EHOSTUNREACH", call: "connect", meaning: ["transient", "none"] },
  { code: "EHOSTDOWN", call: "connect", meaning: ["transient", "none"] },
  { code: "ENETUNREACH", call: "connect", meaning: ["transient", "none"] },
  { code: "ENETDOWN", call: "connect", meaning: ["transient", "none"] },
  // All local ports are taken by connections that are closing; with bind it is a wrong address.
  { code: "EADDRNOTAVAIL", call: "connect", meaning: ["degraded", "none"] },
  // Too many processes: waiting a moment is not enough.
  { code: "EAGAIN", call: "spawn", meaning: ["degraded", "none"] },
];
