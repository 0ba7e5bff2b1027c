/** Node's fetch, which is undici, with each of its limits reached. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { ran, threw, type Shown } from "./stage.ts";

/** Listens, and never accepts: when its queue is full, nobody is answered any more. */
const DEAF = `
const server = require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("fs").writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** More than the queue of DEAF takes. */
const CALLERS = 6;

export async function* undici(): AsyncGenerator<Shown> {
  const http = createServer((request, response) => {
    if (request.url === "/body") response.write("a part");
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const asked = await fetching();
  yield await threw(42, "timeout unknown UND_ERR_HEADERS_TIMEOUT", "fetch", () =>
    asked(`${url}/headers`, { headersTimeout: 100 }),
  );
  yield await threw(42, "timeout unknown UND_ERR_BODY_TIMEOUT", "fetch, text()", async () =>
    (await asked(`${url}/body`, { bodyTimeout: 100 })).text(),
  );
  http.closeAllConnections();
  http.close();
  yield* nobodyAccepts(asked);
}

async function* nobodyAccepts(asked: Asked): AsyncGenerator<Shown> {
  const deaf = spawn(process.execPath, ["-e", DEAF], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(deaf.stdout, "data")) as [Buffer];
  const port = Number(String(said));
  const callers = Array.from({ length: CALLERS }, () =>
    connect(port, "127.0.0.1").on("error", () => undefined),
  );
  await once(callers[0] ?? deaf, "connect");
  const url = `http://127.0.0.1:${port}/`;
  yield await threw(42, "timeout none UND_ERR_CONNECT_TIMEOUT", "fetch", () =>
    asked(url, { connect: { timeout: 100 } }),
  );
  yield await ran(40, "timeout unknown ETIMEDOUT", [
    "curl",
    "-sS",
    "--connect-timeout",
    "0.3",
    url,
  ]);
  yield await ran(73, "timeout none ETIMEDOUT", [
    "psql",
    `postgres://x@127.0.0.1:${port}/x?connect_timeout=2`,
    "-c",
    "select 1",
  ]);
  for (const caller of callers) caller.destroy();
  deaf.kill("SIGKILL");
  await once(deaf, "close");
}

type Asked = (url: string, limits: object) => Promise<Response>;

/** The class of undici's agents, which Node brings and does not export, is that of fetch's own. */
async function fetching(): Promise<Asked> {
  await fetch("data:,");
  const own = (globalThis as Readonly<Record<symbol, object>>)[
    Symbol.for("undici.globalDispatcher.1")
  ];
  const Agent = own?.constructor as new (options: object) => object;
  return (url, options) => fetch(url, { dispatcher: new Agent(options) } as RequestInit);
}
