/** `fetch`, guarded. */

import { isDryRun } from "../core/context.ts";
import { DryRunError } from "../core/dry-run-errors.ts";
import type { Fetch } from "../core/system.ts";
import { readFetchParts, type FetchParts, type ResilientFetchOptions } from "./fetch-options.ts";
import { readRequest, type FetchedRequest } from "./fetched-request.ts";
import { Sender } from "./sender.ts";
import { withTimedBody } from "./timed-body.ts";

/** All that a dry run sends. */
const ASKING_METHODS: readonly string[] = ["GET", "HEAD"];

/**
 * Makes a function that is called as `fetch` is and answers what it would, under a policy and limits.
 *
 * A status from 400 on is a failure to the policy, and after the last attempt answered all the same,
 * with a body to read; or thrown, with `failedStatus: "thrown"`. What is no answer rejects: the error of
 * `fetch`, a `TimeoutError`, or a refusal such as `CircuitOpenError`. Once the caller's signal aborts it
 * rejects with its reason, and so does reading the body.
 *
 * A request is sent again if that does no harm: by its method, with an Idempotency-Key header, or after
 * a failure with effect `none`; never if its body was a stream. The policy's part ends with the headers:
 * a body that breaks off is the reader's to deal with.
 *
 * In a dry run only GET and HEAD are sent; any other rejects with `DryRunError`.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const fetchStore = resilientFetch({ headersTimeout: "5s", retry: { attempts: 6 } });
 * const items = await (await fetchStore("https://store.example/items")).json();
 */
export function resilientFetch(options: ResilientFetchOptions = {}): Fetch {
  const parts = readFetchParts(options);
  const { untilPart } = parts;
  return async (input, init) => {
    const request = readRequest(input, init);
    if (isDryRun() && !ASKING_METHODS.includes(request.method)) {
      throw new DryRunError(`${request.method} ${request.host}`);
    }
    const response = await send(parts, request);
    return untilPart === undefined ? response : withTimedBody(response, untilPart, request.signal);
  };
}

async function send(parts: FetchParts, request: FetchedRequest): Promise<Response> {
  const { host, method, isReadOnce, signal } = request;
  const sender = new Sender(parts, request);
  const { isRepeatable } = sender;
  try {
    const policy = parts.policyFor({ host, method, isRepeatable, isReadOnce });
    const response = await policy.run((attempt) => sender.send(attempt), { signal });
    sender.end();
    return response;
  } catch (thrown) {
    const error = sender.failureBehind(thrown);
    const response = sender.end(error);
    if (response === undefined) throw error;
    return response;
  }
}
