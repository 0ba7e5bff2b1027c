import fc from "fast-check";
import { expect, test } from "vitest";
import { routeOf } from "./object-route.ts";

test.for<[method: string, url: string, route: object]>([
  ["PUT", "/objects/a/b%20c.gz", { to: "object", method: "PUT", name: "a/b c.gz" }],
  ["GET", "/objects/a%2Fb", { to: "object", method: "GET", name: "a/b" }],
  ["HEAD", "/objects/%C3%BC?x=1", { to: "object", method: "HEAD", name: "ü" }],
  ["DELETE", "/objects/...", { to: "object", method: "DELETE", name: "..." }],
  ["GET", "/objects/", { to: "objects", method: "LIST", name: "" }],
  ["GET", "/objects/?prefix=a%2F", { to: "objects", method: "LIST", name: "a/" }],
  ["GET", "/health", { to: "health" }],
  ["GET", "/ledger", { to: "ledger" }],
  ["GET", "/faults", { to: "faults" }],
  ["PUT", "/ledger", { to: "nothing", status: 405, problem: "no PUT here" }],
  ["POST", "/objects/a", { to: "nothing", status: 405, problem: "no POST for objects" }],
  ["GET", "/other", { to: "nothing", status: 404, problem: "no /other here" }],
])("%s %s", ([method, url, route]) => {
  expect(routeOf(method, url)).toEqual(route);
});

test.for([
  "",
  "..",
  ".",
  "a/../b",
  "%2e%2e%2fetc",
  "a//b",
  "/a",
  "a/",
  "a%00b",
  "%ff",
  "%",
  "x".repeat(255),
])('refuses the name "%s"', (name) => {
  expect(routeOf("PUT", `/objects/${name}`)).toEqual({
    to: "nothing",
    status: 400,
    problem: "not a name of an object",
  });
});

test("no method and URL make it throw", () => {
  const url = fc.string({ unit: "binary" }).map((tail) => `/objects/${tail}`);
  fc.assert(
    fc.property(fc.string(), url, (method, path) => {
      expect(["object", "objects", "nothing"]).toContain(routeOf(method, path).to);
    }),
    { numRuns: 2_000 },
  );
});
