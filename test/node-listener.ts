/** A handler in the style of `fetch`, for a server of node:http: as docs/http.md shows it. */

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline as pipe } from "node:stream/promises";

/** Makes a listener of a handler. What the handler throws is told to `failed`, and answered with 500. */
export function listenerOf(
  handle: (request: Request) => Promise<Response>,
  failed: (error: unknown) => void,
): RequestListener {
  return (incoming, outgoing) => void answer(incoming, outgoing);

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const client = new AbortController();
    outgoing.once("close", () => client.abort());
    try {
      const response = await handle(requestOf(incoming, client.signal));
      if (client.signal.aborted) return await response.body?.cancel();
      outgoing.setHeaders(response.headers).writeHead(response.status);
      await pipe(response.body ?? Readable.from([]), outgoing);
    } catch (error) {
      failed(error);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(500).end();
    }
  }
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", url = "/", headersDistinct } = incoming;
  const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(new URL(url, `http://${incoming.headers.host}`), {
    method,
    headers,
    signal,
    ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" }),
  });
}
