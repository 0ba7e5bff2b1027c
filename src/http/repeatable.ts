/** Which requests may be sent more than once: the rule, without a request. */

import type { Fault } from "../core/fault.ts";

/** The methods whose requests have the same effect sent once or several times. RFC 9110 (9.2.2). */
export const IDEMPOTENT_METHODS: readonly string[] = Object.freeze([
  "GET",
  "HEAD",
  "OPTIONS",
  "PUT",
  "DELETE",
  "TRACE",
]);

/** Those of them that only ask, and have no effect. RFC 9110 (9.2.1). */
export const SAFE_METHODS: readonly string[] = Object.freeze(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** What the rule goes by. */
export interface Sendable {
  readonly method: string;
  readonly headers: Pick<Headers, "has">;
  /** Whether the body is gone once it was read, as that of a stream is. */
  readonly isReadOnce: boolean;
}

/**
 * Whether a request may be sent again after it may have had its effect: its method is one of
 * `methods`, or the server knows it again by its Idempotency-Key (draft-ietf-httpapi-idempotency-key).
 */
export function isRepeatable(request: Sendable, methods: readonly string[]): boolean {
  const isKnownAgain = methods.includes(request.method) || request.headers.has("idempotency-key");
  return isKnownAgain && !request.isReadOnce;
}

/**
 * Whether a request that is not repeatable may be sent again after this failure: nothing happened, and
 * its body is still there.
 */
export function mayGoAgain({ isReadOnce: isGone }: Sendable, { effect }: Fault): boolean {
  return effect === "none" && !isGone;
}

/**
 * Whether `fetch` can read a body only once: a stream, or what gives its parts one by one. What is not
 * known is taken for such a thing.
 */
export function isReadOnce(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === "string") return false;
  if (ArrayBuffer.isView(body)) return false;
  return ![ArrayBuffer, Blob, FormData, URLSearchParams].some((type) => body instanceof type);
}
