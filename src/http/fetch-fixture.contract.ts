/** A `fetch` that follows a script, and what it is handed. */

import { constant } from "../index.ts";
import type { Fetch, ResilientFetchOptions } from "./index.ts";

/** Where all requests go. */
export const URL_OF_ITEMS = "https://store.example/items";

/** What a call is answered by. */
export type Answer = (() => Response | Promise<Response>) | Response | Error;

/** A `fetch` that gives these answers in turn, the last one again and again; and what it was called with. */
export function answering(...answers: readonly Answer[]) {
  const calls: { url: string; method: string; init: RequestInit }[] = [];
  const fetch: Fetch = async (input, init = {}) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    const request = new Request(input, { ...init, duplex: "half" } as RequestInit);
    const { url, method } = request;
    calls.push({ url, method, init });
    init.signal?.throwIfAborted();
    if (answer instanceof Error) throw answer;
    if (typeof answer === "function") return answer();
    return answer?.clone() as Response;
  };
  return { fetch, calls };
}

/** An answer with a body that says its status. */
export const status = (code: number, headers: Record<string, string> = {}): Response =>
  new Response(`status ${code}`, { status: code, headers });

/** What the real `fetch` throws where nobody listens. */
export const refused = (): Error =>
  new TypeError("fetch failed", {
    cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
  });

/** A body that says whether it was let go of. */
export function watchedBody() {
  const seen: unknown[] = [];
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("part")),
    cancel: (reason) => void seen.push(reason),
  });
  return { body, seen };
}

/** Retries that wait for nothing. */
export const QUICK = { retry: { backoff: constant(0) } } satisfies ResilientFetchOptions;

/** A body that can be read once only, as it stands in `init`. */
export const stream = (): RequestInit =>
  ({ body: new Blob(["x"]).stream(), duplex: "half" }) as RequestInit;
