/**
 * What a server answers when a policy has ended a request: the rule, without a request.
 *
 * Two questions decide: what ended it, and had the handler begun? Before, nothing happened, and the
 * client is told when to come again. After that something may have, and what the handler itself was
 * refused or waited for in vain was another server's.
 *
 *                        the policy around the handler          within the handler
 *   RateLimitedError     429, RFC 6585 (4)                      503
 *   other refusals       503, RFC 9110 (15.6.4)                 503
 *   TimeoutError         503: this server was too slow          504: an upstream was, RFC 9110 (15.6.5)
 *
 * Retry-After comes with what the policy refused, and with nothing else: clients take a 503 that names
 * a time to come back for a request that was not begun.
 */

import { RateLimitedError, RejectedError, TimeoutError } from "../core/errors.ts";

/** An answer without a body. */
export interface RefusalAnswer {
  readonly status: number;
  /** In seconds, as RFC 9110 (10.2.3) has it; `undefined` when nobody knows. */
  readonly retryAfter?: number | undefined;
}

/**
 * The answer for an error, or `undefined` where it is for the server's own error handling.
 *
 * @param isHandlers Whether the handler threw it, and not the policy around it.
 */
export function refusalAnswer(error: unknown, isHandlers: boolean): RefusalAnswer | undefined {
  if (error instanceof TimeoutError) return { status: isHandlers ? 504 : 503 };
  if (!(error instanceof RejectedError)) return undefined;
  if (isHandlers) return { status: 503 };
  const status = error instanceof RateLimitedError ? 429 : 503;
  const { retryAfterMs } = error;
  const isKnown = retryAfterMs > 0 && retryAfterMs < Infinity;
  return isKnown ? { status, retryAfter: Math.ceil(retryAfterMs / 1_000) } : { status };
}
