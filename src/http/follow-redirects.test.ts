import { expect, test } from "vitest";
import { constant, HttpStatusError, TimeoutError } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { resilientFetch, type Fetch } from "./index.ts";

const HOME = "https://a.example/home";

/** A `fetch` with these redirects, by path, and what it was asked for; anything else is found. */
function site(moves: Readonly<Record<string, readonly [status: number, location: string]>>) {
  const seen: { url: string; method: string; headers: Headers; body: string; redirect: string }[] =
    [];
  const letGo: string[] = [];
  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    const { url, method, headers, redirect } = request;
    seen.push({ url, method, headers, redirect, body: await request.text() });
    const { pathname } = new URL(url);
    const [status, location] = moves[pathname] ?? [200, undefined];
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(pathname)),
      cancel: () => void letGo.push(pathname),
    });
    const sent = location === undefined ? {} : { headers: { location } };
    const response = new Response(body, { status, ...sent });
    return Object.defineProperty(response, "url", { value: url });
  };
  return { fetch, seen, letGo };
}

test("redirects are followed, their bodies let go of, and the answer says where it is from", async () => {
  const { fetch, seen, letGo } = site({
    "/home": [301, "/next"],
    "/next": [302, "https://b.example/there"],
  });

  const response = await resilientFetch({ fetch, redirects: 2 })(HOME);

  expect([response.status, response.url, response.redirected, response.clone().redirected]).toEqual(
    [200, "https://b.example/there", true, true],
  );
  expect(seen.map(({ url, redirect }) => [url, redirect])).toEqual([
    [HOME, "manual"],
    ["https://a.example/next", "manual"],
    ["https://b.example/there", "manual"],
  ]);
  expect(letGo).toEqual(["/home", "/next"]);
});

test("an answer without a redirect says so", async () => {
  const { fetch } = site({});

  const response = await resilientFetch({ fetch, redirects: 2, bodyTimeout: Infinity })(HOME);

  expect(response.redirected).toBe(false);
});

test("another origin sees no private header, also when it leads back", async () => {
  const { fetch, seen } = site({
    "/home": [307, "https://b.example/there"],
    "/there": [307, "https://a.example/back"],
  });
  const headers = { Authorization: "Bearer x", Cookie: "a=1", "X-Api-Key": "k", Accept: "*/*" };

  await resilientFetch({ fetch, redirects: 5, privateHeaders: ["X-Api-Key"] })(HOME, { headers });

  const names = ["authorization", "cookie", "x-api-key", "accept"];
  expect(seen.map((request) => names.filter((name) => request.headers.has(name)))).toEqual([
    names,
    ["accept"],
    ["accept"],
  ]);
});

test.for<[status: number, input: () => Parameters<Fetch>, method: string, body: string]>([
  [303, () => [HOME, { method: "POST", body: "text" }], "GET", ""],
  [307, () => [HOME, { method: "POST", body: "text" }], "POST", "text"],
  [303, () => [new Request(HOME, { method: "POST", body: "text" })], "GET", ""],
  [307, () => [new Request(HOME, { method: "POST" })], "POST", ""],
  [307, () => [new Request(HOME), { method: "PUT", body: "text" }], "PUT", "text"],
])("after %i the request is sent on by its rules", async ([status, input, method, body]) => {
  const { fetch, seen } = site({ "/home": [status, "/next"] });

  await resilientFetch({ fetch, redirects: 1 })(...input());

  expect(seen.at(1)).toMatchObject({ url: "https://a.example/next", method, body });
});

test("what a Request says besides goes on with it", async () => {
  const inits: (RequestInit | undefined)[] = [];
  const { fetch } = site({ "/home": [302, "/next"] });
  const watched: Fetch = (input, init) => {
    inits.push(init);
    return fetch(input, init);
  };
  const request = new Request(HOME, { credentials: "omit", cache: "no-store", keepalive: true });

  await resilientFetch({ fetch: watched, redirects: 1 })(request, { cache: "reload" });

  expect(inits[1]).toMatchObject({ credentials: "omit", cache: "reload", keepalive: true });
});

