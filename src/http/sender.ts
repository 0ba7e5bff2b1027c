/** One call of `fetch`: its request is sent as often as a policy asks for, and as it may be. */

import { faultOf } from "../classify/classify.ts";
import { cancelBody, HttpStatusError } from "../classify/http.ts";
import { withFault } from "../classify/mark.ts";
import type { Clock } from "../core/clock.ts";
import type { Fault } from "../core/fault.ts";
import type { Fetch } from "../core/system.ts";
import type { Attempt, Policy } from "../policies/policy.ts";
import { initOf, type FetchedRequest } from "./fetched-request.ts";
import { findLocation, redirected, type Hop } from "./redirect.ts";
import { isRepeatable, mayGoAgain, SAFE_METHODS } from "./repeatable.ts";
import { withFacts } from "./response-facts.ts";

/** What all requests are sent by. */
export interface SenderParts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** The limit until the headers of each response have come. */
  readonly untilHeaders: Policy;
  /** Methods that may be sent again whatever the first attempt did. */
  readonly methods: readonly string[];
  /** How many redirects are followed here; `undefined` leaves them to `fetch`. */
  readonly redirects: number | undefined;
  readonly privateHeaders: readonly string[];
  /** Whether the last failed response is to be read by the caller. */
  readonly failedStatus: "answered" | "thrown";
}

/** Sends one request. A failed status, and a redirect too many, is thrown as `HttpStatusError`. */
export class Sender {
  readonly #parts: SenderParts;
  readonly #request: FetchedRequest;
  /** Whether it may be sent again after it may have had its effect. */
  readonly isRepeatable: boolean;
  /** Of a request that is not: the one sending there may be. */
  #only: Promise<Response> | undefined;
  /** Ends attempts after that. */
  #spent: Error | undefined;
  /** What failed last and can still be read. */
  #failed: { readonly error: unknown; readonly response: Response } | undefined;
  #isOver = false;

  constructor(parts: SenderParts, request: FetchedRequest) {
    this.#parts = parts;
    this.#request = request;
    this.isRepeatable = isRepeatable(request, parts.methods);
  }

  /** Sends the request, or joins the sending that is under way where there must be no other. */
  send(attempt: Attempt): Promise<Response> {
    if (this.#spent !== undefined) throw this.#spent;
    if (this.isRepeatable) return this.#sendOnce(attempt);
    return (this.#only ??= this.#sendOnce(attempt).catch((error: unknown) => {
      this.#only = undefined;
      const fault = faultOf(error);
      if (!mayGoAgain(this.#request, fault)) this.#spent = spentBy(error, fault);
      throw error;
    }));
  }

  /** What the call failed by, where a policy went on asking for what must not be sent again. */
  failureBehind(error: unknown): unknown {
    return error === this.#spent ? this.#spent?.cause : error;
  }

  /** Ends the call. The response that is thrown as `error` can still be read; another one is let go of. */
  end(error?: unknown): Response | undefined {
    this.#isOver = true;
    if (this.#failed?.error !== error) this.#letGo();
    return this.#failed?.response;
  }

  /** Lets go of the response that failed last: nobody will read it. */
  #letGo(): void {
    if (this.#failed !== undefined) cancelBody(this.#failed.response);
    this.#failed = undefined;
  }

  async #sendOnce(attempt: Attempt): Promise<Response> {
    this.#letGo();
    const { redirects } = this.#parts;
    const isFollowed = redirects !== undefined && this.#request.redirect === "follow";
    const response = isFollowed
      ? await this.#follow(attempt, redirects)
      : await this.#hop(attempt, this.#request.input, this.#request.init);
    const isLost = isFollowed && findLocation(response) !== undefined;
    if (response.status < 400 && !isLost) return response;
    const { clock, failedStatus } = this.#parts;
    const error = new HttpStatusError(response, { clock });
    if (isLost || response.redirected) this.#noteRedirected(error);
    // Beside another attempt there may be one that failed meanwhile.
    this.#letGo();
    if (failedStatus === "thrown") cancelBody(response);
    else this.#failed = { error, response };
    throw error;
  }

  /** Follows redirects. What cannot be followed, or would be one too many, is answered as it is. */
  async #follow(attempt: Attempt, most: number): Promise<Response> {
    const { input, init } = this.#request;
    let hop: Hop = this.#request;
    let response = await this.#hop(attempt, input, { ...init, redirect: "manual" });
    for (let followed = 0; followed < most; followed++) {
      const location = findLocation(response);
      if (location === undefined) break;
      const next = redirected(hop, response.status, location, this.#parts.privateHeaders);
      if (next === undefined) break;
      hop = next;
      cancelBody(response);
      const onward = { ...initOf(hop, this.#request), redirect: "manual" as const };
      try {
        response = withFacts(await this.#hop(attempt, hop.url, onward), { redirected: true });
      } catch (error) {
        this.#noteRedirected(error);
        throw error;
      }
    }
    return response;
  }

  /** Where it was redirected to it may have come to nothing; where it was first, perhaps not. */
  #noteRedirected(error: unknown): void {
    const fault = faultOf(error);
    if (fault.effect === "none" && !SAFE_METHODS.includes(this.#request.method))
      withFault(error, { ...fault, effect: "unknown" });
  }

  #hop(attempt: Attempt, ...[input, init]: Parameters<Fetch>): Promise<Response> {
    const { fetch, untilHeaders } = this.#parts;
    return untilHeaders.run(async ({ signal }) => {
      const response = await fetch(input, { ...init, signal: this.#withCallers(signal) });
      // Of a `fetch` that takes no notice of its signal.
      if (this.#isOver) cancelBody(response);
      return response;
    }, attempt);
  }

  /**
   * The limit's signal is quiet once the headers have come; the caller's ends the body too. What `fetch`
   * keeps until then must not hold the limit, and with it the response: one that nobody keeps is let go of.
   */
  #withCallers(signal: AbortSignal): AbortSignal {
    const { signal: callers, input } = this.#request;
    if (callers === undefined) return AbortSignal.any([signal]);
    const both = AbortSignal.any([signal, callers]);
    heardBy.set(both, [callers, input]);
    return both;
  }
}

/**
 * What a signal hears of. Node would collect it first: a signal that stands in another one, and a Request,
 * whose signal is told of its caller's only as long as there is the Request.
 */
const heardBy = new WeakMap<AbortSignal, readonly unknown[]>();

/** What further attempts end with: no policy takes it for another failure of the server. */
function spentBy(error: unknown, fault: Fault): Error {
  const spent = new Error("The request was sent, and must not be sent again", { cause: error });
  return withFault(spent, { class: "fatal", code: "SENT_ALREADY", effect: fault.effect });
}
