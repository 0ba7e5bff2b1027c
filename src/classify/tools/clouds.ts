/**
 * docker, kubectl, terraform and the AWS CLI.
 *
 * Sources: "Exit status" of docker run, the return codes of the AWS CLI and its error codes, Terraform's
 * own texts (terraform issue 9336 for what is left by a failed apply), and failures provoked on Debian 12.
 */

import { FULL, NO_NAME, REFUSED, row, type ToolRow } from "../tool-row.ts";

const DOCKER = ["docker", "podman"];
const KUBECTL = ["kubectl", "oc"];
const AWS = ["aws"];
const TERRAFORM = ["terraform", "tofu"];
const NOT_LET_IN = ["AUTHENTICATION_FAILED", "fatal", "none"] as const;
const THROTTLED = ["REQUEST_THROTTLED", "transient", "none"] as const;

/** See the header. */
export const CLOUDS: readonly ToolRow[] = [
  row(88, DOCKER, { says: /Cannot connect to the Docker daemon|connect: connection refused/ }, [
    "DOCKER_DOWN",
    "degraded",
    "none",
  ]),
  row(2, DOCKER, { says: /no space left on device/i }, FULL),
  row(67, DOCKER, { says: /permission denied while trying to connect/i }, [
    "EACCES",
    "fatal",
    "none",
  ]),
  row(
    105,
    DOCKER,
    { says: /pull access denied|manifest (unknown|for .* not found)|No such image/ },
    ["IMAGE_NOT_FOUND", "fatal", "none"],
  ),
  row(100, DOCKER, { says: /toomanyrequests/ }, THROTTLED),
  row(89, DOCKER, { exit: [125] }, ["DOCKER_FAILED", "fatal", "none"]),

  row(90, KUBECTL, { says: /connection to the server .* was refused|connection refused/ }, REFUSED),
  row(90, KUBECTL, { says: /no such host|server misbehaving/ }, NO_NAME),
  row(90, KUBECTL, { says: /etcdserver: request timed out|i\/o timeout|TLS handshake timeout/ }, [
    "ETIMEDOUT",
    "timeout",
    "unknown",
  ]),
  row(90, KUBECTL, { says: /\(Conflict\)/ }, ["CONFLICT", "transient", "none"]),
  row(90, KUBECTL, { says: /Unauthorized|\(Forbidden\)|must be logged in/ }, NOT_LET_IN),
  row(90, KUBECTL, { says: /\(NotFound\)/ }, ["NOT_FOUND", "fatal", "none"]),
  row(90, KUBECTL, { says: /\(TooManyRequests\)/ }, THROTTLED),

  row(30, TERRAFORM, { says: /Error acquiring the state lock/ }, [
    "STATE_LOCKED",
    "transient",
    "none",
  ]),
  row(31, TERRAFORM, { says: /does not automatically rollback/ }, [
    "TERRAFORM_PARTIAL",
    "degraded",
    "partial",
  ]),

  row(
    93,
    AWS,
    { says: /\((ExpiredToken|ExpiredTokenException|RequestExpired)\)|token .*expired/i },
    ["CREDENTIALS_EXPIRED", "fatal", "none"],
  ),
  row(
    93,
    AWS,
    { says: /Unable to locate credentials|\(InvalidClientTokenId\)|\(SignatureDoesNotMatch\)/ },
    NOT_LET_IN,
  ),
  row(
    93,
    AWS,
    { says: /\((AccessDenied|AccessDeniedException|UnauthorizedOperation|403)\)/ },
    NOT_LET_IN,
  ),
  row(93, AWS, { says: /\((NoSuchBucket|NoSuchKey|ResourceNotFoundException|404)\)/ }, [
    "NOT_FOUND",
    "fatal",
    "none",
  ]),
  row(
    93,
    AWS,
    { says: /\((SlowDown|Throttling\w*|TooManyRequestsException|RequestLimitExceeded)\)/ },
    THROTTLED,
  ),
  row(93, AWS, { says: /\(RequestTimeout\)|Read timeout on endpoint/ }, [
    "ETIMEDOUT",
    "timeout",
    "unknown",
  ]),
  row(93, AWS, { says: /Connect timeout on endpoint/ }, ["ETIMEDOUT", "timeout", "none"]),
  row(93, AWS, { says: /\((ServiceUnavailable|InternalError|InternalFailure)\)/ }, [
    "SERVICE_FAILED",
    "degraded",
    "unknown",
  ]),
  row(36, AWS, { says: /Could not connect to the endpoint URL/ }, REFUSED),
  row(93, AWS, { exit: [2, 252] }, ["USAGE", "fatal", "none"]),
];
