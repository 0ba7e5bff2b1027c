/**
 * What `holdfast serve` starts: a process for one run, or for a look at a file's schedules.
 *
 * What it is to do comes on descriptor 3, in one line. The other end of that is open for as long as the
 * server lives, so its end tells that the server is gone, even when it was killed: then the run is
 * interrupted, and the next server goes on with it. No orphan is left that nobody knows of.
 */

import { writeSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { Socket } from "node:net";
import { StoppedBySignal } from "../../automation/cancel/cancellation.ts";
import type { Order } from "../../automation/schedule/serving.ts";
import { EXIT } from "../../core/exit-codes.ts";

/** The first line that a server writes. */
export type Instruction =
  | { readonly ask: "schedules"; readonly file: string }
  | { readonly ask: "run"; readonly order: Order; readonly flags: readonly string[] };

const SERVER = 3;

module.enableCompileCache();
const { COMMANDS } = await import("../commands.ts");
const { start } = await import("../start.ts");
const socket = new Socket({ fd: SERVER });
const instruction = JSON.parse(await firstLine(socket)) as Instruction;
const gone = new AbortController();
// As for a terminal that was closed.
const { SIGHUP: number } = constants.signals;
socket.on("close", () => {
  // Before it runs and after: what a file does as it is loaded hears of nothing.
  if (process.listenerCount("SIGHUP") === 0) process.exit(EXIT.signal + number);
  gone.abort(new StoppedBySignal({ name: "SIGHUP", number }));
});
// What waits for nothing but the server's end waits for nothing.
socket.resume().unref();
if (instruction.ask === "schedules") {
  await start(["schedule", instruction.file, "--json"], COMMANDS, {
    print: (text) => void writeSync(SERVER, text),
  });
} else {
  const { order, flags } = instruction;
  await start(["run", order.file, ...flags], COMMANDS, {
    served: { order, serverGone: gone.signal },
  });
}

/** Rejects when the server is gone before it has said anything. */
function firstLine(from: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    from.on("error", () => undefined);
    from.on("end", () => reject(new Error("The server ended before it said what to do")));
    from.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}
