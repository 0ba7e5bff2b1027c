/** HTTP, TLS, downloads, archives and ssh. */

import { causes, type Causes } from "../cause.ts";

/** See the header. */
export const NETWORK_CAUSES: Causes = causes({
  "CERT_HAS_EXPIRED CERT_NOT_YET_VALID CRL_HAS_EXPIRED CRL_NOT_YET_VALID": [
    "the certificate is out of its time, or this machine's clock is wrong",
    "renew the certificate; check the clock (timedatectl); never switch the check off",
    "clock-skew",
  ],
  "DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN CERT_UNTRUSTED UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_GET_ISSUER_CERT":
    [
      "who signed the certificate is not trusted here",
      "install the authority's certificate (--cacert, NODE_EXTRA_CA_CERTS); never switch the check off",
    ],
  "ERR_TLS_CERT_ALTNAME_INVALID HOSTNAME_MISMATCH": [
    "the certificate is for another name",
    "call the host by a name in its certificate, or have one made for this name",
  ],
  "ERR_SSL_WRONG_VERSION_NUMBER EPROTO TLS_HANDSHAKE_FAILED": [
    "TLS was spoken to a port without it, or the two know no common version",
    "correct the URL: http or https, and the port",
  ],
  REDIRECT_LOOP: ["redirections lead in a circle", "mend the server's redirections, or the URL"],
  BODY_TRUNCATED: [
    "the connection ended before the whole body had come",
    "drop the partial file, or resume it (curl -C -)",
  ],
  OUTPUT_FAILED: [
    "what came could not be written: no such directory, no right, or the disk is full",
    "df on the target; is the directory there?",
  ],
  HTTP_FAILED: [
    "the server answered with a status that says no",
    "see which one: curl --fail-with-body -sS; 5xx passes, 4xx does not",
  ],
  "HTTP_408 HTTP_504": [
    "the server, or one behind it, did not answer in time",
    "find out whether it happened, then try again",
  ],
  "HTTP_425 HTTP_409 HTTP_423 CONFLICT GRPC_ABORTED": [
    "somebody else changed or holds it",
    "read its present state, then do it again",
  ],
  "HTTP_429 GRPC_RESOURCE_EXHAUSTED REQUEST_THROTTLED": [
    "too many requests",
    "wait for as long as Retry-After says, and send fewer",
  ],
  "HTTP_500 HTTP_502 HTTP_503 HTTP_520 HTTP_521 HTTP_522 HTTP_523 HTTP_524 GRPC_UNAVAILABLE GRPC_INTERNAL SERVICE_FAILED REGISTRY_FAILED":
    [
      "the service fails or is overloaded",
      "back off and try again where it may be repeated; see its status page and log",
    ],
  "HTTP_401 GRPC_UNAUTHENTICATED CREDENTIALS_EXPIRED": [
    "credentials are missing, wrong or expired",
    "refresh the token once; then a human renews it",
    "credentials",
  ],
  "HTTP_403 GRPC_PERMISSION_DENIED": [
    "these credentials are not allowed to do that",
    "have the right granted",
  ],
  AUTHENTICATION_FAILED: [
    "the other side does not let these credentials in",
    "renew or correct them; do not go on trying: accounts are locked for it",
    "credentials",
  ],
  HOST_KEY_REFUSED: [
    "the host's key is unknown, or is another one than before",
    "a human compares its fingerprint (ssh-keygen -lf) and adds it to known_hosts",
  ],
  "HTTP_404 HTTP_410 GRPC_NOT_FOUND NOT_FOUND": [
    "it does not exist",
    "correct the name; or take it as the answer",
  ],
  "HTTP_400 HTTP_405 HTTP_413 HTTP_415 HTTP_422 GRPC_INVALID_ARGUMENT GRPC_FAILED_PRECONDITION GRPC_OUT_OF_RANGE":
    ["the request is wrong", "correct the request: the body of the answer says what"],
  "HTTP_501 HTTP_505 HTTP_508 GRPC_UNIMPLEMENTED": [
    "the server does not do that",
    "use another call or version",
  ],
  HTTP_507: ["the server's storage is full", "free room on the server"],
  HTTP_511: ["the network wants a login first: a captive portal", "log in to the network"],
  "HTTP_525 HTTP_526": ["the CDN finds no good TLS at its origin", "mend the origin's certificate"],
  GRPC_ALREADY_EXISTS: [
    "it exists already, perhaps by an earlier attempt",
    "look whether it is the one you want",
  ],
  GRPC_DEADLINE_EXCEEDED: [
    "no answer came in time",
    "find out whether it happened, then try again",
  ],
  GRPC_CANCELLED: ["somebody cancelled the call", "nothing: somebody said no"],
  GRPC_UNKNOWN: ["the server's own code failed", "see the server's log"],
  GRPC_DATA_LOSS: ["data is lost or damaged", "restore a backup"],
  ARCHIVE_CORRUPT: [
    "the file is no such archive, is cut short, or is damaged",
    "delete it, fetch it again once, and compare its checksum",
  ],
  CHECKSUM_MISMATCH: [
    "what was downloaded is not what was published: cut short, cached wrongly, or replaced",
    "npm cache verify, or delete the cache, then fetch it again once; if it stays, trust nothing of it",
  ],
  RSYNC_PARTIAL: [
    "some files were not copied",
    "see the lines before the last one; rsync again copies the rest",
  ],
  RSYNC_VANISHED: ["files went away while they were copied", "usually fine: accept 24"],
  PROTOCOL_FAILED: [
    "the two sides do not understand each other",
    "compare their versions; a login script must print nothing",
  ],
  FETCH_FAILED: ["the network failed, and the browser does not say how", "see its console"],
});
