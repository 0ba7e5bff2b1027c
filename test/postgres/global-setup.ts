/**
 * One Postgres server for all test files that ask for one, started when the first does. It ends with
 * the test run.
 */

import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { startServer, type Server } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The port at which test files are told the server's address. */
    readonly postgresBroker: number;
  }
}

/** Lets test files ask. The answer ends the server. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Server> | undefined;
  const broker = createServer((socket) => {
    socket.on("error", () => undefined);
    starting ??= startServer();
    starting.then(
      ({ url }) => socket.end(JSON.stringify({ url })),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) })),
    );
  });
  broker.listen(0, "127.0.0.1");
  await once(broker, "listening");
  project.provide("postgresBroker", (broker.address() as AddressInfo).port);
  return async () => {
    broker.close();
    await (await starting?.catch(() => undefined))?.end();
  };
}
