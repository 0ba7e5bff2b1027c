/** A server on loopback: the compiled library, a page, a worker, and endpoints that misbehave. */

import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** A server, and what it was asked for. */
export interface BrowserServer {
  readonly url: string;
  /** The path of every request, in the order of arrival. */
  readonly requests: readonly string[];
  /** The paths of those whose client went away before they were answered. */
  readonly abandoned: readonly string[];
  close(): Promise<void>;
}

/** Imports the library as a user without a bundler does, runs the scenario, and keeps what came of it. */
const PAGE = `<!doctype html>
<link rel="icon" href="data:," />
<script type="importmap">
  {
    "imports": {
      "holdfast": "/dist/index.js",
      "holdfast/http": "/dist/http/index.js",
      "holdfast/lean": "/dist/lean/index.js"
    }
  }
</script>
<script type="module">
  import * as holdfast from "holdfast";
  import { scenario } from "/scenario.js";
  globalThis.outcome = scenario(holdfast, "page");
  globalThis.leanOutcome = async () =>
    scenario({ ...holdfast, ...(await import("holdfast/lean")) }, "lean");
</script>
`;

/** Workers have no import maps. */
const WORKER = `
  import * as holdfast from "/dist/index.js";
  import { scenario } from "/scenario.js";
  scenario(holdfast, "worker").then(postMessage);
`;

/** What each endpoint does at which visit, from 1; a path is an endpoint and who asks. */
const ENDPOINTS: Readonly<Record<string, (response: ServerResponse, visit: number) => void>> = {
  "busy-once": (response, visit) => {
    if (visit === 1) response.writeHead(503, { "retry-after": "0" }).end();
    else response.end(`visit ${visit}`);
  },
  hang: () => undefined,
  abandoned: () => undefined,
  down: (response) => void response.writeHead(500).end(),
  missing: (response) => void response.writeHead(404).end(),
  reset: (response) => void response.destroy(),
  cut: (response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("not all of it", () => response.destroy());
  },
};

/** These are never answered, so that whoever closes them is the client. */
const HANGING: ReadonlySet<string> = new Set(["hang", "abandoned"]);

/** Serves the compiled library that stands in the folder `dist`. */
export async function serve(dist: string): Promise<BrowserServer> {
  const requests: string[] = [];
  const abandoned: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(path);
    const file = findFile(path, dist);
    if (file !== undefined) {
      response.setHeader("content-type", file.type).end(file.text);
      return;
    }
    const [, endpoint = ""] = path.split("/");
    const visit = requests.filter((other) => other === path).length;
    response.on("close", () => {
      if (HANGING.has(endpoint)) abandoned.push(path);
    });
    response.setHeader("cache-control", "no-store");
    ENDPOINTS[endpoint]?.(response, visit);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    abandoned,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface ServedFile {
  readonly type: string;
  readonly text: string;
}

const JAVASCRIPT = "text/javascript";

function findFile(path: string, dist: string): ServedFile | undefined {
  if (path === "/") return { type: "text/html", text: PAGE };
  if (path === "/worker.js") return { type: JAVASCRIPT, text: WORKER };
  const file =
    path === "/scenario.js" ? join(import.meta.dirname, path) : path.replace(/^\/dist/, dist);
  return existsSync(file) ? { type: JAVASCRIPT, text: readFileSync(file, "utf8") } : undefined;
}
