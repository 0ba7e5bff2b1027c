/**
 * Failures of HTTP: told by the status that an error carries, and thrown for one by `expectOk`.
 *
 * Everything here is structural, so that it fits the errors and responses of fetch, undici, axios,
 * got and others alike.
 */

import type { Clock } from "../core/clock.ts";
import { HoldfastError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import { clip } from "../core/show.ts";
import { systemClock } from "../core/system.ts";
import { statusFault } from "./http-status.ts";
import { findNumber, findProperty } from "./property.ts";
import { findHttpDateMs, findRetryAfterMs } from "./retry-after.ts";

/** Options of `httpFault`. */
export interface HttpFaultOptions {
  /** Tells the present where the answer has no Date header. Default: the machine's clock. */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/**
 * The fault of a failed answer, or of an error that carries one: `status` or `statusCode` from 400
 * to 599 on itself or on its `response`. Retry-After is read from `headers` in the same places.
 *
 * @returns `undefined` when there is no such status.
 */
export function httpFault(failure: unknown, options: HttpFaultOptions = {}): Fault | undefined {
  const holders = [failure, findProperty(failure, "response")];
  const status = holders.map(findStatus).find((found) => found !== undefined);
  if (status === undefined) return undefined;
  const { clock = systemClock } = options;
  const waits = holders.map((holder) => findWaitMs(findProperty(holder, "headers"), clock));
  return statusFault(
    status,
    waits.find((wait) => wait !== undefined),
  );
}

function findStatus(holder: unknown): number | undefined {
  return [findNumber(holder, "status"), findNumber(holder, "statusCode")].find(
    (status) => Number.isInteger(status) && status !== undefined && status >= 400 && status < 600,
  );
}

function findWaitMs(headers: unknown, clock: Pick<Clock, "now">): number | undefined {
  const retryAfter = findHeader(headers, "retry-after");
  if (retryAfter === undefined) return undefined;
  // The server's own clock made the date, so its own Date header tells how far away that is.
  const saidAtMs = findHttpDateMs(findHeader(headers, "date") ?? "");
  return findRetryAfterMs(retryAfter, saidAtMs ?? clock.now());
}

/** A header of a `Headers` object, or of a plain record in any case. */
function findHeader(headers: unknown, name: string): string | undefined {
  const value = readHeader(headers, name);
  const first = Array.isArray(value) ? (value as unknown[])[0] : value;
  return typeof first === "string" || typeof first === "number" ? String(first) : undefined;
}

function readHeader(headers: unknown, name: string): unknown {
  try {
    const { get } = headers as { get?: unknown };
    if (typeof get === "function") return Reflect.apply(get, headers, [name]);
    return Object.entries(headers as object).find(([key]) => key.toLowerCase() === name)?.[1];
  } catch {
    return undefined;
  }
}

/** What `expectOk` needs of a response: that of `fetch` fits. */
export interface HttpResponse {
  readonly status: number;
  readonly statusText?: string | undefined;
  readonly url?: string | undefined;
  readonly headers?: object | undefined;
  readonly body?: object | null | undefined;
}

/** A response said that the request failed. Its fault has the status's class and effect. */
export class HttpStatusError extends HoldfastError {
  static {
    Object.defineProperty(this.prototype, "name", { value: "HttpStatusError", configurable: true });
  }
  /** `HTTP_` and the status. */
  readonly code: `HTTP_${number}`;
  readonly status: number;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly #fault: Fault;

  constructor(response: HttpResponse, options: HttpFaultOptions = {}) {
    const { status, statusText = "", url = "" } = response;
    const words = [
      `HTTP ${status}`,
      clip(statusText, 100),
      ...(url === "" ? [] : ["from", place(url)]),
    ];
    super(words.filter((word) => word !== "").join(" "));
    this.status = status;
    this.code = `HTTP_${status}`;
    this.#fault = httpFault(response, options) ?? statusFault(status);
    this.retryAfterMs = this.#fault.retryAfterMs;
  }

  /** @internal */
  protected override get ownFault(): Fault {
    return this.#fault;
  }
}

/** A URL without what may hold secrets: user, password, query and fragment. */
function place(url: string): string {
  const parsed = URL.parse(url);
  return clip(
    parsed === null ? url.replace(/[?#].*$/s, "") : `${parsed.origin}${parsed.pathname}`,
    200,
  );
}

/**
 * Gives the response back when its status is 200 to 299, for `fetch` rejects only when there was no
 * answer at all.
 *
 * The body of a failed response is cancelled, so that its connection is free again; read it before
 * if the server says more there.
 *
 * @throws {HttpStatusError} For any other status.
 * @example
 * const guarded = pipeline(retry(), timeout("10s"));
 * const load = (url: string) =>
 *   guarded.run(async ({ signal }) => expectOk(await fetch(url, { signal })));
 */
export function expectOk<Response extends HttpResponse>(
  response: Response,
  options: HttpFaultOptions = {},
): Response {
  if (response.status >= 200 && response.status < 300) return response;
  cancelBody(response);
  throw new HttpStatusError(response, options);
}

/** Lets go of a body that nobody will read, so that its connection is free again. */
export function cancelBody(response: Pick<HttpResponse, "body">): void {
  const body = response.body as { cancel?: () => unknown } | null | undefined;
  // A body that somebody reads already is theirs to end: cancelling it rejects, and that is fine.
  Promise.try(() => body?.cancel?.()).catch(() => undefined);
}
