/** Processes for tests, which end with them. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A process that says `ready` once it is, and ends with the test. */
export async function running(
  script: string,
): Promise<ChildProcess & { readonly pid: number; readonly said: string }> {
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return Object.assign(child, { pid: child.pid as number, said });
}

/** The pid of a process that has ended. */
export function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

/** Listens on a port, its argument or a free one, and says which. */
export const LISTENS = `require("node:http").createServer((_, answer) => answer.end("ok"))
  .listen(Number(process.argv[1] ?? 0), "127.0.0.1", function () { console.log(this.address().port); })`;

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
