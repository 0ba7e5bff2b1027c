/** `guardedHandler` in a real server of node:http, on loopback. */

import { once } from "node:events";
import { createServer, request as ask, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { bulkhead, pipeline, rateLimit, timeout, type Policy } from "holdfast";
import { guardedHandler, type Handler } from "holdfast/http";
import { listenerOf } from "./node-listener.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves on a free port of loopback until the test is over. */
async function serve(policy: Policy, handler: Handler) {
  const failed: unknown[] = [];
  const server = createServer(
    listenerOf(guardedHandler(policy, handler), (error) => failed.push(error)),
  );
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, failed };
}

test("a server answers under a policy", async () => {
  const { url, failed } = await serve(
    pipeline(bulkhead(10), timeout("10s")),
    async (request) =>
      new Response(`${request.method} ${await request.text()}`, {
        status: 201,
        headers: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
      }),
  );

  const response = await fetch(url, { method: "POST", body: "text" });

  expect([response.status, response.headers.getSetCookie(), await response.text(), failed]).toEqual(
    [201, ["a=1", "b=2"], "POST text", []],
  );
});

test("what it refuses tells the client when to come again", async () => {
  const { url } = await serve(rateLimit(1, { per: "1h", wait: 0 }), () => new Response("here"));

  await fetch(url);
  const response = await fetch(url);

  expect([response.status, await response.text()]).toEqual([429, ""]);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(3_590);
});

test("a limit that is over is answered, and a bug is the server's", async () => {
  const bug = new TypeError("secret");
  const { url, failed } = await serve(timeout("30ms"), (request) => {
    if (request.url.endsWith("/bug")) throw bug;
    return new Promise(() => {});
  });

  const late = await fetch(url);
  const broken = await fetch(`${url}/bug`);

  expect([late.status, broken.status, await broken.text(), failed]).toEqual([503, 500, "", [bug]]);
});

test("when the client hangs up the work is told", async () => {
  const begun = Promise.withResolvers<void>();
  const told = Promise.withResolvers<boolean>();
  const { url, failed } = await serve(pipeline(bulkhead(1)), (_, { signal }) => {
    signal.addEventListener("abort", () => told.resolve(signal.aborted));
    begun.resolve();
    return new Promise(() => {});
  });

  const client = ask(url).on("error", () => {});
  client.end();
  await begun.promise;
  client.destroy();

  expect(await told.promise).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(failed).toEqual([]);
});
