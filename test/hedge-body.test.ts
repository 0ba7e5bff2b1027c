/** What a hedge does to real connections on loopback: bodies cannot be seen by a virtual clock. */

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { hedge, type HedgeOptions } from "holdfast";

/** A server whose answers end when they are let go; and which of its requests were cut. */
async function slowServer(): Promise<{
  server: Server;
  url: string;
  cut: string[];
  letGo: () => void;
}> {
  const cut: string[] = [];
  const gate = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    response.on("close", () => {
      if (!response.writableFinished) cut.push(path);
    });
    if (path === "/1/silent") return;
    response.write(`${path} begins`);
    void gate.promise.then(() => response.end(", ends"));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, url, cut, letGo: gate.resolve };
}

test.for<[what: string, path: string, options: HedgeOptions]>([
  ["an attempt that is silent", "silent", {}],
  [
    "an answer that is not good",
    "bad",
    {
      faultOfResult: (response: Response) =>
        response.url.includes("/1/")
          ? { class: "degraded", code: "BAD", effect: "none" }
          : undefined,
    },
  ],
])("a winner's body is read to its end after %s was cut", async ([, path, options]) => {
  const { server, url, cut, letGo } = await slowServer();
  const caller = new AbortController();

  const response = await hedge("20ms", options).run(
    ({ attempt, signal }) => fetch(`${url}/${attempt}/${path}`, { signal }),
    caller,
  );
  while (cut.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  caller.abort("long after the call");
  letGo();
  const text = await response.text();
  server.close();

  expect([text, cut]).toEqual([`/2/${path} begins, ends`, [`/1/${path}`]]);
});
