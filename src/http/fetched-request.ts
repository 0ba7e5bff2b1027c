/** What the arguments of `fetch` say, in whichever of them it stands. */

import type { Fetch } from "../core/system.ts";
import { isReadOnce } from "./repeatable.ts";
import type { Hop } from "./redirect.ts";

/** What `fetch` is called with. */
export type FetchInput = Parameters<Fetch>[0];

/** What `fetch` takes besides. */
export type FetchInit = NonNullable<Parameters<Fetch>[1]>;

/** A request, as its arguments describe it. */
export interface FetchedRequest extends Hop {
  /** The arguments themselves. */
  readonly input: FetchInput;
  readonly init: FetchInit;
  /** What names the server: host and port. */
  readonly host: string;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
  /** What the caller wants done about redirects. */
  readonly redirect: string;
}

/** All that has no host, such as `data:`, stands under one name. */
const NO_HOST = "(no host)";

/** Reads the arguments of `fetch`. @throws {TypeError} As `fetch` would, for headers that are none. */
export function readRequest(input: FetchInput, init: FetchInit = {}): FetchedRequest {
  const given = findRequest(input);
  const address = given?.url ?? String(input as string | URL);
  const url = URL.parse(address, baseUrl());
  const hasOwnBody = init.body !== undefined && init.body !== null;
  return {
    input,
    init,
    // What is no address stays as it is: `fetch` has its own words for it.
    url: url?.href ?? address,
    host: url?.host || NO_HOST,
    method: (init.method ?? given?.method ?? "GET").toUpperCase(),
    headers: new Headers(init.headers ?? given?.headers),
    body: init.body,
    isReadOnce: hasOwnBody ? isReadOnce(init.body) : given !== undefined && hasBody(given),
    signal: (init.signal === undefined ? given?.signal : init.signal) ?? undefined,
    redirect: init.redirect ?? given?.redirect ?? "follow",
  };
}

/** Also the Request of a `fetch` that was handed in, which may be a class of its own. */
function findRequest(input: FetchInput): Request | undefined {
  return typeof input === "object" && "method" in input ? (input as Request) : undefined;
}

/** That of a Request is a stream, whatever it was made of; Firefox does not show whether there is one. */
function hasBody({ method, body }: Request): boolean {
  return body !== null && method !== "GET" && method !== "HEAD";
}

/** The page's address, where there is one: addresses may be relative to it. */
function baseUrl(): string | undefined {
  return (globalThis as { location?: { href?: string } }).location?.href;
}

/** What of a request holds for where it is redirected to as well. */
const LASTING = [
  "cache",
  "credentials",
  "integrity",
  "keepalive",
  "mode",
  "referrer",
  "referrerPolicy",
] as const;

/** What `fetch` takes for a request that follows a redirect of `first`. */
export function initOf(hop: Hop, { input, init }: FetchedRequest): FetchInit {
  const given = findRequest(input);
  const lasting = given === undefined ? [] : LASTING.map((name) => [name, given[name]] as const);
  const { method, headers, body } = hop;
  return {
    ...Object.fromEntries(lasting),
    ...init,
    method,
    headers,
    body: body ?? null,
  } as FetchInit;
}
