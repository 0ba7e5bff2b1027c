/**
 * The codes of the faults that remedies are for: those of Node's own errors, of drivers, and of tools as
 * the classifier of commands gives them. Each list is one cause. Its source is docs/symptoms.md.
 */

/** No room, or no inode: what is gone is measured. */
export const NO_SPACE = [
  "ENOSPC",
  "EDQUOT",
  "INODES_EXHAUSTED",
  "NO_SPACE_UNCONFIRMED",
  "SQLITE_FULL",
  "SQLSTATE_53100",
];

/** Nobody listens, or who does is silent. */
export const SERVICE_DOWN = [
  "ECONNREFUSED",
  "ECONNRESET",
  "CONNECTION_LOST",
  "EPIPE",
  "ETIMEDOUT",
  "TIMED_OUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_SOCKET",
  "EMPTY_REPLY",
  "DOCKER_DOWN",
  "UNIT_INACTIVE",
  "SERVICE_FAILED",
  "HTTP_502",
  "HTTP_503",
  "HTTP_504",
  "SQLSTATE_08000",
  "SQLSTATE_08001",
  "SQLSTATE_08003",
  "SQLSTATE_08006",
  "SQLSTATE_57P01",
  "SQLSTATE_57P02",
  "SQLSTATE_57P03",
  "SQLSTATE_57P05",
];

/** A name or a host that cannot be reached. */
export const UNREACHABLE = [
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "EAI_NONAME",
  "ENODATA",
  "ESERVFAIL",
  "EREFUSED",
  "ECONNREFUSED",
  "ECONNRESET",
  "CONNECTION_LOST",
  "NETWORK_FAILED",
  "SOCKET_FAILED",
  "ERR_SOCKET_CONNECTION_TIMEOUT",
  "ERR_TLS_HANDSHAKE_TIMEOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ETIMEDOUT",
  "ETIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "TIMED_OUT",
];

/** Another transaction was in the way. */
export const CONFLICTS = [
  "SQLITE_BUSY",
  "SQLITE_LOCKED",
  "SQLSTATE_40001",
  "SQLSTATE_40P01",
  "SQLSTATE_55P03",
  "SQLSTATE_55006",
  "GRPC_ABORTED",
];

/** Who asked is not let in. */
export const NOT_LET_IN = [
  "HTTP_401",
  "AUTHENTICATION_FAILED",
  "CREDENTIALS_EXPIRED",
  "GRPC_UNAUTHENTICATED",
  "REDIS_NOAUTH",
  "REDIS_WRONGPASS",
  "REDIS_NOPERM",
  "SQLSTATE_28000",
  "SQLSTATE_28P01",
];

/** Memory ran out. */
export const NO_MEMORY = [
  "OUT_OF_MEMORY",
  "HEAP_OUT_OF_MEMORY",
  "ENOMEM",
  "ENOBUFS",
  "ERR_MEMORY_ALLOCATION_FAILED",
  "ERR_WORKER_OUT_OF_MEMORY",
  "SQLITE_NOMEM",
  "SQLSTATE_53200",
];

/** A certificate, or a list of revoked ones, that is out of its time. */
export const WRONG_TIME = [
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CRL_HAS_EXPIRED",
  "CRL_NOT_YET_VALID",
];

/** A lock, or a file that stands for one, is there already. */
export const LOCKED = ["EEXIST", "LOCK_TAKEN", "EBUSY", "EAGAIN", "EWOULDBLOCK"];

/** The port is somebody's. */
export const PORT_TAKEN = ["EADDRINUSE"];

/** Another apt or dpkg is at work. */
export const PACKAGES_LOCKED = ["PACKAGES_LOCKED"];

/** An earlier dpkg was cut off. */
export const DPKG_INTERRUPTED = ["DPKG_INTERRUPTED"];

/** Another git is at work, or was cut off. */
export const GIT_LOCKED = ["GIT_LOCKED"];
