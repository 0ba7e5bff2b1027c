import fc from "fast-check";
import { expect, test } from "vitest";
import { findLocation, redirected, type Hop } from "./redirect.ts";

const FROM = "https://a.example/one?x=1#part";

function hop(changes: Partial<Hop> = {}): Hop {
  return {
    url: FROM,
    method: "GET",
    headers: new Headers(),
    body: undefined,
    isReadOnce: false,
    ...changes,
  };
}

const POST = hop({
  method: "POST",
  body: "text",
  headers: new Headers({
    "Content-Type": "text/plain",
    "Content-Encoding": "gzip",
    "Content-Language": "en",
    "Content-Length": "4",
    "Content-Location": "/x",
    Accept: "*/*",
  }),
});

test.for([301, 302, 303, 307, 308])("%i with a Location is a redirect", (status) => {
  expect([
    findLocation(new Response(null, { status, headers: { Location: "/two" } })),
    findLocation(new Response(null, { status })),
  ]).toEqual(["/two", undefined]);
});

test("a Location in UTF-8 is read as such", () => {
  const bytes = String.fromCharCode(...new TextEncoder().encode("/caf\u00e9"));

  expect(findLocation(new Response(null, { status: 302, headers: { Location: bytes } }))).toBe(
    "/caf\u00e9",
  );
});

test.for([200, 201, 300, 304, 404])("%i is none, whatever its Location", (status) => {
  expect(findLocation(new Response(null, { status, headers: { Location: "/two" } }))).toBe(
    undefined,
  );
});

test.for<[status: number, method: string, becomes: string]>([
  [301, "GET", "GET"],
  [301, "HEAD", "HEAD"],
  [301, "POST", "GET"],
  [301, "PUT", "PUT"],
  [302, "POST", "GET"],
  [302, "DELETE", "DELETE"],
  [303, "GET", "GET"],
  [303, "HEAD", "HEAD"],
  [303, "POST", "GET"],
  [303, "PUT", "GET"],
  [303, "DELETE", "GET"],
  [307, "POST", "POST"],
  [307, "PUT", "PUT"],
  [308, "POST", "POST"],
])("after %i %s becomes %s", ([status, method, becomes]) => {
  expect(redirected({ ...POST, method }, status, "/two")?.method).toBe(becomes);
});

test("what becomes a GET has no body, and no headers that tell of one", () => {
  const { headers, ...next } = redirected({ ...POST, isReadOnce: true }, 303, "/two") as Hop;

  expect([next, [...headers]]).toEqual([
    { url: "https://a.example/two#part", method: "GET", body: undefined, isReadOnce: false },
    [["accept", "*/*"]],
  ]);
});

test("what keeps its method keeps its body and headers", () => {
  const next = redirected(POST, 307, "/two") as Hop;

  expect({ ...next, headers: [...next.headers] }).toEqual({
    ...POST,
    url: "https://a.example/two#part",
    headers: [...POST.headers],
  });
});

test("a body that is gone cannot be sent again", () => {
  expect(redirected({ ...POST, isReadOnce: true }, 307, "/two")).toBe(undefined);
});

test.for<[location: string, url: string | undefined]>([
  ["two", "https://a.example/two#part"],
  ["?y=2", "https://a.example/one?y=2#part"],
  ["//b.example/", "https://b.example/#part"],
  ["/two#other", "https://a.example/two#other"],
  ["http://b.example", "http://b.example/#part"],
  ["ftp://b.example/", undefined],
  ["data:text/plain,x", undefined],
  ["javascript:alert(1)", undefined],
  ["https://", undefined],
  ["https://me:secret@b.example/", undefined],
  ["//me@a.example/", undefined],
])("%s leads to %s", ([location, url]) => {
  expect(redirected(hop(), 302, location)?.url).toBe(url);
});

test("what has no address of its own leads nowhere", () => {
  expect(redirected(hop({ url: "/relative" }), 302, "https://b.example/")).toBe(undefined);
});

const PRIVATE = ["authorization", "cookie", "host", "proxy-authorization", "x-api-key"];

test.for<[location: string, kept: boolean]>([
  ["/two", true],
  ["https://a.example:443/two", true],
  ["https://a.example:8443/two", false],
  ["http://a.example/two", false],
  ["https://b.example/two", false],
  ["https://sub.a.example/two", false],
])("private headers go to %s: %s", ([location, kept]) => {
  const headers = new Headers([...PRIVATE, "accept"].map((name) => [name, "x"]));

  const next = redirected(hop({ headers }), 302, location, ["X-Api-Key"]);

  expect([...(next?.headers.keys() ?? [])]).toEqual(kept ? [...headers.keys()] : ["accept"]);
});

test("a header that left once does not come back, and nothing else is ever added", () => {
  const place = fc.constantFrom("/x", "https://b.example/", "http://a.example/", FROM);
  const status = fc.constantFrom(301, 302, 303, 307, 308);
  const method = fc.constantFrom("GET", "POST", "PUT");
  fc.assert(
    fc.property(fc.array(fc.tuple(status, place), { maxLength: 8 }), method, (steps, first) => {
      const headers = new Headers([...POST.headers, ["authorization", "x"]]);
      let now: Hop = { ...POST, headers, method: first };
      for (const [code, location] of steps) {
        const before = now;
        now = redirected(before, code, location) as Hop;
        const names = [...now.headers.keys()];
        const isSame = new URL(now.url).origin === new URL(before.url).origin;

        expect(names.filter((name) => !before.headers.has(name))).toEqual([]);
        expect(isSame || !names.includes("authorization")).toBe(true);
        expect(now.method === "GET" ? true : now.body !== undefined).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});
