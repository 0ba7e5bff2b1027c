/** A server's handlers, guarded. */

import { cancelBody } from "../classify/http.ts";
import { OptionsError } from "../core/errors.ts";
import type { Attempt, Policy } from "../policies/policy.ts";
import { readPolicyFor } from "./policy-for.ts";
import { refusalAnswer } from "./refusal-answer.ts";

/** Answers a request, in the style of `fetch`; its attempt's signal aborts when nobody waits any more. */
export type Handler<Incoming extends Request = Request> = (
  request: Incoming,
  attempt: Attempt,
) => Response | Promise<Response>;

/**
 * Guards a server's handler by a policy: a limit for how many requests run at once, how many a client
 * may make, how long one may take.
 *
 * The attempt's signal aborts when the client goes away (the request's own signal) or a limit is over.
 * What the policy refuses is answered with 503, by a rate limit with 429, and with Retry-After where the
 * refusal says for how long; a limit that is over with 503, or 504 where the handler itself waited for
 * something in vain. No word of the error is in the answer, and what the handler answers later is let go
 * of. Any other error of the handler is thrown on, the same object, for the server's own error handling.
 * Where the client has gone away the answer is an empty 499, which nobody sees.
 *
 * The policy's part ends when the handler answers: a body is sent after that.
 *
 * @param policy One for all requests, or what gives the one for a request, such as that of its client.
 * @throws {OptionsError} At once, if there is no policy or no handler.
 * @example
 * const handle = guardedHandler(
 *   pipeline(bulkhead(100, { queue: 50 }), timeout("10s")),
 *   async (request, { signal }) => Response.json(await readItems(request.url, { signal })),
 * );
 */
export function guardedHandler<Incoming extends Request = Request>(
  policy: Policy | ((request: Incoming) => Policy),
  handler: Handler<Incoming>,
): (request: Incoming) => Promise<Response> {
  const policyFor = readPolicyFor<Incoming>(policy, "guardedHandler.policy");
  if (policyFor === undefined || typeof handler !== "function")
    throw new OptionsError("guardedHandler", "expected a policy and a function");
  return async (request) => answer(policyFor(request), handler, request);
}

async function answer<Incoming extends Request>(
  policy: Policy,
  handler: Handler<Incoming>,
  request: Incoming,
): Promise<Response> {
  const { signal } = request;
  const ofHandler = new Set<unknown>();
  let isOver = false;
  const work = async (attempt: Attempt): Promise<Response> => {
    try {
      const response = await handler(request, attempt);
      if (isOver) cancelBody(response);
      return response;
    } catch (error) {
      // What it threw because it was asked to end is the policy's.
      if (!attempt.signal.aborted) ofHandler.add(error);
      throw error;
    }
  };
  try {
    return await policy.run(work, { signal });
  } catch (error) {
    if (signal.aborted) return new Response(null, { status: 499 });
    const refusal = refusalAnswer(error, ofHandler.has(error));
    if (refusal === undefined) throw error;
    const { status, retryAfter } = refusal;
    const headers = retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) };
    return new Response(null, { status, headers });
  } finally {
    isOver = true;
  }
}