test.for([
  ["one too many", { "/home": [302, "/next"], "/next": [302, "/home"] }, "https://a.example/next"],
  ["to what is not HTTP", { "/home": [302, "ftp://a.example/"] }, HOME],
] as const)("a redirect %s is a failed status", async ([, moves, url]) => {
  const { fetch, seen } = site(moves);
  const options = { fetch, redirects: 1 };

  const answered = await resilientFetch(options)(HOME);
  const count = seen.length;
  const thrown: unknown = await resilientFetch({ ...options, failedStatus: "thrown" })(HOME).catch(
    (error: unknown) => error,
  );

  expect([answered.status, answered.url]).toEqual([302, url]);
  expect([thrown instanceof HttpStatusError, (thrown as HttpStatusError).code]).toEqual([
    true,
    "HTTP_302",
  ]);
  expect(seen.length).toBe(2 * count);
});

test("a stream cannot be sent on", async () => {
  const { fetch } = site({ "/home": [307, "/next"] });
  const init = { method: "PUT", body: new Blob(["x"]).stream(), duplex: "half" } as RequestInit;

  const response = await resilientFetch({ fetch, redirects: 1 })(HOME, init);

  expect(response.status).toBe(307);
});

test("where none may be followed, the first is a failed status", async () => {
  const { fetch, seen } = site({ "/home": [302, "/next"] });

  const refused = resilientFetch({ fetch, redirects: 0, failedStatus: "thrown" })(HOME);

  await expect(refused).rejects.toThrow("HTTP 302");
  expect(seen.length).toBe(1);
});

test.for<[what: string, input: () => Parameters<Fetch>, redirect: string]>([
  ["init", () => [HOME, { redirect: "manual" }], "manual"],
  ["a Request", () => [new Request(HOME, { redirect: "manual" })], "manual"],
  ["init, before a Request", () => [new Request(HOME), { redirect: "error" }], "error"],
])("what %s says about redirects goes before", async ([, input, redirect]) => {
  const { fetch, seen } = site({ "/home": [302, "/next"] });

  const response = await resilientFetch({ fetch, redirects: 5, failedStatus: "thrown" })(
    ...input(),
  );

  expect([response.status, seen.map((request) => request.redirect)]).toEqual([302, [redirect]]);
});

test("without the option redirects are left to fetch", async () => {
  const { fetch, seen } = site({ "/home": [302, "/next"] });

  const response = await resilientFetch({ fetch, failedStatus: "thrown" })(HOME);

  expect([response.status, seen.map(({ redirect }) => redirect)]).toEqual([302, ["follow"]]);
});

test("what fails behind a redirect is asked for again from the start", async () => {
  const { fetch, seen } = site({ "/home": [302, "/down"], "/down": [503, "/"] });

  const response = await resilientFetch({
    fetch,
    redirects: 1,
    retry: { attempts: 2, backoff: constant(0) },
  })(HOME);

  expect([response.status, seen.map(({ url }) => new URL(url).pathname)]).toEqual([
    503,
    ["/home", "/down", "/home", "/down"],
  ]);
});

test("each redirect has the whole limit for its headers", async () => {
  const clock = new VirtualClock();
  const { fetch } = site({ "/home": [302, "/next"], "/next": [302, "/last"] });
  const slow =
    (ms: number): Fetch =>
    async (input, init) => {
      await clock.sleep(ms);
      return fetch(input, init);
    };
  const options = { clock, redirects: 2, headersTimeout: "5s", retry: { attempts: 1 } } as const;

  await clock.settle(() => resilientFetch({ ...options, fetch: slow(4_000) })(HOME));
  const tookMs = clock.elapsed();
  const late = clock.settle(() => resilientFetch({ ...options, fetch: slow(6_000) })(HOME));

  await expect(late).rejects.toThrow(TimeoutError);
  expect(tookMs).toBe(12_000);
});
