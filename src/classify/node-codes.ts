/**
 * What the codes of Node itself, of undici (which is Node's fetch) and of TLS mean.
 *
 * Sources: the lists of errors in Node's and undici's documentation, and verify(1) of OpenSSL.
 */

import type { CodeTable } from "./code-table.ts";

/** undici and its HTTP parser. */
export const UNDICI_CODES: CodeTable = {
  UND_ERR_CONNECT_TIMEOUT: ["timeout", "none"],
  UND_ERR_HEADERS_TIMEOUT: ["timeout", "unknown"],
  UND_ERR_BODY_TIMEOUT: ["timeout", "unknown"],
  UND_ERR_SOCKET: ["transient", "unknown"],
  // The connection ended for a harmless reason, such as being idle for too long.
  UND_ERR_INFO: ["transient", "unknown"],
  // The body was cut short.
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ["transient", "unknown"],
  HPE_INVALID_EOF_STATE: ["transient", "unknown"],
  UND_ERR_BPL_MISSING_UPSTREAM: ["degraded", "none"],
  UND_ERR_PRX_TLS: ["degraded", "none"],
  UND_ERR_MAX_ORIGINS_REACHED: ["degraded", "none"],
  UND_ERR_HEADERS_OVERFLOW: ["fatal", "unknown"],
  HPE_HEADER_OVERFLOW: ["fatal", "unknown"],
  UND_ERR_RES_EXCEEDED_MAX_SIZE: ["fatal", "unknown"],
  UND_ERR_WS_MESSAGE_SIZE_EXCEEDED: ["fatal", "unknown"],
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: ["fatal", "unknown"],
  UND_ERR_INVALID_ARG: ["fatal", "none"],
  UND_ERR_INVALID_RETURN_VALUE: ["fatal", "none"],
  UND_ERR_NOT_SUPPORTED: ["fatal", "none"],
  // The program closed its own client.
  UND_ERR_CLOSED: ["fatal", "none"],
  UND_ERR_DESTROYED: ["fatal", "unknown"],
};

/** Node's own codes, where they say more than that the program is wrong. */
export const NODE_CODES: CodeTable = {
  ERR_SOCKET_CONNECTION_TIMEOUT: ["timeout", "none"],
  ERR_TLS_HANDSHAKE_TIMEOUT: ["timeout", "none"],
  ERR_SOCKET_CLOSED: ["transient", "unknown"],
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION: ["transient", "none"],
  ERR_STREAM_PREMATURE_CLOSE: ["transient", "unknown"],
  ERR_HTTP2_GOAWAY_SESSION: ["transient", "none"],
  ERR_HTTP2_INVALID_SESSION: ["transient", "none"],
  ERR_HTTP2_OUT_OF_STREAMS: ["transient", "none"],
  ERR_HTTP2_SESSION_ERROR: ["transient", "unknown"],
  ERR_HTTP2_STREAM_CANCEL: ["transient", "unknown"],
  ERR_HTTP2_STREAM_ERROR: ["transient", "unknown"],
  ERR_MEMORY_ALLOCATION_FAILED: ["degraded", "unknown"],
  ERR_WORKER_OUT_OF_MEMORY: ["degraded", "unknown"],
  ERR_ACCESS_DENIED: ["fatal", "none"],
  ERR_INVALID_URL: ["fatal", "none"],
  ERR_SOCKET_BAD_PORT: ["fatal", "none"],
  ERR_MODULE_NOT_FOUND: ["fatal", "none"],
  MODULE_NOT_FOUND: ["fatal", "none"],
  ERR_DLOPEN_FAILED: ["fatal", "none"],
  ERR_ASSERTION: ["fatal", "unknown"],
  ERR_CHILD_PROCESS_STDIO_MAXBUFFER: ["fatal", "unknown"],
  ERR_STREAM_DESTROYED: ["fatal", "unknown"],
  ERR_STREAM_WRITE_AFTER_END: ["fatal", "unknown"],
};

/** Certificates. No retry makes one valid; the handshake fails before anything is sent. */
export const TLS_CODES: CodeTable = {
  CERT_HAS_EXPIRED: ["fatal", "none"],
  CERT_NOT_YET_VALID: ["fatal", "none"],
  CERT_REVOKED: ["fatal", "none"],
  CERT_REJECTED: ["fatal", "none"],
  CERT_UNTRUSTED: ["fatal", "none"],
  CERT_SIGNATURE_FAILURE: ["fatal", "none"],
  CERT_CHAIN_TOO_LONG: ["fatal", "none"],
  CRL_HAS_EXPIRED: ["fatal", "none"],
  CRL_NOT_YET_VALID: ["fatal", "none"],
  CRL_SIGNATURE_FAILURE: ["fatal", "none"],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["fatal", "none"],
  SELF_SIGNED_CERT_IN_CHAIN: ["fatal", "none"],
  UNABLE_TO_GET_CRL: ["fatal", "none"],
  UNABLE_TO_GET_ISSUER_CERT: ["fatal", "none"],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["fatal", "none"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["fatal", "none"],
  HOSTNAME_MISMATCH: ["fatal", "none"],
  INVALID_CA: ["fatal", "none"],
  INVALID_PURPOSE: ["fatal", "none"],
  PATH_LENGTH_EXCEEDED: ["fatal", "none"],
  ERR_TLS_CERT_ALTNAME_INVALID: ["fatal", "none"],
  ERR_TLS_CERT_ALTNAME_FORMAT: ["fatal", "none"],
  ERR_SSL_WRONG_VERSION_NUMBER: ["fatal", "none"],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ["fatal", "none"],
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: ["fatal", "none"],
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: ["fatal", "none"],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ["fatal", "none"],
};
