/** Starts a Postgres server, and ends it at the latest when this process ends. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findBinaries } from "./binaries.ts";
import { PASSWORD } from "./password.ts";

/** A server that runs. */
export interface Server {
  /** `postgres://user:password@127.0.0.1:port/database`. */
  readonly url: string;
  /** Ends it as a crash does. Its data stays. */
  crash(): Promise<void>;
  /** Starts it again, at the same address. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  end(): Promise<void>;
}

/** Why there can be no server here, or `undefined`. */
export function whyNoServer(): string | undefined {
  const found = findBinaries();
  return "missing" in found ? found.missing : undefined;
}

/** Starts an empty server of its own. */
export async function startServer(): Promise<Server> {
  const found = findBinaries();
  if ("missing" in found) throw new Error(found.missing);
  const keeper = spawn(process.execPath, [join(import.meta.dirname, "keeper.ts"), found.folder], {
    stdio: ["pipe", "pipe", "inherit"],
    // In a group of its own: a Ctrl-C must not end it before it has ended the server.
    detached: true,
  });
  const ended = once(keeper, "close");
  const lines = createInterface({ input: keeper.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value = "failed it ended" } = (await lines.next()) as { value?: string };
    if (value.startsWith("failed")) throw new Error(`The Postgres server ${value}`);
    return value;
  };
  const ask = (order: string): Promise<string> => {
    keeper.stdin.write(`${order}\n`);
    return answer();
  };
  const [, port] = (await answer()).split(" ");
  return {
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    async crash() {
      await ask("crash");
    },
    async start() {
      await ask("start");
    },
    async end() {
      keeper.stdin.end();
      await ended;
    },
  };
}
