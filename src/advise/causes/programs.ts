/** What Node, undici, OpenSSL, the resolver and SQLite say by codes of their own. */

import { causes, type Causes } from "../cause.ts";

/** See the header. */
export const PROGRAM_CAUSES: Causes = causes({
  "ERR_SOCKET_CONNECTION_TIMEOUT ERR_TLS_HANDSHAKE_TIMEOUT": [
    "the connection could not be made in time: the service is overloaded, or a firewall drops what is sent",
    "try again; then look at the service and the way there",
    "wait-until-reachable",
  ],
  "ERR_SOCKET_CLOSED ERR_SOCKET_CLOSED_BEFORE_CONNECTION ERR_STREAM_PREMATURE_CLOSE UND_ERR_INFO HPE_INVALID_EOF_STATE UND_ERR_RES_CONTENT_LENGTH_MISMATCH":
    [
      "the connection ended before all had come",
      "find out whether it happened, then try again; often: see the log of the service and of proxies before it",
    ],
  "ERR_HTTP2_GOAWAY_SESSION ERR_HTTP2_INVALID_SESSION ERR_HTTP2_OUT_OF_STREAMS ERR_HTTP2_SESSION_ERROR ERR_HTTP2_STREAM_CANCEL ERR_HTTP2_STREAM_ERROR":
    [
      "the server ended the HTTP/2 session or the stream: a restart, a limit, or overload",
      "try again on a new connection; find out before whether a request that changes something happened",
    ],
  "UND_ERR_CLOSED UND_ERR_DESTROYED ERR_STREAM_DESTROYED ERR_STREAM_WRITE_AFTER_END": [
    "the program went on using what it had closed itself",
    "mend the order: close a client or stream only when nothing is under way",
  ],
  "UND_ERR_INVALID_ARG UND_ERR_INVALID_RETURN_VALUE UND_ERR_NOT_SUPPORTED UND_ERR_REQ_CONTENT_LENGTH_MISMATCH ERR_INVALID_URL ERR_SOCKET_BAD_PORT":
    [
      "the request is wrong as the program makes it: its URL, port, method, headers or length",
      "mend the call; the message says which argument",
    ],
  "UND_ERR_HEADERS_OVERFLOW HPE_HEADER_OVERFLOW UND_ERR_RES_EXCEEDED_MAX_SIZE UND_ERR_WS_MESSAGE_SIZE_EXCEEDED":
    [
      "the answer is larger than the client allows",
      "ask for less (pages, ranges), or raise the limit: maxHeaderSize, maxResponseSize",
    ],
  "UND_ERR_BPL_MISSING_UPSTREAM UND_ERR_PRX_TLS UND_ERR_MAX_ORIGINS_REACHED": [
    "the client's pool or its proxy has no way to the server",
    "see the proxy and the pool's upstreams; try again later",
  ],
  "MODULE_NOT_FOUND ERR_MODULE_NOT_FOUND": [
    "a module that the program imports is not there: not installed, or a wrong path",
    "npm ci; compare the name, also its upper case and ending",
  ],
  ERR_DLOPEN_FAILED: [
    "a native module does not fit this machine or this version of Node",
    "npm rebuild, or install it here instead of copying node_modules",
  ],
  ERR_ASSERTION: [
    "an assertion of the program does not hold",
    "see its message: either the data or the program is wrong",
  ],
  ERR_CHILD_PROCESS_STDIO_MAXBUFFER: [
    "a command wrote more than its caller keeps, and was ended for it",
    "raise maxBuffer, or take the output as a stream; find out what the command had done",
  ],
  CERT_REVOKED: [
    "whoever signed the certificate has taken it back",
    "have a new one made; find out why: its key may have been stolen",
  ],
  "CERT_REJECTED INVALID_PURPOSE INVALID_CA CERT_CHAIN_TOO_LONG PATH_LENGTH_EXCEEDED CERT_SIGNATURE_FAILURE ERR_TLS_CERT_ALTNAME_FORMAT":
    [
      "the certificate, or one that signed it, is not made for this, or is damaged",
      "have it made anew with the right purpose and chain: openssl s_client -showcerts, openssl verify",
    ],
  "UNABLE_TO_GET_CRL CRL_NOT_YET_VALID CRL_SIGNATURE_FAILURE": [
    "the list of revoked certificates cannot be had, or is not valid",
    "fetch the list anew; check the clock (timedatectl)",
  ],
  "ERR_SSL_UNSUPPORTED_PROTOCOL ERR_SSL_NO_PROTOCOLS_AVAILABLE ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION":
    [
      "client and server know no common version of TLS, or no common cipher; or the server wants a client's certificate",
      "update the older one: openssl s_client -connect HOST:443 shows what the server takes",
    ],
  "SQLITE_ERROR SQLITE_RANGE SQLITE_MISMATCH SQLITE_TOOBIG SQLITE_NOTFOUND": [
    "the SQL or its values do not fit the schema: a missing migration, a mistake, or too much data",
    "mend the statement or the schema; the message names what is missing",
  ],
  SQLITE_SCHEMA: [
    "somebody changed the schema again and again while the statement was prepared",
    "prepare it again; migrate when nobody else is at work",
  ],
  "SQLITE_AUTH SQLITE_PERM": [
    "the program or the file's rights forbid it",
    "ls -l on the file and its directory; see the program's authorizer",
  ],
  SQLITE_PROTOCOL: [
    "many connections fought for the lock of a WAL database, or it lies on a network's file system",
    "try again; keep the file on a local disk",
  ],
  "SQLITE_INTERRUPT SQLITE_ABORT": [
    "the statement was cancelled, or its transaction rolled back below it",
    "nothing: somebody said no; else look for a ROLLBACK beside a read that is under way",
  ],
  "SQLITE_MISUSE SQLITE_INTERNAL SQLITE_NOLFS": [
    "the program uses SQLite wrongly, such as after close, or this build of it cannot do that",
    "mend the program; report what says INTERNAL",
  ],
  "ENOTIMP EFORMERR EBADNAME EBADRESP": [
    "the name is none that DNS knows how to ask for, or the resolver answers what nobody can read",
    "check the spelling; ask another resolver: dig @1.1.1.1 NAME",
  ],
  EMSGSIZE: ["the message is too large for one packet", "send less at once"],
  EAFNOSUPPORT: [
    "this machine does not speak that kind of address: IPv6 may be switched off",
    "take an IPv4 address, or switch IPv6 on",
  ],
  EINTR: ["a signal came in between", "try again: nothing is wrong"],
});
