/** Responses whose bodies are read under a limit for each wait. */

import type { Policy } from "../policies/policy.ts";
import { withFacts } from "./response-facts.ts";

/**
 * The same response, with a body whose every wait for its next part has a limit. Nothing is set while
 * nobody reads, so that nothing is left when nobody ever does.
 *
 * @param signal Ends the reading, as it does with `fetch`.
 */
export function withTimedBody(
  response: Response,
  limit: Policy,
  signal: AbortSignal | undefined,
): Response {
  if (response.body === null) return response;
  const { status, statusText, ok, headers, url, type, redirected } = response;
  const source = new TimedSource(response, response.body, limit, signal);
  const timed = new ReadableStream(source, { highWaterMark: 0 });
  // A server may answer what cannot be constructed, such as 999.
  const init = { status: status > 599 ? 200 : status, statusText, headers };
  const same = new Response(timed, init);
  return withFacts(same, { status, ok, url, type, redirected });
}

/** Takes its parts from a body as they are asked for. */
class TimedSource {
  /** As the body of `fetch` has it: it can be read into one's own buffer. Safari before 26.4 has none. */
  readonly type = ("ReadableByteStreamController" in globalThis ? "bytes" : undefined) as "bytes";
  /** `fetch` of Node cancels a body that is not locked when the response that it came with is collected. */
  readonly response: Response;
  readonly #body: ReadableStream<Uint8Array>;
  readonly #limit: Policy;
  readonly #signal: AbortSignal | undefined;
  /** Not before somebody reads: a body that is not locked is let go of with its response. */
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(
    response: Response,
    body: ReadableStream<Uint8Array>,
    limit: Policy,
    signal: AbortSignal | undefined,
  ) {
    this.response = response;
    this.#body = body;
    this.#limit = limit;
    this.#signal = signal;
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    const reader = (this.#reader ??= this.#body.getReader());
    try {
      const part = await this.#limit.run(() => readPart(reader), { signal: this.#signal });
      if (part !== undefined) controller.enqueue(part);
      else {
        controller.close();
        // Whoever reads into a buffer of their own is told only so.
        controller.byobRequest?.respond(0);
      }
    } catch (error) {
      // Cancelling what has failed itself rejects with the same error.
      reader.cancel(error).catch(() => undefined);
      throw error;
    }
  }

  cancel(reason: unknown): Promise<void> {
    return this.#reader === undefined ? this.#body.cancel(reason) : this.#reader.cancel(reason);
  }
}

/** The next part that is not empty, which a stream of bytes does not take; `undefined` at the end. */
async function readPart(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return undefined;
    if (value.byteLength > 0) return value as Uint8Array<ArrayBuffer>;
  }
}
