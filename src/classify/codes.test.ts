import { expect, test } from "vitest";
import type { Effect, FaultClass } from "../core/fault.ts";
import { faultOf } from "./classify.ts";
import { codeLookup } from "./code-table.ts";
import { NODE_CODES, TLS_CODES, UNDICI_CODES } from "./node-codes.ts";
import { CALL_ROWS, SOCKET_CODES, SYSTEM_CODES } from "./system-codes.ts";

function failing(fields: object): Error {
  return Object.assign(new Error("failed"), fields);
}

const EXPECTED: readonly [faultClass: FaultClass, effect: Effect, codes: string][] = [
  ["transient", "none", "EBUSY ETXTBSY EAGAIN EWOULDBLOCK EDEADLK"],
  ["transient", "none", "ENOTFOUND EAI_AGAIN EAI_FAIL EAI_NODATA EAI_NONAME ENODATA ESERVFAIL"],
  ["transient", "none", "EREFUSED EBADRESP ERR_SOCKET_CLOSED_BEFORE_CONNECTION"],
  [
    "transient",
    "none",
    "ERR_HTTP2_GOAWAY_SESSION ERR_HTTP2_INVALID_SESSION ERR_HTTP2_OUT_OF_STREAMS",
  ],
  ["transient", "unknown", "ECONNRESET ECONNABORTED ENETRESET ENOTCONN EPIPE EINTR"],
  ["transient", "unknown", "EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN"],
  ["transient", "unknown", "UND_ERR_SOCKET UND_ERR_INFO UND_ERR_RES_CONTENT_LENGTH_MISMATCH"],
  ["transient", "unknown", "HPE_INVALID_EOF_STATE ERR_SOCKET_CLOSED ERR_STREAM_PREMATURE_CLOSE"],
  [
    "transient",
    "unknown",
    "ERR_HTTP2_SESSION_ERROR ERR_HTTP2_STREAM_CANCEL ERR_HTTP2_STREAM_ERROR",
  ],
  ["degraded", "none", "ECONNREFUSED EADDRINUSE EEXIST ENOTEMPTY ENOLCK"],
  ["degraded", "none", "UND_ERR_BPL_MISSING_UPSTREAM UND_ERR_PRX_TLS UND_ERR_MAX_ORIGINS_REACHED"],
  ["degraded", "partial", "ENOSPC EDQUOT EMFILE ENFILE ENOMEM ENOBUFS"],
  ["degraded", "unknown", "ESTALE ERR_MEMORY_ALLOCATION_FAILED ERR_WORKER_OUT_OF_MEMORY"],
  ["timeout", "none", "ETIMEOUT UND_ERR_CONNECT_TIMEOUT ERR_SOCKET_CONNECTION_TIMEOUT"],
  ["timeout", "none", "ERR_TLS_HANDSHAKE_TIMEOUT"],
  ["timeout", "unknown", "ETIMEDOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT"],
  ["fatal", "partial", "EFBIG"],
  ["fatal", "unknown", "EIO EPROTO UND_ERR_HEADERS_OVERFLOW HPE_HEADER_OVERFLOW UND_ERR_DESTROYED"],
  ["fatal", "unknown", "UND_ERR_RES_EXCEEDED_MAX_SIZE UND_ERR_WS_MESSAGE_SIZE_EXCEEDED"],
  ["fatal", "unknown", "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH ERR_ASSERTION ERR_STREAM_DESTROYED"],
  ["fatal", "unknown", "ERR_CHILD_PROCESS_STDIO_MAXBUFFER ERR_STREAM_WRITE_AFTER_END"],
  ["fatal", "none", "EROFS EACCES EPERM ENOENT ENOTDIR EISDIR ELOOP EMLINK ENAMETOOLONG EXDEV"],
  [
    "fatal",
    "none",
    "ENODEV ENXIO ESRCH E2BIG ENOEXEC EINVAL EBADF ENOSYS ENOTSUP EOPNOTSUPP EILSEQ",
  ],
  ["fatal", "none", "EADDRNOTAVAIL EAFNOSUPPORT EMSGSIZE EBADNAME EFORMERR ENOTIMP"],
  ["fatal", "none", "UND_ERR_INVALID_ARG UND_ERR_INVALID_RETURN_VALUE UND_ERR_NOT_SUPPORTED"],
  ["fatal", "none", "UND_ERR_CLOSED ERR_ACCESS_DENIED ERR_INVALID_URL ERR_SOCKET_BAD_PORT"],
  ["fatal", "none", "ERR_MODULE_NOT_FOUND MODULE_NOT_FOUND ERR_DLOPEN_FAILED"],
  [
    "fatal",
    "none",
    "CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REVOKED CERT_REJECTED CERT_UNTRUSTED",
  ],
  ["fatal", "none", "CERT_SIGNATURE_FAILURE CERT_CHAIN_TOO_LONG CRL_HAS_EXPIRED CRL_NOT_YET_VALID"],
  ["fatal", "none", "CRL_SIGNATURE_FAILURE DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN"],
  [
    "fatal",
    "none",
    "UNABLE_TO_GET_CRL UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ],
  ["fatal", "none", "UNABLE_TO_VERIFY_LEAF_SIGNATURE HOSTNAME_MISMATCH INVALID_CA INVALID_PURPOSE"],
  [
    "fatal",
    "none",
    "PATH_LENGTH_EXCEEDED ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_CERT_ALTNAME_FORMAT",
  ],
  ["fatal", "none", "ERR_SSL_WRONG_VERSION_NUMBER ERR_SSL_UNSUPPORTED_PROTOCOL"],
  ["fatal", "none", "ERR_SSL_NO_PROTOCOLS_AVAILABLE ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"],
  ["fatal", "none", "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"],
];

const ROWS = EXPECTED.flatMap(([faultClass, effect, codes]) =>
  codes.split(" ").map((code) => ({ code, faultClass, effect })),
);

test.for(ROWS)("$code is $faultClass with effect $effect", ({ code, faultClass, effect }) => {
  expect(faultOf(failing({ code }))).toEqual({ class: faultClass, code, effect });
});

test("every code of the tables is expected above", () => {
  const tables = [SYSTEM_CODES, SOCKET_CODES, UNDICI_CODES, NODE_CODES, TLS_CODES];

  const codes = tables.flatMap((table) => Object.keys(table));

  expect(codes.toSorted()).toEqual(ROWS.map(({ code }) => code).toSorted());
});

test.for<[code: string, call: string, faultClass: FaultClass, effect: Effect]>([
  ["ETIMEDOUT", "connect", "timeout", "none"],
  ["ETIMEDOUT", "read", "timeout", "unknown"],
  ["EHOSTUNREACH", "connect", "transient", "none"],
  ["EHOSTDOWN", "connect", "transient", "none"],
  ["ENETUNREACH", "connect", "transient", "none"],
  ["ENETDOWN", "connect", "transient", "none"],
  ["EADDRNOTAVAIL", "connect", "degraded", "none"],
  ["EADDRNOTAVAIL", "listen", "fatal", "none"],
  ["EAGAIN", "spawn", "degraded", "none"],
  ["EAGAIN", "spawnSync tar", "degraded", "none"],
  ["EAGAIN", "read", "transient", "none"],
])("%s of %s is %s with effect %s", ([code, syscall, faultClass, effect]) => {
  expect(faultOf(failing({ code, syscall }))).toEqual({ class: faultClass, code, effect });
});

test("every row for a call differs from the row without one", () => {
  const same = CALL_ROWS.filter(({ code, call, meaning }) => {
    const { class: faultClass, effect } = faultOf(failing({ code }));
    return call === "" || (meaning[0] === faultClass && meaning[1] === effect);
  });

  expect(same).toEqual([]);
});

test.for(["constructor", "toString", "__proto__", "hasOwnProperty"])(
  "a code that every object has as a property, %s, is in no table",
  (code) => {
    expect(faultOf(failing({ code }))).toEqual({ class: "unknown", code, effect: "unknown" });
  },
);

test("a code that stands in two tables is a mistake in them", () => {
  const table = { EIO: ["fatal", "unknown"] } as const;

  expect(() => codeLookup([table, table])).toThrow("the code EIO stands in two tables");
});

test.for<[name: string, faultClass: FaultClass, code: string]>([
  ["TimeoutError", "timeout", "TIMED_OUT"],
  ["AbortError", "fatal", "ABORTED"],
])("a DOMException named %s is %s", ([name, faultClass, code]) => {
  expect(faultOf(new DOMException("over", name))).toEqual({
    class: faultClass,
    code,
    effect: "unknown",
  });
});

test("an abort by a time limit, as Node wraps it, is a timeout", () => {
  const cause = new DOMException("over", "TimeoutError");

  const error = Object.assign(new Error("aborted", { cause }), {
    name: "AbortError",
    code: "ABORT_ERR",
  });

  expect(faultOf(error)).toEqual({ class: "timeout", code: "TIMED_OUT", effect: "unknown" });
});
