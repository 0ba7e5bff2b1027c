/**
 * What a request becomes when it is redirected: the rule, without a network. Source: the Fetch standard,
 * "HTTP-redirect fetch" (4.5), as of 2026, for requests without CORS.
 */

/** A request as it goes out next. */
export interface Hop {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
  /** Whether the body is gone once it was read. */
  readonly isReadOnce: boolean;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers that are for one origin alone; Host is here for those who set it by hand. */
const PRIVATE_HEADERS: readonly string[] = [
  "authorization",
  "cookie",
  "host",
  "proxy-authorization",
];

/** Headers that tell of a body; Content-Length is here for those who set it by hand. */
const BODY_HEADERS: readonly string[] = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
];

/** Where a response leads, if it is a redirect: one without Location leads nowhere. */
export function findLocation(response: Pick<Response, "status" | "headers">): string | undefined {
  if (!REDIRECTS.has(response.status)) return undefined;
  const location = response.headers.get("location");
  return location === null ? undefined : fromBytes(location);
}

/** Headers give each byte as a letter; servers write addresses in UTF-8. */
function fromBytes(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
}

/**
 * The request that follows a redirect to `location`; `undefined` where none can: the location is no
 * address of HTTP, or has a password, which `fetch` takes from nobody; or the body would have to be sent
 * again and is gone.
 *
 * @param privateHeaders Names of headers that do not go to another origin, besides those that never do.
 */
export function redirected(
  hop: Hop,
  status: number,
  location: string,
  privateHeaders: readonly string[] = [],
): Hop | undefined {
  const from = URL.parse(hop.url);
  const to = URL.parse(location, hop.url);
  if (from === null || to === null || !/^https?:$/.test(to.protocol)) return undefined;
  if (to.username !== "" || to.password !== "") return undefined;
  if (to.hash === "") to.hash = from.hash;

  const headers = new Headers(hop.headers);
  if (to.origin !== from.origin) drop(headers, [...PRIVATE_HEADERS, ...privateHeaders]);
  if (becomesGet(status, hop.method)) {
    drop(headers, BODY_HEADERS);
    return { url: to.href, method: "GET", headers, body: undefined, isReadOnce: false };
  }
  return hop.isReadOnce ? undefined : { ...hop, url: to.href, headers };
}

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}

function drop(headers: Headers, names: readonly string[]): void {
  for (const name of names) headers.delete(name);
}
