/** Refusals for being called too often. */

/**
 * The codes by which a service says so. What comes at once after one of them is refused again, and
 * many services count it. Source: RFC 6585 (4), and for gRPC its doc/statuscodes.md.
 */
export const RATE_LIMITS: ReadonlySet<string> = new Set(["HTTP_429", "GRPC_RESOURCE_EXHAUSTED"]);
